/** What tg has made of given tasks, and its removal: files, sidecars, records, logs. Never a source, never what tg did not make. */
import { existsSync, readdirSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Source, TargetName, Task } from './core/types.ts';
import { absolute } from './store/store.ts';
import type { Store } from './store/store.ts';
import { logPath, readTaskLogs } from './task-log.ts';

/** What must be known of a task to remove what it made. */
export type Cleaned = Pick<Task, 'id' | 'outputs' | 'procedure'>;

export interface Removed {
  task: string;
  files: number;
  bytes: number;
}

/** Absolute paths of all files that are sources: they are left alone whatever a record says. */
export function sourcePaths(root: string, sources: ReadonlyMap<TargetName, Source>): Set<string> {
  const paths = new Set<string>();
  for (const { files } of sources.values())
    for (const { path } of files) paths.add(absolute(root, path));
  return paths;
}

/**
 * Files of a task that tg made: those of its record; where it died while publishing, those it may have published.
 * The sidecar of a product goes with it.
 */
function filesOf(store: Store, task: Cleaned, keep: ReadonlySet<string>): string[] {
  const entry = store.entry(task.id);
  const paths =
    entry !== undefined
      ? entry.outputs.map(([, path]) => path)
      : store.unfinished(task.id)?.kind === 'publishing'
        ? task.outputs.map(({ path }) => path)
        : [];
  const all = paths.map((path) => absolute(store.root, path)).flatMap((p) => [p, `${p}.tg.json`]);
  return [...new Set(all)].filter((path) => !keep.has(path) && existsSync(path));
}

/** Removes folders that became empty, upwards, but not `top` itself. */
function pruneFolders(from: string, top: string): void {
  for (let at = from; at.startsWith(`${top}/`); at = dirname(at)) {
    try {
      if (readdirSync(at).length > 0) return;
      rmdirSync(at);
    } catch {
      return;
    }
  }
}

/** Files first, the record after: whoever dies in between is stale, never falsely fresh. @returns undefined when there was nothing */
export function cleanTask(
  store: Store,
  task: Cleaned,
  keep: ReadonlySet<string>,
  tops: readonly string[],
): Removed | undefined {
  const files = filesOf(store, task, keep);
  const recorded = store.entry(task.id) !== undefined || store.unfinished(task.id) !== undefined;
  if (files.length === 0 && !recorded) return undefined;
  let bytes = 0;
  for (const path of files) {
    bytes += statSync(path).size;
    rmSync(path);
    for (const top of tops) pruneFolders(dirname(path), top);
  }
  for (const { attempt } of readTaskLogs(store.folder, task.id)) {
    const path = logPath(store.folder, task.id, attempt);
    rmSync(path, { force: true });
    pruneFolders(dirname(path), join(store.folder, 'logs'));
  }
  store.remove(task.id);
  return { task: task.id, files: files.length, bytes };
}
