// h5wasm, loaded only when a file needs it: rows of datasets the structural reader cannot read, attributes put into
// files of others. Its traps (specs/node-hdf5.md 1.3) end here: no refresh, bulk calls by return code, short errors.
import fs from 'node:fs';
import type { Dataset, File, ready } from 'h5wasm/node';
import { isPlain, itemSize, type Dtype } from './dtype.ts';
import { H5Error } from './errors.ts';
import { elements } from './values.ts';

/** h5wasm, ready, its errors thrown. */
export interface Wasm {
  File: typeof File;
  Dataset: typeof Dataset;
  module: Awaited<typeof ready>;
}

let loading: Promise<Wasm> | undefined;

/** Loads h5wasm once per thread (150 to 400 ms). The only place that imports it. */
export function loadH5(): Promise<Wasm> {
  return (loading ??= load());
}

async function load(): Promise<Wasm> {
  const h5wasm = await import('h5wasm/node');
  const module = await h5wasm.ready;
  module.activate_throwing_error_handler();
  return { File: h5wasm.File, Dataset: h5wasm.Dataset, module };
}

export interface Foreign {
  /** Raw rows of a plain type or of references, as stored. */
  readRows(
    dataset: string,
    shape: readonly number[],
    item: number,
    start: number,
    count: number,
    out: Uint8Array,
  ): void;
  /** All strings of a dataset of variable-length strings. */
  strings(dataset: string): string[];
  close(): void;
}

/** Bytes asked of h5wasm at once: its heap grows and never shrinks. */
const PIECE = 8 * 2 ** 20;

export async function openForeign(path: string): Promise<Foreign> {
  const wasm = await loadH5();
  const { module } = wasm;
  let file: File | undefined = attempt(path, undefined, () => new wasm.File(path, 'r'));
  const id = (): bigint => {
    if (!file) throw new H5Error(path, 'is closed already');
    return file.file_id;
  };
  return {
    readRows(dataset, shape, item, start, count, out) {
      const rowSize = elements(shape.slice(1)) * item;
      const step = Math.max(1, Math.floor(PIECE / Math.max(1, rowSize)));
      const pointer = module._malloc(Math.max(1, Math.min(step, count) * rowSize));
      if (pointer === 0) throw new H5Error(path, 'rows too large for h5wasm', { dataset });
      try {
        for (let row = 0; row < count; row += step) {
          const n = Math.min(step, count - row);
          const selected = shape.length > 0;
          const counts = selected ? [n, ...shape.slice(1)].map(BigInt) : null;
          const offsets = selected ? shape.map((_, d) => BigInt(d === 0 ? start + row : 0)) : null;
          const strides = selected ? shape.map(() => 1n) : null;
          // With the throwing handler a failed read would leak the file: off, and look at the code.
          module.deactivate_throwing_error_handler();
          let read: { value: number | undefined; printed: string };
          try {
            read = quietly(() =>
              module.get_dataset_data(id(), dataset, counts, offsets, strides, BigInt(pointer)),
            );
          } finally {
            module.activate_throwing_error_handler();
          }
          if (read.value === undefined || read.value < 0)
            throw new H5Error(path, `cannot be read: ${causeIn(read.printed)}`, {
              dataset,
              try: 'unpack it with h5repack -f NONE where it can be read',
            });
          // The heap may have moved while HDF5 allocated: take the view only now.
          out.set(module.HEAPU8.subarray(pointer, pointer + n * rowSize), row * rowSize);
        }
      } finally {
        module._free(pointer);
      }
    },
    strings(dataset) {
      const value = attempt(path, dataset, () => new wasm.Dataset(id(), dataset).value);
      const list = Array.isArray(value) ? value : [value];
      return list.map((v) => (typeof v === 'string' ? v : ''));
    },
    close() {
      file?.close();
      file = undefined;
    },
  };
}

/** Whether h5wasm can give the raw bytes of a type: what points into the heap comes as its own pointers. */
export function readableRaw(type: Dtype): boolean {
  return isPlain(type) || (type.kind === 'reference' && itemSize(type) > 0);
}

/**
 * Sets string attributes on the root of a file that tg did not write; object times are left as they are.
 * @throws H5Error
 */
export async function stampForeign(
  path: string,
  attributes: Record<string, string>,
): Promise<void> {
  const wasm = await loadH5();
  const file = attempt(path, undefined, () => new wasm.File(path, 'a'));
  const now = Date.now;
  try {
    // h5wasm stores modification times: the same stamp must give the same bytes.
    Date.now = () => 0;
    for (const [name, value] of Object.entries(attributes))
      attempt(path, '/', () => {
        if (name in file.attrs) file.delete_attribute(name);
        file.create_attribute(name, value);
      });
  } finally {
    Date.now = now;
    file.close();
  }
}

/** HDF5's message is a stack of many lines; the last cause is the one to tell. */
function attempt<T>(path: string, dataset: string | undefined, what: () => T): T {
  try {
    return what();
  } catch (error) {
    if (error instanceof H5Error) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const cause = causeIn(text);
    throw new H5Error(
      path,
      cause === '' ? 'cannot be opened' : cause,
      dataset === undefined ? {} : { dataset },
    );
  }
}

/** The cause in a stack of HDF5: a missing filter by name, else the deepest line. */
function causeIn(text: string): string {
  const lines = text.split('\n').filter((line) => /^\s*#\d+/.test(line));
  const line = lines.find((l) => l.includes('not registered')) ?? lines.at(-1);
  return (line ?? text.split('\n')[0] ?? '').replace(/^.*?\(\):?\s*/, '');
}

/**
 * With its handler off HDF5 prints its stack straight to file descriptor 2, from inside the call: it is caught
 * there, because nobody wants it on the terminal and its cause is worth telling. What h5wasm throws by itself (an
 * object that cannot be opened) says less than what was printed; the value is undefined then.
 */
function quietly<T>(what: () => T): { value: T | undefined; printed: string } {
  const { writeSync } = fs;
  const pieces: Buffer[] = [];
  const caught = (
    fd: number,
    data: Uint8Array,
    offset = 0,
    length = data.length - offset,
  ): number => {
    if (fd !== 2) return (writeSync as (...args: unknown[]) => number)(fd, data, offset, length);
    pieces.push(Buffer.from(data.subarray(offset, offset + length)));
    return length;
  };
  Object.assign(fs, { writeSync: caught });
  const printed = (): string => Buffer.concat(pieces).toString();
  try {
    const value = what();
    return { value, printed: printed() };
  } catch (error) {
    return { value: undefined, printed: printed() || String(error) };
  } finally {
    Object.assign(fs, { writeSync });
  }
}
