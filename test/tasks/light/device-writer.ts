/** Bytes of ADC64 records and MPD events, written from what they mean; knows nothing of the parsers. */

export interface Channel {
  ch: number;
  /** An even number of them. */
  samples: readonly number[];
}

export interface DeviceOf {
  serial: number;
  s: number;
  ticks: number;
  channels: readonly Channel[];
}

const u4 = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
const u8 = (value: number): Buffer => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const sized = (size: number, last: number): Buffer => u4((size % 2 ** 24) + last * 2 ** 24);

function waveform({ ch, samples }: Channel): Buffer {
  const swapped = Int16Array.from(samples, (_, i) => samples[i ^ 1]!);
  const words = 2 + samples.length / 2;
  return Buffer.concat([sized(4 * words + 1, ch), u4(0, 0), Buffer.from(swapped.buffer)]);
}

export function device({ serial, s, ticks, channels }: DeviceOf): Buffer {
  let mask = 0n;
  for (const { ch } of channels) {
    // One bit each, also for a channel that is there twice.
    let bit = BigInt(ch % 64);
    while ((mask >> bit) & 1n) bit++;
    mask |= 1n << bit;
  }
  const time = Buffer.concat([u4(16, s, ticks * 4), Buffer.from(BigUint64Array.of(mask).buffer)]);
  const body = Buffer.concat([time, ...channels.map(waveform)]);
  return Buffer.concat([u4(serial), sized(body.length, 0xd9), body]);
}

export function adc64(event: number, unixMs: number, of: DeviceOf): Buffer {
  const its = device(of);
  return Buffer.concat([u4(0x3f60b8a8, 8), u8(unixMs), u4(0x2a502a50, 4 + its.length, event), its]);
}

/** A device that has nothing to say. */
export const emptyDevice = (serial: number): Buffer => u4(serial, 0);

export function mpdEvent(event: number, unixMs: number, devices: readonly Buffer[]): Buffer {
  const body = Buffer.concat([u4(event), u8(unixMs), ...devices]);
  return Buffer.concat([u4(0x2a50d5af, body.length), body]);
}

export function block(magic: number, body: Buffer): Buffer {
  return Buffer.concat([u4(magic, body.length), body]);
}

export const JSON_BLOCK = 0x4e4f534a;
export const RUN_START = 0x72617453;
export const RUN_STOP = 0x706f7453;
