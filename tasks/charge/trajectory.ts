/** A tracklet as a line of few corners: where they are, and which hits belong to which of its segments. Knows coordinates, no rows. */
import type { Points } from './dbscan.ts';
import type { Line } from './line-fit.ts';

export interface TrajectorySettings {
  /** Corners, the two ends included. */
  corners: number;
  /** mm: radius of a corner's mean, and how far a hit must lie from the line to make a corner. */
  reach: number;
  /** Distances and weights of upstream, which measures from the first corner of a segment alone. */
  upstream: boolean;
}

/**
 * `corners` points, x y z each, ordered along the axis of `line`. A corner is the mean, weighted by charge, of the hits
 * within `reach` of one hit: the first and the last along the axis, then the one farthest from the line so far. Once none is
 * farther than `reach`, long segments are divided at the hit farthest from all corners; once none of these is left either,
 * the remaining corners are the last one.
 */
export function trajectoryOf(
  points: Points,
  charge: Float64Array,
  rows: Uint32Array,
  { centre, axis }: Line,
  settings: TrajectorySettings,
): Float64Array {
  const { corners, reach, upstream } = settings;
  const { x, y, z } = points;
  const along = (a: number, b: number, c: number): number =>
    (a - centre[0]) * axis[0] + (b - centre[1]) * axis[1] + (c - centre[2]) * axis[2];
  let first = 0;
  let last = 0;
  let low = Infinity;
  let high = -Infinity;
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const s = along(x[i]!, y[i]!, z[i]!);
    if (s < low) {
      low = s;
      first = k;
    }
    if (s > high) {
      high = s;
      last = k;
    }
  }
  const path = new Float64Array(3 * corners);
  const order = Array<number>(corners).fill(high);
  order[0] = low;
  localMean(points, charge, rows, rows[first]!, settings, path, 0);
  localMean(points, charge, rows, rows[last]!, settings, path, 1);
  for (let corner = 2; corner < corners; corner++) path.copyWithin(3 * corner, 3, 6);
  const far = new Float64Array(rows.length);
  const addCorner = (corner: number, hit: number): void => {
    localMean(points, charge, rows, rows[hit]!, settings, path, corner);
    order[corner] = along(path[3 * corner]!, path[3 * corner + 1]!, path[3 * corner + 2]!);
  };
  let corner = 1;
  for (; corner < corners - 1; corner++) {
    nearestSegments(points, rows, path, upstream, far);
    const hit = farthest(far, reach);
    if (hit < 0 && !upstream) break;
    // Upstream's search among nothing finds the first hit.
    addCorner(corner, Math.max(hit, 0));
    sortCorner(path, order, corner);
  }
  if (corner >= corners - 1) return path;
  far.fill(Infinity);
  for (let i = 0; i <= corner; i++) nearerCorner(points, rows, path, i, far);
  for (; corner < corners - 1; corner++) {
    const hit = farthest(far, reach);
    if (hit < 0) break;
    addCorner(corner, hit);
    nearerCorner(points, rows, path, corner, far);
    sortCorner(path, order, corner);
  }
  return path;
}

/** Mean of the hits within `reach` of `hit`, into a corner of `path`. A hit without charge has no weight; of none with weight it is the plain mean. */
function localMean(
  { x, y, z }: Points,
  charge: Float64Array,
  rows: Uint32Array,
  hit: number,
  { reach, upstream }: TrajectorySettings,
  path: Float64Array,
  corner: number,
): void {
  const hx = x[hit]!;
  const hy = y[hit]!;
  const hz = z[hit]!;
  let [n, sx, sy, sz] = [0, 0, 0, 0];
  let [w, wx, wy, wz] = [0, 0, 0, 0];
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const a = x[i]! - hx;
    const b = y[i]! - hy;
    const c = z[i]! - hz;
    if (Math.sqrt(a * a + b * b + c * c) > reach) continue;
    // Sums of coordinates, not of distances from the hit: the same hits must have the same mean to the last bit.
    n++;
    sx += x[i]!;
    sy += y[i]!;
    sz += z[i]!;
    const q = charge[i]!;
    if (!upstream && !(q > 0)) continue;
    w += q;
    wx += q * x[i]!;
    wy += q * y[i]!;
    wz += q * z[i]!;
  }
  const isWeighted = upstream ? w !== 0 : w > 0;
  path[3 * corner] = isWeighted ? wx / w : sx / n;
  path[3 * corner + 1] = isWeighted ? wy / w : sy / n;
  path[3 * corner + 2] = isWeighted ? wz / w : sz / n;
}

/** Moves a new corner to its place: those before it and those behind it are in order. Equal ones keep theirs. */
function sortCorner(path: Float64Array, order: number[], corner: number): void {
  for (let i = corner - 1; i >= 0 && order[i]! > order[i + 1]!; i--) swapNext(path, order, i);
  for (let i = corner; i + 1 < order.length && order[i]! > order[i + 1]!; i++)
    swapNext(path, order, i);
}

function swapNext(path: Float64Array, order: number[], i: number): void {
  for (let at = 3 * i; at < 3 * i + 3; at++) {
    const value = path[at]!;
    path[at] = path[at + 3]!;
    path[at + 3] = value;
  }
  const value = order[i]!;
  order[i] = order[i + 1]!;
  order[i + 1] = value;
}

/** Place of the largest of `distances` that is not below `reach`, -1 when there is none. */
function farthest(distances: Float64Array, reach: number): number {
  let best = -1;
  for (let k = 0; k < distances.length; k++) {
    if (distances[k]! >= reach && (best < 0 || distances[k]! > distances[best]!)) best = k;
  }
  return best;
}

/**
 * Distance of each of `rows` from the nearest segment of `path`, into `distances`, and which segment that is into
 * `segments` (of equals the first), mm. With `upstream` the distance is that from the first corner of the segment.
 */
export function nearestSegments(
  { x, y, z }: Points,
  rows: Uint32Array,
  path: Float64Array,
  upstream: boolean,
  distances: Float64Array,
  segments?: number[],
): void {
  const n = path.length / 3 - 1;
  // A hit at a corner is equally near to two segments: rounding must not choose.
  const [more, least] = upstream ? [1, 0] : [1 + 1e-12, 1e-12];
  distances.fill(Infinity);
  for (let segment = 0; segment < n; segment++) {
    const at = 3 * segment;
    const [ax, ay, az] = [path[at]!, path[at + 1]!, path[at + 2]!];
    const [bx, by, bz] = [path[at + 3]!, path[at + 4]!, path[at + 5]!];
    const [ux, uy, uz] = [bx - ax, by - ay, bz - az];
    const square = ux * ux + uy * uy + uz * uz;
    // The segment before it ends there, too.
    if (square === 0 && segment > 0 && !upstream) continue;
    for (let k = 0; k < rows.length; k++) {
      const i = rows[k]!;
      let da = x[i]! - ax;
      let db = y[i]! - ay;
      let dc = z[i]! - az;
      // How far along the segment the hit is: square at its second corner.
      const along = upstream ? 0 : da * ux + db * uy + dc * uz;
      if (along >= square && square > 0) {
        // From the corner itself: the next segment must have the same distance to the last bit.
        da = x[i]! - bx;
        db = y[i]! - by;
        dc = z[i]! - bz;
      } else if (along > 0) {
        const t = along / square;
        da -= t * ux;
        db -= t * uy;
        dc -= t * uz;
      }
      const d = da * da + db * db + dc * dc;
      if (!(d * more + least < distances[k]!)) continue;
      distances[k] = d;
      if (segments !== undefined) segments[k] = segment;
    }
  }
  for (let k = 0; k < rows.length; k++) distances[k] = Math.sqrt(distances[k]!);
}

/** Makes `distances` of `rows` those from a corner where that is nearer, mm. */
function nearerCorner(
  { x, y, z }: Points,
  rows: Uint32Array,
  path: Float64Array,
  corner: number,
  distances: Float64Array,
): void {
  const px = path[3 * corner]!;
  const py = path[3 * corner + 1]!;
  const pz = path[3 * corner + 2]!;
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const a = x[i]! - px;
    const b = y[i]! - py;
    const c = z[i]! - pz;
    const d = Math.sqrt(a * a + b * b + c * c);
    if (d < distances[k]!) distances[k] = d;
  }
}
