/** `checks:` of a procedure against the rows and counts of a run. Knows what was told, not what is done about it. */
import type { CheckEntry } from './types.ts';

/** What a run told of itself. */
export interface Told {
  /** Rows of its tables, null for products. */
  rows: readonly (number | null)[];
  counts: readonly (readonly [name: string, n: number])[];
}

/** The quantities that are outside of a limit, as sentences: `events is 3, below 5`. */
export function outside(
  checks: readonly CheckEntry[],
  limits: 'warn' | 'bad',
  { rows, counts }: Told,
): string[] {
  return checks.flatMap((check) => {
    const value =
      check.quantity === 'rows'
        ? rows.reduce<number>((n, of) => n + (of ?? 0), 0)
        : counts.find(([name]) => name === check.quantity)?.[1];
    const { below, above } = check[limits] ?? {};
    if (value === undefined) return [];
    if (below !== undefined && value < below)
      return [`${check.quantity} is ${value}, below ${below}`];
    if (above !== undefined && value > above)
      return [`${check.quantity} is ${value}, above ${above}`];
    return [];
  });
}
