/** Bins and numbers of figures: round, complete, and the same whichever way the values come. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { binsFor, growingHistogram, histogram } from '../../src/figures/index.ts';
import { merged, roundStep } from '../../src/figures/bins.ts';
import { clock, decadeLabel, tickLabels } from '../../src/figures/numbers.ts';

/** Their halves are exact: an edge is an edge. */
const exact = (most: number): fc.Arbitrary<number> =>
  fc.double({ min: -most, max: most, noNaN: true }).map(Math.fround);
const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

describe('bins', () => {
  test('are 1, 2 or 5 times a power of ten wide', () => {
    assert.deepEqual(
      [0.003, 0.011, 0.5, 1, 1.2, 4, 6, 130].map(roundStep),
      [0.005, 0.02, 0.5, 1, 2, 5, 10, 200],
    );
  });

  test('hold all values between the least and the greatest, and are not more than asked for', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 2, max: 100 }),
        (values, most) => {
          const bins = binsFor(Math.min(...values), Math.max(...values), most);
          assert.ok(bins.n >= 1 && bins.n <= most);
          assert.equal(sum(histogram(values, bins)), values.length);
        },
      ),
    );
  });

  test('of whole numbers are not finer than those', () => {
    assert.deepEqual(binsFor(0, 3, 60, 1), { start: 0, step: 1, n: 4 });
  });

  test('a bin holds its lower edge and not its upper one', () => {
    assert.deepEqual(histogram([-0.1, 0, 0.9, 1, 2, NaN], { start: 0, step: 1, n: 2 }), [2, 1]);
  });

  test('groups of bins keep the sum', () => {
    const { bins, counts } = merged({ start: 0, step: 2, n: 5 }, [1, 2, 3, 4, 5], 2);
    assert.deepEqual({ bins, counts }, { bins: { start: 0, step: 4, n: 3 }, counts: [3, 7, 5] });
  });
});

describe('a growing histogram', () => {
  test('is the histogram of the bins it ends with, whatever came first', () => {
    const some = fc.oneof(exact(1e6), exact(1e3), exact(1e30));
    fc.assert(
      fc.property(
        fc.array(some, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 2, max: 120 }),
        (values, most) => {
          const growing = growingHistogram(0.5);
          for (const each of values) growing.add([each]);
          const { bins, counts } = growing.result(most);
          assert.ok(bins.n <= most);
          assert.equal(sum(counts), values.length);
          assert.ok(counts[0]! > 0 && counts.at(-1)! > 0);
          assert.deepEqual(counts, histogram(values, bins));
          const backwards = growingHistogram(0.5);
          backwards.add([...values].reverse());
          assert.deepEqual(backwards.result(most), { bins, counts });
        },
      ),
    );
  });

  test('of values too large for fine bins has coarser ones, and comes to an end', () => {
    for (const large of [1e17, 1e30, -1e30, 1e300]) {
      const growing = growingHistogram(0.5);
      growing.add([large, large]);
      const { bins, counts } = growing.result(10);
      assert.deepEqual(counts, [2]);
      assert.deepEqual(histogram([large, large], bins), [2]);
    }
  });

  test('counts what is no number beside it', () => {
    const growing = growingHistogram(1);
    growing.add([1, NaN, Infinity, -Infinity, 2]);
    assert.equal(growing.odd, 3);
    assert.deepEqual(growing.result(10), { bins: { start: 1, step: 1, n: 2 }, counts: [1, 1] });
  });

  test('of nothing is one empty bin', () => {
    assert.deepEqual(growingHistogram(1).result(10).counts, [0]);
  });
});

describe('labels', () => {
  test('of an axis have one unit and one number of decimals', () => {
    assert.deepEqual(tickLabels([0, 200000, 1000000], 200000), ['0k', '200k', '1 000k']);
    assert.deepEqual(tickLabels([0, 0.25, 0.5], 0.25), ['0.00', '0.25', '0.50']);
    assert.deepEqual(tickLabels([-5000, 0, 5000], 5000), ['-5 000', '0', '5 000']);
    assert.deepEqual(tickLabels([0, 2e7], 1e7), ['0M', '20M']);
    assert.deepEqual(tickLabels([-0.5, 0, 0.5], 0.5), ['-0.5', '0.0', '0.5']);
  });

  test('of decades', () => {
    assert.deepEqual([0.001, 0.1, 1, 1000, 1e4, 1e6, 1e9, 1e-6].map(decadeLabel), [
      '0.001',
      '0.1',
      '1',
      '1 000',
      '10k',
      '1M',
      '1G',
      '1e-6',
    ]);
  });

  test('of moments are as fine as the step', () => {
    const at = Date.UTC(2021, 3, 4, 1, 33, 20) / 1000;
    assert.deepEqual(
      [0.1, 1, 60, 86400].map((step) => clock(at, step)),
      ['01:33:20.0', '01:33:20', '01:33', '04-04'],
    );
    assert.equal(clock(Date.UTC(2021, 3, 4) / 1000, 3600), '04-04');
  });
});
