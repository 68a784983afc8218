/** How long a build will take: shared out over workers, at least the longest chain, by family where unknown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimate } from '../../src/core/estimate.ts';
import type { Plan } from '../../src/core/types.ts';

/** Tasks of one procedure; `needs` by index. */
function planOf(needs: readonly (readonly number[])[]): Plan {
  return {
    tasks: needs.map((_, i) => ({ id: `t@${i}`, procedure: { name: 't' } })),
    order: Uint32Array.from(needs.keys()),
    needs,
  } as unknown as Plan;
}

const ten = (): number => 10;

test('a chain takes its length whatever the workers, a row is shared out', () => {
  const all = new Set([0, 1, 2, 3]);
  assert.equal(estimate(planOf([[], [0], [1], [2]]), all, 4, ten), 40);
  assert.equal(estimate(planOf([[], [], [], []]), all, 2, ten), 20);
});

test('only what is to run counts; unknown tasks count like the mean of their procedure', () => {
  const plan = planOf([[], [0], [1]]);
  assert.equal(estimate(plan, new Set([2]), 1, ten), 10);
  const half = (i: number): number | undefined => (i === 0 ? 10 : i === 1 ? 30 : undefined);
  assert.equal(estimate(plan, new Set([2]), 1, half), 20);
});

test('nothing known, nothing said', () => {
  assert.equal(
    estimate(planOf([[]]), new Set([0]), 1, () => undefined),
    undefined,
  );
  assert.equal(estimate(planOf([[]]), new Set(), 1, ten), undefined);
});
