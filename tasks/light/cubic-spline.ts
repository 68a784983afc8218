/** Cubic splines through equally spaced points, not-a-knot at both ends, as scipy's CubicSpline. Knows numbers only. */

/** Piece i is a[i] + b[i] t + c[i] t^2 + d[i] t^3 with t from 0 to `step`. */
export interface Spline {
  start: number;
  step: number;
  a: Float64Array;
  b: Float64Array;
  c: Float64Array;
  d: Float64Array;
}

export interface SplineMaker {
  /** The spline through `y`, which is read at once; one memory for all splines of a maker. */
  through(y: ArrayLike<number>): Spline;
}

/**
 * Splines through n points `step` apart. Second derivatives m of inner points solve m[i-1] + 4 m[i] + m[i+1] = 6 (y[i-1] - 2 y[i] + y[i+1]) / step^2;
 * not-a-knot: the third derivative goes on over the second and the last but one point. Two points: a line, three: a parabola, as scipy has it.
 */
export function splineMaker(n: number, start: number, step: number): SplineMaker {
  if (n < 2) throw new RangeError(`a spline needs two points, not ${n}`);
  const m = new Float64Array(n);
  const upper = new Float64Array(n);
  const make = (): Float64Array => new Float64Array(n - 1);
  const spline: Spline = { start, step, a: make(), b: make(), c: make(), d: make() };
  const bend = (y: ArrayLike<number>, i: number): number =>
    (6 * (y[i - 1]! - 2 * y[i]! + y[i + 1]!)) / (step * step);

  function solve(y: ArrayLike<number>): void {
    if (n === 2) return void m.fill(0);
    if (n === 3) return void m.fill(bend(y, 1) / 6);
    // m[0] = 2 m[1] - m[2] makes the first equation 6 m[1] = ..; the last likewise.
    const last = n - 2;
    m[1] = bend(y, 1) / 6;
    upper[1] = 0;
    for (let i = 2; i < last; i++) {
      const pivot = 4 - upper[i - 1]!;
      upper[i] = 1 / pivot;
      m[i] = (bend(y, i) - m[i - 1]!) / pivot;
    }
    m[last] = bend(y, last) / 6;
    for (let i = last - 1; i > 1; i--) m[i]! -= upper[i]! * m[i + 1]!;
    m[0] = 2 * m[1] - m[2]!;
    m[n - 1] = 2 * m[n - 2]! - m[n - 3]!;
  }

  return {
    through(y) {
      solve(y);
      for (let i = 0; i + 1 < n; i++) {
        spline.a[i] = y[i]!;
        spline.b[i] = (y[i + 1]! - y[i]!) / step - (step * (2 * m[i]! + m[i + 1]!)) / 6;
        spline.c[i] = m[i]! / 2;
        spline.d[i] = (m[i + 1]! - m[i]!) / (6 * step);
      }
      return spline;
    },
  };
}

/** The piece at x; outside of the points the first or the last one goes on. */
function pieceAt({ start, step, a }: Spline, x: number): number {
  return Math.min(a.length - 1, Math.max(0, Math.floor((x - start) / step)));
}

export function valueAt(spline: Spline, x: number): number {
  const i = pieceAt(spline, x);
  const t = x - (spline.start + i * spline.step);
  return spline.a[i]! + t * (spline.b[i]! + t * (spline.c[i]! + t * spline.d[i]!));
}

/** First derivative. */
export function slopeAt(spline: Spline, x: number): number {
  const i = pieceAt(spline, x);
  const t = x - (spline.start + i * spline.step);
  return spline.b[i]! + t * (2 * spline.c[i]! + 3 * t * spline.d[i]!);
}

/** Integral from the first to the last point. */
export function integral({ step: h, a, b, c, d }: Spline): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++)
    sum += h * (a[i]! + h * (b[i]! / 2 + h * (c[i]! / 3 + (h * d[i]!) / 4)));
  return sum;
}
