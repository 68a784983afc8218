import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { symmetricFinder } from '../../../tasks/charge/event-finder.ts';
import { buildWith, stream, type Run } from './streams.ts';
import { referenceEvents, type PlainPacket, type PlainRules } from './window-reference.ts';

/** SymmetricWindow over `packets`, read `blockRows` rows at a time. */
function build(packets: readonly PlainPacket[], rules: PlainRules, blockRows: number): Run {
  const short = rules.upstream ? 'nothing' : 'one bin';
  return buildWith(
    symmetricFinder(rules.window, rules.threshold, short),
    packets,
    rules,
    blockRows,
  );
}

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
