/** Content ids: size and two XXH64 of bytes. Knows files and bytes, not what they mean. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';
import xxhash from 'xxhash-wasm';
import type { ContentId } from './core/types.ts';

const { create64 } = await xxhash();
/** Second seed of the pair. */
const SEED = 0x9e3779b97f4a7c15n;
const BLOCK = 256 * 1024;
let block: Buffer | undefined;

const idOf = (a: bigint, b: bigint, size: number): ContentId =>
  `${a.toString(16).padStart(16, '0')}${b.toString(16).padStart(16, '0')}.${size}`;

export function bytesId(bytes: Uint8Array): ContentId {
  return idOf(
    create64().update(bytes).digest(),
    create64(SEED).update(bytes).digest(),
    bytes.length,
  );
}

/** Id of the bytes of a file, read once through one reused buffer. */
export function fileId(path: string): ContentId {
  const fd = openSync(path, 'r');
  try {
    block ??= Buffer.allocUnsafe(BLOCK);
    const a = create64();
    const b = create64(SEED);
    let size = 0;
    for (;;) {
      const n = readSync(fd, block, 0, BLOCK, null);
      if (n === 0) break;
      const part = block.subarray(0, n);
      a.update(part);
      b.update(part);
      size += n;
    }
    return idOf(a.digest(), b.digest(), size);
  } catch (error) {
    throw Object.assign(error as Error, { path });
  } finally {
    closeSync(fd);
  }
}

/** For terabytes (`hash: fast`): size, mtime, first and last MB. */
export function fastFileId(path: string): ContentId {
  const MB = 1_000_000;
  const fd = openSync(path, 'r');
  try {
    const stat = fstatSync(fd);
    const head = Buffer.alloc(Math.min(MB, stat.size));
    readSync(fd, head, 0, head.length, 0);
    const tail = Buffer.alloc(Math.min(MB, stat.size));
    readSync(fd, tail, 0, tail.length, Math.max(0, stat.size - MB));
    const mtime = Buffer.from(`fast ${stat.size} ${stat.mtimeMs}`);
    const hash = (seed?: bigint): bigint =>
      create64(seed).update(mtime).update(head).update(tail).digest();
    return idOf(hash(), hash(SEED), stat.size);
  } catch (error) {
    throw Object.assign(error as Error, { path });
  } finally {
    closeSync(fd);
  }
}

/** One id of several files of one target, in order. */
export function combinedId(ids: readonly ContentId[]): ContentId {
  return ids.length === 1 ? ids[0]! : bytesId(Buffer.from(ids.join('\n')));
}

export const sha256 = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex');

/** Of the values a run read, when they are many. */
export const traceHash = (data: string | Uint8Array): string => sha256(data).slice(0, 32);
