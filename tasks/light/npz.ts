/** numpy's .npz: arrays by name, read and written. Knows bytes, no meanings. */
import { unzipSync, zipSync } from 'fflate';

export interface NumberArray {
  shape: number[];
  /** Row by row; 8-byte integers as doubles. */
  values: Float64Array;
  /** Whole numbers, to be written as i8. */
  isWhole?: boolean;
}

/** Bytes of the dtypes that are read. */
const READERS: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  f8: (view, at) => view.getFloat64(at, true),
  f4: (view, at) => view.getFloat32(at, true),
  i8: (view, at) => Number(view.getBigInt64(at, true)),
  i4: (view, at) => view.getInt32(at, true),
  i2: (view, at) => view.getInt16(at, true),
};

const MAGIC = '\x93NUMPY';

/** @throws Error with a sentence when it is no .npz of little-endian numbers */
export function readNpz(bytes: Uint8Array): Map<string, NumberArray> {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch (error) {
    throw new Error(`no .npz: ${(error as Error).message}`, { cause: error });
  }
  return new Map(
    Object.entries(entries).map(([name, npy]) => [name.replace(/\.npy$/, ''), readNpy(npy, name)]),
  );
}

function readNpy(bytes: Uint8Array, name: string): NumberArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from: number, to: number): string =>
    String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 12 || text(0, 6) !== MAGIC) throw new Error(`${name} is no array of numpy`);
  const [start, length] =
    bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const header = text(start, start + length);
  const kind = /'descr': '[<|=](\w+)'/.exec(header)?.[1] ?? '';
  const shapeText = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  const read = READERS[kind];
  if (read === undefined || shapeText === undefined || /'fortran_order': True/.test(header))
    throw new Error(`${name} holds no little-endian numbers row by row: ${header.trim()}`);
  const shape = shapeText.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  const n = shape.reduce((a, b) => a * b, 1);
  if (!Number.isSafeInteger(n) || shape.some((length) => !Number.isInteger(length)))
    throw new Error(`${name} has no shape: (${shapeText})`);
  const size = Number(kind[1]);
  const first = start + length;
  if (bytes.length < first + n * size) throw new Error(`${name} is cut short`);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = read(view, first + i * size);
  return { shape, values };
}

/** Arrays of f8 or i8 as savez_compressed writes them. */
export function writeNpz(arrays: ReadonlyMap<string, NumberArray>): Uint8Array {
  const entries: Record<string, Uint8Array> = {};
  for (const [name, array] of arrays) entries[`${name}.npy`] = writeNpy(array);
  // The moment of writing does not show.
  return zipSync(entries, { mtime: new Date(Date.UTC(1980, 0, 1, 12)) });
}

function writeNpy({ shape, values: numbers, isWhole = false }: NumberArray): Uint8Array {
  const values = isWhole ? BigInt64Array.from(numbers, BigInt) : numbers;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '<${isWhole ? 'i8' : 'f8'}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length + 8 * values.length);
  const put = (text: string, at: number): void => {
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  };
  put(MAGIC, 0);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, length, true);
  put(`${header.padEnd(length - 1)}\n`, 10);
  new Uint8Array(bytes.buffer, 10 + length).set(
    new Uint8Array(values.buffer, values.byteOffset, 8 * values.length),
  );
  return bytes;
}
