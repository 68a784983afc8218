/** A document that is a large table, `{key: {name: value}}` with the same names everywhere: its rows and columns in canonical order. Knows no readings. */
import { canonicalKeys, isNode } from './canonical.ts';
import type { Json } from './types.ts';

type Row = Readonly<Record<string, Json>>;

export interface Outline {
  /** Keys in canonical order. */
  keys: readonly string[];
  rows: readonly Row[];
  /** Names of the values of each row in canonical order. */
  names: readonly string[];
  /** Values that are numbers, by column and row; NaN for others. */
  numbers: readonly Float64Array[];
  /** Is any of them NaN? */
  hasGaps: boolean;
  /** The keys as numbers where they are whole numbers written as such, of ten digits at most; -1 for others. */
  indices: Float64Array;
  /** Row of a key; -1 when there is none. */
  rowOf(key: string | number): number;
}

/** A whole number written as such, of ten digits at most; -1 for any other key. */
export function indexOf(key: string): number {
  const n = key.length;
  if (n > 10 || (n > 1 && key.charCodeAt(0) === 48)) return -1;
  let index = n === 0 ? -1 : 0;
  for (let i = 0; i < n; i++) {
    const digit = key.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    index = 10 * index + digit;
  }
  return index;
}

/** Smaller documents are read as they are. */
const LEAST = 1024;
/** One bit a column, in a byte whose highest bit is taken. */
const MOST_COLUMNS = 7;

/** Keys that are numbers, as a table in pages: those of pixels lie close together, and millions are looked up. */
const PAGE = 1024;
const MOST_PAGES = 2 ** 16;

const known = new WeakMap<object, { outline: Outline | undefined }>();

/** The outline of a document, which must not change; undefined when it is no such table. Taken once per document. */
export function outlineOf(document: object): Outline | undefined {
  let found = known.get(document);
  if (found === undefined) known.set(document, (found = { outline: take(document) }));
  return found.outline;
}

function take(document: object): Outline | undefined {
  if (Array.isArray(document)) return undefined;
  const keys = canonicalKeys(document);
  if (keys.length < LEAST) return undefined;
  const first = (document as Record<string, Json>)[keys[0]!];
  if (first === undefined || !isNode(first) || Array.isArray(first)) return undefined;
  const written = Object.keys(first);
  if (written.length === 0 || written.length > MOST_COLUMNS) return undefined;
  const names = canonicalKeys(first);
  const numbers = names.map(() => new Float64Array(keys.length));
  const rows: Row[] = new Array<Row>(keys.length);
  const indices = new Float64Array(keys.length);
  const pages: (Int32Array | undefined)[] = [];
  const width = names.length;
  let hasGaps = false;
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row]!;
    const entry = (document as Record<string, Json>)[key]!;
    if (!isNode(entry) || Array.isArray(entry) || !isAlike(entry as Row, written)) return undefined;
    rows[row] = entry as Row;
    for (let column = 0; column < width; column++) {
      const value = (entry as Row)[names[column]!]!;
      const number = typeof value === 'number' ? value : NaN;
      numbers[column]![row] = number;
      if (number !== number) hasGaps = true;
    }
    const index = indexOf(key);
    indices[row] = index;
    const page = pageOf(index);
    if (page >= 0) (pages[page] ??= new Int32Array(PAGE).fill(-1))[index % PAGE] = row;
  }
  let byText: Map<string, number> | undefined;
  return {
    keys,
    rows,
    names,
    numbers,
    hasGaps,
    indices,
    rowOf(key) {
      const page = pageOf(typeof key === 'number' ? key : indexOf(key));
      if (page >= 0) return pages[page]?.[Number(key) % PAGE] ?? -1;
      byText ??= new Map(keys.map((text, row) => [text, row]));
      return byText.get(String(key)) ?? -1;
    },
  };
}

const pageOf = (key: number): number => {
  const page = Math.floor(key / PAGE);
  return Number.isInteger(key) && key >= 0 && page < MOST_PAGES ? page : -1;
};

/** The same names in the same order, and values that are no mappings or lists. */
function isAlike(row: Row, names: readonly string[]): boolean {
  let n = 0;
  // Plain data: nothing is inherited.
  for (const name in row) {
    if (name !== names[n++] || isNode(row[name])) return false;
  }
  return n === names.length;
}
