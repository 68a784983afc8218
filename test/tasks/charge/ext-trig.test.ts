/** ExtTrig with off-beam events: against a plain reading of what it says it does (no reference was run). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openH5, relationOf } from 'tg/h5';
import { extTrigFinder } from '../../../tasks/charge/ext-trig-window.ts';
import { packetFields24 } from '../../../tasks/charge/packet-fields.ts';
import { inFolder, runChain } from './chain.ts';
import { fixture, withoutFixtures } from './fixtures.ts';
import { perEvent, rowsOf } from './flow-file.ts';
import { buildWith, stream, streamRules, type StreamRules } from './streams.ts';
import {
  batchRows,
  passesCut,
  plain,
  timed,
  window,
  type PlainEvent,
  type PlainPacket,
  type Timed,
} from './window-reference.ts';

interface Trigger {
  window: number;
  ioGroup: number;
  offBeam: { window: number; threshold: number } | null;
}

/** Per trigger what lies within the window after it; per batch what is left through SymmetricWindow; by start. */
function reference(
  packets: readonly PlainPacket[],
  rules: StreamRules,
  trigger: Trigger,
): PlainEvent[] {
  const syncs = new Map<number, number>();
  const events: Timed[][] = [];
  for (const rows of batchRows(packets, rules.bufferSize)) {
    const plainRules = { ...rules, window: 1, threshold: 0 };
    const all = timed(rows, syncs, plainRules)
      .filter(passesCut(rules.cut))
      .toSorted((a, b) => a.t - b.t);
    const isTrigger = ({ packet }: Timed): boolean =>
      packet.type === 7 && packet.ioGroup === trigger.ioGroup;
    const isPps = (row: Timed): boolean => row.t % rules.rolloverTicks === 0 && !isTrigger(row);
    const found = all.filter(isTrigger).map(({ t }) => ({
      start: t,
      rows: all.filter((row) => row.t - t >= 0 && row.t - t <= trigger.window && !isPps(row)),
    }));
    if (found.length > 0 && trigger.offBeam !== null) {
      const used = new Set(found.flatMap((event) => event.rows));
      const left = all.filter((row) => !used.has(row));
      const off = window(left, { ...plainRules, ...trigger.offBeam });
      const open = rules.flushAtEnd && off.buffer.length > 0 ? [off.buffer] : [];
      for (const event of [...off.events, ...open])
        if (event.length > 0) found.push({ start: event[0]!.t, rows: event });
    }
    events.push(...found.toSorted((a, b) => a.start - b.start).map((event) => event.rows));
  }
  return events.filter((event) => event.length >= rules.nhitCut).map(plain);
}

const triggers: fc.Arbitrary<Trigger> = fc.record({
  window: fc.constantFrom(0, 5, 40, 700),
  ioGroup: fc.constantFrom(1, 2),
  offBeam: fc.oneof(
    fc.constant(null),
    fc.record({ window: fc.constantFrom(20, 33.5, 90), threshold: fc.constantFrom(0, 2, 6) }),
  ),
});

const fields = packetFields24();

function build(
  packets: readonly PlainPacket[],
  rules: StreamRules,
  trigger: Trigger,
  blockRows = 64,
): ReturnType<typeof buildWith> {
  const { rolloverTicks, flushAtEnd: keepOpen } = rules;
  const finder = extTrigFinder({ ...trigger, fields, rolloverTicks, keepOpen });
  return buildWith(finder, packets, rules, blockRows);
}

test('it finds the events of the plain reading', () => {
  const found = { events: 0, repeated: 0 };
  fc.assert(
    fc.property(stream, streamRules, triggers, (packets, rules, trigger) => {
      const { events, repeated } = build(packets, rules, trigger);
      assert.deepEqual(events, reference(packets, rules, trigger));
      found.events += events.length;
      found.repeated += repeated;
    }),
    { numRuns: 1600 },
  );
  assert.ok(found.events > 400 && found.repeated > 100, JSON.stringify(found));
});

test('packets that stand in several events are counted once as kept, the rest as repeated', () => {
  fc.assert(
    fc.property(stream, streamRules, triggers, (packets, rules, trigger) => {
      const { events, kept, repeated, lost, input } = build(packets, rules, trigger);
      const rows = events.flatMap((event) => event.rows);
      assert.equal(new Set(rows).size, kept);
      assert.equal(rows.length, kept + repeated);
      assert.ok(kept + lost <= input);
      assert.equal(input, packets.length);
    }),
    { numRuns: 200 },
  );
});

test('how many rows are read at a time makes no difference', () => {
  const sizes = fc.integer({ min: 1, max: 50 });
  fc.assert(
    fc.property(stream, streamRules, triggers, sizes, (packets, rules, trigger, block) => {
      assert.deepEqual(build(packets, rules, trigger, block), build(packets, rules, trigger, 1000));
    }),
    { numRuns: 100 },
  );
});

const usual: StreamRules = {
  bufferSize: 1000,
  nhitCut: 1,
  cut: null,
  rolloverTicks: 1000,
  upstream: false,
  flushAtEnd: true,
};

/** `type@timestamp`, io_group 1. */
const at = (words: readonly string[]): PlainPacket[] =>
  words.map((word, row) => {
    const [type, timestamp] = word.split('@').map(Number) as [number, number];
    return { row, ioGroup: 1, type, trigger: 2, valid: true, timestamp, receipt: timestamp };
  });

const eventsOf = (words: readonly string[], trigger: Partial<Trigger> = {}): number[][] =>
  build(at(words), usual, { window: 20, ioGroup: 1, offBeam: null, ...trigger }).events.map(
    (event) => event.rows,
  );

test('windows hold both of their ends, may overlap, and leave out the PPS signal', () => {
  assert.deepEqual(eventsOf(['0@9', '7@10', '0@30', '0@31']), [[1, 2]]);
  assert.deepEqual(eventsOf(['7@10', '0@15', '7@20', '0@35']), [
    [0, 1, 2],
    [2, 3],
  ]);
  assert.deepEqual(eventsOf(['7@990', '0@1000', '6@1000', '0@1001']), [[0, 3]]);
  assert.deepEqual(eventsOf(['7@1000', '0@1001']), [[0, 1]], 'a trigger on the PPS is one');
});

test('off-beam events stand in order of time; without a trigger in the batch there are none', () => {
  const burst = (start: number): string[] => [0, 1, 2, 3].map((i) => `0@${start + i}`);
  const offBeam = { window: 50, threshold: 2 };
  const words = ['0@1', ...burst(300), '7@500', '0@505', ...burst(700), '0@950'];
  assert.deepEqual(eventsOf(words, { offBeam }), [
    [1, 2, 3, 4],
    [5, 6],
    [7, 8, 9, 10],
  ]);
  assert.deepEqual(eventsOf(words), [[5, 6]]);
  const silent = words.map((word) => word.replace('7@', '0@'));
  assert.deepEqual(eventsOf(silent, { offBeam }), []);
  assert.deepEqual(eventsOf(words, { offBeam, ioGroup: 2 }), []);
});

test(
  'on real packets every trigger opens an event, and what is repeated is stored and told',
  {
    skip: withoutFixtures,
  },
  () =>
    inFolder(async (folder) => {
      const config = { trig_window: 20_000, build_off_beam_events: true };
      const params = {
        'charge/raw_events': {
          event_builder_class: 'ExtTrig',
          event_builder_config: config,
          nhit_cut: 1,
          sync_noise_cut_enabled: false,
        },
      };
      const path = fixture('cosmic10k', 'packets.h5');
      const { files, told } = await runChain(folder, path, params);
      const input = await openH5(path);
      const all = rowsOf(input, 'packets');
      input.close();
      const file = await openH5(files['charge/packets']!);
      const packets = rowsOf(file, 'charge/packets');
      const events = perEvent(relationOf(file, 'charge/raw_events', 'charge/packets'), packets);
      const isTrigger = (row: Record<string, number>): boolean =>
        row['packet_type'] === 7 && row['io_group'] === 1;
      const opened = [...events.values()].filter((rows) => rows.some(isTrigger));
      assert.equal(opened.length, all.filter(isTrigger).length);
      assert.ok(events.size > opened.length, 'off-beam events, too');
      const stored = file.attributes('/charge/packets');
      const repeated = Number(stored['repeated']);
      const sum = Object.values(
        JSON.parse(stored['lost'] as string) as Record<string, number>,
      ).reduce((a, b) => a + b);
      assert.ok(repeated > 0);
      const counted = all.filter((row) => [0, 6, 7].includes(row['packet_type']!)).length;
      assert.equal(packets.length - repeated + sum, counted, 'every row has one fate');
      assert.deepEqual(
        told['charge/raw_events']!.notes.filter(({ text }) => text.includes('another event')),
        [
          {
            text: 'packets of charge/packets stand in another event, too',
            n: repeated,
            of: packets.length,
            quiet: false,
          },
        ],
      );
      const attributes = file.attributes('/charge/raw_events');
      assert.deepEqual(
        ['event_builder_class', 'window', 'trig_io_grp', 'off_beam_window'].map(
          (n) => attributes[n],
        ),
        ['ExtTrigRawEventBuilder', 20_000, 1, 910],
      );
      file.close();
    }),
);
