/** The block of one ADC in ADC64 and MPD files: device header, time, and a waveform per channel. Pure: bytes in, places out. */

/** Bytes of the device header and of the time block behind it. */
const HEADER = 8;
const TIME = 20;
/** Bytes of a waveform before its samples: size and channel, time stamp. */
const BEFORE_SAMPLES = 12;
/** Low bits of the size of a waveform block. */
const SAMPLES_FOLLOW = 1;

/** One ADC of one trigger. */
export interface Device {
  /** Serial number of the ADC, u4. */
  serial: number;
  /** TAI seconds, u4; ticks within the second, 30 bits; the flag beside them. */
  taiS: number;
  taiNs: number;
  flag: number;
  /** What the places count in. */
  bytes: Buffer;
  /** Place of each waveform block in `bytes`. */
  blocks: Uint32Array;
}

/** What stands at a place: a device of `length` bytes; `short`: at least so many are needed; `bad`: no device. */
export type DeviceStep =
  | { kind: 'device'; device: Device | undefined; length: number }
  | { kind: 'short'; length: number; waveforms: number }
  | { kind: 'bad' };

const BAD = { kind: 'bad' } as const;

const ones = (bits: number): number => {
  let n = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) n++;
  return n;
};

/** u3, as sizes are: in the hot loop, where Buffer's own is slower. */
const u3 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);

/** Bytes that the device header says follow it. */
export const payloadOf = (bytes: Buffer, at: number): number => u3(bytes, at + 4);

/**
 * The device at `at`, as long as its waveforms are; whether that is what its header says (`payloadOf`) is for who calls.
 * A payload of no more than a time block is an empty device: no waveforms.
 */
export function readDevice(bytes: Buffer, at: number): DeviceStep {
  const left = bytes.length - at;
  if (left < HEADER) return { kind: 'short', length: HEADER, waveforms: 0 };
  const payload = payloadOf(bytes, at);
  if (payload <= TIME) {
    const length = HEADER + payload;
    if (left < length) return { kind: 'short', length, waveforms: 0 };
    return { kind: 'device', device: undefined, length };
  }
  if (left < HEADER + TIME) return { kind: 'short', length: HEADER + TIME, waveforms: 0 };
  const time = at + HEADER;
  if (bytes.readUInt32LE(time) % 4 !== 0) return BAD;
  const waveforms = ones(bytes.readInt32LE(time + 12)) + ones(bytes.readInt32LE(time + 16));
  const blocks = new Uint32Array(waveforms);
  /** What the header says is asked for at once, so that the blocks are not walked again and again. */
  const short = (to: number): DeviceStep => {
    return { kind: 'short', length: Math.max(to - at, HEADER + payload), waveforms };
  };
  let place = time + TIME;
  for (let i = 0; i < waveforms; i++) {
    if (place + BEFORE_SAMPLES > bytes.length) return short(place + BEFORE_SAMPLES);
    const size = u3(bytes, place);
    if (size % 4 !== SAMPLES_FOLLOW || size >> 2 < 2) return BAD;
    blocks[i] = place;
    // A size counts words of 4 bytes after the first one.
    place += 4 + 4 * (size >> 2);
  }
  if (place > bytes.length) return short(place);
  const ticks = bytes.readUInt32LE(time + 8);
  const device = {
    serial: bytes.readUInt32LE(at),
    taiS: bytes.readUInt32LE(time + 4),
    taiNs: ticks >>> 2,
    flag: ticks % 4,
    bytes,
    blocks,
  };
  return { kind: 'device', device, length: place - at };
}

export const channelOf = ({ bytes }: Device, block: number): number => bytes[block + 3]!;

/** Samples of a waveform block: two words are for its time stamp. */
export const samplesOf = ({ bytes }: Device, block: number): number =>
  2 * ((u3(bytes, block) >> 2) - 2);

/** The buffer that was looked at last, in words: a view for each waveform would cost more than its samples. */
let last = new ArrayBuffer(4);
let words = new Int32Array(last);
/** Where waveforms are copied to that do not stand on a multiple of 4. */
let aligned = new Int32Array(1024);

/** Finds the samples of a block as they are stored, two in each word, the later one in the low half; returns the first in `words`. */
function findWords({ bytes }: Device, block: number, length: number): number {
  const from = bytes.byteOffset + block + BEFORE_SAMPLES;
  if (from % 4 === 0) {
    if (last !== bytes.buffer) {
      last = bytes.buffer as ArrayBuffer;
      words = new Int32Array(last, 0, last.byteLength >> 2);
    }
    return from / 4;
  }
  if (aligned.length < length) aligned = new Int32Array(length);
  new Uint8Array(aligned.buffer).set(new Uint8Array(bytes.buffer, from, 4 * length));
  [last, words] = [aligned.buffer, aligned];
  return 0;
}

/** Copies the samples of a block [ADC counts] to `out` from element `pair` (of two samples) on; files have them pairwise swapped. */
export function copySamples(
  device: Device,
  block: number,
  samples: number,
  out: Int32Array,
  pair: number,
): void {
  const length = samples >> 1;
  const from = findWords(device, block, length);
  const stored = words;
  // Four at a time: half the time of one at a time, and most of that of a whole run.
  const most = length - (length % 4);
  for (let i = 0; i < most; i += 4) {
    const a = stored[from + i]!;
    const b = stored[from + i + 1]!;
    const c = stored[from + i + 2]!;
    const d = stored[from + i + 3]!;
    out[pair + i] = (a << 16) | (a >>> 16);
    out[pair + i + 1] = (b << 16) | (b >>> 16);
    out[pair + i + 2] = (c << 16) | (c >>> 16);
    out[pair + i + 3] = (d << 16) | (d >>> 16);
  }
  for (let i = most; i < length; i++) {
    const two = stored[from + i]!;
    out[pair + i] = (two << 16) | (two >>> 16);
  }
}

/** Is a sample of this channel at or above the threshold [ADC counts]? */
export function reaches(device: Device, channel: number, threshold: number): boolean {
  for (const block of device.blocks) {
    if (channelOf(device, block) !== channel) continue;
    const length = samplesOf(device, block) >> 1;
    const from = findWords(device, block, length);
    for (let i = from; i < from + length; i++)
      if ((words[i]! << 16) >> 16 >= threshold || words[i]! >> 16 >= threshold) return true;
  }
  return false;
}
