// The links of a group: compact messages, symbol tables, or a fractal heap. Does not follow them.
import { readBtree2 } from './btree2.ts';
import { Corrupt, Cursor, textOf } from './cursor.ts';
import type { FileBytes } from './file-bytes.ts';
import { openFractalHeap } from './fractal-heap.ts';
import type { Message } from './object-header.ts';
import { checkSeal, SEAL } from './seal.ts';
import { LEAF_BYTES, NODE_BYTES, sealedNames } from './write-groups.ts';
import { MESSAGE } from './write-headers.ts';

/** Where a name leads: an object header, a path, or a path in another file. */
export type Link =
  | { kind: 'hard'; address: number }
  | { kind: 'soft'; path: string }
  | { kind: 'external'; file: string; path: string };

/** Links of a group by name; undefined when the header is no group's. @throws Corrupt, Unsupported */
export function readMembers(
  file: FileBytes,
  messages: readonly Message[],
): Map<string, Link> | undefined {
  const members = new Map<string, Link>();
  let group = false;
  const add = (name: string, link: Link): void => {
    if (members.has(name)) throw new Corrupt(`a group with two members "${name.slice(0, 60)}"`);
    if (name === '' || name.includes('/'))
      throw new Corrupt('a group with a member of impossible name');
    members.set(name, link);
  };
  for (const { type, body } of messages) {
    if (type === MESSAGE.symbolTable) readSymbolTable(file, new Cursor(body), add);
    else if (type === MESSAGE.link) add(...readLink(new Cursor(body)));
    else if (type === MESSAGE.linkInfo) readDense(file, new Cursor(body), add);
    else if (type !== MESSAGE.groupInfo) continue;
    group = true;
  }
  return group ? members : undefined;
}

type Add = (name: string, link: Link) => void;

function readLink(cursor: Cursor): [string, Link] {
  if (cursor.u8() !== 1) throw new Corrupt('a link of unknown version');
  const flags = cursor.u8();
  const kind = (flags & 8) !== 0 ? cursor.u8() : 0;
  if ((flags & 4) !== 0) cursor.skip(8);
  if ((flags & 16) !== 0) cursor.skip(1);
  const name = cursor.text(cursor.uint(1 << (flags & 3)));
  if (kind === 0) return [name, { kind: 'hard', address: cursor.u64() }];
  const value = cursor.take(cursor.u16());
  if (kind === 1) return [name, { kind: 'soft', path: textOf(value) }];
  if (kind !== 64) throw new Corrupt(`a link of kind ${kind}`);
  const external = new Cursor(value, 1);
  return [name, { kind: 'external', file: external.cstring(), path: external.cstring() }];
}

function readDense(file: FileBytes, cursor: Cursor, add: Add): void {
  if (cursor.u8() !== 0) throw new Corrupt('link information of unknown version');
  if ((cursor.u8() & 1) !== 0) cursor.skip(8);
  const heap = cursor.address();
  const names = cursor.address();
  if (heap === undefined || names === undefined) return;
  const object = openFractalHeap(file, heap);
  for (const record of readBtree2(file, names, [5]))
    add(...readLink(new Cursor(object(record.subarray(4)))));
}

function readSymbolTable(file: FileBytes, message: Cursor, add: Add): void {
  const tree = message.u64();
  const heap = readLocalHeap(file, message.u64());
  const seen = new Set<number>();
  const visit = (address: number, level: number | undefined): void => {
    if (seen.has(address)) throw new Corrupt('a group index runs in a circle');
    seen.add(address);
    const head = new Cursor(file.at(address, 24));
    head.signature('TREE');
    if (head.u8() !== 0) throw new Corrupt('a group index of wrong type');
    const mine = head.u8();
    if (mine > 32 || (level !== undefined && mine !== level))
      throw new Corrupt('a group index of wrong level');
    const entries = head.u16();
    checkSeal(file.upTo(address, NODE_BYTES), NODE_BYTES - SEAL, 'a group index');
    // A view into a window may be gone after the next read: take the children out first.
    const cursor = new Cursor(file.at(address + 24, entries * 16 + 8));
    const children = Array.from({ length: entries }, () => {
      cursor.skip(8);
      return cursor.u64();
    });
    for (const child of children) {
      if (mine > 0) visit(child, mine - 1);
      else readLeaf(file, child, heap, seen, add);
    }
  };
  visit(tree, undefined);
}

function readLeaf(
  file: FileBytes,
  address: number,
  heap: Uint8Array,
  seen: Set<number>,
  add: Add,
): void {
  if (seen.has(address)) throw new Corrupt('a group index runs in a circle');
  seen.add(address);
  const head = new Cursor(file.at(address, 8));
  head.signature('SNOD');
  head.skip(2);
  const count = head.u16();
  const cursor = new Cursor(file.at(address + 8, 40 * count));
  const names = Array.from({ length: count }, (_, i) => {
    const at = new Cursor(cursor.bytes, 40 * i).u64();
    return new Cursor(heap, at).cstring();
  });
  const leaf = file.upTo(address, LEAF_BYTES);
  checkSeal(leaf, LEAF_BYTES - SEAL, 'a group index', () => sealedNames(names));
  for (const name of names) {
    cursor.skip(8);
    const header = cursor.address();
    const cached = cursor.u32();
    cursor.skip(4);
    const scratch = cursor.u32();
    cursor.skip(12);
    if (cached === 2) add(name, { kind: 'soft', path: new Cursor(heap, scratch).cstring() });
    else if (header === undefined)
      throw new Corrupt(`member "${name.slice(0, 60)}" without an address`);
    else add(name, { kind: 'hard', address: header });
  }
}

function readLocalHeap(file: FileBytes, address: number): Uint8Array {
  const head = new Cursor(file.at(address, 32));
  head.signature('HEAP');
  head.skip(4);
  const size = head.u64();
  head.skip(8);
  return file.at(head.u64(), size).slice();
}
