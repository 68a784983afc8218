/** One writer per store: a lock file that says who holds it, and detects the dead. Knows nothing of what is locked. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Holder {
  pid: number;
  host: string;
  /** Start of the process in clock ticks since boot, so that a reused pid is not taken for the holder. */
  start: string;
  boot: string;
  /** Unix seconds. */
  since: number;
}

export interface Lock {
  /** Writes the progress into the lock file, for readers. */
  progress(done: number, tasks: number): void;
  release(): void;
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

export const bootId = (): string => read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
const startOf = (pid: number): string | undefined =>
  read(`/proc/${pid}/stat`)?.split(') ')[1]?.split(' ')[19];

/** Who holds the lock now; a dead holder counts as nobody. */
export function holder(path: string): Holder | undefined {
  const text = read(path);
  if (text === undefined) return undefined;
  let found: Holder;
  try {
    found = JSON.parse(text) as Holder;
  } catch {
    return undefined; // torn while it was written: the writer is gone or not there yet
  }
  if (found.host !== hostname()) return found; // cannot be looked at from here
  if (found.boot !== '' && found.boot !== bootId()) return undefined;
  const start = startOf(found.pid);
  if (start !== undefined) return start === found.start ? found : undefined;
  if (found.start !== '') return undefined;
  try {
    process.kill(found.pid, 0);
    return found;
  } catch {
    return undefined;
  }
}

/** Takes the lock, or tells who has it. A dead holder's lock is taken over. */
export function takeLock(path: string): Lock | Holder {
  const me: Holder = {
    pid: process.pid,
    host: hostname(),
    start: startOf(process.pid) ?? '',
    boot: bootId(),
    since: Date.now() / 1000,
  };
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(me));
  try {
    for (let tries = 0; tries < 200; tries++) {
      try {
        // link() is atomic and fails when the name exists, on network file systems, too.
        linkSync(mine, path);
        return held(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const other = holder(path);
      if (other !== undefined) return other;
      if (takeOver(path, mine)) return held(path);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
    throw new Error(`${path}: the lock cannot be taken`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * Puts one's own file in the place of a dead holder's. Who may do so holds a lock of its own: of two who see the same dead holder
 * only one replaces it, and the other then sees the living one.
 */
function takeOver(path: string, mine: string): boolean {
  const guard = takeLock(`${path}.take`);
  if (!('release' in guard)) return false;
  try {
    if (read(path) === undefined || holder(path) !== undefined) return false;
    renameSync(mine, path);
    return true;
  } finally {
    guard.release();
  }
}

/** How far the holder's build is, for those who wait. Beside the lock: the lock itself is never rewritten. */
export function progressOf(path: string): { done: number; tasks: number } | undefined {
  try {
    return JSON.parse(read(`${path}.progress`) ?? '') as { done: number; tasks: number };
  } catch {
    return undefined;
  }
}

function held(path: string): Lock {
  return {
    progress: (done, tasks) => writeFileSync(`${path}.progress`, JSON.stringify({ done, tasks })),
    release() {
      rmSync(`${path}.progress`, { force: true });
      rmSync(path, { force: true });
    },
  };
}
