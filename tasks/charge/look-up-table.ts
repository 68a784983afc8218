/** Look-up tables by whole-number keys as module0_flow stores its resources: rows {data, filled}, slot 0 the default. Knows no files but the writer. */
import { compound, dtype, itemSize, type Compound, type Dtype, type H5Writer } from 'tg/h5';

/** Smallest and largest value of a key. */
export type KeyRange = readonly [min: number, max: number];

export interface LookUpTable {
  keys: readonly KeyRange[];
  type: Dtype;
  /** Of one value; [] for a number. */
  shape: readonly number[];
  default: number;
  row: Compound;
  bytes: Uint8Array;
}

/** More slots than this are taken for a slip in a key. */
const MOST_SLOTS = 2 ** 27;

/** Slots of keys in these ranges: one each, the first key fastest, and slot 0. */
export const slotsOf = (keys: readonly KeyRange[]): number =>
  keys.reduce((n, [min, max]) => n * (max - min + 1), 1) + 1;

/** A table of defaults. @throws RangeError when the keys span too much */
export function createLookUp(
  keys: readonly KeyRange[],
  spelling: string,
  shape: readonly number[],
  value: number,
): LookUpTable {
  const slots = slotsOf(keys);
  if (!(slots <= MOST_SLOTS)) throw new RangeError(`${slots} slots`);
  const row = compound([
    ['data', spelling, [...shape]],
    ['filled', 'bool'],
  ]);
  const bytes = new Uint8Array(slots * row.size);
  const table = { keys, type: dtype(spelling), shape, default: value, row, bytes };
  if (value !== 0) {
    const values = Array.from({ length: elementsOf(shape) }, () => value);
    for (let slot = 0; slot < slots; slot++) put(table, slot, values);
  }
  return table;
}

/**
 * Slot of a key, 0 for one out of its range. Each key is checked on its own: upstream checks the sum alone, and foreign keys then
 * read the rows of others.
 */
export function slotOf(keys: readonly KeyRange[], key: readonly number[]): number {
  let slot = 1;
  let stride = 1;
  for (let i = 0; i < keys.length; i++) {
    const [min, max] = keys[i]!;
    const at = key[i]!;
    if (!(at >= min && at <= max)) return 0;
    slot += (at - min) * stride;
    stride *= max - min + 1;
  }
  return slot;
}

/** Sets the value of a key. @throws RangeError for a key out of range */
export function fill(table: LookUpTable, key: readonly number[], values: readonly number[]): void {
  const slot = slotOf(table.keys, key);
  if (slot === 0) throw new RangeError(`no key ${key.join('-')}`);
  put(table, slot, values);
  table.bytes[(slot + 1) * table.row.size - 1] = 1;
}

const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function put({ type, row, bytes }: LookUpTable, slot: number, values: readonly number[]): void {
  const view = new DataView(bytes.buffer);
  const size = itemSize(type);
  values.forEach((value, i) => {
    const at = slot * row.size + i * size;
    if (type.kind === 'float') view.setFloat32(at, value, true);
    else if (size === 4) view.setInt32(at, value, true);
    else view.setInt8(at, value);
  });
}

/** Writes a table with its attribute `meta`. */
export function writeLookUp(output: H5Writer, place: string, table: LookUpTable): void {
  const { keys, type, shape } = table;
  const meta = compound([
    ['min_max_keys', 'i8', [keys.length, 2]],
    ['default', type, [...shape]],
  ]);
  const none = Array.from({ length: elementsOf(shape) }, () => table.default);
  const first = none[0]!;
  const scalar = type.kind === 'bool' ? first !== 0 : first;
  const values = [{ min_max_keys: keys.flat(), default: shape.length > 0 ? none : scalar }];
  output
    .table(place, table.row, { attributes: { meta: { dtype: meta, shape: [1], values } } })
    .append(table.bytes);
}

/** Range of values; of none a range that has no key. */
export function rangeOf(values: Iterable<number>): KeyRange {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min > max ? [0, -1] : [min, max];
}
