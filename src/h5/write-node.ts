// The tree of a file being written: groups and datasets with what their headers will say. Does not write.
import { byBytes } from './byte-writer.ts';
import type { DataHash } from './canonical.ts';
import { itemSize, type Dtype } from './dtype.ts';
import { encodeType } from './encode-type.ts';
import { H5Error } from './errors.ts';
import { absolute, join } from './paths.ts';
import { elements, type Typed, type Value } from './values.ts';
import {
  attributeFits,
  attributeSize,
  dataspaceSize,
  headerSize,
  linkSize,
  LONGEST_MESSAGE,
} from './write-headers.ts';
import type { ChunkedRows } from './write-table.ts';
import type { Runs } from './write-references.ts';

/** From this many members on a group is a symbol table. */
export const LARGE_GROUP = 16;

export interface Group {
  kind: 'group';
  path: string;
  attributes: Map<string, Typed>;
  members: Map<string, Member>;
  address: number;
}

export interface Dataset {
  kind: 'dataset';
  path: string;
  attributes: Map<string, Typed>;
  address: number;
  dtype: Dtype;
  typeBytes: Uint8Array;
  shape: number[];
  maxshape?: (number | null)[];
  storage:
    | { kind: 'contiguous'; address: number }
    | { kind: 'chunked'; chunk: number[]; addresses: number[]; index: number };
  hash: DataHash;
  /** Rows that still grow. */
  growing?: ChunkedRows;
  /** What is written at close, when every object has its address. */
  late?: { kind: 'values'; values: Value[] } | { kind: 'runs'; runs: Runs; child: string };
}

/** A group whose headers, and those of all below it, stand in the file: its ids are [from, to) of the packed ones. */
export interface Finished {
  kind: 'finished';
  path: string;
  address: number;
  from: number;
  to: number;
}

export type Node = Group | Dataset;
export type Member = Node | Finished;

export function newGroup(path: string): Group {
  return { kind: 'group', path, attributes: new Map(), members: new Map(), address: 0 };
}

/** Names along a path; none for the root. */
const partsOf = (path: string): string[] => {
  const full = absolute(path);
  return full === '/' ? [] : full.slice(1).split('/');
};

/** The group at `path`, made with its parents when it is not there. @throws H5Error when a dataset is in the way. */
export function groupAt(root: Group, path: string, file: string): Group {
  let group = root;
  for (const name of partsOf(path)) {
    checkName(name);
    const next = group.members.get(name) ?? newGroup(join(group.path, name));
    if (next.kind === 'finished') throw alreadyFinished(file, next.path);
    if (next.kind !== 'group')
      throw new H5Error(file, 'is a dataset, so nothing can stand below it', {
        dataset: next.path,
      });
    group.members.set(name, next);
    group = next;
  }
  return group;
}

/** What is finished is given out of hand. */
export const alreadyFinished = (file: string, dataset: string): H5Error =>
  new H5Error(file, 'is finished: nothing can be added to it', { dataset });

/** A link of a small group is one message. */
export function checkName(name: string): void {
  if (linkSize(name) > LONGEST_MESSAGE)
    throw new TypeError(`a name of ${name.length} letters is too long for HDF5`);
}

/** Undefined for what is not there, and for what is finished. */
export function find(root: Group, path: string): Node | undefined {
  const found = findMember(root, path);
  return found?.kind === 'finished' ? undefined : found;
}

/** A finished group is found, nothing below it. */
export function findMember(root: Group, path: string): Member | undefined {
  let node: Member | undefined = root;
  for (const name of partsOf(path))
    node = node?.kind === 'group' ? node.members.get(name) : undefined;
  return node;
}

/** Members in the order HDF5 wants them. */
export function sortedMembers(group: Group): [string, Member][] {
  return [...group.members].sort((a, b) => byBytes(a[0], b[0]));
}

/** All nodes, parents first, members by name. */
export function* nodesBelow(root: Group): Generator<Node> {
  for (const node of membersBelow(root)) if (node.kind !== 'finished') yield node;
}

/** The same with what is finished. */
export function* membersBelow(root: Group): Generator<Member> {
  const stack: Member[] = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node;
    if (node.kind !== 'group') continue;
    const members = sortedMembers(node);
    for (let i = members.length - 1; i >= 0; i--) stack.push(members[i]![1]);
  }
}

/** Bytes of the header of a node. @throws H5Error when an attribute is too long for it. */
export function sizeOf(node: Node, file: string): number {
  const bodies: number[] = [];
  if (node.kind === 'group') {
    if (node.members.size >= LARGE_GROUP) bodies.push(16);
    else {
      bodies.push(18, 2);
      for (const name of node.members.keys()) bodies.push(linkSize(name));
    }
  } else {
    bodies.push(dataspaceSize(node.shape, node.maxshape), node.typeBytes.length, 2);
    bodies.push(node.storage.kind === 'contiguous' ? 18 : 11 + 4 * (node.shape.length + 1));
    if (node.typeBytes.length > LONGEST_MESSAGE)
      throw new H5Error(file, 'the type has too many fields for HDF5 (64 KiB)', {
        dataset: node.path,
      });
  }
  if (node.attributes.size > 0) bodies.push(18);
  for (const [name, typed] of node.attributes) {
    const type = encodeType(typed.dtype);
    const data = itemSize(typed.dtype) * elements(typed.shape);
    if (!attributeFits(name, type.length, typed.shape?.length ?? 0, data))
      throw new H5Error(file, `attribute "${name}" is longer than 64 KiB`, {
        dataset: node.path,
        try: 'store it as a dataset',
      });
    bodies.push(attributeSize(name, type.length, dataspaceSize(typed.shape), data));
  }
  return headerSize(bodies);
}
