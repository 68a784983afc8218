/** What a file's stat said when its content id was taken: (size, mtime, ctime, inode) -> id. Knows nothing of tasks. */
import { readFileSync, renameSync, statSync, statfsSync, writeFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import type { ContentId } from '../core/types.ts';

export interface StatCache {
  /** Id of a file whose stat is as it was; undefined when it must be hashed; null when there is no file. */
  look(key: string, path: string): ContentId | undefined | null;
  /** Remembers the id that was taken of a file after `stat`. `key` is the path, with `::/place` behind it for a dataset. */
  remember(key: string, stat: Stats, id: ContentId, hashedAt: number): void;
  forget(key: string): void;
  /** What was remembered of a key: size, mtime, ctime (ms), inode. Undefined when there is nothing, or it cannot be trusted without hashing. */
  row(key: string): readonly [size: number, mtime: number, ctime: number, ino: number] | undefined;
  /** Is the stat the one that was remembered, trusted or not? */
  same(key: string, stat: Stats): boolean;
  /** ms within which a change may not show in a time stamp. */
  readonly racy: number;
  /** Distrust everything (--rehash, or a power cut). */
  clear(): void;
  /** Writes the cache aside and renames it, when something changed. */
  save(): void;
}

const MAGIC = 'tg stat 1';
const WIDTH = 5; // size, mtimeMs, ctimeMs, ino, hashed at (ms)

/** File systems of this machine keep times to a tick of the kernel (10 ms at most); of others nothing is known. */
const LOCAL = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010,
]);
export function racyWindow(folder: string): number {
  try {
    return LOCAL.has(statfsSync(folder).type) ? 20 : 5000;
  } catch {
    return 5000;
  }
}

export const statOf = (path: string): Stats | undefined =>
  statSync(path, { throwIfNoEntry: false });

/** @param racy a file changed less than this many ms before it was hashed may change again within the same time stamp, so it is hashed anew */
export function openStatCache(path: string, racy: number): StatCache {
  let index = new Map<string, number>();
  let numbers = new Float64Array(0);
  let ids: ContentId[] = [];
  let used = 0;
  let changed = false;
  try {
    ({ index, numbers, ids } = decode(readFileSync(path)));
    used = ids.length;
  } catch {
    // No cache, or not one of this format: everything is hashed once more.
  }

  const isAt = (i: number, stat: Stats): boolean => {
    const n = i * WIDTH;
    return (
      numbers[n] === stat.size &&
      numbers[n + 1] === stat.mtimeMs &&
      numbers[n + 2] === stat.ctimeMs &&
      numbers[n + 3] === stat.ino
    );
  };

  return {
    look(key, file) {
      const stat = statOf(file);
      if (stat === undefined) return null;
      const i = index.get(key);
      if (i === undefined || !isAt(i, stat)) return undefined;
      const hashedAt = numbers[i * WIDTH + 4]!;
      return Math.max(stat.mtimeMs, stat.ctimeMs) > hashedAt - racy ? undefined : ids[i];
    },
    same(key, stat) {
      const i = index.get(key);
      return i !== undefined && isAt(i, stat);
    },
    remember(key, stat, id, hashedAt) {
      let i = index.get(key);
      if (i === undefined) {
        i = used++;
        index.set(key, i);
        if (used * WIDTH > numbers.length) {
          const grown = new Float64Array(Math.max(1024, numbers.length * 2, used * WIDTH));
          grown.set(numbers);
          numbers = grown;
        }
      }
      numbers.set([stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, hashedAt], i * WIDTH);
      ids[i] = id;
      changed = true;
    },
    row(key) {
      const i = index.get(key);
      if (i === undefined) return undefined;
      const n = i * WIDTH;
      const [size, mtime, ctime, ino, hashed] = numbers.subarray(n, n + WIDTH) as unknown as [
        number,
        number,
        number,
        number,
        number,
      ];
      return Math.max(mtime, ctime) > hashed - racy ? undefined : [size, mtime, ctime, ino];
    },
    racy,
    forget(key) {
      changed = index.delete(key) || changed;
    },
    clear() {
      index.clear();
      ids = [];
      used = 0;
      changed = true;
    },
    save() {
      if (!changed) return;
      writeFileSync(`${path}.new`, encode(index, numbers, ids));
      renameSync(`${path}.new`, path);
      changed = false;
    },
  };
}

function encode(
  index: ReadonlyMap<string, number>,
  numbers: Float64Array,
  ids: readonly string[],
): Buffer {
  const texts: string[] = [];
  const packed = new Float64Array(index.size * WIDTH);
  let k = 0;
  for (const [key, i] of index) {
    texts.push(key, ids[i]!);
    packed.set(numbers.subarray(i * WIDTH, i * WIDTH + WIDTH), WIDTH * k++);
  }
  const head = `${MAGIC} ${index.size}\n`;
  return Buffer.concat([
    Buffer.from(head.padEnd(32, ' '), 'latin1'),
    Buffer.from(packed.buffer),
    Buffer.from(texts.join('\n')),
  ]);
}

function decode(buffer: Buffer): {
  index: Map<string, number>;
  numbers: Float64Array<ArrayBuffer>;
  ids: string[];
} {
  const match = /^tg stat 1 (\d+)\n *$/.exec(buffer.toString('latin1', 0, 32));
  if (match === null) throw new Error('not a stat cache of this format');
  const n = Number(match[1]);
  const bytes = n * WIDTH * 8;
  const numbers = new Float64Array(
    buffer.buffer.slice(buffer.byteOffset + 32, buffer.byteOffset + 32 + bytes) as ArrayBuffer,
  );
  const texts = n === 0 ? [] : buffer.toString('utf8', 32 + bytes).split('\n');
  if (texts.length !== 2 * n) throw new Error('torn stat cache');
  const index = new Map<string, number>();
  const ids: string[] = [];
  for (let i = 0; i < n; i++) {
    index.set(texts[2 * i]!, i);
    ids.push(texts[2 * i + 1]!);
  }
  return { index, numbers, ids };
}
