// Selections as region references store them: to and from bytes. Does not know heaps or files.
import { ByteWriter } from './byte-writer.ts';
import { Corrupt, Cursor } from './cursor.ts';

/** Which elements of a dataset a region reference means. */
export type Selection =
  | { kind: 'all' }
  | { kind: 'none' }
  /** n x rank coordinates, in their own order. */
  | { kind: 'points'; rank: number; coordinates: number[] }
  /** n x (rank starts, rank stops), stops exclusive. */
  | { kind: 'blocks'; rank: number; blocks: number[] };

/** More blocks than this are refused: a damaged count must not eat the memory. */
const MOST = 2 ** 26;
const LARGE = 2 ** 32;

/**
 * Parses a serialized selection (points v1/v2, slabs v1 to v3, none, all) of a dataset of that shape.
 * @throws Corrupt when it is damaged or reaches outside the shape.
 */
export function parseSelection(bytes: Uint8Array, shape: readonly number[]): Selection {
  const cursor = new Cursor(bytes);
  const kind = cursor.u32();
  const version = cursor.u32();
  if (kind === 0) return { kind: 'none' };
  if (kind === 3) return { kind: 'all' };
  if (kind === 1) return parsePoints(cursor, version, shape);
  if (kind === 2) return parseSlab(cursor, version, shape);
  throw new Corrupt(`selection of kind ${kind}`);
}

function parsePoints(cursor: Cursor, version: number, shape: readonly number[]): Selection {
  if (version !== 1 && version !== 2) throw new Corrupt(`point selection of version ${version}`);
  if (version === 1) cursor.skip(8);
  const width = version === 1 ? 4 : widthOf(cursor);
  const rank = rankOf(cursor, shape);
  const n = version === 1 ? cursor.u32() : cursor.uint(width);
  if (n * rank * width > cursor.left) throw new Corrupt('a point selection ends too early');
  const coordinates = new Array<number>(n * rank);
  for (let i = 0; i < coordinates.length; i++) {
    const x = cursor.uint(width);
    if (x >= shape[i % rank]!) throw outside(x, shape[i % rank]!);
    coordinates[i] = x;
  }
  return { kind: 'points', rank, coordinates };
}

function parseSlab(cursor: Cursor, version: number, shape: readonly number[]): Selection {
  if (version === 1) {
    cursor.skip(8);
    return irregular(cursor, rankOf(cursor, shape), 4, shape);
  }
  if (version !== 2 && version !== 3) throw new Corrupt(`slab selection of version ${version}`);
  const flags = cursor.u8();
  const width = version === 2 ? 8 : widthOf(cursor);
  if (version === 2) cursor.skip(4);
  const rank = rankOf(cursor, shape);
  if ((flags & 1) === 0) {
    if (version === 2) throw new Corrupt('an irregular slab of version 2');
    return irregular(cursor, rank, width, shape);
  }
  return regular(cursor, rank, width, shape);
}

function irregular(
  cursor: Cursor,
  rank: number,
  width: number,
  shape: readonly number[],
): Selection {
  const n = cursor.uint(width);
  if (n * 2 * rank * width > cursor.left) throw new Corrupt('a slab selection ends too early');
  const blocks = new Array<number>(n * 2 * rank);
  for (let i = 0; i < n; i++) {
    const at = i * 2 * rank;
    for (let d = 0; d < rank; d++) blocks[at + d] = cursor.uint(width);
    for (let d = 0; d < rank; d++) {
      const end = cursor.uint(width);
      if (end >= shape[d]!) throw outside(end, shape[d]!);
      if (end < blocks[at + d]!) throw new Corrupt('a slab ends before it starts');
      blocks[at + rank + d] = end + 1;
    }
  }
  return { kind: 'blocks', rank, blocks };
}

function regular(cursor: Cursor, rank: number, width: number, shape: readonly number[]): Selection {
  const dims: { start: number; stride: number; count: number; block: number }[] = [];
  let total = 1;
  for (let d = 0; d < rank; d++) {
    const start = cursor.uint(width);
    const stride = cursor.uint(width);
    let count = cursor.uint(width);
    let block = cursor.uint(width);
    const stop = start + (count - 1) * stride + block;
    if (count === 0 || block === 0) return { kind: 'none' };
    if (stop > shape[d]!) throw outside(stop - 1, shape[d]!);
    if (count > 1 && stride < block) throw new Corrupt('blocks of a slab overlap');
    if (stride === block) {
      block *= count;
      count = 1;
    }
    dims.push({ start, stride, count, block });
    total *= count;
  }
  if (total > MOST) throw new Corrupt(`a selection of ${total} blocks`);
  const blocks: number[] = [];
  const index = dims.map(() => 0);
  for (let i = 0; i < total; i++) {
    const starts = dims.map((dim, d) => dim.start + index[d]! * dim.stride);
    blocks.push(...starts, ...starts.map((s, d) => s + dims[d]!.block));
    for (let d = rank - 1; d >= 0 && ++index[d]! === dims[d]!.count; d--) index[d] = 0;
  }
  return { kind: 'blocks', rank, blocks };
}

function widthOf(cursor: Cursor): number {
  const width = cursor.u8();
  if (width !== 2 && width !== 4 && width !== 8)
    throw new Corrupt(`numbers of ${width} bytes in a selection`);
  return width;
}

function rankOf(cursor: Cursor, shape: readonly number[]): number {
  const rank = cursor.u32();
  if (rank !== shape.length || rank === 0)
    throw new Corrupt(`a selection of rank ${rank} in a dataset of rank ${shape.length}`);
  return rank;
}

function outside(row: number, rows: number): Corrupt {
  return new Corrupt(`a selection reaches row ${row} of ${rows}`);
}

/**
 * Appends a selection as libhdf5 1.8 and later read it: points and slabs of version 1, slab version 2
 * for a constant stride of more than three blocks or rows beyond 2^32 (specs/hdf5-proofs.md section 1.2).
 * @throws TypeError for what no such version can express.
 */
export function putSelection(out: ByteWriter, selection: Selection): void {
  if (selection.kind === 'all' || selection.kind === 'none') {
    for (const word of [selection.kind === 'all' ? 3 : 0, 1, 0, 0]) out.u32(word);
    return;
  }
  const { rank } = selection;
  const numbers = selection.kind === 'points' ? selection.coordinates : selection.blocks;
  const n = numbers.length / (selection.kind === 'points' ? rank : 2 * rank);
  if (!Number.isInteger(n) || rank < 1) throw new TypeError('a selection of broken rank');
  if (n === 0) {
    putSelection(out, { kind: 'none' });
    return;
  }
  const large = numbers.some((x) => x > LARGE);
  if (selection.kind === 'points') {
    if (large || numbers.includes(LARGE))
      throw new TypeError('points beyond row 2^32 have no form that HDF5 1.10 reads');
    for (const word of [1, 1, 0, 8 + 4 * numbers.length, rank, n]) out.u32(word);
    for (const x of numbers) out.u32(x);
    return;
  }
  const step = rank === 1 ? strideOf(numbers) : undefined;
  if (rank === 1 && step !== undefined && (large || n > 3)) {
    putRegular(out, numbers[0]!, step, n, numbers[1]! - numbers[0]!);
    return;
  }
  if (large)
    throw new TypeError('an irregular slab beyond row 2^32 has no form that HDF5 1.10 reads');
  for (const word of [2, 1, 0, 8 + 4 * numbers.length, rank, n]) out.u32(word);
  for (let i = 0; i < numbers.length; i++)
    out.u32(numbers[i]! - (Math.floor(i / rank) % 2 === 1 ? 1 : 0));
}

/** Slab version 2 of rank 1. */
export function putRegular(
  out: ByteWriter,
  start: number,
  stride: number,
  count: number,
  block: number,
): void {
  out.u32(2);
  out.u32(2);
  out.u8(1);
  out.u32(36);
  out.u32(1);
  for (const x of [start, stride, count, block]) out.u64(x);
}

/** Stride of equally long, equally distant blocks of rank 1; undefined when they are not. */
function strideOf(blocks: readonly number[]): number | undefined {
  const length = blocks[1]! - blocks[0]!;
  const stride = blocks.length > 2 ? blocks[2]! - blocks[0]! : length;
  if (stride < length) return undefined;
  for (let i = 2; i < blocks.length; i += 2)
    if (blocks[i]! - blocks[i - 2]! !== stride || blocks[i + 1]! - blocks[i]! !== length)
      return undefined;
  return stride;
}

/**
 * The boxes of a selection in their order, n x (rank starts, rank stops): its content whatever its form.
 * Points in a row make one run.
 */
export function boxesOf(selection: Selection, shape: readonly number[]): number[] {
  switch (selection.kind) {
    case 'none':
      return [];
    case 'all':
      return shape.some((d) => d === 0) ? [] : [...shape.map(() => 0), ...shape];
    case 'blocks':
      return selection.rank === 1 ? joined(selection.blocks) : selection.blocks;
    case 'points': {
      const { rank, coordinates } = selection;
      const out: number[] = [];
      for (let i = 0; i < coordinates.length; i += rank) {
        const point = coordinates.slice(i, i + rank);
        out.push(...point, ...point.map((x) => x + 1));
      }
      return rank === 1 ? joined(out) : out;
    }
  }
}

/** Runs that touch become one. */
function joined(runs: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = 0; i < runs.length; i += 2)
    if (out.length > 0 && out.at(-1) === runs[i]) out[out.length - 1] = runs[i + 1]!;
    else out.push(runs[i]!, runs[i + 1]!);
  return out;
}
