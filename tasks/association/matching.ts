/** What a file says of charge and light that belong together: who has whom, and how far apart they are. Knows columns and runs of rows, no files. */
import type { Runs } from 'tg/h5';
import { statistics, type Statistics } from 'tg/figures';
import type { LightTimes } from './light-times.ts';
import type { TriggerTimes } from './match.ts';

/** Pairs of a relation, child by child. */
export interface Pairs {
  parent: Uint32Array;
  child: Uint32Array;
}

export function pairsOf({ parent, start, stop }: Runs): Pairs {
  let n = 0;
  for (let i = 0; i < parent.length; i++) n += stop[i]! - start[i]!;
  const pairs = { parent: new Uint32Array(n), child: new Uint32Array(n) };
  let at = 0;
  for (let i = 0; i < parent.length; i++)
    for (let row = start[i]!; row < stop[i]!; row++, at++) {
      pairs.parent[at] = parent[i]!;
      pairs.child[at] = row;
    }
  return pairs;
}

/** How many pairs each of `n` rows is in. */
export function countsOf(rows: Uint32Array, n: number): Uint32Array {
  const counts = new Uint32Array(n);
  for (const row of rows) counts[row]!++;
  return counts;
}

/** How many of the rows have at least `least`. */
export const having = (counts: Uint32Array, least: number): number =>
  counts.reduce((n, count) => n + (count >= least ? 1 : 0), 0);

/** light - trigger over all pairs: ts [ticks of 0.1 us] and unix time [s]; undefined where there is no pair. */
export function residuals(
  { parent, child }: Pairs,
  triggers: TriggerTimes,
  light: LightTimes,
): { ts: Statistics | undefined; unix: Statistics | undefined } {
  const of = (times: 'ts' | 'unix'): Statistics | undefined =>
    statistics(
      Float64Array.from(child, (row, i) => light[times][row]! - triggers[times][parent[i]!]!),
    );
  return { ts: of('ts'), unix: of('unix') };
}

/** A sum over the children of each of `n` parents. */
export function sumOver({ parent, child }: Pairs, values: Float64Array, n: number): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < parent.length; i++) sums[parent[i]!]! += values[child[i]!]!;
  return sums;
}
