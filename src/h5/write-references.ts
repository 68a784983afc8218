// Relations as region references, millions per second: heap objects and their 12-byte pointers straight into
// buffers (specs/hdf5-proofs.md section 1). Does not know groups or headers.
import { ByteWriter } from './byte-writer.ts';
import type { DataHash } from './canonical.ts';
import { referenceHash } from './reference-hash.ts';
import { putSelection } from './selection.ts';
import type { HeapWriter } from './write-heap.ts';
import type { Sink } from './write-sink.ts';

/**
 * A relation, sorted by parent: each entry is the half-open run [start, stop) of child rows that belongs to
 * row `parent`; several runs of one parent ascend and do not touch.
 */
export interface Runs {
  parent: Uint32Array;
  start: Uint32Array;
  stop: Uint32Array;
}

/** @throws RangeError saying which run breaks which rule. */
export function checkRuns(runs: Runs, parentRows: number, childRows = 2 ** 32): void {
  const { parent, start, stop } = runs;
  if (start.length !== parent.length || stop.length !== parent.length)
    throw new RangeError('parent, start and stop of a relation have different lengths');
  for (let i = 0; i < parent.length; i++) {
    const p = parent[i]!;
    if (p >= parentRows) throw new RangeError(`run ${i}: parent row ${p} of ${parentRows}`);
    if (start[i]! >= stop[i]!) throw new RangeError(`run ${i}: is empty or backwards`);
    if (stop[i]! > childRows)
      throw new RangeError(`run ${i}: reaches child row ${stop[i]! - 1} of ${childRows}`);
    if (i === 0 || p > parent[i - 1]!) continue;
    if (p < parent[i - 1]!) throw new RangeError(`run ${i}: parents are not sorted`);
    if (start[i]! <= stop[i - 1]!)
      throw new RangeError(`run ${i}: touches or precedes the run before it`);
  }
}

/** Entries per chunk of `ref` and `ref_valid`, as h5flow has it. */
export const REFERENCE_CHUNK = 1024;

/** Writes the references of all parents; returns the addresses of the chunks of `ref`. */
export function writeReferences(
  sink: Sink,
  heap: HeapWriter,
  runs: Runs,
  parentRows: number,
  target: { path: string; address: number },
  hash: DataHash,
): number[] {
  const chunkBytes = 12 * REFERENCE_CHUNK;
  const chunks = Math.ceil(parentRows / REFERENCE_CHUNK);
  const base = sink.allocate(chunks * chunkBytes);
  const window = new Uint32Array(3 * REFERENCE_CHUNK * Math.min(chunks, 64));
  const canonical = referenceHash(hash);
  const low = target.address % 2 ** 32;
  const high = Math.floor(target.address / 2 ** 32);
  const { parent, start, stop } = runs;
  let written = 0;
  let at = 0;
  for (let row = 0, i = 0; row < parentRows; row++, at += 3) {
    if (at === window.length) {
      sink.write(base + written, new Uint8Array(window.buffer));
      written += window.byteLength;
      window.fill(0);
      at = 0;
    }
    const first = i;
    while (i < parent.length && parent[i] === row) i++;
    canonical.runs(i === first ? undefined : target.path, start, stop, first, i);
    if (i === first) continue;
    putObject(heap, start, stop, first, i, low, high);
    window[at] = heap.address % 2 ** 32;
    window[at + 1] = Math.floor(heap.address / 2 ** 32);
    window[at + 2] = heap.index;
  }
  canonical.flush();
  if (at > 0) sink.write(base + written, new Uint8Array(window.buffer, 0, 4 * at));
  return Array.from({ length: chunks }, (_, i) => base + i * chunkBytes);
}

const regular = new ByteWriter(64);

/** One heap object: address of the target, then a slab of version 1, or 2 where a constant stride makes it shorter. */
function putObject(
  heap: HeapWriter,
  start: Uint32Array,
  stop: Uint32Array,
  first: number,
  end: number,
  low: number,
  high: number,
): void {
  const n = end - first;
  if (n > 3 && isRegular(start, stop, first, end)) {
    const blocks: number[] = [];
    for (let i = first; i < end; i++) blocks.push(start[i]!, stop[i]!);
    regular.clear();
    putSelection(regular, { kind: 'blocks', rank: 1, blocks });
    const at = heap.reserve(8 + regular.length);
    heap.words[at >> 2] = low;
    heap.words[(at >> 2) + 1] = high;
    heap.bytes.set(regular.written(), at + 8);
    return;
  }
  const at = heap.reserve(32 + 8 * n) >> 2;
  const words = heap.words;
  words[at] = low;
  words[at + 1] = high;
  words[at + 2] = 2;
  words[at + 3] = 1;
  words[at + 5] = 8 + 8 * n;
  words[at + 6] = 1;
  words[at + 7] = n;
  for (let i = first, w = at + 8; i < end; i++) {
    words[w++] = start[i]!;
    words[w++] = stop[i]! - 1;
  }
}

function isRegular(start: Uint32Array, stop: Uint32Array, first: number, end: number): boolean {
  const length = stop[first]! - start[first]!;
  const stride = start[first + 1]! - start[first]!;
  for (let i = first + 1; i < end; i++)
    if (stop[i]! - start[i]! !== length || start[i]! - start[i - 1]! !== stride) return false;
  return true;
}
