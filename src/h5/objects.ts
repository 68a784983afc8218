// Objects of a file one at a time, for files of hundreds of thousands: nothing is read before it is asked for, and nothing
// is kept. Follows hard links only. Does not load h5wasm: data it cannot read are told as such.
import { littleEndian, swapRows, swaps } from './byte-order.ts';
import { Corrupt } from './cursor.ts';
import { isDataset, readLayout, type Layout } from './dataset-header.ts';
import { itemSize, type Dtype } from './dtype.ts';
import { H5Error, Unsupported } from './errors.ts';
import { openBytes } from './file-bytes.ts';
import { openGlobalHeap } from './global-heap.ts';
import { readMembers, type Link } from './group-members.ts';
import { readHeader, type Message } from './object-header.ts';
import { join } from './paths.ts';
import { rowReader } from './raw-rows.ts';
import { readAttributes } from './structure.ts';
import { readSuperblock } from './superblock.ts';
import { elements, valuesOf, type Pointers, type Typed, type Value } from './values.ts';

/** One object; the header is read, no more. */
export interface H5Object {
  readonly path: string;
  readonly kind: 'group' | 'dataset';
  readonly messages: readonly Message[];
}

/** What a dataset is, and where its bytes lie. */
export interface H5Place {
  /** Little endian, whatever the file has. */
  dtype: Dtype;
  shape: number[];
  bytes: number;
  /** Offset in the file of the bytes as they are, when they lie there in one piece and in that order; else undefined. */
  offset: number | undefined;
}

export interface H5Objects {
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  root(): H5Object;
  /** Members of a group by name. */
  members(group: H5Object): ReadonlyMap<string, Link>;
  /** A member; undefined when there is none, or when it is no hard link. */
  member(group: H5Object, name: string, among?: ReadonlyMap<string, Link>): H5Object | undefined;
  attributes(object: H5Object): ReadonlyMap<string, Typed>;
  place(dataset: H5Object): H5Place;
  /** All of it as raw little-endian bytes. */
  read(dataset: H5Object): Uint8Array;
  close(): void;
}

/** The one value of an attribute; undefined when it is not there or holds more than one. */
export function scalarOf(attributes: ReadonlyMap<string, Typed>, name: string): Value | undefined {
  const typed = attributes.get(name);
  if (typed === undefined || typed.shape === null || elements(typed.shape) !== 1) return undefined;
  return valuesOf(typed)[0];
}

/** @throws H5Error, here and from every call: no HDF5, damaged, or beyond this reader */
export function openObjects(path: string): H5Objects {
  const file = openBytes(path, { recycle: true });
  const guard = <T>(dataset: string, what: () => T): T => {
    try {
      return what();
    } catch (error) {
      const more = dataset === '' ? {} : { dataset };
      if (error instanceof Corrupt || error instanceof RangeError)
        throw new H5Error(path, `damaged: ${error.message}`, { ...more, try: 'copy it again' });
      if (error instanceof Unsupported)
        throw new H5Error(path, `uses ${error.message}, which tg does not read`, {
          ...more,
          try: 'h5repack it with the default settings of HDF5 1.10',
        });
      throw error;
    }
  };
  const heap = openGlobalHeap(file);
  const pointers: Pointers = {
    heapObject: (address, index) => heap.object(address, index),
    pathOf: () => '?',
    region: () => null,
  };
  const objectAt = (address: number, at: string): H5Object =>
    guard(at, () => {
      const messages = readHeader(file, address);
      return { path: at, kind: isDataset(messages) ? 'dataset' : 'group', messages };
    });
  const layoutOf = ({ path: at, messages }: H5Object): Layout =>
    guard(at, () => readLayout(file, messages));
  let root: number;
  try {
    root = guard('', () => readSuperblock(file));
  } catch (error) {
    file.close();
    throw error;
  }
  const self: H5Objects = {
    path,
    size: file.size,
    root: () => objectAt(root, '/'),
    members: ({ path: at, messages }) =>
      guard(at, () => readMembers(file, messages) ?? new Map<string, Link>()),
    member(group, name, among = self.members(group)) {
      const link = among.get(name);
      return link?.kind === 'hard' ? objectAt(link.address, join(group.path, name)) : undefined;
    },
    attributes: ({ path: at, messages }) =>
      guard(at, () => readAttributes(file, messages, pointers)),
    place(dataset) {
      const { dtype, shape, storage } = layoutOf(dataset);
      const known = shape ?? [0];
      const bytes = elements(known) * itemSize(dtype);
      const plain =
        storage.kind === 'contiguous' && storage.address !== undefined && swaps(dtype).length === 0;
      const offset = plain ? storage.address! + file.base : undefined;
      if (offset !== undefined && offset + bytes > file.size)
        throw new H5Error(path, 'damaged: data outside the file', {
          dataset: dataset.path,
          try: 'copy it again',
        });
      return { dtype: littleEndian(dtype), shape: known, bytes, offset };
    },
    read(dataset) {
      const { dtype, shape, storage, fill } = layoutOf(dataset);
      if (storage.kind === 'unsupported')
        throw new H5Error(path, `has ${storage.why}, which is not read here`, {
          dataset: dataset.path,
          try: 'h5repack -f NONE',
        });
      const known = shape ?? [0];
      const item = itemSize(dtype);
      const out = new Uint8Array(elements(known) * item);
      if (out.length === 0) return out;
      guard(dataset.path, () => {
        const stored = { shape: known, item, storage, ...(fill === undefined ? {} : { fill }) };
        rowReader(file, stored, () => [])(0, known[0] ?? 1, out);
        const places = swaps(dtype);
        if (places.length > 0) swapRows(out, item, places);
      });
      return out;
    },
    close: () => file.close(),
  };
  return self;
}
