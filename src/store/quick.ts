/**
 * The quick answer: "everything this build was made of stats as it did when all of it was fresh". A file per question asked, of
 * nothing but stats; whatever it cannot vouch for is decided the ordinary way. Knows no tasks.
 */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** What the answer depends on beside the stats of `paths`. */
export interface QuickQuestion {
  tg: string;
  words: readonly string[];
  /** Where path words were read from. */
  cwd: string;
}

export interface QuickAnswer {
  tasks: number;
  /** Paths printed into a pipe, relative to the root. */
  files: readonly string[];
  /** Declared environment and its values then. */
  environment: { readonly [name: string]: string | null };
  /** The first so many paths, and the last `RECORDS`, decide what the tasks are; those between belong to single tasks. */
  decisive: number;
}

/** Log and snapshot stand last. */
export const RECORDS = 2;

/** What a quick answer vouches for: paths relative to the root or absolute, four numbers of a stamp for each. */
export interface QuickList {
  answer: QuickAnswer;
  paths: readonly string[];
  stamps: Float64Array;
}

/** Yes; or no, with all paths that are not as they were, when they belong to single tasks; or nothing can be said. */
export type QuickReply =
  { fresh: QuickAnswer } | { changed: readonly string[]; list: QuickList } | undefined;

/** More changed paths than this are decided the ordinary way as a whole. */
const MANY = 1000;

/** size, mtime, ctime (ms), inode; size -1: not there. */
export type Stamp = readonly [size: number, mtime: number, ctime: number, ino: number];

/** Numbers of a stamp. */
export const WIDTH = 4;
const HEAD = 'tg quick 1 ';
/** Questions kept; the oldest go. */
const KEPT = 8;

const nameOf = (question: QuickQuestion): string =>
  createHash('sha256').update(JSON.stringify(question)).digest('hex').slice(0, 16);

export function saveQuick(
  folder: string,
  question: QuickQuestion,
  { answer, paths, stamps }: QuickList,
): void {
  const at = join(folder, 'quick');
  mkdirSync(at, { recursive: true });
  const old = readdirSync(at).map((name) => ({ name, time: statSync(join(at, name)).mtimeMs }));
  old.sort((a, b) => b.time - a.time);
  for (const { name } of old.slice(KEPT - 1)) rmSync(join(at, name), { force: true });
  const head = Buffer.from(`${HEAD}${JSON.stringify(answer)}\n`);
  const pad = Buffer.alloc((8 - ((head.length + 8) % 8)) % 8);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(head.length + pad.length, 0);
  lengths.writeUInt32LE(paths.length, 4);
  const file = join(at, nameOf(question));
  const numbers = Buffer.from(stamps.buffer, stamps.byteOffset, paths.length * WIDTH * 8);
  writeFileSync(
    `${file}.new`,
    Buffer.concat([lengths, head, pad, numbers, Buffer.from(paths.join('\n'))]),
  );
  renameSync(`${file}.new`, file);
}

/** Changes with every record that is written. */
export function logStamp(folder: string): string {
  const stat = statSync(join(folder, 'log'), { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.size} ${stat.mtimeMs} ${stat.ino}`;
}

/** Compares every stat with what it was. One stat a path and no other look at the disk. */
export function quickAnswer(root: string, folder: string, question: QuickQuestion): QuickReply {
  let buffer: Buffer;
  try {
    buffer = readFileSync(join(folder, 'quick', nameOf(question)));
  } catch {
    return undefined;
  }
  const head = buffer.readUInt32LE(0);
  const n = buffer.readUInt32LE(4);
  const start = 8 + head;
  const text = buffer.toString('utf8', 8, start);
  if (!text.startsWith(HEAD)) return undefined;
  const answer = JSON.parse(text.slice(HEAD.length, text.indexOf('\n'))) as QuickAnswer;
  for (const [name, value] of Object.entries(answer.environment))
    if ((process.env[name] ?? null) !== value) return undefined;
  const stamps = new Float64Array(
    buffer.buffer.slice(buffer.byteOffset + start, buffer.byteOffset + start + n * WIDTH * 8),
  );
  const paths: string[] = buffer.toString('utf8', start + n * WIDTH * 8).split('\n');
  if (paths.length !== n) return undefined;
  const base = `${root}/`;
  const changed: string[] = [];
  for (let i = 0, k = 0; i < n; i++, k += WIDTH) {
    const path = paths[i]!;
    const stat = statSync(path.charCodeAt(0) === 47 ? path : base + path, {
      throwIfNoEntry: false,
    });
    const same =
      stat === undefined
        ? stamps[k] === -1
        : stamps[k] === stat.size &&
          stamps[k + 1] === stat.mtimeMs &&
          stamps[k + 2] === stat.ctimeMs &&
          stamps[k + 3] === stat.ino;
    if (same) continue;
    if (i < answer.decisive || i >= n - RECORDS || changed.length >= MANY) return undefined;
    changed.push(path);
  }
  return changed.length === 0 ? { fresh: answer } : { changed, list: { answer, paths, stamps } };
}
