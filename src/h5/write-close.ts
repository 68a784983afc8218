// Closing a file: addresses for all headers, then references, values and indexes, then the headers, and the
// superblock last, so that a file that was not finished has no signature. Does not take data from callers.
import { ByteWriter } from './byte-writer.ts';
import { attributesHash, datasetId, groupId, type NodeId, type ShapeOf } from './canonical.ts';
import { itemSize } from './dtype.ts';
import { encodeType } from './encode-type.ts';
import { H5Error } from './errors.ts';
import { putSelection } from './selection.ts';
import { elements, encodeValue, type Places, type Typed } from './values.ts';
import { writeSymbolTable } from './write-groups.ts';
import {
  dataspace,
  MESSAGE,
  putAttribute,
  putAttributeInfo,
  putChunked,
  putContiguous,
  putHeader,
  putLink,
  putLinkInfo,
  superblock,
} from './write-headers.ts';
import { HeapWriter } from './write-heap.ts';
import { writeChunkIndex } from './write-index.ts';
import {
  find,
  findMember,
  LARGE_GROUP,
  nodesBelow,
  sizeOf,
  sortedMembers,
  type Dataset,
  type Group,
  type Member,
  type Node,
} from './write-node.ts';
import { checkRuns, writeReferences } from './write-references.ts';
import type { Sink } from './write-sink.ts';

/** Writes everything that is still missing; returns the ids of all nodes that are not finished, sorted as walked. */
export function closeTree(root: Group, sink: Sink): NodeId[] {
  const nodes = [...nodesBelow(root)];
  writeHeaders(nodes, root, sink, (heap, places) => {
    for (const node of nodes)
      if (node.kind === 'dataset') writeLate(node, root, sink, heap, places);
  });
  sink.write(0, superblock(root.address, sink.end()));
  return nodes.map((node) => idOf(node, root));
}

/** Writes the headers of a group and of all below it; returns their ids. @throws TypeError for what needs other objects' addresses */
export function closeGroup(group: Group, root: Group, sink: Sink): NodeId[] {
  const nodes = [...nodesBelow(group)];
  for (const node of nodes) {
    const held = [...node.attributes.values()].some(({ dtype }) => dtype.kind === 'reference');
    if (held || (node.kind === 'dataset' && node.late !== undefined))
      throw new TypeError(`${node.path} holds references or strings, which are written at close`);
  }
  writeHeaders(nodes, root, sink, () => undefined);
  return nodes.map((node) => idOf(node, root));
}

const SMALL = 65536;
const small = new ByteWriter(SMALL);

/** Gives headers their addresses and writes them in one piece; `late` comes when addresses are known. */
function writeHeaders(
  nodes: readonly Node[],
  root: Group,
  sink: Sink,
  late: (heap: HeapWriter, places: Places) => void,
): void {
  const file = sink.path;
  let size = 0;
  for (const node of nodes) {
    node.address = size;
    size += Math.ceil(sizeOf(node, file) / 8) * 8;
  }
  const base = sink.allocate(size);
  for (const node of nodes) node.address += base;

  const heap = new HeapWriter(sink);
  const places = placesIn(root, heap, file);
  late(heap, places);
  const attributes = nodes.map((node) => storedAttributes(node, places, file));
  heap.flush();

  // Of groups finished one by one there are very many, each a few hundred bytes.
  const headers = size < SMALL ? small : new ByteWriter(size + 1024);
  headers.clear();
  nodes.forEach((node, i) => {
    putNode(headers, node, attributes[i]!, sink);
    headers.align(8);
  });
  if (headers.length !== size) throw new H5Error(file, 'bug: headers of unforeseen size');
  sink.write(base, headers.written());
}

function placesIn(root: Group, heap: HeapWriter, file: string): Places {
  const target = (path: string): Member => {
    const node = findMember(root, path);
    if (!node) throw new H5Error(file, `a reference leads to ${path}, which is not in this file`);
    return node;
  };
  const out = new ByteWriter(64);
  return {
    heap: (bytes) => heap.put(bytes),
    addressOf: (path) => target(path).address,
    region: ({ path, selection }) => {
      const node = target(path);
      if (node.kind !== 'dataset') throw new H5Error(file, `a region of ${path}, which is a group`);
      if ('rank' in selection && selection.rank !== node.shape.length)
        throw new H5Error(file, `a region of rank ${selection.rank} in ${path}`);
      out.clear();
      out.u64(node.address);
      putSelection(out, selection);
      return out.written();
    },
  };
}

/** Data that hold addresses of other objects. */
function writeLate(node: Dataset, root: Group, sink: Sink, heap: HeapWriter, places: Places): void {
  const late = node.late;
  if (late?.kind === 'values') {
    const item = itemSize(node.dtype);
    const bytes = new Uint8Array(item * late.values.length);
    late.values.forEach((value, i) => encodeValue(node.dtype, value, bytes, i * item, places));
    node.hash.values(late.values);
    const address = sink.allocate(bytes.length);
    sink.write(address, bytes);
    if (node.storage.kind === 'contiguous') node.storage.address = address;
  } else if (late && node.storage.kind === 'chunked') {
    const child = find(root, late.child);
    if (child?.kind !== 'dataset')
      throw new H5Error(sink.path, `refers to ${late.child}, which is not in this file`, {
        dataset: node.path,
        try: 'write both tables of a relation into the same file',
      });
    try {
      checkRuns(late.runs, node.shape[0]!, child.shape[0] ?? 0);
    } catch (error) {
      throw new H5Error(sink.path, (error as Error).message, { dataset: node.path });
    }
    node.storage.addresses = writeReferences(
      sink,
      heap,
      late.runs,
      node.shape[0]!,
      child,
      node.hash,
    );
  }
}

interface StoredAttribute {
  name: string;
  type: Uint8Array;
  space: Uint8Array;
  data: Uint8Array;
}

function storedAttributes(node: Node, places: Places, file: string): StoredAttribute[] {
  return [...node.attributes].map(([name, typed]) => {
    try {
      return {
        name,
        type: encodeType(typed.dtype),
        space: dataspace(typed.shape),
        data: storedBytes(typed, places),
      };
    } catch (error) {
      if (error instanceof H5Error) throw error;
      throw new H5Error(file, `attribute "${name}": ${(error as Error).message}`, {
        dataset: node.path,
      });
    }
  });
}

function storedBytes(typed: Typed, places: Places): Uint8Array {
  if (typed.bytes) return typed.bytes;
  const item = itemSize(typed.dtype);
  const bytes = new Uint8Array(item * elements(typed.shape));
  (typed.values ?? []).forEach((v, i) => encodeValue(typed.dtype, v, bytes, i * item, places));
  return bytes;
}

function putNode(out: ByteWriter, node: Node, attributes: StoredAttribute[], sink: Sink): void {
  const index = node.kind === 'dataset' ? writeIndex(node, sink) : 0;
  putHeader(out, (message) => {
    if (node.kind === 'dataset') putDataset(out, node, index, message);
    else putGroup(out, node, sink, message);
    if (attributes.length > 0) message(MESSAGE.attributeInfo, () => putAttributeInfo(out));
    for (const a of attributes)
      message(MESSAGE.attribute, () => putAttribute(out, a.name, a.type, a.space, a.data));
  });
}

type Message = (type: number, body: () => void, flags?: number) => void;

function putDataset(out: ByteWriter, node: Dataset, index: number, message: Message): void {
  const { storage } = node;
  message(MESSAGE.dataspace, () => out.put(dataspace(node.shape, node.maxshape)));
  message(MESSAGE.datatype, () => out.put(node.typeBytes), 1);
  message(MESSAGE.fill, () => {
    out.u8(3);
    out.u8(storage.kind === 'chunked' ? 0x0b : 0x0a);
  });
  message(MESSAGE.layout, () => {
    if (storage.kind === 'chunked') putChunked(out, index, storage.chunk, itemSize(node.dtype));
    else putContiguous(out, storage.address, itemSize(node.dtype) * elements(node.shape));
  });
}

function writeIndex(node: Dataset, sink: Sink): number {
  const { storage } = node;
  if (storage.kind !== 'chunked') return 0;
  const bytes = elements(storage.chunk) * itemSize(node.dtype);
  return writeChunkIndex(sink, storage.addresses, storage.chunk, node.shape, bytes);
}

function putGroup(out: ByteWriter, node: Group, sink: Sink, message: Message): void {
  const members = sortedMembers(node).map(([name, m]) => ({ name, address: m.address }));
  if (members.length >= LARGE_GROUP) {
    const table = writeSymbolTable(sink, members);
    message(MESSAGE.symbolTable, () => {
      out.u64(table.tree);
      out.u64(table.heap);
    });
    return;
  }
  message(MESSAGE.linkInfo, () => putLinkInfo(out));
  message(MESSAGE.groupInfo, () => out.skip(2));
  for (const { name, address } of members) message(MESSAGE.link, () => putLink(out, name, address));
}

function idOf(node: Node, root: Group): NodeId {
  const shapeOf: ShapeOf = (path) => {
    const target = find(root, path);
    return target?.kind === 'dataset' ? target.shape : undefined;
  };
  const attributes = attributesHash(node.attributes, node.path === '/', shapeOf);
  return node.kind === 'group'
    ? groupId(node.path, attributes)
    : datasetId(node.path, node.dtype, node.shape, attributes, node.hash.raw);
}
