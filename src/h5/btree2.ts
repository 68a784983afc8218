// Version 2 B-trees: all records of a tree, in order. Does not know what the records mean.
import { Corrupt, Cursor } from './cursor.ts';
import type { FileBytes } from './file-bytes.ts';
import { lookup3 } from './lookup3.ts';

/** Records of the tree of that type whose header stands at `address`. @throws Corrupt */
export function readBtree2(
  file: FileBytes,
  address: number,
  types: readonly number[],
): Uint8Array[] {
  const head = checked(file, address, 38);
  head.signature('BTHD');
  head.skip(1);
  const type = head.u8();
  if (!types.includes(type)) throw new Corrupt(`a B-tree of type ${type}`);
  const nodeSize = head.u32();
  const recordSize = head.u16();
  const depth = head.u16();
  head.skip(2);
  const root = head.address();
  const rootRecords = head.u16();
  const total = head.u64();
  if (recordSize === 0 || nodeSize < 16 || depth > 32)
    throw new Corrupt('a B-tree of impossible size');
  const sizes = pointerSizes(nodeSize, recordSize, depth);
  const records: Uint8Array[] = [];
  const seen = new Set<number>();
  const visit = (at: number, count: number, level: number): void => {
    if (seen.has(at)) throw new Corrupt('a B-tree runs in a circle');
    seen.add(at);
    const pointers = level === 0 ? 0 : (count + 1) * sizes.pointer[level]!;
    const node = checked(file, at, 6 + count * recordSize + pointers + 4);
    node.signature(level === 0 ? 'BTLF' : 'BTIN');
    node.skip(2);
    const mine = Array.from({ length: count }, () => node.take(recordSize).slice());
    if (level === 0) {
      records.push(...mine);
      return;
    }
    for (let i = 0; i <= count; i++) {
      const child = node.u64();
      const n = node.uint(sizes.count);
      if (level > 1) node.uint(sizes.total[level - 1]!);
      visit(child, n, level - 1);
      if (i < count) records.push(mine[i]!);
    }
  };
  if (root !== undefined) visit(root, rootRecords, depth);
  if (records.length !== total) throw new Corrupt('a B-tree with records missing');
  return records;
}

/** Widths of the fields of child pointers follow from how many records fit into a node of each level. */
function pointerSizes(nodeSize: number, recordSize: number, depth: number) {
  const bytesFor = (n: number): number => Math.floor(Math.log2(Math.max(1, n)) / 8) + 1;
  let most = Math.floor((nodeSize - 10) / recordSize);
  const count = bytesFor(most);
  const total = [0];
  const pointer = [0];
  let cumulated = most;
  for (let level = 1; level <= depth; level++) {
    pointer[level] = 8 + count + (level > 1 ? total[level - 1]! : 0);
    most = Math.floor((nodeSize - 10 - pointer[level]!) / (recordSize + pointer[level]!));
    cumulated = (most + 1) * cumulated + most;
    total[level] = bytesFor(cumulated);
  }
  return { count, total, pointer };
}

/** Bytes that end in their checksum. */
export function checked(file: FileBytes, address: number, length: number): Cursor {
  if (length > 64 * 2 ** 20) throw new Corrupt('a node of impossible size');
  const bytes = file.at(address, length).slice();
  if (lookup3(bytes, 0, length - 4) !== new Cursor(bytes, length - 4).u32())
    throw new Corrupt('the checksum of a tree or heap node is wrong');
  return new Cursor(bytes);
}
