// Seals: checksums in the unused tails of structures for which HDF5 has none (version 1 trees, symbol nodes, heap
// collections). libhdf5 ignores them and wipes them when it rewrites a structure, so a seal that is there holds for
// what we wrote, and files of others have none. Does not know the structures.
import { Corrupt } from './cursor.ts';
import { hash32 } from './hash.ts';

/** Bytes of a seal: a mark that is no text and no address, where it was put, the checksum. */
export const SEAL = 12;
const MARK = 0x53_67_74_f5;

/** Seals [from, at) of `bytes` at `at`; `more` is sealed with it. */
export function putSeal(bytes: Uint8Array, from: number, at: number, more?: Uint8Array): void {
  setWord(bytes, at, MARK);
  setWord(bytes, at + 4, at - from);
  setWord(bytes, at + 8, checksum(bytes.subarray(from, at), more));
}

/** @throws Corrupt when a seal that was put at `at` is there and does not fit `bytes` before it. */
export function checkSeal(
  bytes: Uint8Array,
  at: number,
  what: string,
  more?: () => Uint8Array,
): void {
  if (at + SEAL > bytes.length || word(bytes, at) !== MARK) return;
  // libhdf5 moves the free space of a heap, seal and all, when an object before it goes.
  if (word(bytes, at + 4) !== at) return;
  if (word(bytes, at + 8) !== checksum(bytes.subarray(0, at), more?.()))
    throw new Corrupt(`the checksum of ${what} is wrong`);
}

function checksum(bytes: Uint8Array, more?: Uint8Array): number {
  return more === undefined ? hash32(bytes) : (hash32(bytes) ^ hash32(more)) >>> 0;
}

function word(b: Uint8Array, at: number): number {
  return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
}

function setWord(b: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) b[at + i] = value >>> (8 * i);
}
