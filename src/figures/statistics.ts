/** Mean, spread and median of a column. Knows numbers only. */

export interface Statistics {
  mean: number;
  /** Spread about the mean: the root of the mean square of the differences. */
  rms: number;
  median: number;
  least: number;
  greatest: number;
}

/** Of the finite values; undefined where there are none. */
export function statistics(values: ArrayLike<number>): Statistics | undefined {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  const n = sorted.length;
  if (n === 0) return undefined;
  const mean = sum(sorted) / n;
  const rms = Math.sqrt(sum(sorted.map((value) => (value - mean) ** 2)) / n);
  const median = (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
  return { mean, rms, median, least: sorted[0]!, greatest: sorted[n - 1]! };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
