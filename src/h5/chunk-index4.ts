// The chunk indexes of newer files (layout version 4): single chunk, implicit, fixed array, extensible array,
// version 2 B-tree. Yields where chunks stand; chunk-index.ts checks them. Does not read chunks.
import { checked, readBtree2 } from './btree2.ts';
import { Corrupt, Cursor } from './cursor.ts';
import type { FileBytes } from './file-bytes.ts';

/** Which index a dataset has, from its layout message. */
export type NewIndex =
  | { kind: 'single'; size: number | undefined; mask: number }
  | { kind: 'implicit' | 'fixed' | 'extensible' | 'tree' };

/** One chunk: its number in the order of the index, or its place in the grid, axis by axis. */
export interface Found {
  place: number | number[];
  address: number;
  size: number;
  mask: number;
}

/** @param chunkBytes size of a chunk without filters. @param count chunks of the largest shape, if it has one. */
export function findChunks(
  file: FileBytes,
  index: NewIndex,
  address: number,
  chunkBytes: number,
  count: number,
  rank: number,
): Found[] {
  switch (index.kind) {
    case 'single':
      return [{ place: 0, address, size: index.size ?? chunkBytes, mask: index.mask }];
    case 'implicit':
      if (count * chunkBytes > file.size) throw new Corrupt('chunks outside the file');
      return Array.from({ length: count }, (_, i) => ({
        place: i,
        address: address + i * chunkBytes,
        size: chunkBytes,
        mask: 0,
      }));
    case 'fixed':
      return fixedArray(file, address, chunkBytes);
    case 'extensible':
      return extensibleArray(file, address, chunkBytes);
    case 'tree':
      return tree(file, address, chunkBytes, rank);
  }
}

function tree(file: FileBytes, address: number, chunkBytes: number, rank: number): Found[] {
  return readBtree2(file, address, [10, 11]).map((record) => {
    const cursor = new Cursor(record);
    const at = cursor.u64();
    const width = record.length - 8 - 8 * rank;
    const filtered = width > 0;
    const size = filtered ? cursor.uint(width - 4) : chunkBytes;
    const mask = filtered ? cursor.u32() : 0;
    return { place: Array.from({ length: rank }, () => cursor.u64()), address: at, size, mask };
  });
}

/** Elements of an array index: an address each, for filtered chunks with size and mask. */
function elementReader(entry: number, chunkBytes: number, found: Found[]) {
  return (cursor: Cursor, first: number, n: number): void => {
    for (let i = 0; i < n; i++) {
      const address = cursor.address();
      const size = entry > 8 ? cursor.uint(entry - 12) : chunkBytes;
      const mask = entry > 8 ? cursor.u32() : 0;
      if (address !== undefined) found.push({ place: first + i, address, size, mask });
    }
  };
}

function entrySize(client: number, entry: number): number {
  if (client > 1 || (client === 0 ? entry !== 8 : entry < 13 || entry > 20))
    throw new Corrupt('a chunk index with impossible entries');
  return entry;
}

const bit = (bits: Uint8Array, i: number): boolean => (bits[i >> 3]! & (0x80 >> (i & 7))) !== 0;

function fixedArray(file: FileBytes, address: number, chunkBytes: number): Found[] {
  const head = checked(file, address, 28);
  head.signature('FAHD');
  head.skip(1);
  const entry = entrySize(head.u8(), head.u8());
  const page = 2 ** head.u8();
  const n = head.u64();
  const block = head.address();
  const found: Found[] = [];
  if (block === undefined) return found;
  const read = elementReader(entry, chunkBytes, found);
  if (n * entry > file.size) throw new Corrupt('a chunk index larger than the file');
  const pages = n > page ? Math.ceil(n / page) : 0;
  const bitmap = Math.ceil(pages / 8);
  if (pages === 0) {
    const data = checked(file, block, 14 + n * entry + 4);
    data.signature('FADB');
    data.at = 14;
    read(data, 0, n);
    return found;
  }
  const data = checked(file, block, 14 + bitmap + 4);
  data.signature('FADB');
  data.at = 14;
  const used = data.take(bitmap);
  for (let p = 0; p < pages; p++) {
    const length = Math.min(page, n - p * page);
    const at = block + 14 + bitmap + 4 + p * (page * entry + 4);
    if (bit(used, p)) read(checked(file, at, length * entry + 4), p * page, length);
  }
  return found;
}

function extensibleArray(file: FileBytes, address: number, chunkBytes: number): Found[] {
  const head = checked(file, address, 72);
  head.signature('EAHD');
  head.skip(1);
  const entry = entrySize(head.u8(), head.u8());
  const bits = head.u8();
  const direct = head.u8(); // elements in the index block itself
  const smallest = head.u8(); // elements of the smallest data block
  const pointers = head.u8();
  const page = 2 ** head.u8();
  head.skip(8 * 4);
  const most = head.u64(); // highest index set, plus one
  head.skip(8);
  const root = head.address();
  const found: Found[] = [];
  if (root === undefined) return found;
  const read = elementReader(entry, chunkBytes, found);
  const offsetBytes = Math.ceil(bits / 8);
  const supers = 1 + bits - Math.log2(smallest);
  const inIndex = 2 * Math.log2(pointers);
  const blockPointers = 2 * (pointers - 1);
  if (!Number.isInteger(supers) || !Number.isInteger(inIndex) || bits > 64 || supers < inIndex)
    throw new Corrupt('a chunk index of impossible size');
  const blocksOf = (s: number): number => 2 ** Math.floor(s / 2);
  const elementsOf = (s: number): number => 2 ** Math.floor((s + 1) / 2) * smallest;

  /** `used`: which pages were ever written, for blocks that have pages; this block's from bit `from` on. */
  const dataBlock = (
    at: number,
    first: number,
    n: number,
    used: Uint8Array,
    from: number,
  ): void => {
    const prefix = 14 + offsetBytes;
    if (n <= page) {
      const data = checked(file, at, prefix + n * entry + 4);
      data.signature('EADB');
      data.at = prefix;
      read(data, first, n);
      return;
    }
    checked(file, at, prefix + 4).signature('EADB');
    for (let p = 0; p < n / page; p++)
      if (bit(used, from + p))
        read(
          checked(file, at + prefix + 4 + p * (page * entry + 4), page * entry + 4),
          first + p * page,
          page,
        );
  };

  const index = checked(
    file,
    root,
    14 + direct * entry + 8 * (blockPointers + Math.max(0, supers - inIndex)) + 4,
  );
  index.signature('EAIB');
  index.at = 14;
  read(index, 0, direct);
  let first = direct;
  for (let s = 0; s < supers; s++) {
    const n = elementsOf(s);
    if (s < inIndex) {
      for (let b = 0; b < blocksOf(s); b++, first += n) {
        const at = index.address();
        if (at !== undefined && first < most) dataBlock(at, first, n, new Uint8Array(0), 0);
      }
      continue;
    }
    const at = index.address();
    if (at === undefined || first >= most) {
      first += n * blocksOf(s);
      continue;
    }
    const pageBytes = n > page ? Math.ceil(n / page / 8) : 0;
    const count = blocksOf(s);
    const block = checked(file, at, 14 + offsetBytes + count * pageBytes + 8 * count + 4);
    block.signature('EASB');
    block.at = 14 + offsetBytes;
    const used = block.take(count * pageBytes);
    for (let b = 0; b < count; b++, first += n) {
      const data = block.address();
      if (data !== undefined && first < most) dataBlock(data, first, n, used, (b * n) / page);
    }
  }
  return found;
}
