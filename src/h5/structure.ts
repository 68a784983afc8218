// The objects of a file: one walk over all headers when it is opened, so that references can be told by path and
// what only h5wasm can read is known beforehand. Does not read data.
import { byBytes } from './byte-writer.ts';
import { Corrupt, Cursor } from './cursor.ts';
import { isDataset, readDataspace, readLayout, type Layout } from './dataset-header.ts';
import { decodeType } from './decode-type.ts';
import { H5Error, Unsupported } from './errors.ts';
import type { FileBytes } from './file-bytes.ts';
import { openFractalHeap } from './fractal-heap.ts';
import { readBtree2 } from './btree2.ts';
import { openGlobalHeap, type GlobalHeap } from './global-heap.ts';
import { readMembers, type Link } from './group-members.ts';
import { bodyOf, readHeader, sharedBody, type Message } from './object-header.ts';
import { join } from './paths.ts';
import { readSuperblock } from './superblock.ts';
import { littleEndian, swapRows, swaps } from './byte-order.ts';
import { isPlain, itemSize } from './dtype.ts';
import { parseSelection } from './selection.ts';
import { decodeValue, elements, type Pointers, type Region, type Typed } from './values.ts';
import { MESSAGE } from './write-headers.ts';

export interface Item {
  /** First path, members by name, that leads to the object. */
  path: string;
  address: number;
  kind: 'group' | 'dataset' | 'type';
  members?: Map<string, Link>;
  /** Why only h5wasm can read its data. */
  unsupported?: string;
}

export interface Structure {
  file: FileBytes;
  heap: GlobalHeap;
  items: Map<number, Item>;
  root: Item;
  /** Sorted header addresses. */
  headers(): readonly number[];
  /** The object at a path, soft links followed; undefined when there is none. */
  find(path: string): Item | undefined;
  layout(item: Item): Layout;
  attributes(item: Item): Map<string, Typed>;
  pointers: Pointers;
  /** Runs a reader and turns what it throws into an H5Error about that object. */
  guard<T>(dataset: string, what: () => T): T;
}

/** @throws H5Error; Unsupported when the structure itself is beyond this reader. */
export function openStructure(file: FileBytes): Structure {
  const guard = <T>(dataset: string, what: () => T): T => {
    try {
      return what();
    } catch (error) {
      if (error instanceof Corrupt || error instanceof RangeError)
        throw new H5Error(file.path, `damaged: ${error.message}`, {
          ...(dataset === '' ? {} : { dataset }),
          try: 'copy it again',
        });
      throw error;
    }
  };
  const items = new Map<number, Item>();
  const root = guard('', () => scan(file, readSuperblock(file), items));
  const heap = openGlobalHeap(file);
  let sorted: number[] | undefined;
  const recent = new Map<number, Message[]>();
  const messages = (item: Item): Message[] => {
    let known = recent.get(item.address);
    if (!known) {
      known = readHeader(file, item.address);
      if (recent.size > 32) recent.clear();
      recent.set(item.address, known);
    }
    return known;
  };
  const structure: Structure = {
    file,
    heap,
    items,
    root,
    headers: () => (sorted ??= [...items.keys()].sort((a, b) => a - b)),
    find: (path) => follow(items, root, path, 0),
    layout: (item) => guard(item.path, () => readLayout(file, messages(item))),
    attributes: (item) =>
      guard(item.path, () => readAttributes(file, messages(item), structure.pointers)),
    pointers: {
      heapObject: (address, index) => heap.object(address, index),
      pathOf: (address) => items.get(address)?.path ?? '?',
      region: (address, index) => readRegion(structure, heap.object(address, index)),
    },
    guard,
  };
  return structure;
}

/** Reads all headers, members by name; hard links to one object meet in one item. */
function scan(file: FileBytes, root: number, items: Map<number, Item>): Item {
  const read = (address: number, path: string): Item => {
    try {
      const messages = readHeader(file, address);
      const item: Item = { path, address, kind: 'type' };
      if (isDataset(messages)) {
        item.kind = 'dataset';
        const { storage } = readLayout(file, messages);
        if (storage.kind === 'unsupported') item.unsupported = storage.why;
      } else {
        const members = readMembers(file, messages);
        if (members) {
          item.kind = 'group';
          item.members = members;
        } else if (!messages.some((m) => m.type === MESSAGE.datatype))
          throw new Corrupt('an object that is neither group nor dataset');
      }
      return item;
    } catch (error) {
      if (error instanceof Corrupt)
        throw new H5Error(file.path, `damaged: ${error.message}`, {
          dataset: path,
          try: 'copy it again',
        });
      throw error;
    }
  };
  // Depth first: an object belongs to the path that a walk in order of names meets first.
  const stack = [{ address: root, path: '/' }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (items.has(next.address)) continue;
    const item = read(next.address, next.path);
    items.set(next.address, item);
    const names = sortedNames(item.members);
    for (let i = names.length - 1; i >= 0; i--) {
      const link = item.members!.get(names[i]!)!;
      if (link.kind === 'hard')
        stack.push({ address: link.address, path: join(item.path, names[i]!) });
    }
  }
  return items.get(root)!;
}

export function sortedNames(members: Map<string, unknown> | undefined): string[] {
  return members ? [...members.keys()].sort(byBytes) : [];
}

function follow(
  items: Map<number, Item>,
  root: Item,
  path: string,
  depth: number,
): Item | undefined {
  if (depth > 32) return undefined;
  let item: Item | undefined = root;
  // A `..` is a name like any other to HDF5, so it is simply not found.
  for (const name of path.split('/').filter(Boolean)) {
    const link: Link | undefined = item?.members?.get(name);
    if (!link) return undefined;
    if (link.kind === 'hard') item = items.get(link.address);
    else if (link.kind === 'external') return undefined;
    else item = follow(items, root, resolve(item!.path, link.path), depth + 1);
  }
  return item;
}

/** A soft link is relative to the group it stands in. */
function resolve(group: string, path: string): string {
  const parts = path.startsWith('/') ? [] : group.split('/').filter(Boolean);
  for (const part of path.split('/')) if (part !== '' && part !== '.') parts.push(part);
  return `/${parts.join('/')}`;
}

function readRegion(structure: Structure, object: Uint8Array): Region | null {
  const address = new Cursor(object).address();
  const item = address === undefined ? undefined : structure.items.get(address);
  if (item?.kind !== 'dataset') throw new Corrupt('a region of something that is no dataset');
  const shape = structure.layout(item).shape ?? [];
  return { path: item.path, selection: parseSelection(object.subarray(8), shape) };
}

/** All attributes of a header, wherever they are kept. */
export function readAttributes(
  file: FileBytes,
  messages: readonly Message[],
  pointers: Pointers,
): Map<string, Typed> {
  const out = new Map<string, Typed>();
  const add = ([name, typed]: [string, Typed]): void => {
    if (out.has(name)) throw new Corrupt(`two attributes "${name.slice(0, 60)}"`);
    out.set(name, typed);
  };
  for (const message of messages) {
    if (message.type === MESSAGE.attribute)
      add(readAttribute(file, new Cursor(bodyOf(file, message)), pointers));
    if (message.type !== MESSAGE.attributeInfo) continue;
    const cursor = new Cursor(message.body, 1);
    if ((cursor.u8() & 1) !== 0) cursor.skip(2);
    const heap = cursor.address();
    const names = cursor.address();
    if (heap === undefined || names === undefined) continue;
    const object = openFractalHeap(file, heap);
    for (const record of readBtree2(file, names, [8])) {
      if ((record[8]! & 2) !== 0) throw new Unsupported('attributes in a shared heap');
      add(readAttribute(file, new Cursor(object(record.subarray(0, 8))), pointers));
    }
  }
  return out;
}

function readAttribute(file: FileBytes, cursor: Cursor, pointers: Pointers): [string, Typed] {
  const version = cursor.u8();
  if (version < 1 || version > 3) throw new Corrupt(`an attribute of version ${version}`);
  const flags = cursor.u8();
  const sizes = [cursor.u16(), cursor.u16(), cursor.u16()];
  if (version === 3) cursor.skip(1);
  // Version 1 pads each part to 8 bytes.
  const part = (i: number): Uint8Array => {
    const bytes = cursor.take(sizes[i]!);
    if (version === 1) cursor.skip((8 - (sizes[i]! % 8)) % 8);
    return bytes;
  };
  const name = new Cursor(part(0)).cstring();
  const typeBytes = part(1);
  const spaceBytes = part(2);
  const shared = (bytes: Uint8Array, bit: number, type: number): Cursor =>
    version > 1 && (flags & bit) !== 0
      ? new Cursor(sharedBody(file, type, new Cursor(bytes)))
      : new Cursor(bytes);
  const stored = decodeType(shared(typeBytes, 1, MESSAGE.datatype));
  const { shape } = readDataspace(shared(spaceBytes, 2, MESSAGE.dataspace));
  const dtype = littleEndian(stored);
  const item = itemSize(dtype);
  const n = elements(shape);
  const bytes = shape === null ? new Uint8Array(0) : cursor.take(n * item).slice();
  if (isPlain(dtype)) {
    const places = swaps(stored);
    if (places.length > 0) swapRows(bytes, item, places);
    return [name, { dtype, shape, bytes }];
  }
  const values = Array.from({ length: n }, (_, i) =>
    decodeValue(stored, bytes, i * item, pointers),
  );
  return [name, { dtype, shape, values }];
}
