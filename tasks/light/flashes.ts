/** Flashes: hits of a TPC that are close in time, and what all its SiPMs saw meanwhile. Knows numbers, no files. */

/**
 * Groups of values in which the next one is at most `eps` away, lowest first; in each the numbers of the values in their order. DBSCAN in one dimension with
 * min_samples 1 (ndlar_flow FlashFinder).
 */
export function gapGroups(values: ArrayLike<number>, eps: number): number[][] {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
  const groups: number[][] = [];
  order.forEach((i, k) => {
    const last = k === 0 ? Infinity : values[i]! - values[order[k - 1]!]!;
    if (last <= eps) groups.at(-1)!.push(i);
    else groups.push([i]);
  });
  return groups.map((group) => group.sort((a, b) => a - b));
}

/** Hits of an event, column by column. */
export interface HitColumns {
  tpc: ArrayLike<number>;
  sample_idx: ArrayLike<number>;
  busy_ns: ArrayLike<number>;
  rising_spline: ArrayLike<number>;
  sum: ArrayLike<number>;
  max: ArrayLike<number>;
  sum_spline: ArrayLike<number>;
  max_spline: ArrayLike<number>;
}

type Range = [low: number, high: number];

export interface Flash {
  tpc: number;
  /** Rows of its hits. */
  hits: readonly number[];
  /** Samples of its hits, both included. */
  samples: Range;
  /** busy_ns of its hits; and with their rising_spline, ns. */
  times: Range;
  rising: Range;
  /** Sums over its hits of sum, max, sum_spline and max_spline. */
  totals: [number, number, number, number];
}

/** Flashes of the hits [from, to), TPC by TPC and in each in the order of time. */
export function flashesOf(hits: HitColumns, from: number, to: number, eps: number): Flash[] {
  const byTpc = new Map<number, number[]>();
  for (let hit = from; hit < to; hit++) {
    const tpc = hits.tpc[hit]!;
    const own = byTpc.get(tpc);
    if (own === undefined) byTpc.set(tpc, [hit]);
    else own.push(hit);
  }
  return [...byTpc]
    .sort(([a], [b]) => a - b)
    .flatMap(([tpc, own]) =>
      gapGroups(
        own.map((hit) => hits.sample_idx[hit]!),
        eps,
      ).map((group) =>
        flashOf(
          hits,
          tpc,
          group.map((i) => own[i]!),
        ),
      ),
    );
}

function flashOf(hits: HitColumns, tpc: number, own: readonly number[]): Flash {
  const range = (of: (hit: number) => number): Range => {
    const values = own.map(of);
    return [Math.min(...values), Math.max(...values)];
  };
  const total = (column: ArrayLike<number>): number =>
    own.reduce((sum, hit) => sum + column[hit]!, 0);
  return {
    tpc,
    hits: own,
    samples: range((hit) => hits.sample_idx[hit]!),
    times: range((hit) => hits.busy_ns[hit]!),
    rising: range((hit) => hits.busy_ns[hit]! + hits.rising_spline[hit]!),
    totals: [total(hits.sum), total(hits.max), total(hits.sum_spline), total(hits.max_spline)],
  };
}

/**
 * Sum and maximum over the samples of a flash of the waveform of each SiPM of its TPC.
 * @param samples of one event from `first` on, `length` per slot
 * @param slots of the SiPMs, -1 where there is none: 0 there
 */
export function lightIn(
  samples: Float32Array,
  first: number,
  length: number,
  slots: Int32Array,
  [low, high]: Range,
): { sums: Float32Array; maxima: Float32Array } {
  const sums = new Float32Array(slots.length);
  const maxima = new Float32Array(slots.length);
  slots.forEach((slot, k) => {
    if (slot < 0) return;
    const at = first + slot * length;
    let sum = 0;
    let max = -Infinity;
    for (let i = at + low; i <= at + high; i++) {
      sum += samples[i]!;
      if (samples[i]! > max) max = samples[i]!;
    }
    sums[k] = sum;
    maxima[k] = max;
  });
  return { sums, maxima };
}
