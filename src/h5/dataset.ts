// One dataset: its rows as raw bytes, as strings, as values, from our reader or through h5wasm.
// Does not know paths other than its own.
import { littleEndian, swapRows, swaps } from './byte-order.ts';
import { Corrupt } from './cursor.ts';
import { describe, itemSize, type Dtype } from './dtype.ts';
import { H5Error } from './errors.ts';
import { fixedString } from './extract.ts';
import { readableRaw, type Foreign } from './foreign.ts';
import { rowReader, type ReadRows } from './raw-rows.ts';
import type { Item, Structure } from './structure.ts';
import { decodeValue, elements, type Value } from './values.ts';

export interface H5Dataset {
  /** Absolute path. */
  readonly path: string;
  /** Little endian, whatever the file has. */
  readonly dtype: Dtype;
  /** [] for a scalar; [0] for a dataset without a shape (h5py's Empty). */
  readonly shape: number[];
  /** null per unlimited axis. */
  readonly maxshape: (number | null)[];
  /**
   * Raw little-endian bytes of rows [start, start + count) along axis 0 (a scalar is one row), by default all.
   * `into` must have exactly their size. Strings of variable length and references are heap pointers here:
   * use readStrings and readValues.
   */
  readRaw(start?: number, count?: number, into?: Uint8Array): Uint8Array;
  /** All strings, fixed or of variable length, flat. */
  readStrings(): string[];
  /** Elements of rows as plain values, flat; for small things and for what is not plain. */
  readValues(start?: number, count?: number): Value[];
}

/** @param foreign open when the structural reader cannot read the data. */
export function datasetOf(
  structure: Structure,
  foreign: Foreign | undefined,
  item: Item,
): H5Dataset {
  const { file } = structure;
  const layout = structure.layout(item);
  const dtype = littleEndian(layout.dtype);
  const shape = layout.shape ?? [0];
  const size = itemSize(dtype);
  const rows = shape.length === 0 ? 1 : shape[0]!;
  const rowSize = elements(shape.slice(1)) * size;
  const fail = (cause: string, more = {}): H5Error =>
    new H5Error(file.path, cause, { dataset: item.path, ...more });

  const storedRows = (): ReadRows => {
    const { storage } = layout;
    if (storage.kind !== 'unsupported') {
      const stored = { shape, item: size, storage, ...(layout.fill ? { fill: layout.fill } : {}) };
      return rowReader(file, stored, () => structure.headers());
    }
    return (start, count, out) => {
      if (!foreign || !readableRaw(dtype))
        throw fail(`${describe(dtype)} with ${storage.why} cannot be read`, {
          try: 'unpack it with h5repack -f NONE',
        });
      foreign.readRows(item.path, shape, size, start, count, out);
    };
  };
  let reader: ReadRows | undefined;
  const readStored = (start: number, count: number, into?: Uint8Array): Uint8Array => {
    if (!(start >= 0 && count >= 0 && start + count <= rows && Number.isInteger(start + count)))
      throw fail(`has rows 0 to ${rows}, not ${start} to ${start + count}`);
    if (into && into.length !== count * rowSize)
      throw fail(`${count} rows take ${count * rowSize} bytes, not ${into.length}`);
    return structure.guard(item.path, () => {
      const out = into ?? newBuffer(count * rowSize);
      if (out.length > 0) (reader ??= storedRows())(start, count, out);
      return out;
    });
  };
  const places = swaps(layout.dtype);
  const readRaw: H5Dataset['readRaw'] = (start = 0, count = rows - start, into) => {
    const out = readStored(start, count, into);
    if (places.length > 0) swapRows(out, size, places);
    return out;
  };
  const readValues: H5Dataset['readValues'] = (start = 0, count = rows - start) => {
    if (dtype.kind === 'vlen-string' && layout.storage.kind === 'unsupported' && foreign) {
      const perRow = elements(shape.slice(1));
      return foreign.strings(item.path).slice(start * perRow, (start + count) * perRow);
    }
    const bytes = readStored(start, count);
    return structure.guard(item.path, () => {
      const values = new Array<Value>(bytes.length / size);
      for (let i = 0; i < values.length; i++)
        values[i] = decodeValue(layout.dtype, bytes, i * size, structure.pointers);
      return values;
    });
  };
  return {
    path: item.path,
    dtype,
    shape,
    maxshape: layout.shape === null ? [0] : layout.maxshape,
    readRaw,
    readValues,
    readStrings() {
      if (dtype.kind === 'vlen-string') return readValues() as string[];
      if (dtype.kind !== 'string') throw fail(`holds ${describe(dtype)}, not strings`);
      const bytes = readRaw();
      return Array.from({ length: bytes.length / size }, (_, i) =>
        fixedString(bytes.subarray(i * size, (i + 1) * size), dtype.pad),
      );
    },
  };
}

/** Large buffers are not zeroed first: every byte is read over. */
function newBuffer(bytes: number): Uint8Array {
  if (bytes > 2 ** 32) throw new Corrupt(`${bytes} bytes at once are too many: read it in blocks`);
  const buffer = Buffer.allocUnsafeSlow(bytes);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, bytes);
}
