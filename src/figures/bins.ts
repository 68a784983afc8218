/** Values to contents of bins: bins of a round width, histograms of columns, and one that grows while values stream in. Knows no axes. */
import { edge } from './model.ts';
import type { Bins } from './model.ts';

/** The least of 1, 2, 5 times a power of ten that is not below `width`. */
export function roundStep(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  const least = [1, 2, 5, 10].find((n) => n * power >= width * (1 - 1e-12)) ?? 10;
  // Divided, not multiplied, below one: 0.3 and not 0.30000000000000004.
  return power >= 1 ? least * power : least / Math.round(1 / power);
}

/** At most `most` bins of a round width that hold [least, greatest]. @param finest least width: 1 for whole numbers */
export function binsFor(least: number, greatest: number, most: number, finest = 0): Bins {
  // Finer than doubles can tell apart is no width.
  const grain = Math.max(Math.abs(least), Math.abs(greatest)) * 1e-12;
  const width = Math.max(finest, (greatest - least) / most, grain, 1e-290);
  for (
    let step = roundStep(greatest > least ? width : Math.max(1, finest, grain));
    ;
    step = roundStep(step * 1.01)
  ) {
    let [first, last] = [Math.floor(least / step), Math.floor(greatest / step)];
    // 0.6 / 0.2 is less than 3.
    if (first * step > least) first--;
    if ((last + 1) * step <= greatest) last++;
    const n = last - first + 1;
    if (n <= most) return { start: first * step + 0, step, n };
  }
}

/** How many values each bin holds; what lies outside is not counted. */
export function histogram(values: ArrayLike<number>, bins: Bins): number[] {
  const counts = new Array<number>(bins.n).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    let at = Math.floor((value - bins.start) / bins.step);
    // The division may have been rounded over an edge.
    if (value < edge(bins, at)) at--;
    else if (value >= edge(bins, at + 1)) at++;
    if (at >= 0 && at < bins.n) counts[at]!++;
  }
  return counts;
}

/** Neighbouring bins in groups of `by`; the last may be wider than the data. */
export function merged(
  bins: Bins,
  counts: readonly number[],
  by: number,
): { bins: Bins; counts: number[] } {
  const n = Math.ceil(bins.n / by);
  const sums = new Array<number>(n).fill(0);
  counts.forEach((count, i) => (sums[Math.floor(i / by)]! += count));
  return { bins: { start: bins.start, step: bins.step * by, n }, counts: sums };
}

/** A histogram of values that are not known beforehand. */
export interface Growing {
  add(values: ArrayLike<number>): void;
  /** Values that are no finite number, in no bin. */
  readonly odd: number;
  /** At most `most` bins, from the first that holds something to the last. */
  result(most: number): { bins: Bins; counts: number[] };
}

const MOST = 4096;
/** Beyond this there is no next whole number: bins that fine cannot be counted through. */
const LAST = 2 ** 52;

/** Bins are `step` wide at first and become twice as wide whenever MOST of them do not reach. */
export function growingHistogram(step: number): Growing {
  let counts = new Float64Array(MOST);
  let low = 0;
  let width = step;
  let least = Infinity;
  let greatest = -Infinity;
  let odd = 0;
  /** Twice as wide, until bins `from` to `to` (of the present width) find room. */
  function grow(from: number, to: number): void {
    let shift = 1;
    const isTooFine = (): boolean =>
      Math.floor(to / shift) - Math.floor(from / shift) >= MOST ||
      Math.max(Math.abs(from), Math.abs(to)) / shift > LAST;
    while (isTooFine()) shift *= 2;
    const first = Math.floor(from / shift);
    const room = MOST - (Math.floor(to / shift) - first + 1);
    const start = first - Math.floor(room / 2);
    const wider = new Float64Array(MOST);
    for (let i = 0; i < MOST; i++)
      if (counts[i]! > 0) wider[Math.floor((low + i) / shift) - start]! += counts[i]!;
    counts = wider;
    low = start;
    width *= shift;
    least = Math.floor(least / shift);
    greatest = Math.floor(greatest / shift);
  }
  /** The bin of a value, in which there is room for it. */
  function binOf(value: number): number | undefined {
    const bin = Math.floor(value / width);
    if (bin >= low && bin < low + MOST) return bin;
    if (!Number.isFinite(bin)) return undefined;
    grow(Math.min(bin, least), Math.max(bin, greatest));
    return Math.floor(value / width);
  }
  return {
    add(values) {
      for (let i = 0; i < values.length; i++) {
        const bin = binOf(values[i]!);
        if (bin === undefined) {
          odd++;
          continue;
        }
        counts[bin - low]!++;
        if (bin < least) least = bin;
        if (bin > greatest) greatest = bin;
      }
    },
    get odd() {
      return odd;
    },
    result(most) {
      if (greatest < least) return { bins: { start: 0, step: width, n: 1 }, counts: [0] };
      let by = 1;
      while (Math.floor(greatest / by) - Math.floor(least / by) >= most) by *= 2;
      const first = Math.floor(least / by);
      const n = Math.floor(greatest / by) - first + 1;
      const sums = new Array<number>(n).fill(0);
      for (let bin = least; bin <= greatest; bin++)
        sums[Math.floor(bin / by) - first]! += counts[bin - low]!;
      // Not -0.
      const start = first * by * width + 0;
      return { bins: { start, step: by * width, n }, counts: sums };
    },
  };
}
