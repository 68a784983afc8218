/** Folders in which tries of tasks write before anything is published. Knows paths, not what is written. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Stages {
  /** A new folder for one try, on the file system of `target` so that a rename publishes. */
  make(target: string): string;
  /** Takes back a folder whose outputs were published. `again`: nothing can still write in it, so the next try may have it. */
  release(stage: string, again: boolean): void;
  /** Removes all of them. */
  close(): void;
}

/**
 * Empties what an earlier build left behind. The lock of the store must be held.
 * @param build folder of products, where they are staged when it lies on another file system
 */
export function openStages(store: string, build: string): Stages {
  const own = join(store, 'stage');
  // No name is used twice: what a killed build's command still writes can never be taken for this build's.
  const prefix = `${process.pid}-${Date.now().toString(36)}`;
  const roots = new Set<string>();
  const byFolder = new Map<string, string>();
  const free = new Map<string, string[]>();
  let n = 0;
  const open = (root: string): string => {
    if (roots.has(root)) return root;
    roots.add(root);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    return root;
  };
  open(own);
  const home = deviceOf(own);
  const elsewhere = `.tg-stage-${createHash('sha256').update(store).digest('hex').slice(0, 8)}`;
  return {
    make(target) {
      const folder = dirname(target);
      let root = byFolder.get(folder);
      if (root === undefined) {
        root =
          deviceOf(folder) === home
            ? own
            : open(join(folder.startsWith(`${build}/`) ? build : folder, elsewhere));
        byFolder.set(folder, root);
      }
      const empty = free.get(root)?.pop();
      if (empty !== undefined) return empty;
      const stage = join(root, `${prefix}-${++n}`);
      mkdirSync(stage, { recursive: true });
      return stage;
    },
    // Removing and making a folder for each task is dear: ext4 looks past every inode that was freed in the last seconds.
    release(stage, again) {
      if (again && readdirSync(stage).length === 0) {
        const root = dirname(stage);
        free.set(root, [...(free.get(root) ?? []), stage]);
      } else rmSync(stage, { recursive: true, force: true });
    },
    close() {
      for (const root of roots) rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Of the folder, or of the nearest above it that is there. */
function deviceOf(folder: string): number {
  for (let at = folder; ; at = dirname(at)) {
    const stat = statSync(at, { throwIfNoEntry: false });
    if (stat !== undefined) return stat.dev;
  }
}
