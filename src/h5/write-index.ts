// The index of a chunked dataset: a version 1 B-tree over chunk addresses. Does not know what is in the chunks.
import { ByteWriter, UNDEFINED } from './byte-writer.ts';
import { putSeal, SEAL } from './seal.ts';
import type { Sink } from './write-sink.ts';

/** Room for children in a node: libhdf5's default, which a version 2 superblock implies. */
export const CHUNK_ROOM = 64;
/** One less is used: the seal stands in the room of the last. */
const CHILDREN = CHUNK_ROOM - 1;

/**
 * Writes the index and returns the address of its root, UNDEFINED for no chunk.
 * `addresses` in row-major order of the chunk grid, `chunk` and `shape` in elements, `bytes` per chunk.
 */
export function writeChunkIndex(
  sink: Sink,
  addresses: readonly number[],
  chunk: readonly number[],
  shape: readonly number[],
  bytes: number,
): number {
  if (addresses.length === 0) return UNDEFINED;
  const grid = shape.map((n, d) => Math.ceil(n / chunk[d]!));
  const keyBytes = 8 + 8 * (shape.length + 1);
  const nodeBytes = nodeSize(CHUNK_ROOM, keyBytes);
  const out = new ByteWriter(nodeBytes);
  const offsetOf = (i: number): number[] => {
    const offset = shape.map(() => 0);
    for (let d = shape.length - 1, rest = i; d >= 0; d--) {
      // The key after the last chunk lies beyond axis 0 and at the start of all others.
      offset[d] = (d === 0 ? rest : rest % grid[d]!) * chunk[d]!;
      rest = Math.floor(rest / grid[d]!);
    }
    return offset;
  };
  const putKey = (i: number): void => {
    out.u32(i < addresses.length ? bytes : 0);
    out.u32(0);
    for (const x of offsetOf(i)) out.u64(x);
    out.u64(0);
  };
  let children = [...addresses];
  let span = 1; // chunks below one child
  for (let level = 0; ; level++) {
    const nodes = Math.ceil(children.length / CHILDREN);
    const first = sink.allocate(nodes * nodeBytes);
    out.clear();
    for (let n = 0; n < nodes; n++) {
      const start = out.length;
      const mine = children.slice(n * CHILDREN, (n + 1) * CHILDREN);
      putNodeHead(out, 1, level, mine.length, {
        left: n === 0 ? UNDEFINED : first + (n - 1) * nodeBytes,
        right: n === nodes - 1 ? UNDEFINED : first + (n + 1) * nodeBytes,
      });
      mine.forEach((address, i) => {
        putKey((n * CHILDREN + i) * span);
        out.u64(address);
      });
      putKey(Math.min(addresses.length, (n + 1) * CHILDREN * span));
      out.skip(start + nodeBytes - out.length);
      const seal = out.length - SEAL;
      putSeal(out.bytes, start, seal);
    }
    sink.write(first, out.written());
    if (nodes === 1) return first;
    children = Array.from({ length: nodes }, (_, n) => first + n * nodeBytes);
    span *= CHILDREN;
  }
}

/** Bytes of a node with room for so many children. */
export function nodeSize(room: number, keyBytes: number): number {
  return 24 + room * 8 + (room + 1) * keyBytes;
}

/** First 24 bytes of a B-tree node. */
export function putNodeHead(
  out: ByteWriter,
  type: 0 | 1,
  level: number,
  entries: number,
  siblings: { left: number; right: number },
): void {
  out.text('TREE');
  out.u8(type);
  out.u8(level);
  out.u16(entries);
  out.u64(siblings.left);
  out.u64(siblings.right);
}
