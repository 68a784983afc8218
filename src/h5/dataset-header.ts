// What a dataset's header says: type, shape, storage, filters, fill value. Does not read the data.
import { Corrupt, Cursor } from './cursor.ts';
import { itemSize, type Dtype } from './dtype.ts';
import { decodeType } from './decode-type.ts';
import type { NewIndex } from './chunk-index4.ts';
import { Unsupported } from './errors.ts';
import type { FileBytes } from './file-bytes.ts';
import { openGlobalHeap } from './global-heap.ts';
import { lookup3 } from './lookup3.ts';
import { bodyOf, type Message } from './object-header.ts';
import { elements } from './values.ts';
import { MESSAGE } from './write-headers.ts';

export interface Filter {
  id: number;
  /** A chunk may lack this filter. */
  optional: boolean;
  values: number[];
}

export type Storage =
  | { kind: 'compact'; bytes: Uint8Array }
  /** Address undefined: never written. */
  | { kind: 'contiguous'; address: number | undefined; size: number }
  | {
      kind: 'chunked';
      index: number | undefined;
      chunk: number[];
      filters: Filter[];
      /** Absent: a version 1 B-tree. */
      newer?: NewIndex;
      /** Chunks that reach beyond the shape have no filters. */
      plainEdges?: true;
      maxshape: (number | null)[];
    };

export interface Layout {
  dtype: Dtype;
  /** null: a dataset without elements (h5py's Empty). */
  shape: number[] | null;
  maxshape: (number | null)[];
  /** Bytes of one element never written; undefined: zeros. */
  fill?: Uint8Array;
  /** Unsupported: why only h5wasm can read the data. */
  storage: Storage | { kind: 'unsupported'; why: string };
}

/** Whether a header is a dataset's. */
export function isDataset(messages: readonly Message[]): boolean {
  return messages.some((m) => m.type === MESSAGE.layout);
}

/** @throws Corrupt; Unsupported when not even type and shape can be read. */
export function readLayout(file: FileBytes, messages: readonly Message[]): Layout {
  const body = (type: number): Cursor | undefined => {
    const message = messages.find((m) => m.type === type);
    return message && new Cursor(bodyOf(file, message));
  };
  const type = body(MESSAGE.datatype);
  const space = body(MESSAGE.dataspace);
  if (!type || !space) throw new Corrupt('a dataset without type or shape');
  const dtype = decodeType(type);
  const { shape, maxshape } = readDataspace(space);
  const layout: Layout = { dtype, shape, maxshape, storage: { kind: 'unsupported', why: '' } };
  try {
    if (messages.some((m) => m.type === 7)) throw new Unsupported('data in external files');
    const filters = body(MESSAGE.filters);
    layout.storage = readStorage(
      file,
      body(MESSAGE.layout)!,
      dtype,
      shape ?? [0],
      maxshape,
      filters ? readFilters(filters) : [],
    );
    const fill = readFill(body(MESSAGE.fill), body(4), itemSize(dtype));
    if (fill) layout.fill = fill;
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    layout.storage = { kind: 'unsupported', why: error.message };
  }
  return layout;
}

export function readDataspace(cursor: Cursor): {
  shape: number[] | null;
  maxshape: (number | null)[];
} {
  const version = cursor.u8();
  const rank = cursor.u8();
  const flags = cursor.u8();
  if ((version !== 1 && version !== 2) || rank > 32) throw new Corrupt('a shape that is none');
  if (version === 1) cursor.skip(5);
  else if (cursor.u8() === 2) return { shape: null, maxshape: [] };
  const shape = Array.from({ length: rank }, () => cursor.u64());
  const maxshape =
    (flags & 1) === 0 ? [...shape] : Array.from({ length: rank }, () => cursor.address() ?? null);
  if (!Number.isSafeInteger(elements(shape))) throw new Corrupt('a shape beyond 2^53 elements');
  return { shape, maxshape };
}

function readStorage(
  file: FileBytes,
  cursor: Cursor,
  dtype: Dtype,
  shape: number[],
  maxshape: (number | null)[],
  filters: Filter[],
): Storage {
  const version = cursor.u8();
  if (version < 3) throw new Unsupported(`layout version ${version}`);
  if (version > 5) throw new Corrupt(`layout version ${version}`);
  const kind = cursor.u8();
  const size = elements(shape) * itemSize(dtype);
  if (kind === 0) {
    const length = cursor.u16();
    if (length < size) throw new Corrupt('compact data shorter than their shape');
    return { kind: 'compact', bytes: cursor.take(length).slice(0, size) };
  }
  if (kind === 1) {
    const address = cursor.address();
    const stored = cursor.u64();
    if (address !== undefined && stored < size) throw new Corrupt('data shorter than their shape');
    return { kind: 'contiguous', address, size };
  }
  if (kind === 3) {
    checkMappings(file, cursor);
    throw new Unsupported('a virtual dataset');
  }
  if (kind !== 2) throw new Corrupt(`layout class ${kind}`);
  if (version === 5) throw new Unsupported('layout version 5');
  if (version === 4) return readNewChunked(cursor, dtype, shape, maxshape, filters);
  const rank = cursor.u8() - 1;
  const index = cursor.address();
  const chunk = Array.from({ length: rank }, () => cursor.u32());
  checkChunk(chunk, cursor.u32(), dtype, shape);
  return { kind: 'chunked', index, chunk, filters, maxshape };
}

/** Where a virtual dataset has its data from stands in a heap; libhdf5 runs for ever when that heap is damaged. */
function checkMappings(file: FileBytes, cursor: Cursor): void {
  const address = cursor.address();
  if (address === undefined) return;
  const block = openGlobalHeap(file).object(address, cursor.u32());
  const end = block.length - 4;
  if (end < 0 || lookup3(block, 0, end) !== new Cursor(block, end).u32())
    throw new Corrupt('the checksum of a virtual dataset is wrong');
}

function checkChunk(chunk: number[], item: number, dtype: Dtype, shape: number[]): void {
  if (chunk.length !== shape.length || chunk.length === 0)
    throw new Corrupt('chunks of another rank than the dataset');
  if (item !== itemSize(dtype)) throw new Corrupt('chunks of another element size');
  if (chunk.includes(0)) throw new Corrupt('chunks without elements');
  if (elements(chunk) * item >= 2 ** 32) throw new Corrupt('chunks beyond 4 GiB');
}

/** Layout version 4: one of five indexes, each with parameters that its own header repeats. */
function readNewChunked(
  cursor: Cursor,
  dtype: Dtype,
  shape: number[],
  maxshape: (number | null)[],
  filters: Filter[],
): Storage {
  const flags = cursor.u8();
  const rank = cursor.u8() - 1;
  const width = cursor.u8();
  if (width < 1 || width > 8) throw new Corrupt('chunks of impossible size');
  const chunk = Array.from({ length: rank }, () => cursor.uint(width));
  checkChunk(chunk, cursor.uint(width), dtype, shape);
  const kinds = ['single', 'implicit', 'fixed', 'extensible', 'tree'] as const;
  const kind = kinds[cursor.u8() - 1];
  let newer: NewIndex;
  if (kind === undefined) throw new Unsupported('an unknown chunk index');
  else if (kind === 'single') {
    const filtered = (flags & 2) !== 0;
    newer = { kind, size: filtered ? cursor.u64() : undefined, mask: filtered ? cursor.u32() : 0 };
  } else {
    cursor.skip({ implicit: 0, fixed: 1, extensible: 5, tree: 6 }[kind]);
    newer = { kind };
  }
  const storage: Storage = {
    kind: 'chunked',
    index: cursor.address(),
    chunk,
    filters,
    newer,
    maxshape,
  };
  if ((flags & 1) !== 0) storage.plainEdges = true;
  return storage;
}

/** Filters the structural reader can undo: deflate, shuffle, fletcher32. */
const KNOWN = [1, 2, 3];

function readFilters(cursor: Cursor): Filter[] {
  const version = cursor.u8();
  const count = cursor.u8();
  if (version !== 1 && version !== 2) throw new Corrupt('a filter list of unknown version');
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, () => {
    const id = cursor.u16();
    const name = version === 1 || id >= 256 ? cursor.u16() : 0;
    const flags = cursor.u16();
    const n = cursor.u16();
    cursor.skip(version === 1 ? Math.ceil(name / 8) * 8 : name);
    const values = Array.from({ length: n }, () => cursor.u32());
    if (version === 1 && n % 2 === 1) cursor.skip(4);
    if (!KNOWN.includes(id)) throw new Unsupported(`filter ${id}`);
    return { id, optional: (flags & 1) !== 0, values };
  });
}

function readFill(
  cursor: Cursor | undefined,
  old: Cursor | undefined,
  item: number,
): Uint8Array | undefined {
  let size = 0;
  let from = cursor;
  if (cursor) {
    const version = cursor.u8();
    if (version === 3) size = (cursor.u8() & 0x20) !== 0 ? cursor.u32() : 0;
    else {
      cursor.skip(2);
      const defined = cursor.u8();
      size = version === 1 || defined !== 0 ? cursor.u32() : 0;
    }
  } else if (old) {
    from = old;
    size = old.u32();
  }
  if (!from || size === 0 || size >= 2 ** 31) return undefined;
  if (size !== item) throw new Corrupt('a fill value of another size than an element');
  const bytes = from.take(size).slice();
  return bytes.every((b) => b === 0) ? undefined : bytes;
}
