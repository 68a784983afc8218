/** The context a task module runs in: paths, the recording views, counts, notes, random numbers. Knows nothing of threads or of the store. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { canonical, isNode } from '../core/canonical.ts';
import { traceOf } from '../core/trace.ts';
import type { Json, TraceDocument } from '../core/types.ts';
import { record } from '../core/view.ts';
import type { Readings, Recording } from '../core/view.ts';
import { traceHash } from '../content-id.ts';
import { TaskError } from '../task-module.ts';
import type { InputPlace, TaskContext } from '../task-module.ts';
import type { JobEvent, JobResult, TaskJob } from './job.ts';
import { documentOf } from './document.ts';

export interface RunningTask {
  context: TaskContext;
  /** Closes the views; what was read becomes the trace. */
  finish(): Pick<JobResult, 'trace' | 'counts' | 'lost' | 'notes'>;
}

export function taskContext(
  job: TaskJob,
  signal: AbortSignal,
  emit: (event: JobEvent) => void,
): RunningTask {
  const params = record(job.params);
  const configurations = new Map<string, { document: Json; recording: Recording }>();
  /** Files whose path was handed out: they may have been read past the view. */
  const opened = new Set<string>();
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  const lost: JobResult['lost'] = [];
  const notes: JobResult['notes'] = [];
  let rng: (() => number) | undefined;
  let lastProgress = 0;

  const filesOf = (alias: string): readonly InputPlace[] => {
    const list = job.inputs[alias];
    if (list === undefined)
      throw new TaskError(`${job.task} has no input "${alias}"`, {
        try: Object.keys(job.inputs).join(', '),
      });
    if (job.sources.includes(alias)) names.set(alias, list.map((f) => basename(f.path)).join(' '));
    return list;
  };
  const only = (alias: string): InputPlace => {
    const list = filesOf(alias);
    if (list.length !== 1)
      throw new TaskError(`input "${alias}" of ${job.task} is ${filesText(list)}`, {
        try: job.sources.includes(alias)
          ? 'more of the name of the file in the run table, or {run} in the source, so that each is a run'
          : 'inputs(alias) gives all of them',
      });
    return list[0]!;
  };
  const fileOf = (name: string): { path: string | null; shown: string | null } => {
    const file = job.files[name];
    if (file === undefined)
      throw new TaskError(`${job.task} has no file "${name}"`, {
        try: 'list the parameter under configuration or files of the module',
      });
    // Null or not is a value of the parameter; which file it is counts by content and base name.
    if (file.path === null) void (params.view as Record<string, Json>)[name];
    return file;
  };

  const context: TaskContext = {
    task: job.task,
    ...(job.run === undefined ? {} : { run: job.run }),
    ...(job.point === undefined ? {} : { point: job.point }),
    attempt: job.attempt,
    params: params.view as Readonly<Record<string, Json>>,
    input: (alias) => only(alias).path,
    place: (alias) => only(alias).place,
    inputs: filesOf,
    configuration(name) {
      const { path } = fileOf(name);
      if (path === null) return null;
      let open = configurations.get(name);
      if (open === undefined) {
        const document = documentOf(path, job.files[name]!.id);
        open = { document, recording: record(document) };
        configurations.set(name, open);
      }
      return open.recording.view;
    },
    file(name) {
      const { path } = fileOf(name);
      if (path !== null) {
        names.set(name, basename(path));
        opened.add(name);
      }
      return path;
    },
    output(target) {
      const found =
        job.outputs.find((o) => o.target === target) ??
        job.outputs.find((o) => o.target.replace(/@.*/s, '') === target);
      if (found === undefined)
        throw new TaskError(`${job.task} does not declare the output "${target}"`, {
          try: `outputs: [.., ${target}]`,
        });
      return found.path;
    },
    get scratch() {
      const folder = join(job.stage, 'scratch');
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    rng: () => (rng ??= generator(job.seed))(),
    progress(n, of, unit) {
      const now = Date.now();
      if (now - lastProgress < 50 && n < of) return;
      lastProgress = now;
      emit({ type: 'progress', n, of, unit });
    },
    count: (name, n) => void counts.set(name, (counts.get(name) ?? 0) + n),
    lost: (n, of, reason) => void lost.push([n, of, reason]),
    note: (text, n, of, quiet = false) => void notes.push([text, n ?? null, of ?? null, quiet]),
    signal,
  };

  return {
    context,
    finish() {
      params.close();
      const trace: TraceDocument[] = [...job.known];
      const ofParams = traceOf(job.params, params.readings, traceHash);
      if (ofParams.read > 0 || (ofParams.values?.length ?? 0) > 0)
        trace.push({ name: 'param', ...ofParams });
      for (const [name, { document, recording }] of configurations) {
        recording.close();
        const file = job.files[name]!;
        const read = isNode(document)
          ? traceOf(document, recording.readings, traceHash)
          : { values: [['', canonical(document)] as const], read: 1 };
        trace.push({ name, file: file.shown!, id: file.id!, ...read });
      }
      for (const name of wholeFiles(job, opened, configurations, params.readings))
        trace.push({
          name,
          file: job.files[name]!.shown!,
          id: job.files[name]!.id!,
          whole: true,
          read: 1,
        });
      if (names.size > 0) trace.push(namesTrace(names));
      return { trace, counts: [...counts], lost, notes };
    },
  };
}

/**
 * Files that count whole: those of which the task had the path (by `file`, or by the text of the parameter), but for a
 * configuration that it read through the view, too: there the path is for messages.
 */
/** `2 files (a.h5, b.h5)`. */
function filesText(files: readonly InputPlace[]): string {
  if (files.length === 0) return 'no file';
  const names = files.slice(0, 3).map(({ path }) => basename(path));
  return `${files.length} files (${names.join(', ')}${files.length > names.length ? ', ..' : ''})`;
}

function wholeFiles(
  job: TaskJob,
  opened: ReadonlySet<string>,
  viewed: ReadonlyMap<string, unknown>,
  { root }: Readings,
): string[] {
  const named = (name: string): boolean =>
    typeof root?.leaves === 'string' ? root.leaves === name : root?.leaves?.has(name) === true;
  return Object.entries(job.files)
    .filter(([name, { path }]) => path !== null && (opened.has(name) || named(name)))
    .flatMap(([name, { whole }]) => (whole || !viewed.has(name) ? [name] : []))
    .sort();
}

/** Base names that a task was given: renaming a file restales who could have seen its name; moving its folder does not. */
export function namesTrace(names: ReadonlyMap<string, string>): TraceDocument {
  const values = [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => [k, canonical(v)] as const);
  return { name: 'name', values, read: values.length };
}

/** sfc32 seeded from the base key: same inputs, same numbers, on every machine. */
export function generator(seed: string): () => number {
  const hash = createHash('sha256').update(seed).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((i) => hash.readUInt32LE(i)) as [
    number,
    number,
    number,
    number,
  ];
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return (t >>> 0) / 4294967296;
  };
}

export const readText = (path: string): string => readFileSync(path, 'utf8');
