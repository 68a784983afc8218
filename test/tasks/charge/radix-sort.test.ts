import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sortRoom, sortTimes } from '../../../tasks/charge/radix-sort.ts';

const check = (times: number[]): void => {
  const first = Math.min(...times);
  const last = Math.max(...times);
  const order = sortTimes(
    Float64Array.from(times),
    times.length,
    first,
    last,
    sortRoom(times.length),
  );
  const expected = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
  assert.deepEqual(Array.from(order.subarray(0, times.length)), expected);
};

test('times are sorted, equal ones in the order they came', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), check));
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1 }), check));
});

test('so are times more than 2^32 ticks apart', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 40 }), (times) => {
      const small = times.map((t) => Math.floor(t / 4));
      check(small);
    }),
  );
});

test('no times are no trouble', () => {
  assert.equal(sortTimes(new Float64Array(0), 0, 0, 0, sortRoom(0)).length, 0);
});
