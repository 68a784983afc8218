/** What the log and the snapshot say: records folded into entries, unfinished tasks and the history of builds. Reads; writes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import type { LogEntry } from '../core/types.ts';
import { bootId } from './lock.ts';
import { logStamp, readLog } from './log.ts';
import { decodeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** Raised when a reader of an older format could misread the store. */
export const FORMAT = 1;

/** One build of the history. */
export interface BuildRecord {
  build: number;
  /** Unix seconds. */
  time: number;
  targets: readonly string[];
  seconds?: number;
  exit?: number;
  done?: number;
  fresh?: number;
  failed?: number;
}

/** Which try it was, for `tg log`. */
export interface Try {
  build?: number;
  attempt?: number;
  ms?: number;
  worker?: number;
}

/** Last try of a task that did not end well. */
export interface Unfinished extends Try {
  kind: 'failed' | 'interrupted' | 'publishing';
  at: number;
  message?: string;
}

export type LogRecord =
  | { k: 'store'; format: number; tg: string }
  | { k: 'began'; build: number; time: number; boot: string; targets: readonly string[] }
  | {
      k: 'ended';
      build: number;
      seconds: number;
      exit: number;
      done: number;
      fresh: number;
      failed: number;
    }
  | { k: 'publishing'; task: string; at: number }
  | { k: 'done'; entry: LogEntry }
  | ({ k: 'failed' | 'interrupted'; task: string; at: number; message?: string } & Try)
  | { k: 'removed'; task: string };

export interface Records {
  /** Newer than the snapshot; null: what the snapshot says of this task holds no longer. */
  entries: Map<string, LogEntry | null>;
  open: Map<string, Unfinished>;
  history: BuildRecord[];
  snapshot: Snapshot | undefined;
  /** The last build ended with the machine: what the stats say of files is not to be trusted. */
  powerCut: boolean;
  /** Bytes of the log up to the last good record, and behind it. */
  good: number;
  dropped: number;
  /** Tasks that are spoken of there. */
  droppedTasks: number;
  /** Of the log when it was read. */
  stamp: string;
}

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: string;
  readonly try: string;
  constructor(code: string, message: string, fix: string) {
    super(message);
    this.code = code;
    this.try = fix;
  }
}

/** @throws StoreError `store-format` when a newer tg wrote it */
export function readRecords(folder: string, tg: string): Records {
  const stamp = logStamp(`${folder}/log`);
  const { records, tail, good } = readLog(`${folder}/log`);
  const first = records[0] as LogRecord | undefined;
  if (first?.k === 'store' && first.format > FORMAT)
    throw new StoreError(
      'store-format',
      `${folder} was written by tg ${first.tg} (format ${first.format}), this is ${tg} (format ${FORMAT})`,
      'update tg, or another -C',
    );
  const state: Records = {
    entries: new Map(),
    open: new Map(),
    history: [],
    snapshot: readSnapshot(`${folder}/snapshot`),
    powerCut: false,
    good,
    dropped: tail.length,
    droppedTasks: tasksIn(tail),
    stamp,
  };
  for (const record of records as LogRecord[]) fold(state, record);
  return state;
}

/** Tasks named in what may be no whole records any more. */
function tasksIn(tail: Buffer): number {
  const names = tail.toString('utf8').matchAll(/"task":"((?:[^"\\]|\\.)*)"/g);
  return new Set(Array.from(names, ([, name]) => name)).size;
}

/** Of a snapshot that cannot be read nothing is believed: what it held is built again. */
function readSnapshot(path: string): Snapshot | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return decodeSnapshot(readFileSync(path));
  } catch {
    return undefined;
  }
}

export function fold(state: Records, record: LogRecord): void {
  const { entries, open, history } = state;
  switch (record.k) {
    case 'store':
      return;
    case 'began':
      history.push({ build: record.build, time: record.time, targets: record.targets });
      state.powerCut = record.boot !== '' && record.boot !== bootId();
      return;
    case 'ended': {
      const rest: Partial<typeof record> = { ...record };
      delete rest.k;
      const i = history.findIndex((b) => b.build === record.build);
      if (i >= 0) history[i] = { ...history[i]!, ...rest };
      state.powerCut = false;
      return;
    }
    case 'publishing':
      entries.set(record.task, null);
      open.set(record.task, { kind: 'publishing', at: record.at });
      return;
    case 'done':
      entries.set(record.entry.task, record.entry);
      open.delete(record.entry.task);
      return;
    case 'failed':
    case 'interrupted': {
      const { k: kind, task, ...rest } = record;
      open.set(task, { kind, ...rest });
      return;
    }
    case 'removed':
      entries.set(record.task, null);
      open.delete(record.task);
  }
}

/** All entries: the log's over the snapshot's. */
export function* allEntries({ entries, snapshot }: Records): Iterable<LogEntry> {
  for (let i = 0; i < (snapshot?.size ?? 0); i++)
    if (!entries.has(snapshot!.task(i))) yield snapshot!.entry(i);
  for (const entry of entries.values()) if (entry !== null) yield entry;
}

const HISTORY_KEPT = 100;

/** The records of a log that stands beside a snapshot of all entries: the history, and what did not end well. */
export function* remaining(state: Records, tg: string): Iterable<LogRecord> {
  yield { k: 'store', format: FORMAT, tg };
  for (const { build, time, targets, seconds, exit, done, fresh, failed } of state.history.slice(
    -HISTORY_KEPT,
  )) {
    yield { k: 'began', build, time, boot: '', targets };
    if (seconds !== undefined)
      yield {
        k: 'ended',
        build,
        seconds,
        exit: exit!,
        done: done!,
        fresh: fresh!,
        failed: failed!,
      };
  }
  for (const [task, { kind, ...rest }] of state.open)
    yield kind === 'publishing'
      ? { k: 'publishing', task, at: rest.at }
      : { k: kind, task, ...rest };
}
