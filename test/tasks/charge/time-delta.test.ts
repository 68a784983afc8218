/** TimeDelta: against a plain recursive reading of what it says it does (there is no reference: upstream's does something else). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openH5 } from 'tg/h5';
import { timeDeltaFinder } from '../../../tasks/charge/time-delta.ts';
import { inFolder, runChain } from './chain.ts';
import { fixture, withoutFixtures } from './fixtures.ts';
import { buildWith, stream, streamRules, type StreamRules } from './streams.ts';
import { batchRows, passesCut, type PlainEvent, type PlainPacket } from './window-reference.ts';

interface Stamped {
  row: number;
  ts: number;
  unix: number;
}

interface Gaps {
  eventDt: number;
  maxEventDt: number;
}

/** Split where the gap to the next packet is larger than `eventDt`. */
function split(rows: Stamped[], eventDt: number): Stamped[][] {
  const i = rows.findIndex((row, k) => k > 0 && row.ts - rows[k - 1]!.ts > eventDt);
  return i < 0 ? [rows] : [rows.slice(0, i), ...split(rows.slice(i), eventDt)];
}

/** Cut groups longer than `maxEventDt` at the first time stamp > start + `maxEventDt`. */
function cut(group: Stamped[], maxEventDt: number): Stamped[][] {
  const i = group.findIndex((row) => row.ts > group[0]!.ts + maxEventDt);
  return i < 0 ? [group] : [group.slice(0, i), ...cut(group.slice(i), maxEventDt)];
}

/** Sort by raw time stamp, split, hold the last group back for the next batch, cut the others. */
function reference(packets: readonly PlainPacket[], rules: StreamRules, gaps: Gaps): PlainEvent[] {
  let held: Stamped[] = [];
  const groups: Stamped[][] = [];
  for (const rows of batchRows(packets, rules.bufferSize)) {
    const passed = rows
      .filter(passesCut(rules.cut))
      .map(({ packet, unix }) => ({ row: packet.row, ts: packet.timestamp, unix }));
    const sorted = [...held, ...passed].toSorted((a, b) => a.ts - b.ts);
    const found = sorted.length === 0 ? [] : split(sorted, gaps.eventDt);
    held = found.pop() ?? [];
    groups.push(...found);
  }
  if (rules.flushAtEnd && held.length > 0) groups.push(held);
  return groups
    .flatMap((group) => cut(group, gaps.maxEventDt))
    .filter((event) => event.length >= rules.nhitCut)
    .map((event) => ({ rows: event.map(({ row }) => row), unix: event[0]!.unix }));
}

const gaps: fc.Arbitrary<Gaps> = fc.record({
  eventDt: fc.constantFrom(0, 1, 5, 50),
  maxEventDt: fc.constantFrom(0, 3, 40, 10_000),
});

const build = (
  packets: readonly PlainPacket[],
  setting: StreamRules,
  { eventDt, maxEventDt }: Gaps,
  blockRows = 64,
): ReturnType<typeof buildWith> =>
  buildWith(timeDeltaFinder(eventDt, maxEventDt), packets, setting, blockRows);

test('it finds the events of the plain reading', () => {
  let found = 0;
  fc.assert(
    fc.property(stream, streamRules, gaps, (packets, setting, gap) => {
      const { events } = build(packets, setting, gap);
      assert.deepEqual(events, reference(packets, setting, gap));
      found += events.length;
    }),
    { numRuns: 400 },
  );
  assert.ok(found > 1000, `only ${found} events`);
});

test('every packet that passes the cuts is in one event, in one only, and no event is too long', () => {
  fc.assert(
    fc.property(
      stream,
      streamRules,
      gaps,
      fc.integer({ min: 1, max: 50 }),
      (packets, given, gap, block) => {
        const setting = { ...given, nhitCut: 1, flushAtEnd: true };
        const { events, kept, lost, repeated, input } = build(packets, setting, gap, block);
        const rows = events.flatMap((event) => event.rows);
        assert.equal(kept + lost, input);
        assert.equal(input, packets.length);
        assert.equal(repeated, 0);
        assert.equal(rows.length, kept);
        assert.equal(new Set(rows).size, kept);
        for (const event of events) {
          const ts = event.rows.map((row) => packets[row]!.timestamp % 2 ** 31);
          assert.ok(ts.at(-1)! - ts[0]! <= gap.maxEventDt);
          ts.forEach((t, i) => assert.ok(i === 0 || t - ts[i - 1]! <= gap.eventDt));
        }
      },
    ),
    { numRuns: 200 },
  );
});

const at = (timestamps: readonly number[]): PlainPacket[] =>
  timestamps.map((timestamp, row) => {
    return { row, ioGroup: 1, type: 0, trigger: 0, valid: true, timestamp, receipt: timestamp };
  });

const usual: StreamRules = {
  bufferSize: 1000,
  nhitCut: 1,
  cut: null,
  rolloverTicks: 1e7,
  upstream: false,
  flushAtEnd: true,
};

const rowsOf = (timestamps: readonly number[], setting: StreamRules, gap: Gaps): number[][] =>
  build(at(timestamps), setting, gap).events.map((event) => event.rows);

test('a gap of event_dt joins, a longer one divides; start + max_event_dt still belongs', () => {
  const gap = { eventDt: 10, maxEventDt: 25 };
  assert.deepEqual(rowsOf([0, 10, 21, 31], usual, gap), [
    [0, 1],
    [2, 3],
  ]);
  assert.deepEqual(rowsOf([0, 10, 20, 25, 26, 36, 46, 52], usual, gap), [
    [0, 1, 2, 3],
    [4, 5, 6],
    [7],
  ]);
});

test('the last group of a batch goes on in the next, and is cut as a whole', () => {
  const setting = { ...usual, bufferSize: 3 };
  const gap = { eventDt: 10, maxEventDt: 25 };
  assert.deepEqual(rowsOf([0, 100, 110, 120, 127, 500], setting, gap), [[0], [1, 2, 3], [4], [5]]);
  const last = { ...setting, flushAtEnd: false };
  assert.deepEqual(rowsOf([0, 100, 110, 120, 127, 500], last, gap), [[0], [1, 2, 3], [4]]);
  assert.deepEqual(rowsOf([0, 8, 100, 110, 300, 310], { ...setting, nhitCut: 2 }, gap), [
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
});

test(
  'on real packets nothing is lost that upstream would double or drop',
  { skip: withoutFixtures },
  () =>
    inFolder(async (folder) => {
      const params = {
        'charge/raw_events': { event_builder_class: 'TimeDelta', nhit_cut: 1, buffer_size: 2048 },
      };
      const path = fixture('cosmic10k', 'packets.h5');
      const { files, told } = await runChain(folder, path, params);
      const lost = Object.fromEntries(
        told['charge/raw_events']!.lost.map(({ reason, n }) => [reason, n]),
      );
      assert.deepEqual(lost, { 'sync cut': 569, parity: 146 });
      const file = await openH5(files['charge/packets']!);
      assert.equal(file.table('/charge/packets').rows, 14_498 - 569 - 146);
      const attributes = file.attributes('/charge/raw_events');
      const names = [
        'event_builder_class',
        'event_builder_class_version',
        'event_dt',
        'max_event_dt',
      ];
      assert.deepEqual(
        names.map((name) => attributes[name]),
        ['TimeDeltaRawEventBuilder', '0.0.0', 1820, 5460],
      );
      assert.ok(!('window' in attributes));
      file.close();
      const events = await openH5(join(folder, 'charge_events.h5'));
      const rows = events.table('/charge/events');
      const nhit = rows.column('nhit') as Uint32Array;
      assert.ok(rows.rows > 46 && nhit.reduce((a, b) => a + b, 0) > 10_679);
      events.close();
    }),
);
