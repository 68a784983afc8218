// Fractal heaps: where newer files keep the links and attributes of large objects. Does not know what is in them.
import { checked, readBtree2 } from './btree2.ts';
import { Corrupt, Cursor } from './cursor.ts';
import { Unsupported } from './errors.ts';
import type { FileBytes } from './file-bytes.ts';

/** Opens the heap at `address`; the result gives the object of a heap id. @throws Corrupt, Unsupported */
export function openFractalHeap(file: FileBytes, address: number): (id: Uint8Array) => Uint8Array {
  const head = checked(file, address, 146);
  head.signature('FRHP');
  head.skip(1);
  const idLength = head.u16();
  if (head.u16() > 0) throw new Unsupported('a filtered heap');
  head.skip(1);
  const maxManaged = head.u32();
  head.skip(8);
  const hugeTree = head.address();
  head.skip(8 + 8 + 8 + 8 + 8 + 8 + 8 + 8 + 8 + 8);
  const width = head.u16();
  const startSize = head.u64();
  const maxDirect = head.u64();
  const offsetBytes = Math.ceil(head.u16() / 8);
  head.skip(2);
  const root = head.address();
  const rows = head.u16();
  const lengthBytes = Math.floor(Math.log2(Math.max(1, Math.min(maxDirect, maxManaged))) / 8) + 1;
  if (width === 0 || startSize === 0 || offsetBytes === 0 || offsetBytes > 8 || rows > 64)
    throw new Corrupt('a heap of impossible size');
  const directRows = Math.log2(maxDirect / startSize) + 2;
  const rowSize = (row: number): number => startSize * 2 ** Math.max(0, row - 1);
  const blockHead = 5 + 8 + offsetBytes;

  /** Direct block that holds an offset of the heap's own address space: [address, size, offset in it]. */
  const locate = (
    at: number,
    offset: number,
    blockRows: number,
    depth: number,
  ): [number, number, number] => {
    if (depth > 16) throw new Corrupt('a heap nested too deep');
    const indirect = Math.max(0, blockRows - directRows) * width;
    const direct = Math.min(blockRows, directRows) * width;
    const node = checked(file, at, blockHead + 8 * (direct + indirect) + 4);
    node.signature('FHIB');
    node.at = blockHead;
    let start = 0;
    for (let row = 0; row < blockRows; row++)
      for (let column = 0; column < width; column++, start += rowSize(row)) {
        const child = node.address();
        if (offset >= start + rowSize(row)) continue;
        if (child === undefined) throw new Corrupt('a heap object in a block that is not there');
        if (row < directRows) return [child, rowSize(row), offset - start];
        const childRows = Math.log2(rowSize(row) / (startSize * width)) + 1;
        return locate(child, offset - start, childRows, depth + 1);
      }
    throw new Corrupt('a heap object outside the heap');
  };

  const managed = (id: Cursor): Uint8Array => {
    const offset = id.uint(offsetBytes);
    const length = id.uint(lengthBytes);
    if (root === undefined) throw new Corrupt('an object of an empty heap');
    const [block, size, from] =
      rows === 0 ? [root, rowSize(0), offset] : locate(root, offset, rows, 0);
    const space = rows === 0 ? Math.max(size, from + length) : size;
    if (from + length > space || from < blockHead)
      throw new Corrupt('a heap object outside its block');
    new Cursor(file.at(block, 4)).signature('FHDB');
    return file.at(block + from, length);
  };

  const huge = (id: Cursor): Uint8Array => {
    if (idLength >= 17) return file.at(id.u64(), id.u64());
    if (hugeTree === undefined) throw new Corrupt('a huge heap object without its index');
    const key = id.uint(Math.min(8, idLength - 1));
    for (const record of readBtree2(file, hugeTree, [1])) {
      const cursor = new Cursor(record);
      const [at, length, own] = [cursor.u64(), cursor.u64(), cursor.u64()];
      if (own === key) return file.at(at, length);
    }
    throw new Corrupt('a huge heap object that is not there');
  };

  return (id) => {
    const cursor = new Cursor(id);
    const kind = (cursor.u8() >> 4) & 3;
    if (kind === 0) return managed(cursor);
    if (kind === 1) return huge(cursor);
    if (kind === 2 && idLength <= 18) return cursor.take((id[0]! & 15) + 1);
    throw new Unsupported('a heap id of unknown kind');
  };
}
