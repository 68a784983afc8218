/** ADC64 files (`.data`, one ADC each): records of one trigger. Pure: bytes in, records out. */
import { payloadOf, readDevice, type Device } from './device-block.ts';
import type { Framing, Step } from './framing.ts';

/** First word of a record and, 16 bytes on, first word of its event block. */
const RECORD_MAGIC = 0x3f60b8a8;
const EVENT_MAGIC = 0x2a502a50;
const EVENT = 16;
const DEVICE = 28;
const SHORTEST = DEVICE + 8;
/** A device says its size in 24 bits. */
const LONGEST = SHORTEST + 2 ** 24;

/** One trigger of one ADC. */
export interface AdcRecord {
  /** Host time, ms since 1970, u8. */
  unixMs: bigint;
  /** Number of the event, u4. */
  event: number;
  /** Undefined: an empty device, without time and waveforms. */
  device: Device | undefined;
  /** Bytes of the record. */
  length: number;
}

/**
 * The record at the beginning of `bytes`. It is as long as its waveforms, and believed when its device says the same length, or the next
 * record or the end of the file follows. The first word is looked at only behind damage, as upstream looks at it nowhere.
 */
export function parseAdc64(bytes: Buffer, isEnd: boolean): Step<AdcRecord> {
  if (bytes.length < SHORTEST) return { kind: 'short', length: SHORTEST, waveforms: 0 };
  if (bytes.readUInt32LE(EVENT) !== EVENT_MAGIC) return { kind: 'bad' };
  const step = readDevice(bytes, DEVICE);
  if (step.kind === 'bad') return step;
  const length = DEVICE + step.length;
  if (length > LONGEST) return { kind: 'bad' };
  if (step.kind === 'short') return { ...step, length };
  if (step.length !== 8 + payloadOf(bytes, DEVICE)) {
    const next = length + EVENT + 4;
    if (next > bytes.length && !isEnd) return { kind: 'short', length: next, waveforms: 0 };
    const isBelieved =
      next > bytes.length
        ? length === bytes.length
        : bytes.readUInt32LE(length + EVENT) === EVENT_MAGIC;
    if (!isBelieved) return { kind: 'bad' };
  }
  const record = {
    unixMs: bytes.readBigUInt64LE(8),
    event: bytes.readUInt32LE(24),
    device: step.device,
    length,
  };
  return { kind: 'record', record, length };
}

/** Do these bytes begin as a record does? */
export const isAdc64 = (bytes: Buffer): boolean =>
  bytes.length >= SHORTEST && bytes.readUInt32LE(EVENT) === EVENT_MAGIC;

export const ADC64: Framing<AdcRecord> = {
  shortest: SHORTEST,
  magic: RECORD_MAGIC,
  parse: parseAdc64,
};
