/** Rows of combined/tracklets: line, ends, charge and trajectory of the hits of a tracklet. Knows columns, no files. */
import { compound, type Compound } from 'tg/h5';
import type { Points } from './dbscan.ts';
import { principalAxis, type Line, type Vector } from './line-fit.ts';
import { nearestSegments, trajectoryOf, type TrajectorySettings } from './trajectory.ts';

/** The hits of an event that have a place; charge in mV, ts in ticks of 0.1 us. */
export interface EventHits extends Points {
  q: Float64Array;
  ts: Float64Array;
}

/** The type of a row with `corners` points of the trajectory; as upstream has it. mm, mV, ticks, radians. */
export function trackletType(corners: number): Compound {
  return compound([
    ['id', 'u4'],
    ['theta', 'f8'],
    ['phi', 'f8'],
    ['xp', 'f8'],
    ['yp', 'f8'],
    ['nhit', 'i8'],
    ['q', 'f8'],
    ['ts_start', 'f8'],
    ['ts_end', 'f8'],
    ['residual', 'f8', [3]],
    ['length', 'f8'],
    ['start', 'f8', [3]],
    ['end', 'f8', [3]],
    ['trajectory', 'f8', [corners, 3]],
    ['trajectory_residual', 'f8', [corners - 1]],
    ['dx', 'f8', [corners - 1, 3]],
    ['dq', 'f8', [corners - 1]],
    ['dn', 'i8', [corners - 1]],
  ]);
}

/** The row of a tracklet: hits `rows` of an event. Its bytes are those of trackletType. */
export function trackletRow(
  id: number,
  hits: EventHits,
  rows: Uint32Array,
  settings: TrajectorySettings,
): Uint8Array {
  const { corners, upstream } = settings;
  const line = downwards(principalAxis(hits, rows));
  const { axis } = line;
  const { start, end, residual } = extentOf(hits, rows, line);
  const path = trajectoryOf(hits, hits.q, rows, line, settings);
  const distances = new Float64Array(rows.length);
  const segments = Array<number>(rows.length).fill(0);
  nearestSegments(hits, rows, path, upstream, distances, segments);
  const none = Array<number>(corners - 1).fill(0);
  const sums = { residual: none, q: [...none] };
  const dn = [...none];
  let q = 0;
  let [first, last] = [Infinity, -Infinity];
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const segment = segments[k]!;
    q += hits.q[i]!;
    first = Math.min(first, hits.ts[i]!);
    last = Math.max(last, hits.ts[i]!);
    sums.residual[segment]! += distances[k]!;
    sums.q[segment]! += hits.q[i]!;
    dn[segment]!++;
  }

  const bytes = new DataView(new ArrayBuffer(100 + 72 * corners));
  let at = 4;
  const f8 = (...values: readonly number[]): void => {
    for (const value of values) bytes.setFloat64((at += 8) - 8, value, true);
  };
  const i8 = (value: number): void => bytes.setBigInt64((at += 8) - 8, BigInt(value), true);
  bytes.setUint32(0, id, true);
  f8(angleToDrift(axis), Math.atan2(axis[1], axis[0]));
  f8(...crossing(line));
  i8(rows.length);
  f8(q, first, last, ...residual, distance(start, end), ...start, ...end, ...path);
  for (let i = 0; i < corners - 1; i++) f8(dn[i] === 0 ? 0 : sums.residual[i]! / dn[i]!);
  for (let i = 3; i < 3 * corners; i++) f8(path[i]! - path[i - 3]!);
  f8(...sums.q);
  for (const n of dn) i8(n);
  return new Uint8Array(bytes.buffer);
}

/** The same line with an axis that points down, along x where it is level, along z where it is along z. */
function downwards({ centre, axis }: Line): Line {
  const [a, b, c] = axis;
  const isUp = b > 0 || (b === 0 && (a < 0 || (a === 0 && c < 0)));
  return { centre, axis: isUp ? [-a, -b, -c] : axis };
}

/** Angle to the z axis. */
const angleToDrift = ([a, b, c]: Vector): number => Math.atan2(Math.sqrt(a * a + b * b), c);

/** x and y of the line at z = 0; of its centre when it never gets there. */
function crossing({ centre, axis }: Line): [number, number] {
  const s = axis[2] === 0 ? 0 : -centre[2] / axis[2];
  return [centre[0] + s * axis[0], centre[1] + s * axis[1]];
}

const distance = ([a, b, c]: Vector, [d, e, f]: Vector): number =>
  Math.sqrt((d - a) ** 2 + (e - b) ** 2 + (f - c) ** 2);

/** The points of the line beside the first and the last hit along it, within the box of the hits, and the mean distance of the hits from the line in x, y and z. */
function extentOf(
  points: Points,
  rows: Uint32Array,
  { centre, axis }: Line,
): { start: Vector; end: Vector; residual: Vector } {
  const along = new Float64Array(rows.length);
  const columns = [points.x, points.y, points.z];
  columns.forEach((column, k) => {
    const [from, way] = [centre[k]!, axis[k]!];
    for (let j = 0; j < rows.length; j++) along[j]! += (column[rows[j]!]! - from) * way;
  });
  const [low, high] = rangeOf(along);
  const start: Vector = [0, 0, 0];
  const end: Vector = [0, 0, 0];
  const residual: Vector = [0, 0, 0];
  const values = new Float64Array(rows.length);
  columns.forEach((column, k) => {
    const [from, way] = [centre[k]!, axis[k]!];
    for (let j = 0; j < rows.length; j++) {
      values[j] = column[rows[j]!]!;
      residual[k]! += Math.abs(values[j]! - from - along[j]! * way) / rows.length;
    }
    const [least, most] = rangeOf(values);
    start[k] = Math.min(Math.max(from + low * way, least), most);
    end[k] = Math.min(Math.max(from + high * way, least), most);
  });
  return { start, end, residual };
}

function rangeOf(values: Float64Array): [least: number, most: number] {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < least) least = values[i]!;
    if (values[i]! > most) most = values[i]!;
  }
  return [least, most];
}
