/** What was made: entries by task, ids of files, the order in which an output is published. Knows nothing of how tasks run or why. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { ContentId, LogEntry } from '../core/types.ts';
import { fileId } from '../content-id.ts';
import { bootId } from './lock.ts';
import { logStamp, openLog } from './log.ts';
import type { Log } from './log.ts';
import { allEntries, FORMAT, fold, readRecords, remaining, StoreError } from './records.ts';
import type { BuildRecord, LogRecord, Try, Unfinished } from './records.ts';
import { encodeSnapshot } from './snapshot.ts';
import type { Contents, Snapshot } from './snapshot.ts';
import { openStatCache, racyWindow, statOf } from './stat-cache.ts';
import type { StatCache } from './stat-cache.ts';
import { syncFiles, writeSynced } from './sync.ts';

export { FORMAT, StoreError } from './records.ts';
export type { BuildRecord, Unfinished } from './records.ts';

export interface Staged {
  /** Path of the staged file and its final path, both absolute. */
  from: string;
  to: string;
}

export interface Store {
  readonly folder: string;
  readonly root: string;
  readonly stats: StatCache;
  /** Bytes after the last good record, dropped when the store was opened. */
  readonly dropped: number;
  /** Tasks that are spoken of in them. */
  readonly droppedTasks: number;
  entry(task: string): LogEntry | undefined;
  /** The part of an entry that summaries tell; cheaper than the whole. */
  contents(task: string): Contents | undefined;
  tasks(): Iterable<string>;
  unfinished(task: string): Unfinished | undefined;
  builds(): readonly BuildRecord[];
  /** To be called once the lock is held: reads again what another writer made since this store was opened. */
  refresh(): void;
  /** Begins the history of a build; the record is written with the first change only. */
  begin(build: Pick<BuildRecord, 'time' | 'targets'>): number;
  /** Publishes one task: `publishing`, renames, `done`. Everything staged must be whole. */
  commit(
    entry: LogEntry,
    staged: readonly Staged[],
    ids: readonly { path: string; key: string; id: ContentId }[],
  ): void;
  failed(task: string, kind: 'failed' | 'interrupted', message: string, which?: Try): void;
  remove(task: string): void;
  end(record: Required<Omit<BuildRecord, 'time' | 'targets' | 'build'>>): void;
  /** Sources of earlier builds: name -> [target, first path]. */
  knownSources(): Map<string, [target: string, path: string][]>;
  /** Remembers the sources of this build; written when they are not as they were. */
  rememberSources(sources: Iterable<{ name: string; target: string; path: string }>): void;
  /** Keeps a copy of a YAML/JSON input by its content id. */
  keepCopy(id: ContentId, path: string): void;
  /** The same for a document that is no file. */
  keepText(id: ContentId, text: string): void;
  copy(id: ContentId): string | undefined;
  /** Writes what is left to write. @throws StoreError `no-space` when the disk is full */
  close(): Promise<void>;
}

const MAX_COPY = 16_000_000;

/** For tests: called between any two steps of a commit, with the name of the step that comes. */
export type Step = 'publishing' | 'rename' | 'done' | 'after';

/**
 * @param write false: nothing is written, not even the folder
 * @throws StoreError `store-format` when a newer tg wrote it
 */
export function openStore(
  root: string,
  folder: string,
  tg: string,
  write: boolean,
  onStep?: (step: Step) => void,
): Store {
  const at = (name: string): string => join(folder, name);
  if (write)
    for (const name of ['artifacts', 'inputs', 'logs', 'stage'])
      mkdirSync(at(name), { recursive: true });

  const openStats = (): StatCache => {
    const cache = openStatCache(at('stat'), racyWindow(existsSync(folder) ? folder : root));
    if (!state.powerCut) return cache;
    cache.clear();
    // A build that is killed before it could save its own cache must not leave this one to the next.
    if (write) rmSync(at('stat'), { force: true });
    return cache;
  };
  let state = readRecords(folder, tg);
  let stats = openStats();

  let log: Log | undefined;
  let begun: { build: number; time: number; targets: readonly string[] } | undefined;
  let written = false;
  /** Nothing is written any more once the log could not be. */
  let broken: StoreError | undefined;
  const toSync = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const folders = new Set<string>();

  const writeRecord = (record: LogRecord): void => {
    if (broken !== undefined) throw broken;
    try {
      if (log === undefined) {
        log = openLog(at('log'), state.good);
        if (state.good === 0) log.append({ k: 'store', format: FORMAT, tg } satisfies LogRecord);
      }
      if (!written && begun !== undefined) {
        log.append({ k: 'began', ...begun, boot: bootId() } satisfies LogRecord);
        written = true;
      }
      log.append(record);
    } catch (error) {
      broken = storeError(error, at('log'));
      throw broken;
    }
    timer ??= setTimeout(() => void flush(), 200);
  };
  /** Death of the process needs no sync; a power cut is what these are for, so they may come a little late. */
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const files = [...toSync];
    toSync.clear();
    try {
      await syncFiles(files);
      await log?.sync();
    } catch (error) {
      broken ??= storeError(error, at('log'));
    }
  };

  return {
    folder,
    root,
    get stats() {
      return stats;
    },
    get droppedTasks() {
      return state.droppedTasks;
    },
    get dropped() {
      return state.dropped;
    },
    entry: (task) => recorded(task, 'entry'),
    contents: (task) => recorded(task, 'contents'),
    *tasks() {
      const { entries, snapshot } = state;
      for (const [task, entry] of entries) if (entry !== null) yield task;
      for (let i = 0; i < (snapshot?.size ?? 0); i++)
        if (!entries.has(snapshot!.task(i))) yield snapshot!.task(i);
    },
    unfinished: (task) => state.open.get(task),
    builds: () => state.history,
    refresh() {
      if (log !== undefined || logStamp(at('log')) === state.stamp) return;
      state = readRecords(folder, tg);
      stats = openStats();
    },
    begin(build) {
      begun = { build: (state.history.at(-1)?.build ?? 0) + 1, ...build };
      return begun.build;
    },
    commit(entry, staged, ids) {
      onStep?.('publishing');
      publish({ k: 'publishing', task: entry.task, at: Math.round(Date.now() / 1000) });
      for (const { from, to } of staged) {
        onStep?.('rename');
        const parent = dirname(to);
        if (!folders.has(parent)) {
          mkdirSync(parent, { recursive: true });
          folders.add(parent);
        }
        markTime(from);
        renameSync(from, to);
        toSync.add(to);
      }
      onStep?.('done');
      publish({ k: 'done', entry });
      const now = Date.now();
      for (const { path, key, id } of ids) {
        const stat = statOf(path);
        if (stat !== undefined) stats.remember(key, stat, id, now + 1000);
      }
      onStep?.('after');
    },
    failed(task, kind, message, which = {}) {
      publish({ k: kind, task, at: Math.round(Date.now() / 1000), message, ...which });
    },
    remove(task) {
      publish({ k: 'removed', task });
    },
    end(record) {
      if (!written || begun === undefined || broken !== undefined) return;
      fold(state, { k: 'began', ...begun, boot: '' });
      publish({ k: 'ended', build: begun.build, ...record });
    },
    knownSources() {
      const known = new Map<string, [string, string][]>();
      let text: string;
      try {
        text = readFileSync(at('sources'), 'utf8');
      } catch {
        return known;
      }
      for (const line of text.split('\n')) {
        const [name, target, path] = line.split('\t') as [string, string?, string?];
        if (target === undefined || path === undefined) continue;
        const list = known.get(name);
        if (list === undefined) known.set(name, [[target, path]]);
        else list.push([target, path]);
      }
      return known;
    },
    rememberSources(sources) {
      const lines: string[] = [];
      for (const { name, target, path } of sources) lines.push(`${name}\t${target}\t${path}\n`);
      const text = lines.join('');
      if (existsSync(at('sources')) && readFileSync(at('sources'), 'utf8') === text) return;
      keep(at('sources'), Buffer.from(text), () => true);
    },
    keepCopy(id, path) {
      const copy = at(join('inputs', id));
      if (!/\.(json|ya?ml)$/.test(path) || existsSync(copy)) return;
      const stat = statOf(path);
      if (stat === undefined || stat.size > MAX_COPY) return;
      keep(copy, readFileSync(path), () => fileId(`${copy}.new`) === id);
    },
    keepText(id, text) {
      const copy = at(join('inputs', id));
      if (!existsSync(copy) && text.length <= MAX_COPY) keep(copy, Buffer.from(text), () => true);
    },
    copy(id) {
      const copy = at(join('inputs', id));
      return existsSync(copy) ? copy : undefined;
    },
    async close() {
      if (!write) return;
      await flush();
      clearTimeout(timer);
      try {
        if (broken === undefined && log !== undefined && log.size() > compactAt()) compact();
        stats.save();
      } catch {
        // Both can be made again from what stands in the log and on the disk.
        for (const name of ['snapshot.new', 'log.new', 'stat.new'])
          rmSync(at(name), { force: true });
      }
      log?.close();
      if (broken !== undefined) throw broken;
    },
  };

  /** What the log says of a task stands before what the snapshot says. */
  function recorded<K extends 'entry' | 'contents'>(
    task: string,
    what: K,
  ): LogEntry | ReturnType<Snapshot[K]> | undefined {
    const { entries, snapshot } = state;
    const entry = entries.get(task);
    if (entry !== undefined) return entry ?? undefined;
    const i = snapshot?.find(task);
    return i === undefined ? undefined : (snapshot![what](i) as ReturnType<Snapshot[K]>);
  }

  function publish(record: LogRecord): void {
    writeRecord(record);
    fold(state, record);
  }

  /** @param whole the file may have changed since its id was taken; a copy under a wrong id would tell lies */
  function keep(copy: string, bytes: Buffer, whole: () => boolean): void {
    try {
      writeFileSync(`${copy}.new`, bytes);
      if (whole()) renameSync(`${copy}.new`, copy);
      else rmSync(`${copy}.new`);
    } catch {
      // Without a copy a difference is told without its values.
      rmSync(`${copy}.new`, { force: true });
    }
  }

  function compactAt(): number {
    return Math.max(65_536, (statOf(at('snapshot'))?.size ?? 0) / 2);
  }

  /** Snapshot first, log after: replaying the old log over the new snapshot ends in the same state. */
  function compact(): void {
    writeSynced(at('snapshot.new'), encodeSnapshot(allEntries(state)));
    renameSync(at('snapshot.new'), at('snapshot'));
    rmSync(at('log.new'), { force: true });
    const fresh = openLog(at('log.new'), 0);
    for (const record of remaining(state, tg)) fresh.append(record);
    fresh.syncNow();
    fresh.close();
    renameSync(at('log.new'), at('log'));
  }
}

/**
 * A published file gets a time of modification that no clock tick gives (whole milliseconds): who edits it within the tick in which
 * it was published changes that time all the same.
 */
function markTime(path: string): void {
  try {
    const { atimeMs, mtimeMs } = statSync(path);
    utimesSync(path, atimeMs / 1000, Math.floor(mtimeMs) / 1000);
  } catch {
    // Not ours to touch: the racy rule alone must do.
  }
}

function storeError(error: unknown, path: string): StoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC')
    return new StoreError('no-space', `${path}: no space left`, 'make room, then the same build');
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new StoreError('no-access', `${path}: cannot be written`, 'chmod u+w, or another -C');
  return new StoreError(
    'no-access',
    `${path}: ${message}`,
    'look at the disk, then the same build',
  );
}

/** A path as it stands in records: relative to the root where below it. */
export const below = (root: string, path: string): string =>
  path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
export const absolute = (root: string, path: string): string =>
  isAbsolute(path) ? path : `${root}/${path}`;
