/** Streams of packets for the tests of raw events: random ones, and the fast algorithm over them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EventFinder } from '../../../tasks/charge/event-finder.ts';
import { packetFields24 } from '../../../tasks/charge/packet-fields.ts';
import {
  createRawEventBuilder,
  startOfFile,
  type RawEventRules,
} from '../../../tasks/charge/raw-events.ts';
import type { PlainPacket, PlainRules } from './window-reference.ts';

const fields = packetFields24();

function encode(packets: readonly PlainPacket[]): Uint8Array {
  const bytes = new Uint8Array(packets.length * fields.rowSize);
  const view = new DataView(bytes.buffer);
  packets.forEach((packet, row) => {
    const at = row * fields.rowSize;
    view.setUint8(at + fields.ioGroup, packet.ioGroup);
    view.setUint8(at + fields.packetType, packet.type);
    view.setUint8(at + fields.validParity, Number(packet.valid));
    view.setUint8(at + fields.triggerType, packet.trigger);
    view.setBigUint64(at + fields.timestamp, BigInt(packet.timestamp), true);
    view.setUint32(at + fields.receiptTimestamp, packet.receipt, true);
    view.setUint32(at + 26, packet.row, true); // the field counter tells rows apart
  });
  return bytes;
}

export interface Run {
  events: { rows: number[]; unix: number }[];
  lost: number;
  kept: number;
  repeated: number;
  input: number;
}

/** What the batch loop needs, whatever the builder. */
export type StreamRules = Omit<PlainRules, 'window' | 'threshold'>;

/** The fast algorithm over `packets`, read `blockRows` rows at a time. */
export function buildWith(
  finder: EventFinder,
  packets: readonly PlainPacket[],
  rules: StreamRules,
  blockRows: number,
): Run {
  const bytes = encode(packets);
  const settings: RawEventRules = {
    fields,
    nhitCut: rules.nhitCut,
    syncNoiseCut: rules.cut,
    finder,
    rolloverTicks: rules.rolloverTicks,
    upstream: rules.upstream,
    flushAtEnd: rules.flushAtEnd,
    simulated: false,
  };
  const unix = packets.find((packet) => packet.type === 4)?.timestamp ?? 0;
  const builder = createRawEventBuilder(settings, startOfFile(unix, rules.rolloverTicks));
  const events: Run['events'] = [];
  const take = (made: ReturnType<typeof builder.close>): void => {
    const view = new DataView(made.packets.buffer, made.packets.byteOffset);
    let row = 0;
    made.lengths.forEach((length, i) => {
      const rows = Array.from({ length }, (_, k) =>
        view.getUint32((row + k) * fields.rowSize + 26, true),
      );
      events.push({ rows, unix: made.unix[i]! });
      row += length;
    });
    assert.equal(row, made.rows);
  };
  for (let start = 0; start < packets.length; start += rules.bufferSize) {
    const end = Math.min(start + rules.bufferSize, packets.length);
    for (let row = start; row < end; row += blockRows) {
      const stop = Math.min(row + blockRows, end);
      builder.room(stop - row).set(bytes.subarray(row * fields.rowSize, stop * fields.rowSize));
      builder.scan(stop - row);
    }
    take(builder.close());
  }
  take(builder.finish());
  const { rows, timestamps, other, parity, syncCut } = builder.fates;
  return {
    events,
    lost: timestamps + other + parity + syncCut,
    kept: builder.kept,
    repeated: builder.repeated,
    input: rows,
  };
}

/** Streams with bursts, noise, SYNCs, late and broken packets; unix time stays where no SYNC is missed. */
export const stream: fc.Arbitrary<PlainPacket[]> = fc
  .array(
    fc.record({
      kind: fc.integer({ min: 0, max: 99 }),
      ioGroup: fc.integer({ min: 1, max: 2 }),
      step: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 400 }) },
      ),
      late: fc.integer({ min: 0, max: 30 }),
      valid: fc.integer({ min: 0, max: 19 }),
    }),
    { maxLength: 250, size: 'max' },
  )
  .map((items) => {
    let clock = 100;
    return items.map((item, row): PlainPacket => {
      clock += item.step;
      const base = { row, ioGroup: item.ioGroup, trigger: 0, valid: item.valid > 0 };
      if (item.kind < 4) {
        return { ...base, type: 4, timestamp: 1_600_000_000 + (row % 2), receipt: 0 };
      }
      if (item.kind < 7) {
        const timestamp = clock;
        if (item.ioGroup === 2) {
          clock = 0;
        }
        return { ...base, type: 6, trigger: 83, timestamp, receipt: 0 };
      }
      if (item.kind < 9) return { ...base, type: 6, trigger: 72, timestamp: clock, receipt: 0 };
      if (item.kind < 12) {
        return { ...base, type: 7, trigger: 2, timestamp: clock + 2 ** 31, receipt: 0 };
      }
      if (item.kind < 14) return { ...base, type: 3, timestamp: clock, receipt: 0 };
      const stamp = clock - item.late;
      const timestamp = stamp < 0 ? stamp + 1000 : stamp;
      return { ...base, type: 0, timestamp, receipt: clock };
    });
  });

/** Rules for builders that have no reference: `upstream` is not for them. */
export const streamRules: fc.Arbitrary<StreamRules> = fc.record({
  bufferSize: fc.constantFrom(7, 40, 100, 1000),
  nhitCut: fc.constantFrom(1, 4, 12),
  cut: fc.constantFrom<[readonly [number, number] | null, ...(readonly [number, number])[]]>(
    null,
    [20, 900],
  ),
  rolloverTicks: fc.constant(1000),
  upstream: fc.constant(false),
  flushAtEnd: fc.boolean(),
});
