/** Straight lines through points: the principal axis, and the line that most points lie at (RANSAC). Knows coordinates, no hits. */
import type { Points } from './dbscan.ts';
import type { Random } from './random.ts';

export type Vector = [number, number, number];

/** `centre` + s * `axis`; the axis has length 1, or 0 when the points of a sample coincide. */
export interface Line {
  centre: Vector;
  axis: Vector;
}

/** Mean of the points `rows` and the direction in which they are widest, of length 1, either sign. */
export function principalAxis({ x, y, z }: Points, rows: Uint32Array): Line {
  const n = rows.length;
  let [mx, my, mz] = [0, 0, 0];
  for (let k = 0; k < n; k++) {
    const i = rows[k]!;
    mx += x[i]!;
    my += y[i]!;
    mz += z[i]!;
  }
  mx /= n;
  my /= n;
  mz /= n;
  let [xx, xy, xz, yy, yz, zz] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < n; k++) {
    const i = rows[k]!;
    const a = x[i]! - mx;
    const b = y[i]! - my;
    const c = z[i]! - mz;
    xx += a * a;
    xy += a * b;
    xz += a * c;
    yy += b * b;
    yz += b * c;
    zz += c * c;
  }
  return { centre: [mx, my, mz], axis: widest([xx, xy, xz, xy, yy, yz, xz, yz, zz]) };
}

/** Eigenvector of the largest eigenvalue of a symmetric matrix of three rows, by Jacobi's rotations. */
function widest(m: number[]): Vector {
  const v = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  // Converges quadratically: eight sweeps are more than doubles can use.
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const off = m[3 * p + q]!;
      if (off === 0) continue;
      const half = (m[4 * q]! - m[4 * p]!) / (2 * off);
      const t = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(half * half + 1));
      const c = 1 / Math.sqrt(t * t + 1);
      const s = t * c;
      for (let k = 0; k < 3; k++) {
        const [a, b] = [m[3 * k + p]!, m[3 * k + q]!];
        m[3 * k + p] = c * a - s * b;
        m[3 * k + q] = s * a + c * b;
      }
      for (let k = 0; k < 3; k++) {
        const [a, b] = [m[3 * p + k]!, m[3 * q + k]!];
        m[3 * p + k] = c * a - s * b;
        m[3 * q + k] = s * a + c * b;
        const [e, f] = [v[3 * k + p]!, v[3 * k + q]!];
        v[3 * k + p] = c * e - s * f;
        v[3 * k + q] = s * e + c * f;
      }
    }
  }
  let best = 0;
  for (let k = 1; k < 3; k++) if (m[4 * k]! > m[4 * best]!) best = k;
  const [a, b, c] = [v[best]!, v[3 + best]!, v[6 + best]!];
  const norm = Math.sqrt(a * a + b * b + c * c);
  return [a / norm, b / norm, c / norm];
}

export interface RansacSettings {
  /** Points of a trial. */
  minSamples: number;
  /** mm, excluded. */
  threshold: number;
  trials: number;
}

/**
 * Those of `rows` that lie nearer than the threshold to the best of `trials` lines through `minSamples` random points:
 * the line with most such points, of equals the one with the smaller sum of squared distances of all points. Empty when
 * no trial has any.
 */
export function ransacLine(
  points: Points,
  rows: Uint32Array,
  { minSamples, threshold, trials }: RansacSettings,
  random: Random,
): Uint32Array {
  const most = threshold * threshold;
  const sample = new Uint32Array(minSamples);
  const squares = new Float64Array(rows.length);
  let line: Line | undefined;
  let bestCount = 0;
  let bestSum = Infinity;
  for (let trial = 0; trial < trials; trial++) {
    draw(rows, sample, random);
    const tried = minSamples === 2 ? through(points, sample) : principalAxis(points, sample);
    const sum = distances(points, rows, tried, squares);
    let count = 0;
    for (let k = 0; k < squares.length; k++) if (squares[k]! < most) count++;
    if (count < bestCount || (count === bestCount && !(sum < bestSum))) continue;
    line = tried;
    bestCount = count;
    bestSum = sum;
    // No other line can have other points.
    if (count === rows.length) return rows;
  }
  if (line === undefined || bestCount === 0) return new Uint32Array(0);
  distances(points, rows, line, squares);
  return rows.filter((_, k) => squares[k]! < most);
}

/** `sample.length` different ones of `rows`, each choice as likely as any other (Floyd's way). */
export function draw(rows: Uint32Array, sample: Uint32Array, random: Random): void {
  const n = rows.length;
  const k = sample.length;
  for (let i = 0; i < k; i++) {
    const last = n - k + i;
    let place = random.below(last + 1);
    for (let j = 0; j < i; j++) if (sample[j] === rows[place]) place = last;
    sample[i] = rows[place]!;
  }
}

function through({ x, y, z }: Points, [i, j]: Uint32Array): Line {
  const [a, b, c] = [x[j!]! - x[i!]!, y[j!]! - y[i!]!, z[j!]! - z[i!]!];
  const norm = Math.sqrt(a * a + b * b + c * c) || 1;
  return { centre: [x[i!]!, y[i!]!, z[i!]!], axis: [a / norm, b / norm, c / norm] };
}

/** Squared distances of `rows` from a line into `squares`; returns their sum. */
function distances(
  { x, y, z }: Points,
  rows: Uint32Array,
  { centre: [mx, my, mz], axis: [u, v, w] }: Line,
  squares: Float64Array,
): number {
  let sum = 0;
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const a = x[i]! - mx;
    const b = y[i]! - my;
    const c = z[i]! - mz;
    const s = a * u + b * v + c * w;
    const da = a - s * u;
    const db = b - s * v;
    const dc = c - s * w;
    const square = da * da + db * db + dc * dc;
    squares[k] = square;
    sum += square;
  }
  return sum;
}
