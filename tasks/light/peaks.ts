/** Hits: local maxima of waveforms above a threshold, and what a spline around each says of its pulse. Knows samples, no files. */
import { integral, splineMaker } from './cubic-spline.ts';

export interface PeakRules {
  /** Samples kept on either side. */
  near: number;
  /** Points at which the spline is looked at. */
  points: number;
  /** Length of a sample, ns. */
  sampleNs: number;
  /**
   * Upstream: the flanks are told by comparing samples with ns, so that of pulses whose maximum lies to the left nothing is left of the rising edge (0); the width
   * is in samples; the sum is of whole numbers.
   */
  upstream: boolean;
}

/** All relative to the peak sample: ADC counts, and ns. */
export interface PeakShape {
  sum: number;
  sumSpline: number;
  maxSpline: number;
  /** Maximum of the spline. */
  nsSpline: number;
  /** Where the rising flank starts, and how well it is known. */
  rising: number;
  risingError: number;
  /** Full width at half of the maximum. */
  fwhm: number;
}

/**
 * Samples p with w[p - 1] < w[p] > w[p + 1] (a plateau is none) of `length` samples from `first` on that are at least `threshold`.
 */
export function findPeaks(
  samples: Float32Array,
  first: number,
  length: number,
  threshold: number,
): number[] {
  const found: number[] = [];
  for (let p = 1; p + 1 < length; p++) {
    const value = samples[first + p]!;
    if (value >= threshold && samples[first + p - 1]! < value && samples[first + p + 1]! < value)
      found.push(p);
  }
  return found;
}

/** Samples p - near .. p + near into `out`, which has room for just these; beyond an end the last one again. */
export function around(
  samples: Float32Array,
  first: number,
  length: number,
  p: number,
  out: Float32Array,
): void {
  const from = p - (out.length >> 1);
  for (let i = 0; i < out.length; i++)
    out[i] = samples[first + Math.min(length - 1, Math.max(0, from + i))]!;
}

export interface PeakMeasure {
  of(near: Float32Array): PeakShape;
}

export function peakMeasure({ near, points, sampleNs, upstream }: PeakRules): PeakMeasure {
  const maker = splineMaker(2 * near + 1, -near, 1);
  const step = (2 * near) / (points - 1);
  const xs = Float64Array.from({ length: points }, (_, i) =>
    i === points - 1 ? near : i * step - near,
  );
  // Which piece of the spline a point is of, and how far from its beginning.
  const piece = xs.map((x) => Math.min(2 * near - 1, Math.max(0, Math.floor(x + near))));
  const inside = xs.map((x, i) => x - (piece[i]! - near));
  const values = new Float64Array(points);
  const zero = new Float64Array(points);
  const half = new Float64Array(points);
  const trimmed = trimmer(points);
  return {
    of(y) {
      const spline = maker.through(y);
      const { a, b, c, d } = spline;
      let best = 0;
      for (let i = 0; i < points; i++) {
        const k = piece[i]!;
        const t = inside[i]!;
        values[i] = a[k]! + t * (b[k]! + t * (c[k]! + t * d[k]!));
        if (values[i]! > values[best]!) best = i;
      }
      const max = values[best]!;
      const nsSpline = xs[best]! * sampleNs;
      for (let i = 0; i < points; i++) {
        const k = piece[i]!;
        const t = inside[i]!;
        const slope = b[k]! + t * (2 * c[k]! + 3 * t * d[k]!);
        zero[i] = xs[i]! - values[i]! / slope;
        half[i] = xs[i]! + (max * 0.5 - values[i]!) / slope;
      }
      // The flanks end at the maximum: in samples, as they are.
      const middle = upstream ? nsSpline : xs[best]!;
      let before = 0;
      while (before < points && xs[before]! < middle) before++;
      let behind = before;
      while (behind < points && xs[behind]! <= middle) behind++;
      const slack = upstream ? 0 : 1e-12;
      const rising = trimmed(zero, 0, before, slack);
      const lower = trimmed(half, 0, before, slack);
      const upper = trimmed(half, behind, points, slack);
      return {
        sum: sumOf(y, upstream),
        sumSpline: integral(spline),
        maxSpline: max,
        nsSpline,
        rising: (rising?.mean ?? 0) * sampleNs,
        risingError: (rising?.deviation ?? 0) * sampleNs,
        fwhm: width(lower?.mean, upper?.mean) * (upstream ? 1 : sampleNs),
      };
    },
  };
}

function sumOf(y: Float32Array, isCut: boolean): number {
  let sum = 0;
  for (const value of y) sum += isCut ? Math.trunc(value) : value;
  return sum;
}

/** numpy's masked difference keeps the first number where one is missing. */
const width = (lower: number | undefined, upper: number | undefined): number =>
  upper === undefined ? 0 : upper - (lower ?? 0);

interface Trimmed {
  mean: number;
  deviation: number;
}

/**
 * Mean and standard deviation of the values [from, to) that are no outliers: at most the median distance from the median away. Of two points both are, which
 * rounding must not decide: `slack`, in parts of the numbers. Undefined of nothing.
 */
function trimmer(most: number) {
  const room = new Float64Array(most);
  return (values: Float64Array, from: number, to: number, slack: number): Trimmed | undefined => {
    const n = to - from;
    if (n === 0) return undefined;
    for (let i = 0; i < n; i++) room[i] = values[from + i]!;
    const middle = medianOf(room, n);
    for (let i = 0; i < n; i++) room[i] = Math.abs(values[from + i]! - middle);
    const distance = medianOf(room, n) * (1 + slack) + Math.abs(middle) * slack;
    let [sum, kept] = [0, 0];
    for (let i = from; i < to; i++) {
      if (!(Math.abs(values[i]! - middle) <= distance)) continue;
      sum += values[i]!;
      kept++;
    }
    if (kept === 0) return undefined;
    const mean = sum / kept;
    let square = 0;
    for (let i = from; i < to; i++)
      if (Math.abs(values[i]! - middle) <= distance) square += (values[i]! - mean) ** 2;
    return { mean, deviation: Math.sqrt(square / kept) };
  };
}

/** Of the first n values, which are put into another order. */
function medianOf(values: Float64Array, n: number): number {
  const upper = select(values, n, n >> 1);
  if (n % 2 === 1) return upper;
  // What is before the place is not greater.
  let lower = values[0]!;
  for (let i = 1; i < n >> 1; i++) if (values[i]! > lower) lower = values[i]!;
  return (lower + upper) / 2;
}

/** The k-th of the first n values (Hoare's selection); what is no number counts as the greatest. */
function select(values: Float64Array, n: number, k: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  // Infinities of both signs are told apart by sorting, too.
  if (Number.isNaN(sum)) return values.subarray(0, n).sort()[k]!;
  let [low, high] = [0, n - 1];
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}
