// Compound rows as raw bytes with lazily extracted columns, and tables that are read block by block.
// Does not know how a table is stored.
import { type Compound, type Field } from './dtype.ts';
import { extract, extractBig, extractStrings, type TypedArray } from './extract.ts';
import { nearest } from './errors.ts';

/** A block of rows of a compound type. */
export interface Rows {
  /** rows x dtype.size bytes, little endian. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Number of the first row in its table. */
  readonly start: number;
  readonly dtype: Compound;
  /**
   * One member of all rows, extracted once. 8-byte integers as Float64Array (exact below 2^53), bool as
   * Uint8Array, array members flat. The only member of its rows may be a view of `bytes`.
   * @throws TypeError when there is no such field or it does not hold numbers.
   */
  column(name: string): TypedArray;
  /** An 8-byte integer member in full. */
  columnBig(name: string): BigUint64Array | BigInt64Array;
  /** A fixed-string member as texts. */
  strings(name: string): string[];
}

/** A 1-D dataset of a compound type. */
export interface Table {
  /** Path of the dataset inside the file. */
  readonly path: string;
  readonly dtype: Compound;
  readonly rows: number;
  /** Bytes per row. */
  readonly rowSize: number;
  /** Rows [start, start + count), into `into` when given. */
  read(start?: number, count?: number, into?: Uint8Array): Rows;
  /** The whole table in blocks of `size` rows (default 262 144 or 16 MB, the smaller). Every block has its own bytes. */
  blocks(size?: number): Iterable<Rows>;
  /** A whole column, extracted block by block: the table is never in memory as a whole. */
  column(name: string): TypedArray;
  /** A whole column of 8-byte integers in full. */
  columnBig(name: string): BigUint64Array | BigInt64Array;
  strings(name: string): string[];
}

/** Rows over bytes that somebody else made; the bytes are not copied. */
export function rowsOf(dtype: Compound, bytes: Uint8Array, start = 0): Rows {
  const rows = Math.floor(bytes.length / dtype.size);
  const columns = new Map<string, TypedArray>();
  return {
    bytes,
    rows,
    start,
    dtype,
    column(name) {
      let column = columns.get(name);
      if (!column) {
        const field = fieldOf(dtype, name);
        column = named(name, () => extract(bytes, rows, dtype.size, field.offset, field.type));
        columns.set(name, column);
      }
      return column;
    },
    columnBig(name) {
      const field = fieldOf(dtype, name);
      return named(name, () => extractBig(bytes, rows, dtype.size, field.offset, field.type));
    },
    strings(name) {
      const field = fieldOf(dtype, name);
      return named(name, () => extractStrings(bytes, rows, dtype.size, field.offset, field.type));
    },
  };
}

/** The field of that name. @throws TypeError naming what is there. */
export function fieldOf(type: Compound, name: string): Field {
  const field = type.fields.find((f) => f.name === name);
  if (field) return field;
  const names = type.fields.map((f) => f.name);
  const near = nearest(name, names);
  throw new TypeError(
    `no field "${name}"${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : `; there are ${names.slice(0, 30).join(', ')}`}`,
  );
}

function named<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new TypeError(`field "${name}": ${(error as Error).message}`, { cause: error });
  }
}

/** Rows in a block by default: 262 144 rows or 16 MB, the smaller, at least one. */
export function blockRows(rowSize: number): number {
  return Math.max(1, Math.min(262144, Math.floor((16 * 2 ** 20) / rowSize)));
}

/** A Table over anything that gives raw rows. */
export function tableOf(
  path: string,
  dtype: Compound,
  rows: number,
  readRaw: (start: number, count: number, into?: Uint8Array) => Uint8Array,
): Table {
  const read = (start = 0, count = rows - start, into?: Uint8Array): Rows =>
    rowsOf(dtype, readRaw(start, count, into), start);
  function* blocks(size = blockRows(dtype.size)): Iterable<Rows> {
    for (let start = 0; start < rows; start += size)
      yield read(start, Math.min(size, rows - start));
  }
  /** Columns block by block, through one buffer that is reused. */
  function gather<T extends TypedArray>(pick: (rows: Rows) => T): T {
    const size = blockRows(dtype.size);
    const first = pick(read(0, Math.min(size, rows)));
    if (rows <= size) return first;
    const perRow = first.length / size;
    const whole = new (first.constructor as new (n: number) => T)(rows * perRow);
    const buffer = new Uint8Array(size * dtype.size);
    whole.set(first as never, 0);
    for (let start = size; start < rows; start += size) {
      const count = Math.min(size, rows - start);
      const block = read(start, count, buffer.subarray(0, count * dtype.size));
      whole.set(pick(block) as never, start * perRow);
    }
    return whole;
  }
  return {
    path,
    dtype,
    rows,
    rowSize: dtype.size,
    read,
    blocks,
    column: (name) => gather((block) => block.column(name)),
    columnBig: (name) => gather((block) => block.columnBig(name)),
    strings(name) {
      const out: string[] = [];
      for (const block of blocks()) for (const text of block.strings(name)) out.push(text);
      return out;
    },
  };
}
