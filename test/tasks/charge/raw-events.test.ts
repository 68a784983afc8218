import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packetFields24 } from '../../../tasks/charge/packet-fields.ts';
import { createRawEventBuilder, type RawEventRules } from '../../../tasks/charge/raw-events.ts';
import { referenceEvents, type PlainPacket, type PlainRules } from './window-reference.ts';

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

interface Run {
  events: { rows: number[]; unix: number }[];
  lost: number;
  kept: number;
  input: number;
}

/** The fast algorithm over `packets`, read `blockRows` rows at a time. */
function build(packets: readonly PlainPacket[], rules: PlainRules, blockRows: number): Run {
  const bytes = encode(packets);
  const settings: RawEventRules = {
    fields,
    nhitCut: rules.nhitCut,
    syncNoiseCut: rules.cut,
    window: rules.window,
    threshold: rules.threshold,
    rolloverTicks: rules.rolloverTicks,
    upstream: rules.upstream,
    flushAtEnd: rules.flushAtEnd,
    simulated: false,
  };
  const unix = packets.find((packet) => packet.type === 4)?.timestamp ?? 0;
  const builder = createRawEventBuilder(settings, unix);
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
    input: rows,
  };
}

/** Streams with bursts, noise, SYNCs, late and broken packets; unix time stays where no SYNC is missed. */
const stream: fc.Arbitrary<PlainPacket[]> = fc
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

const rules: fc.Arbitrary<PlainRules> = fc.record({
  bufferSize: fc.constantFrom(7, 40, 100, 1000),
  nhitCut: fc.constantFrom(1, 4, 12),
  cut: fc.constantFrom<[readonly [number, number] | null, ...(readonly [number, number])[]]>(
    null,
    [20, 900],
  ),
  window: fc.constantFrom(20, 33.5, 90),
  threshold: fc.constantFrom(0, 2, 6),
  rolloverTicks: fc.constant(1000),
  upstream: fc.boolean(),
  flushAtEnd: fc.boolean(),
});

test('the fast algorithm finds the events of the slow transcription', () => {
  let found = 0;
  fc.assert(
    fc.property(stream, rules, (packets, setting) => {
      const { events } = build(packets, setting, 64);
      assert.deepEqual(events, referenceEvents(packets, setting));
      found += events.length;
    }),
    { numRuns: 400 },
  );
  assert.ok(found > 400, `only ${found} events in all streams`);
});

test('how many rows are read at a time makes no difference', () => {
  fc.assert(
    fc.property(stream, rules, fc.integer({ min: 1, max: 50 }), (packets, setting, blockRows) => {
      assert.deepEqual(build(packets, setting, blockRows), build(packets, setting, 1000));
    }),
    { numRuns: 100 },
  );
});

test('every packet has one fate: no row is in two events, and what is left adds up', () => {
  fc.assert(
    fc.property(stream, rules, (packets, setting) => {
      const { events, lost, kept, input } = build(packets, setting, 64);
      const rows = events.flatMap((event) => event.rows);
      assert.equal(input, packets.length);
      assert.equal(rows.length, kept);
      assert.equal(new Set(rows).size, kept);
      assert.ok(kept + lost <= input);
    }),
    { numRuns: 100 },
  );
});

const data = (row: number, timestamp: number, receipt = timestamp + 5): PlainPacket => ({
  row,
  ioGroup: 1,
  type: 0,
  trigger: 0,
  valid: true,
  timestamp,
  receipt,
});

const usual: PlainRules = {
  bufferSize: 1000,
  nhitCut: 5,
  cut: null,
  window: 1000,
  threshold: 10,
  rolloverTicks: 1e7,
  upstream: false,
  flushAtEnd: true,
};

test('what is open at the end of the file is an event by default, and lost with upstream', () => {
  const packets = Array.from({ length: 60 }, (_, row) => data(row, row < 30 ? row * 900 : 30_000));
  assert.equal(build(packets, usual, 64).events.length, 1);
  assert.equal(build(packets, { ...usual, flushAtEnd: false }, 64).events.length, 0);
  assert.equal(build(packets, { ...usual, upstream: true }, 64).events.length, 0);
});

test('a file shorter than two windows is one event, and nothing with upstream', () => {
  const packets = Array.from({ length: 20 }, (_, row) => data(row, 5000 + row));
  assert.deepEqual(
    build(packets, usual, 64).events.map((event) => event.rows.length),
    [20],
  );
  assert.deepEqual(build(packets, { ...usual, upstream: true }, 64).events, []);
});

test('packets more than seven minutes apart are sorted, too', () => {
  const packets: PlainPacket[] = [];
  for (const second of [900, 0]) {
    for (let i = 0; i < 30; i++) packets.push(data(packets.length, second * 1e7 + (29 - i)));
  }
  const far = packets.map((packet) => ({ ...packet, timestamp: packet.timestamp % 1e7 }));
  const sync = Array.from({ length: 900 }, (_, i): PlainPacket => {
    return { ...data(100 + i, 9_999_999), type: 6, trigger: 83 };
  });
  const file = [...far.slice(30), ...sync, ...far.slice(0, 30)];
  const { events } = build(file, { ...usual, nhitCut: 20, window: 100_000 }, 64);
  const reference = referenceEvents(file, { ...usual, nhitCut: 20, window: 100_000 });
  assert.deepEqual(events, reference);
});
