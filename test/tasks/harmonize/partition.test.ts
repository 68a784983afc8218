/** Where one harmonic file ends and the next begins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  partition,
  stretchesOf,
  stretchesText,
  type HarmonicFile,
} from '../../../tasks/harmonize/partition.ts';

const runs = fc.array(fc.array(fc.nat(1000), { maxLength: 30 }), { maxLength: 6 });

const named = (lists: number[][]) => lists.map((bytes, k) => ({ run: String(k), bytes }));

/** [run, event] of a file in order. */
const eventsOf = ({ stretches }: HarmonicFile): [string, number][] =>
  stretches.flatMap(({ run, first, events }) =>
    Array.from({ length: events }, (_, i): [string, number] => [run, first + i]),
  );

test('all events, each once and in order, whatever the limit', () => {
  fc.assert(
    fc.property(runs, fc.nat(5000), (lists, limit) => {
      const files = partition(named(lists), limit);
      const all = lists.flatMap((bytes, k) => bytes.map((_, i) => [String(k), i]));
      assert.deepEqual(files.flatMap(eventsOf), all);
      for (const file of files) {
        const sizes = eventsOf(file).map(([run, i]) => lists[Number(run)]![i]!);
        assert.equal(file.events, sizes.length);
        assert.equal(
          file.bytes,
          sizes.reduce((a, b) => a + b, 0),
        );
        for (const { events } of file.stretches) assert.ok(events > 0);
      }
    }),
  );
});

test('every file but the last ends with the event that reaches the limit; none is empty', () => {
  fc.assert(
    fc.property(runs, fc.nat(5000), (lists, limit) => {
      const files = partition(named(lists), limit);
      const events = lists.flat().length;
      if (events === 0) return assert.deepEqual(files, [{ stretches: [], events: 0, bytes: 0 }]);
      for (const [k, file] of files.entries()) {
        assert.ok(file.events > 0);
        const [run, i] = eventsOf(file).at(-1)!;
        const before = file.bytes - lists[Number(run)]![i]!;
        // The last may reach the limit as well; nothing goes on behind it.
        if (k < files.length - 1) assert.ok(file.bytes >= limit);
        if (file.events > 1) assert.ok(before < limit);
      }
    }),
  );
});

test('what comes behind does not move what lies before', () => {
  fc.assert(
    fc.property(
      runs,
      fc.array(fc.nat(1000), { minLength: 1 }),
      fc.nat(5000),
      (lists, more, limit) => {
        const before = partition(named(lists), limit);
        const after = partition(named([...lists, more]), limit);
        const kept = before.filter(({ bytes, events }) => events > 0 && bytes >= limit);
        assert.deepEqual(after.slice(0, kept.length), kept);
      },
    ),
  );
});

test('a limit of 0 makes a file of each event', () => {
  assert.deepEqual(
    partition([{ run: '3', bytes: [5, 0, 7] }], 0).map(({ events }) => events),
    [1, 1, 1],
  );
});

test('stretches stand in the plan as text', () => {
  const stretches = [
    { run: '55', first: 13, events: 11 },
    { run: '-1', first: 0, events: 3 },
  ];
  assert.equal(stretchesText(stretches), '55:13+11 -1:0+3');
  assert.deepEqual(stretchesOf(stretchesText(stretches)), stretches);
  assert.deepEqual(stretchesOf(''), []);
});
