// Undoes the filters of a chunk: deflate, shuffle, fletcher32. Knows no others.
import { inflateSync } from 'node:zlib';
import { Corrupt } from './cursor.ts';
import type { Filter } from './dataset-header.ts';

/** The plain bytes of a stored chunk. @throws Corrupt when it does not come out right. */
export function unfilter(
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  bytes: number,
): Uint8Array {
  let data = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    const filter = filters[i]!;
    if ((mask & (1 << i)) !== 0) continue;
    if (filter.id === 1) data = inflate(data, bytes + 4 * filters.length);
    else if (filter.id === 2) data = unshuffle(data, filter.values[0] ?? 1);
    else data = checkFletcher(data);
  }
  if (data.length !== bytes) throw new Corrupt('a chunk that unpacks to another size');
  return data;
}

function inflate(data: Uint8Array, most: number): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    throw new Corrupt(`a compressed chunk does not unpack (${(error as Error).message})`);
  }
}

/** Bytes were sorted by their place in the element. */
function unshuffle(data: Uint8Array, size: number): Uint8Array {
  const n = Math.floor(data.length / Math.max(1, size));
  if (size <= 1 || n <= 1) return data;
  const out = new Uint8Array(data.length);
  for (let k = 0, from = 0; k < size; k++)
    for (let i = 0, to = k; i < n; i++, to += size) out[to] = data[from++]!;
  out.set(data.subarray(n * size), n * size);
  return out;
}

/** Fletcher's checksum over big-endian 16-bit words, in the last four bytes. */
function checkFletcher(data: Uint8Array): Uint8Array {
  if (data.length < 4) throw new Corrupt('a chunk without its checksum');
  const end = data.length - 4;
  let a = 0;
  let b = 0;
  for (let at = 0; at < end;) {
    const stop = Math.min(end, at + 720);
    for (; at + 1 < stop; at += 2) {
      a += (data[at]! << 8) | data[at + 1]!;
      b += a;
    }
    if (at < stop) {
      a += data[at++]! << 8;
      b += a;
    }
    a = (a & 0xffff) + (a >>> 16);
    b = (b & 0xffff) + Math.floor(b / 65536);
  }
  a = (a & 0xffff) + (a >>> 16);
  b = (b & 0xffff) + (b >>> 16);
  const low = data[end]! | (data[end + 1]! << 8);
  const high = data[end + 2]! | (data[end + 3]! << 8);
  const swapped = (x: number): number => ((x & 0xff) << 8) | (x >>> 8);
  // libhdf5 accepts the bytes of a sum swapped, too: an old version wrote them so on some machines.
  const same = (stored: number, sum: number): boolean => stored === sum || stored === swapped(sum);
  if (!same(low, a) || !same(high, b)) throw new Corrupt('the checksum of a chunk is wrong');
  return data.subarray(0, end);
}
