/** MPD files (`.data`, all ADCs in one): run blocks, events, JSON between them. Pure: bytes in, events out. */
import { payloadOf, readDevice, type Device } from './device-block.ts';
import type { Framing, Step } from './framing.ts';

const EVENT_MAGIC = 0x2a50d5af;
/** First words of what is no event: run start, file begin, JSON, statistics, end of spill, run stop, file end. */
const OTHERS: ReadonlySet<number> = new Set([
  0x72617453, 0x67654246, 0x4e4f534a, 0x4a62b59d, 0x4a624a62, 0x706f7453, 0x646e4546,
]);

/** Every block begins with its first word and the bytes that follow these two. */
const HEADER = 8;
/** Event number and time. */
const EVENT = 12;
/** No more is believed: 64 devices of 64 channels of 2048 samples are 17 MB. */
const LONGEST = 2 ** 26;

/** One trigger of all ADCs. */
export interface MpdEvent {
  /** Host time, ms since 1970, u8. */
  unixMs: bigint;
  /** Number of the event, u4. */
  event: number;
  devices: Device[];
  /** Devices without waveforms. */
  empty: number;
  /** Bytes of the event. */
  length: number;
}

const BAD = { kind: 'bad' } as const;

/** The block at the beginning of `bytes`. */
export function parseMpd(bytes: Buffer, isEnd: boolean): Step<MpdEvent> {
  if (bytes.length < HEADER) return { kind: 'short', length: HEADER, waveforms: 0 };
  const magic = bytes.readUInt32LE(0);
  const length = HEADER + bytes.readUInt32LE(4);
  if (length > LONGEST) return BAD;
  if (magic === EVENT_MAGIC) return parseEvent(bytes, length);
  if (!OTHERS.has(magic)) return BAD;
  // The next block must begin where this one ends: a damaged size does not lead past events.
  const next = length + 4;
  if (bytes.length < (isEnd ? length : next)) return { kind: 'short', length: next, waveforms: 0 };
  return bytes.length < next || isBlock(bytes.readUInt32LE(length))
    ? { kind: 'record', record: undefined, length }
    : BAD;
}

const isBlock = (magic: number): boolean => magic === EVENT_MAGIC || OTHERS.has(magic);

/** An event is believed when its devices, and nothing else, fill it. */
function parseEvent(bytes: Buffer, length: number): Step<MpdEvent> {
  if (length < HEADER + EVENT) return BAD;
  const inside = bytes.subarray(0, length);
  const devices: Device[] = [];
  let [empty, waveforms] = [0, 0];
  for (let at = HEADER + EVENT; at < length;) {
    const step = readDevice(inside, at);
    if (step.kind === 'short') {
      if (at + step.length > length) return BAD;
      return { kind: 'short', length, waveforms: waveforms + step.waveforms };
    }
    if (step.kind === 'bad' || step.length !== HEADER + payloadOf(bytes, at)) return BAD;
    if (step.device === undefined) empty++;
    else devices.push(step.device);
    waveforms += step.device?.blocks.length ?? 0;
    at += step.length;
  }
  if (bytes.length < length) return { kind: 'short', length, waveforms };
  const event = bytes.readUInt32LE(8);
  const unixMs = bytes.readBigUInt64LE(12);
  return { kind: 'record', record: { unixMs, event, devices, empty, length }, length };
}

/** Do these bytes begin as a block does? */
export const isMpd = (bytes: Buffer): boolean =>
  bytes.length >= 4 && isBlock(bytes.readUInt32LE(0));

export const isMpdEvent = (bytes: Buffer): boolean => bytes.readUInt32LE(0) === EVENT_MAGIC;

export const MPD: Framing<MpdEvent> = { shortest: HEADER, magic: EVENT_MAGIC, parse: parseMpd };
