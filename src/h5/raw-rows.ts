// Raw rows of a dataset out of its storage: compact, contiguous, chunked with or without filters.
// Does not know types beyond their size.
import { copyBox } from './box.ts';
import { between, readChunkIndex, type Chunks } from './chunk-index.ts';
import { Corrupt } from './cursor.ts';
import type { Filter, Storage } from './dataset-header.ts';
import type { FileBytes } from './file-bytes.ts';
import { unfilter } from './filters.ts';
import { elements } from './values.ts';

export interface Stored {
  shape: readonly number[];
  /** Bytes of one element. */
  item: number;
  fill?: Uint8Array;
  storage: Storage;
}

/** Fills `out` with `count` rows from `start`; scalars are one row. */
export type ReadRows = (start: number, count: number, out: Uint8Array) => void;

/** @param headers sorted addresses of object headers, which no data may cover. @throws Corrupt */
export function rowReader(
  file: FileBytes,
  stored: Stored,
  headers: () => readonly number[],
): ReadRows {
  const { storage, shape, item } = stored;
  const rowSize = elements(shape.slice(1)) * item;
  switch (storage.kind) {
    case 'compact':
      return (start, count, out) =>
        out.set(storage.bytes.subarray(start * rowSize, (start + count) * rowSize));
    case 'contiguous': {
      const { address } = storage;
      if (address === undefined) return (_start, _count, out) => fillWith(out, stored.fill);
      let checked = false;
      return (start, _count, out) => {
        if (!checked) checkContiguous(address, storage.size, headers());
        checked = true;
        file.read(address + start * rowSize, out);
      };
    }
    case 'chunked': {
      let chunks: Chunks | undefined;
      const index = (): Chunks =>
        (chunks ??= readChunkIndex(file, storage, shape, item, headers()));
      const whole = storage.chunk.every((n, d) => d === 0 || n === shape[d]);
      return whole && storage.filters.length === 0
        ? plainRows(file, stored, storage.chunk, rowSize, index)
        : anyChunks(file, stored, storage, index);
    }
  }
}

/** Damaged addresses of contiguous data mostly lead over headers. */
function checkContiguous(address: number, size: number, headers: readonly number[]): void {
  if (between(headers, address, address + size))
    throw new Corrupt('data lie over an object header');
}

function fillWith(out: Uint8Array, fill: Uint8Array | undefined): void {
  if (!fill) out.fill(0);
  else for (let at = 0; at < out.length; at += fill.length) out.set(fill, at);
}

/** Chunks of whole rows without filters: neighbours in the file are read in one call. */
function plainRows(
  file: FileBytes,
  stored: Stored,
  chunk: readonly number[],
  rowSize: number,
  index: () => Chunks,
): ReadRows {
  const chunkBytes = chunk[0]! * rowSize;
  return (start, count, out) => {
    const { place, address } = index();
    const from = start * rowSize;
    const to = (start + count) * rowSize;
    let done = from;
    for (let k = firstAt(place, Math.floor(start / chunk[0]!)); done < to;) {
      const at = k < place.length ? place[k]! * chunkBytes : Infinity;
      if (at > done) {
        const gap = Math.min(to, at);
        fillWith(out.subarray(done - from, gap - from), stored.fill);
        done = gap;
        continue;
      }
      const first = address[k]! + (done - at);
      let end = at + chunkBytes;
      for (k++; end < to && k < place.length; k++, end += chunkBytes)
        if (place[k] !== place[k - 1]! + 1 || address[k] !== address[k - 1]! + chunkBytes) break;
      end = Math.min(end, to);
      file.read(first, out.subarray(done - from, end - from));
      done = end;
    }
  };
}

function firstAt(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Chunks of any shape, with filters. The chunk read last is kept: small reads often stay inside one. */
function anyChunks(
  file: FileBytes,
  stored: Stored,
  storage: { chunk: number[]; filters: Filter[] },
  index: () => Chunks,
): ReadRows {
  const { shape, item } = stored;
  const { chunk, filters } = storage;
  const bytes = elements(chunk) * item;
  const grid = shape.map((n, d) => Math.ceil(n / chunk[d]!));
  const perRow = elements(grid.slice(1));
  let kept = -1;
  let keptBytes = new Uint8Array(0);
  const load = (chunks: Chunks, k: number): Uint8Array => {
    if (kept === k) return keptBytes;
    const size = chunks.size[k]!;
    if (filters.length > 0 && bytes > 1100 * size + 4096 && !filters.every((f) => f.id !== 1))
      throw new Corrupt('a chunk too small for what it should hold');
    const raw = new Uint8Array(size);
    file.read(chunks.address[k]!, raw);
    keptBytes = new Uint8Array(unfilter(raw, filters, chunks.mask[k]!, bytes));
    kept = k;
    return keptBytes;
  };
  return (start, count, out) => {
    const chunks = index();
    const { place } = chunks;
    const outShape = [count, ...shape.slice(1)];
    const first = Math.floor(start / chunk[0]!);
    const last = Math.floor((start + count - 1) / chunk[0]!);
    const from = firstAt(place, first * perRow);
    const stop = firstAt(place, (last + 1) * perRow);
    if (stop - from < (last + 1 - first) * perRow) fillWith(out, stored.fill);
    for (let k = from; k < stop; k++) {
      const origin = shape.map(() => 0);
      for (let d = shape.length - 1, rest = place[k]!; d >= 0; d--) {
        origin[d] = (rest % grid[d]!) * chunk[d]!;
        rest = Math.floor(rest / grid[d]!);
      }
      const begin = origin.map((o, d) => (d === 0 ? Math.max(o, start) : o));
      const end = origin.map((o, d) =>
        Math.min(o + chunk[d]!, d === 0 ? start + count : shape[d]!),
      );
      copyBox(
        load(chunks, k),
        chunk,
        begin.map((b, d) => b - origin[d]!),
        out,
        outShape,
        begin.map((b, d) => (d === 0 ? b - start : b)),
        end.map((e, d) => e - begin[d]!),
        item,
      );
    }
  };
}
