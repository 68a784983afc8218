// Objects of global heap collections, for references and values of variable length. Does not know what they mean.
import { Corrupt } from './cursor.ts';
import type { FileBytes } from './file-bytes.ts';
import { checkSeal } from './seal.ts';

/** A collection: its bytes, and where the data of object i start and how long they are. */
export interface Collection {
  bytes: Uint8Array;
  view: DataView;
  starts: Int32Array;
  lengths: Int32Array;
}

/** Collections kept at most, their usual size, and how much is read at once when they are read in order. */
const KEPT = 2048;
const USUAL = 4096;
const AHEAD = 256 * 1024;
/** A collection of more than 1 GiB is damaged. */
const MOST = 2 ** 30;

export interface GlobalHeap {
  collection(address: number): Collection;
  object(address: number, index: number): Uint8Array;
}

export function openGlobalHeap(file: FileBytes): GlobalHeap {
  const kept = new Map<number, Collection>();
  let ahead = new Uint8Array(0);
  let aheadAt = 0;
  const bytesAt = (address: number, length: number): Uint8Array => {
    const from = address - aheadAt;
    if (from < 0 || from + length > ahead.length) {
      // Checked before anything is allocated for it.
      if (!(address + length <= file.size - file.base))
        throw new Corrupt('a heap outside the file');
      const inOrder = address >= aheadAt && address <= aheadAt + ahead.length;
      const want = inOrder ? AHEAD : USUAL;
      const size = Math.max(length, Math.min(want, file.size - file.base - address));
      ahead = new Uint8Array(size);
      file.read(address, ahead);
      aheadAt = address;
      return ahead.subarray(0, length);
    }
    return ahead.subarray(from, from + length);
  };
  const collection = (address: number): Collection => {
    const known = kept.get(address);
    if (known) return known;
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
    const head = bytesAt(address, 16);
    if (
      head[0] !== 0x47 ||
      head[1] !== 0x43 ||
      head[2] !== 0x4f ||
      head[3] !== 0x4c ||
      head[4] !== 1
    )
      throw new Corrupt('no GCOL where one is expected');
    const size = u32(head, 8) + u32(head, 12) * 2 ** 32;
    if (size < 16 || size > MOST) throw new Corrupt('a heap of impossible size');
    const bytes = bytesAt(address, size);
    const made = parse(bytes);
    kept.set(address, made);
    return made;
  };
  return {
    collection,
    object(address, index) {
      const { bytes, starts, lengths } = collection(address);
      const start = starts[index] ?? 0;
      if (start === 0) throw new Corrupt('a heap object that is not there');
      return bytes.subarray(start, start + lengths[index]!);
    },
  };
}

function parse(bytes: Uint8Array): Collection {
  let starts = new Int32Array(128);
  let lengths = new Int32Array(128);
  for (let at = 16; at + 16 <= bytes.length;) {
    const index = bytes[at]! | (bytes[at + 1]! << 8);
    const size = u32(bytes, at + 8) + u32(bytes, at + 12) * 2 ** 32;
    if (index === 0) {
      // Free space reaches to the end and counts its own header.
      if (size !== bytes.length - at) throw new Corrupt('free space of wrong size in a heap');
      checkSeal(bytes, at + 16, 'a heap');
      break;
    }
    if (at + 16 + size > bytes.length) throw new Corrupt('a heap object longer than its heap');
    if (index >= starts.length) {
      const room = Math.min(65536, 2 * index);
      const wider = new Int32Array(room);
      wider.set(starts);
      starts = wider;
      const longer = new Int32Array(room);
      longer.set(lengths);
      lengths = longer;
    }
    if (starts[index] !== 0) throw new Corrupt('two heap objects of one number');
    starts[index] = at + 16;
    lengths[index] = size;
    at += 16 + Math.ceil(size / 8) * 8;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, starts, lengths };
}

function u32(b: Uint8Array, at: number): number {
  return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
}
