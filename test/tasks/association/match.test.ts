/** Matching triggers with light events: against looking at every pair, and what a light event's time is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Runs } from 'tg/h5';
import { compound, encodeRows, rowsOf } from 'tg/h5';
import { addLightTimes, createLightTimes } from '../../../tasks/association/light-times.ts';
import { matchTriggers, meets, through } from '../../../tasks/association/match.ts';
import { upstreamCandidates } from '../../../tasks/association/upstream-candidates.ts';

const pairsOf = ({ parent, start, stop }: Runs): string[] => {
  const pairs: string[] = [];
  for (let i = 0; i < parent.length; i++)
    for (let row = start[i]!; row < stop[i]!; row++) pairs.push(`${parent[i]!} ${row}`);
  return pairs;
};

const columns = (rows: readonly (readonly [number, number])[]) => ({
  unix: Float64Array.from(rows, ([unix]) => unix),
  ts: Float64Array.from(rows, ([, ts]) => ts),
});

const time = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(NaN)),
  fc.oneof(fc.integer({ min: 0, max: 60 }), fc.double({ min: 0, max: 60, noNaN: true })),
);

describe('matching triggers with light', () => {
  test('finds the pairs that looking at all of them finds, both ends of the windows included', () => {
    let matched = 0;
    fc.assert(
      fc.property(
        fc.array(time, { maxLength: 40 }),
        fc.array(time, { maxLength: 40 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 60 }),
        (left, right, unix, ts) => {
          const [triggers, light] = [columns(left), columns(right)];
          const expected: string[] = [];
          for (const [i, [u, t]] of left.entries())
            for (const [j, [v, s]] of right.entries())
              if (Math.abs(v - u) <= unix && Math.abs(s - t) <= ts) expected.push(`${i} ${j}`);
          assert.deepEqual(pairsOf(matchTriggers(triggers, light, { unix, ts })), expected);
          const near = left.some(([u]) => right.some(([v]) => Math.abs(v - u) <= unix));
          assert.equal(meets(triggers, light, unix), near);
          matched += expected.length;
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(matched > 500, `${matched} pairs`);
  });

  test('10 ticks apart is a match, the next number after that is none', () => {
    const light = columns([[0, 1000.1]]);
    const match = (ts: number): number =>
      pairsOf(matchTriggers(columns([[0, ts]]), light, { unix: 3, ts: 10 })).length;
    assert.equal(match(990.1), 1);
    assert.equal(match(990.0999999999999), 0);
    assert.equal(match(1010.1), 1);
    assert.equal(match(1010.1000000000001), 0);
  });

  test('an event has the light of all of its triggers, each once', () => {
    const parents = {
      parent: Uint32Array.of(1, 1, 4),
      start: Uint32Array.of(0, 3, 4),
      stop: Uint32Array.of(2, 4, 5),
    };
    const children = {
      parent: Uint32Array.of(0, 1, 2, 3, 4),
      start: Uint32Array.of(5, 4, 9, 8, 0),
      stop: Uint32Array.of(7, 6, 10, 9, 1),
    };
    assert.deepEqual(pairsOf(through(parents, children)), ['1 4', '1 5', '1 6', '1 8', '4 0']);
  });

  test('upstream leaves out the last light event of a chunk, and tries none of a chunk that is over', () => {
    const light = columns([
      [10, 0],
      [11, 0],
      [12, 0],
      [90, 0],
    ]);
    const triggers = columns([
      [10, 0],
      [12, 0],
      [50, 0],
      [200, 0],
    ]);
    const events = {
      parent: Uint32Array.of(0, 1, 2, 3),
      start: Uint32Array.of(0, 1, 2, 3),
      stop: Uint32Array.of(1, 2, 3, 4),
    };
    const both = upstreamCandidates(events, triggers, light, 3, 2);
    assert.deepEqual(
      [[...both.from], [...both.to]],
      [
        [0, 0, 3, 3],
        [2, 2, 3, 3],
      ],
    );
    const alone = upstreamCandidates(events, triggers, light, 3, 1);
    assert.deepEqual(
      [[...alone.from], [...alone.to]],
      [
        [0, 0, 3, 0],
        [2, 2, 2, 0],
      ],
    );
  });

  test('the time of a light event is the mean of the means of its ADCs, valid channels only', () => {
    const type = compound([
      ['utime_ms', 'u8', [2, 3]],
      ['tai_ns', 'u8', [2, 3]],
      ['wvfm_valid', 'u1', [2, 3]],
    ]);
    const { bytes } = encodeRows(type, {
      utime_ms: [1000, 3000, 9, 5000, 9, 9, 1, 2, 3, 4, 5, 6, 4000, 9, 9, 9, 9, 9],
      tai_ns: [100, 300, 7, 700, 7, 7, 1, 2, 3, 4, 5, 6, 500, 7, 7, 7, 7, 7],
      wvfm_valid: [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
    });
    const times = createLightTimes(3);
    addLightTimes(times, rowsOf(type, bytes), 2);
    // Not (1000 + 3000 + 5000) / 3.
    assert.deepEqual([...times.unix], [3.5, NaN, 4]);
    assert.deepEqual([...times.ts], [4.5, NaN, 5]);
  });
});
