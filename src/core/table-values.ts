/** Values of large tables, looked up by row and name without a view of each row; what is read is recorded as through the views. */
import { isNode } from './canonical.ts';
import type { Json } from './types.ts';
import { viewOf } from './view.ts';

type Node = Readonly<Record<string, Json>>;

/**
 * `valueIn` for one name and many keys: of a large table of numbers a few steps a value. `plain`: all that is there are mappings, so
 * that undefined tells of nothing but a value that is not there.
 */
export function columnIn(
  document: Json,
  name: string,
): { at: (key: string | number) => Json | undefined; plain: boolean } {
  const view = viewOf(document);
  const column = view?.table?.outline.names.indexOf(name) ?? -1;
  if (view === undefined || column < 0)
    return { at: (key) => valueIn(document, key, name), plain: false };
  return {
    at: (key) => (view.isOpen ? view.number(key, column) : undefined) ?? view.inner(key, name),
    plain: true,
  };
}

/** A large table of numbers that stays the same from task to task of a thread, as one task sees it. */
export interface ReadAgain {
  /** The same object for the same content. */
  content: object;
  /** Row of a key, -1 when there is none: the same for the same content. */
  rowOf: (key: number) => number;
  /**
   * Tells that the values of rows were read, or that there are none, as `columnIn` would for each of the names: of each place below n
   * where `isRead` is not 0.
   */
  read: (
    keys: ArrayLike<number>,
    rows: ArrayLike<number>,
    isRead: ArrayLike<number>,
    n: number,
  ) => void;
}

/**
 * For a task that remembers what it read of a table: what it uses of it without reading it anew is told as read. Undefined when the
 * document is no large table in which all rows have all `names`.
 */
export function readAgain(document: Json, names: readonly string[]): ReadAgain | undefined {
  const view = viewOf(document);
  const outline = view?.table?.outline;
  if (view === undefined || outline === undefined) return undefined;
  const columns = names.map((name) => outline.names.indexOf(name));
  if (columns.includes(-1)) return undefined;
  return {
    content: outline,
    rowOf: (key) => outline.rowOf(key),
    read(keys, rows, isRead, n) {
      for (const i of view.rows(columns, rows, isRead, n)) {
        const key = keys[i]!;
        if (!view.lacks(key)) for (const name of names) view.inner(key, name);
      }
    },
  };
}

/**
 * `document[key]?.[name]` of a view (or of plain data), for tables of a hundred thousand mappings: what is read is recorded, but no view
 * is made of each of them. Undefined where one of the two is not there, or `document[key]` is no mapping.
 */
export function valueIn(document: Json, key: string | number, name: string): Json | undefined {
  if (!isNode(document)) return undefined;
  const view = viewOf(document);
  if (view !== undefined) return view.inner(key, name);
  const entry = (document as Node)[key];
  return entry !== undefined && isNode(entry) ? (entry as Node)[name] : undefined;
}
