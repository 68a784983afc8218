// Where the chunks of a dataset stand: reads its index and refuses one that cannot be right.
// Does not read the chunks.
import { Corrupt, Cursor } from './cursor.ts';
import { findChunks, type NewIndex } from './chunk-index4.ts';
import type { Storage } from './dataset-header.ts';
import type { FileBytes } from './file-bytes.ts';
import { checkSeal, SEAL } from './seal.ts';
import { elements } from './values.ts';
import { CHUNK_ROOM, nodeSize } from './write-index.ts';

/** Chunks in the order of their place in the grid; `place` is the row-major number there. */
export interface Chunks {
  place: number[];
  address: number[];
  /** Stored bytes. */
  size: number[];
  /** Filters left out, one bit each. */
  mask: number[];
}

type Chunked = Storage & { kind: 'chunked' };

/**
 * @param headers sorted addresses of object headers: no chunk may lie over one.
 * @throws Corrupt
 */
export function readChunkIndex(
  file: FileBytes,
  storage: Chunked,
  shape: readonly number[],
  item: number,
  headers: readonly number[],
): Chunks {
  const chunks: Chunks = { place: [], address: [], size: [], mask: [] };
  if (storage.index === undefined) return chunks;
  const { chunk, filters } = storage;
  const chunkBytes = elements(chunk) * item;
  const grid = shape.map((n, d) => Math.ceil(n / chunk[d]!));
  const end = file.size - file.base;
  const add = (place: readonly number[], address: number, size: number, mask: number): void => {
    const edge = storage.plainEdges && place.some((p, d) => (p + 1) * chunk[d]! > shape[d]!);
    const unfiltered = filters.length === 0 || edge === true;
    if (unfiltered && (size !== chunkBytes || mask !== 0))
      throw new Corrupt('a chunk of wrong size');
    if (address + size > end) throw new Corrupt('a chunk outside the file');
    // A dataset that was made smaller keeps chunks beyond its shape.
    if (place.some((p, d) => p >= grid[d]!)) return;
    chunks.place.push(place.reduce((n, p, d) => n * grid[d]! + p, 0));
    chunks.address.push(address);
    chunks.size.push(size);
    chunks.mask.push(edge === true ? 0xffffffff : mask);
  };
  const nodes: number[] = [];
  if (storage.newer) readNewer(file, storage, storage.newer, shape, chunkBytes, add);
  else readTree(file, storage.index, chunk, nodes, add);
  const { place } = chunks;
  for (let i = 1; i < place.length; i++)
    if (place[i]! <= place[i - 1]!) throw new Corrupt('chunks out of order');
  checkOverlaps(chunks, nodes, headers);
  return chunks;
}

type Add = (place: readonly number[], address: number, size: number, mask: number) => void;

function readNewer(
  file: FileBytes,
  storage: Chunked,
  index: NewIndex,
  shape: readonly number[],
  chunkBytes: number,
  add: Add,
): void {
  const { chunk, maxshape } = storage;
  // Numbers count in the grid of the largest shape; an extensible array has its unlimited axis first.
  const order = shape.map((_, d) => d);
  const unlimited = maxshape.indexOf(null);
  if (index.kind === 'extensible' && unlimited > 0) {
    order.splice(unlimited, 1);
    order.unshift(unlimited);
  }
  const largest = order.map((d) => Math.ceil((maxshape[d] ?? shape[d]!) / chunk[d]!));
  const found = findChunks(
    file,
    index,
    storage.index!,
    chunkBytes,
    elements(largest),
    shape.length,
  );
  const placed = found.map((chunkFound) => {
    if (typeof chunkFound.place !== 'number') return { ...chunkFound, place: chunkFound.place };
    const place = shape.map(() => 0);
    let rest = chunkFound.place;
    for (let i = order.length - 1; i > 0; i--) {
      place[order[i]!] = rest % largest[i]!;
      rest = Math.floor(rest / largest[i]!);
    }
    place[order[0]!] = rest;
    return { ...chunkFound, place };
  });
  const compare = (a: { place: number[] }, b: { place: number[] }): number => {
    const d = a.place.findIndex((p, i) => p !== b.place[i]);
    return d < 0 ? 0 : a.place[d]! - b.place[d]!;
  };
  for (const { place, address, size, mask } of placed.sort(compare))
    add(place, address, size, mask);
}

/** A version 1 B-tree. */
function readTree(
  file: FileBytes,
  root: number,
  chunk: readonly number[],
  nodes: number[],
  add: Add,
): void {
  const seen = new Set<number>();
  const keyBytes = 8 + 8 * (chunk.length + 1);
  const nodeBytes = nodeSize(CHUNK_ROOM, keyBytes);
  const visit = (address: number, level: number | undefined): void => {
    if (seen.has(address)) throw new Corrupt('a chunk index runs in a circle');
    seen.add(address);
    nodes.push(address);
    const head = new Cursor(file.at(address, 24));
    head.signature('TREE');
    if (head.u8() !== 1) throw new Corrupt('a chunk index of wrong type');
    const mine = head.u8();
    if (mine > 32 || (level !== undefined && mine !== level))
      throw new Corrupt('a chunk index of wrong level');
    const entries = head.u16();
    checkSeal(file.upTo(address, nodeBytes), nodeBytes - SEAL, 'a chunk index');
    const cursor = new Cursor(file.at(address + 24, entries * (keyBytes + 8) + keyBytes));
    for (let i = 0; i < entries; i++) {
      const size = cursor.u32();
      const mask = cursor.u32();
      const place = chunk.map((n) => {
        const offset = cursor.u64();
        if (offset % n !== 0) throw new Corrupt('a chunk that is off the grid');
        return offset / n;
      });
      if (cursor.u64() !== 0) throw new Corrupt('a chunk that is off the grid');
      const child = cursor.u64();
      if (mine > 0) visit(child, mine - 1);
      else add(place, child, size, mask);
    }
  };
  visit(root, undefined);
}

/** A chunk over another chunk, over a header or over the index itself is a damaged address. */
function checkOverlaps(chunks: Chunks, nodes: number[], headers: readonly number[]): void {
  const { address, size } = chunks;
  const order = Array.from(address.keys());
  if (address.some((a, i) => i > 0 && a < address[i - 1]!))
    order.sort((a, b) => address[a]! - address[b]!);
  nodes.sort((a, b) => a - b);
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!;
    const end = address[i]! + size[i]!;
    if (k + 1 < order.length && address[order[k + 1]!]! < end) throw new Corrupt('chunks overlap');
    if (between(headers, address[i]!, end) || between(nodes, address[i]!, end))
      throw new Corrupt('a chunk lies over an object header or an index');
  }
}

/** Whether a sorted list has a number in [from, to). */
export function between(sorted: readonly number[], from: number, to: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low]! < to;
}
