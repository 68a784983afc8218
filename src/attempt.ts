/** All tries of one stale task, and the commit of the one that ends well. Knows one task; nothing of what else is to run. */
import type { Stats } from 'node:fs';
import PQueue from 'p-queue';
import { canonical } from './core/canonical.ts';
import { isDocumentOf } from './core/trace.ts';
import type {
  BuildEvent,
  Json,
  LogEntry,
  Plan,
  Reason,
  TargetName,
  Task,
  TaskFailure,
} from './core/types.ts';
import { JobFailure } from './execute/threads.ts';
import type { Workers } from './execute/threads.ts';
import { failureOf } from './failure.ts';
import { hashUnknown } from './hash-unknown.ts';
import { runTask } from './run-task.ts';
import type { Ran } from './run-task.ts';
import type { Stages } from './stages.ts';
import { bytesId } from './content-id.ts';
import { statOf } from './store/stat-cache.ts';
import { absolute } from './store/store.ts';
import { inputIds, scannedFile, UNSCANNED, watchedFiles } from './verdict.ts';
import type { InputIds } from './verdict.ts';
import type { Workspace } from './workspace.ts';

export interface AttemptOptions {
  ws: Workspace;
  plan: Plan;
  task: Task;
  workers: Workers;
  stages: Stages;
  /** Number of the build. */
  build: number;
  reasons: readonly Reason[];
  /** Ids of what was made or found fresh. */
  made: Parameters<typeof inputIds>[3];
  /** Further notes for the record. */
  notes: LogEntry['notes'];
  tries: number;
  /** Seconds. */
  timeout: number | undefined;
  signal: AbortSignal;
  report(event: BuildEvent): void;
}

export type Outcome =
  /** `found`: it scanned a source, and found all as it was. */
  | { state: 'done'; entry: LogEntry; found: boolean }
  | { state: 'failed'; failure: TaskFailure; ms: number; attempts: number }
  /** Stopped from outside; nothing was published. */
  | { state: 'stopped'; message: string };

/** Seconds before the next try: 2, 4, 8 .. */
const pause = (attempt: number): number => 2 ** attempt;

/** @throws what is no failure of the task: a bug, or a store that cannot be written */
export async function attempt(options: AttemptOptions): Promise<Outcome> {
  const { ws, task, tries, signal } = options;
  const watched = watchedFiles(ws, options.plan, task);
  for (let n = 1; ; n++) {
    if (signal.aborted) return { state: 'stopped', message: 'stopped' };
    const started = Date.now();
    let ran: Ran;
    const scanned = scannedFiles(options);
    try {
      ws.facts.refresh(watched.read);
      const inputs = await takeInputs(options);
      ran = await runTask({ ...options, inputs, watched, attempt: n });
    } catch (error) {
      const failure = failureOf(error);
      if (signal.aborted) return { state: 'stopped', message: failure.message };
      const ms = Date.now() - started;
      if (n >= tries) return { state: 'failed', failure, ms, attempts: n };
      const wait = pause(n);
      options.report({ type: 'retry', task, attempt: n, attempts: tries, failure, wait });
      await sleep(wait * 1000, signal);
      continue;
    }
    try {
      return { state: 'done', ...commit(options, ran, started, scanned) };
    } catch (error) {
      const failure = failureOf(error);
      return { state: 'failed', failure, ms: Date.now() - started, attempts: n };
    } finally {
      options.stages.release(ran.stage, task.kind !== 'command');
    }
  }
}

/** Ids of the inputs as they are now; what must be hashed is hashed in the place of this task's worker. */
async function takeInputs(options: AttemptOptions): Promise<InputIds> {
  const { ws, plan, task, made, workers, signal } = options;
  let found = inputIds(ws, plan, task, made, { reading: true });
  if (found === 'unknown') {
    const alone = new PQueue({ concurrency: 1 });
    const unknown = ws.facts.unknown();
    const failed = await hashUnknown(ws.root, ws.facts, unknown, workers, alone, signal);
    if (failed.length > 0) throw failed[0]!.error;
    found = inputIds(ws, plan, task, made, { reading: true });
  }
  if (found === 'unknown')
    throw new JobFailure({
      code: 'input-changed',
      message: `the inputs of ${task.id} change all the time`,
      try: 'build again when they are written',
    });
  const gone = found.missing[0];
  if (gone === undefined) return found.ids;
  const source = plan.sources.get(gone);
  throw new JobFailure({
    code: 'no-file',
    message:
      source === undefined
        ? `${gone} is not there`
        : `${source.archived ? 'archived ' : ''}source ${gone} is not here: ${source.files.map((f) => ws.shown(f.path)).join(' ')}`,
    try: source === undefined ? `tg build ${gone}` : 'bring it back',
  });
}

/** Files that the task is about to scan, with their stats. */
function scannedFiles({ ws, plan, task }: AttemptOptions): Scanned[] {
  return task.inputs.flatMap(({ targets, scanned }) =>
    (scanned === true ? targets : []).flatMap((target) => {
      const file = scannedFile(plan, task, target);
      const stat = file && statOf(absolute(ws.root, file.path));
      return stat === undefined ? [] : [{ target, key: file!.key, stat }];
    }),
  );
}

interface Scanned {
  target: TargetName;
  key: string;
  stat: Stats;
}

function commit(
  options: AttemptOptions,
  ran: Ran,
  started: number,
  scanned: readonly Scanned[],
): { entry: LogEntry; found: boolean } {
  const { ws, task, reasons } = options;
  const { store } = ws;
  // What was scanned is known by what was found in it.
  const found = ran.result.outputs[0]!.id;
  for (const { key, stat } of scanned) store.stats.remember(key, stat, found, started);
  const old = store.entry(task.id);
  const entry: LogEntry = {
    task: task.id,
    type: task.procedure.type,
    code: ws.codeOf(task),
    inputs: ran.inputs.map(([target, id]) => [target, id === UNSCANNED ? found : id] as const),
    outputs: task.outputs.map(({ target, path }) => {
      const made = ran.result.outputs.find((r) => r.target === target)!;
      return [target, path, made.id, made.rows] as const;
    }),
    trace: ran.result.trace.map((t) => keepRead(ws, task, t)),
    reason: ran.reason(reasons),
    counts: ran.result.counts,
    lost: ran.result.lost,
    notes: [...ran.result.notes, ...options.notes],
    started: Math.round(started / 1000),
    ms: Date.now() - started,
    build: options.build,
    tg: ran.tg,
  };
  const files = task.outputs.map(({ path, place }, k) => ({
    path: absolute(ws.root, path),
    key: place === '' ? path : `${path}::${place}`,
    id: entry.outputs[k]![2],
  }));
  store.commit(entry, ran.staged, files);
  for (const [k, { path, place }] of task.outputs.entries())
    ws.facts.published(path, place, files[k]!.id);
  const before = new Map(old?.outputs.map(([target, , id]) => [target, id]));
  const same =
    before.size === entry.outputs.length &&
    entry.outputs.every(([target, , id]) => before.get(target) === id);
  if (old !== undefined && !same && !task.procedure.always && sameWork(old, entry))
    options.report({
      type: 'diagnostic',
      diagnostic: {
        severity: 'warning',
        code: 'unstable',
        message: `${task.id} made other content from the same inputs`,
        try: 'no clock or unseeded random numbers; use rng',
      },
    });
  const bytes = ran.result.outputs.map((o) => o.bytes);
  const isFound = same && scanned.length > 0;
  if (!isFound) options.report({ type: 'done', task, entry, same, reasons, bytes });
  return { entry, found: isFound };
}

/** Keeps a copy of the document that a trace speaks of, so that a later difference can be told in values. */
function keepRead(ws: Workspace, task: Task, trace: LogEntry['trace'][number]): typeof trace {
  if (isDocumentOf(trace, 'param') && trace.bits !== undefined) {
    const text = canonical(task.params);
    const id = bytesId(Buffer.from(text));
    ws.store.keepText(id, text);
    return { ...trace, id };
  }
  const file = task.files[trace.name]?.path;
  if (typeof trace.id === 'string' && typeof file === 'string') ws.store.keepCopy(trace.id, file);
  return trace;
}

/** The same code, inputs, outputs and values read: whatever differs now is the task's own doing. */
const sameWork = (a: LogEntry, b: LogEntry): boolean => {
  const work = ({ type, code, inputs, outputs, trace }: LogEntry): string =>
    canonical([
      type,
      code,
      inputs,
      outputs.map(([target, path]) => `${target} ${path}`).sort(),
      trace as unknown as Json,
    ]);
  return work(a) === work(b);
};

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
