// Relations as index pairs, the form of h5flow since 0.2: one list of (parent row, child row), and for each of the two
// tables which stretch of the list holds a row. Streams; does not know groups or headers.
import { compound } from './dtype.ts';
import type { Runs } from './write-references.ts';
import type { TableWriter } from './writer.ts';

/**
 * A relation row by row, sorted by parent: row `parent + k` of the parent belongs to row `child + k` of the child, for k
 * below `rows`; stretches that go on as the one before them are one stretch.
 */
export interface Stretches {
  parent: Uint32Array;
  child: Uint32Array;
  rows: Uint32Array;
}

/** Each of `rows` rows belongs to the row of the same number. */
export function rowByRow(rows: number): Stretches {
  const one = (value: number): Uint32Array => Uint32Array.from(rows === 0 ? [] : [value]);
  return { parent: one(0), child: one(0), rows: one(rows) };
}

/** A relation in either way in which an artifact stores it. */
export type Links = Runs | Stretches;

export const isStretches = (links: Links): links is Stretches => 'child' in links;

/** Rows {start, stop} of a look-up table: half open, (0, 0) = none. */
export const REF_REGION = compound([
  ['start', 'i4'],
  ['stop', 'i4'],
]);

/** Pairs and look-ups written at a time. */
const WINDOW = 1 << 18;

/** @throws RangeError saying which stretch breaks which rule. */
export function checkStretches(
  { parent, child, rows }: Stretches,
  parentRows = 2 ** 32,
  childRows = 2 ** 32,
): void {
  if (child.length !== parent.length || rows.length !== parent.length)
    throw new RangeError('parent, child and rows of a relation have different lengths');
  for (let i = 0; i < parent.length; i++) {
    const [p, c, n] = [parent[i]!, child[i]!, rows[i]!];
    if (n === 0) throw new RangeError(`stretch ${i}: is empty`);
    if (p + n > parentRows)
      throw new RangeError(`stretch ${i}: parent row ${p + n - 1} of ${parentRows}`);
    if (c + n > childRows)
      throw new RangeError(`stretch ${i}: reaches child row ${c + n - 1} of ${childRows}`);
    if (i === 0) continue;
    const end = parent[i - 1]! + rows[i - 1]!;
    if (p < end) throw new RangeError(`stretch ${i}: parents are not sorted`);
    if (p === end && c === child[i - 1]! + rows[i - 1]!)
      throw new RangeError(`stretch ${i}: goes on as the stretch before it`);
  }
}

/** How many pairs a relation is. @throws RangeError for more than the look-up tables can number. */
export function countPairs(links: Links): number {
  let pairs = 0;
  for (let i = 0; i < links.parent.length; i++) pairs += lengthOf(links, i);
  if (pairs >= 2 ** 31)
    throw new RangeError(`${pairs} pairs: the look-up tables of this form number up to 2^31`);
  return pairs;
}

/** The pairs, parents ascending, the children of a parent ascending. */
export function streamPairs(links: Links, out: TableWriter): void {
  const window = new Uint32Array(2 * Math.min(WINDOW, countPairs(links)));
  const first = firstChildren(links);
  const step = isStretches(links) ? 1 : 0;
  let at = 0;
  for (let i = 0; i < first.length; i++) {
    const n = lengthOf(links, i);
    let [p, c] = [links.parent[i]!, first[i]!];
    for (let k = 0; k < n; k++, p += step, c++) {
      window[at++] = p;
      window[at++] = c;
      if (at === window.length) {
        out.append(window);
        at = 0;
      }
    }
  }
  if (at > 0) out.append(window.subarray(0, at));
}

/**
 * The look-up table of the parents or of the children: for each of `rows` rows the first pair that holds it and the one
 * after the last. In windows, each with all links passed once: the memory does not grow with the table.
 */
export function streamRegions(
  links: Links,
  side: 'parent' | 'child',
  rows: number,
  out: TableWriter,
): void {
  const window = new Int32Array(2 * Math.min(WINDOW, rows));
  const first = side === 'parent' ? links.parent : firstChildren(links);
  const fan = side === 'parent' && !isStretches(links);
  for (let from = 0; from < rows; from += WINDOW) {
    const to = Math.min(from + WINDOW, rows);
    window.fill(0);
    for (let i = 0, pair = 0; i < first.length; i++) {
      const n = lengthOf(links, i);
      const row = first[i]!;
      if (fan) {
        if (row >= from && row < to) widen(window, row - from, pair, pair + n);
      } else {
        const end = Math.min(row + n, to);
        for (let r = Math.max(row, from); r < end; r++)
          widen(window, r - from, pair + r - row, pair + r - row + 1);
      }
      pair += n;
    }
    out.append(window.subarray(0, 2 * (to - from)));
  }
}

/** Pairs come in their order: the first one of a row stays its start. */
function widen(window: Int32Array, row: number, start: number, stop: number): void {
  if (window[2 * row + 1] === 0) window[2 * row] = start;
  window[2 * row + 1] = stop;
}

const firstChildren = (links: Links): Uint32Array =>
  isStretches(links) ? links.child : links.start;

const lengthOf = (links: Links, i: number): number =>
  isStretches(links) ? links.rows[i]! : links.stop[i]! - links.start[i]!;
