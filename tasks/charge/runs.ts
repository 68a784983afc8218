/** Which rows of a table belong to which raw event, walked in the order of the rows. Knows no files. */

/** Half-open runs of child rows, sorted by parent: the stored form of a relation. */
export interface Runs {
  parent: Uint32Array;
  start: Uint32Array;
  stop: Uint32Array;
}

/** The same runs in order of their rows. */
export function inRowOrder(runs: Runs): Runs {
  const { start } = runs;
  let ascending = true;
  for (let i = 1; i < start.length && ascending; i++) ascending = start[i]! >= start[i - 1]!;
  if (ascending) return runs;
  const order = Array.from(start.keys()).sort((a, b) => start[a]! - start[b]!);
  return pick(runs, order);
}

/** Walks over runs in row order while the rows come in blocks. */
export interface RunWalk {
  runs: Runs;
  next: number;
}

export const walkRuns = (runs: Runs): RunWalk => ({ runs: inRowOrder(runs), next: 0 });

/**
 * Visits what lies in rows [start, stop): `visit(run, from, to)` with row numbers relative to `start`; a run that goes on
 * in the next block is visited again there. Blocks must come in order.
 */
export function visitBlock(
  walk: RunWalk,
  start: number,
  stop: number,
  visit: (run: number, from: number, to: number) => void,
): void {
  const { runs } = walk;
  while (walk.next < runs.start.length) {
    const run = walk.next;
    const from = Math.max(runs.start[run]!, start);
    const to = Math.min(runs.stop[run]!, stop);
    if (from >= stop) return;
    if (to > from) visit(run, from - start, to - start);
    if (runs.stop[run]! > stop) return;
    walk.next++;
  }
}

/** Runs of the rows made of each run: `made[i]` of the i-th run in row order, one behind the other. Parents without a row have no run. */
export function madeRuns(runs: Runs, made: Uint32Array): Runs {
  const start = new Uint32Array(made.length);
  const stop = new Uint32Array(made.length);
  let row = 0;
  for (let i = 0; i < made.length; i++) {
    start[i] = row;
    row += made[i]!;
    stop[i] = row;
  }
  const all = { parent: runs.parent, start, stop };
  const kept = Array.from(made.keys()).filter((i) => made[i]! > 0);
  const sorted = kept.sort((a, b) => runs.parent[a]! - runs.parent[b]! || a - b);
  return joined(pick(all, sorted));
}

/** Joins runs of one parent that touch. */
function joined(runs: Runs): Runs {
  const keep: number[] = [];
  const stop = runs.stop.slice();
  for (let i = 0; i < runs.parent.length; i++) {
    const last = keep.at(-1);
    if (
      last !== undefined &&
      runs.parent[last] === runs.parent[i] &&
      stop[last] === runs.start[i]
    ) {
      stop[last] = stop[i]!;
    } else {
      keep.push(i);
    }
  }
  return pick({ ...runs, stop }, keep);
}

function pick(runs: Runs, places: readonly number[]): Runs {
  const column = (values: Uint32Array): Uint32Array =>
    Uint32Array.from(places, (place) => values[place]!);
  return { parent: column(runs.parent), start: column(runs.start), stop: column(runs.stop) };
}

/** Runs of events that follow one another without a gap: event i has `lengths[i]` rows. */
export function consecutiveRuns(lengths: readonly number[]): Runs {
  const all = Uint32Array.from(lengths);
  return madeRuns({ parent: Uint32Array.from(all.keys()), start: all, stop: all }, all);
}

/** Row i belongs to parent i. */
export function rowByRow(rows: number): Runs {
  const start = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) start[row] = row;
  return { parent: start, start: start.slice(), stop: start.map((row) => row + 1) };
}
