/** One try of one task: stage, job, result. Knows how each kind of task is run; not when, and not what is recorded. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { outside } from './core/checks.ts';
import { baseLines, inputNames } from './core/manifest.ts';
import { targetOf } from './core/outputs.ts';
import { reasonsText } from './core/reason.ts';
import type {
  BuildEvent,
  ContentId,
  Json,
  Plan,
  Reason,
  TargetName,
  Task,
  TraceDocument,
} from './core/types.ts';
import { environmentTrace, namesNow, wholeTrace } from './facts.ts';
import { runCommand } from './execute/command.ts';
import { namesTrace, readText } from './execute/context.ts';
import type {
  FlowJob,
  Job,
  JobEvent,
  JobResult,
  MergeJob,
  StagedOutput,
  TaskJob,
} from './execute/job.ts';
import { JobFailure } from './execute/threads.ts';
import type { Workers } from './execute/threads.ts';
import { failureOf } from './failure.ts';
import type { Stages } from './stages.ts';
import { UNSCANNED } from './verdict.ts';
import type { Watched } from './verdict.ts';
import { sha256 } from './content-id.ts';
import { absolute, below } from './store/store.ts';
import type { Staged } from './store/store.ts';
import type { InputPlace } from './task-module.ts';
import { taskLog } from './task-log.ts';
import { VERSION } from './version.ts';
import type { Workspace } from './workspace.ts';

export interface Ran {
  result: JobResult;
  inputs: readonly (readonly [TargetName, ContentId])[];
  staged: Staged[];
  stage: string;
  reason(reasons: readonly Reason[]): string;
  tg: string;
}

export interface RunOptions {
  ws: Workspace;
  task: Task;
  plan: Plan;
  inputs: readonly (readonly [TargetName, ContentId])[];
  workers: Workers;
  stages: Stages;
  watched: Watched;
  attempt: number;
  /** Seconds. */
  timeout: number | undefined;
  signal: AbortSignal;
  report(event: BuildEvent): void;
}

/** @throws JobFailure; nothing of the try is left behind */
export async function runTask(options: RunOptions): Promise<Ran> {
  const { ws, task, watched } = options;
  const stage = options.stages.make(absolute(ws.root, task.outputs[0]!.path));
  const timer = timeLimit(options);
  const log = taskLog(ws.store.folder, task.id, options.attempt);
  try {
    const job = taskJob(options, stage);
    const emit = (event: JobEvent): void => {
      if (event.type === 'output') log.write(event.text);
      options.report({ ...event, task });
    };
    const result = await perform(options, job, timer.signal, emit);
    const changed = ws.facts.changed([...watched.read, ...watched.fixed]);
    if (changed !== undefined)
      throw new JobFailure({
        code: 'input-changed',
        message: `${ws.shown(changed)} changed while ${task.id} read it`,
        try: 'build again when it is written',
      });
    checkQuantities(task, result, options);
    const staged = job.outputs.map((o) => ({
      from: o.path,
      to: absolute(ws.root, task.outputs.find((t) => t.target === o.target)!.path),
    }));
    const unique = [...new Map(staged.map((s) => [s.from, s])).values()];
    for (const sidecar of result.sidecars) {
      const of = unique.find((s) => `${s.from}.tg.json` === sidecar);
      if (of !== undefined) unique.push({ from: sidecar, to: `${of.to}.tg.json` });
    }
    return {
      result,
      inputs: options.inputs,
      staged: unique,
      stage,
      reason: reasonsText,
      tg: VERSION,
    };
  } catch (error) {
    rmSync(stage, { recursive: true, force: true });
    if (timer.expired() && !options.signal.aborted)
      throw new JobFailure({
        code: 'timeout',
        message: `${task.id}: over ${written(options.timeout!)}`,
        try: `timeout: ${written(2 * options.timeout!)}`,
      });
    // The stage is of no use to the user: what lay in it is told by its name.
    const told = failureOf(error);
    const message = told.message.replaceAll(`${stage}/`, '');
    log.write(`error: ${message}\n`);
    throw new JobFailure({ ...told, message });
  } finally {
    timer.clear();
    log.close();
  }
}

/** A time limit as one writes it: `10 min`, `2 h`, `0.2 s`. */
const written = (seconds: number): string =>
  seconds > 0 && seconds % 3600 === 0
    ? `${seconds / 3600} h`
    : seconds > 0 && seconds % 60 === 0
      ? `${seconds / 60} min`
      : `${seconds} s`;

function timeLimit(options: RunOptions): {
  signal: AbortSignal;
  expired(): boolean;
  clear(): void;
} {
  if (options.timeout === undefined)
    return { signal: options.signal, expired: () => false, clear: () => undefined };
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, options.timeout * 1000);
  return {
    signal: AbortSignal.any([options.signal, controller.signal]),
    expired: () => expired,
    clear: () => clearTimeout(timer),
  };
}

function taskJob(options: RunOptions, stage: string): TaskJob {
  const { ws, task, plan } = options;
  const names = new Map<string, string>();
  // Names that the stage has for itself.
  const taken = new Set<string>(['scratch', 'task.json']);
  const build = below(ws.root, ws.project.build);
  const outputs: StagedOutput[] = task.outputs.map((o, i) => {
    let path = names.get(o.path);
    if (path === undefined) {
      const name = basename(o.path);
      path = join(stage, taken.has(name) ? `${i}-${name}` : name);
      taken.add(name);
      names.set(o.path, path);
    }
    return { target: o.target, path, place: o.place, shown: below(build, o.path) };
  });
  const inputs: Record<string, InputPlace[]> = {};
  const sources: string[] = [];
  for (const input of task.inputs) {
    // One alias may stand for several targets: `{pair: [a, b]}`.
    const places = input.targets.flatMap((t) => placesOf(ws, plan, t));
    inputs[input.alias] = [...(inputs[input.alias] ?? []), ...places];
    if (input.targets.some((t) => plan.sources.has(t))) sources.push(input.alias);
  }
  const files: Record<string, TaskJob['files'][string]> = {};
  for (const [name, file] of Object.entries(task.files)) {
    const id = file.path === null ? null : ws.facts.idNow(below(ws.root, file.path));
    // Relative even outside of the root: it stands in provenance, which knows no absolute path.
    files[name] = { ...file, shown: file.path === null ? null : relative(ws.root, file.path), id };
  }
  const fast = options.inputs.flatMap(([t]) => (plan.sources.get(t)?.hash === 'fast' ? [t] : []));
  const known = options.inputs.filter(([, id]) => id !== UNSCANNED);
  const base = baseLines(task, ws.codeOf(task), known);
  const key = sha256(base.join('\n'));
  return {
    task: task.id,
    run: task.run,
    point: task.point,
    attempt: options.attempt,
    params: task.params,
    inputs,
    sources,
    files,
    outputs,
    known: knownTrace(task, files, namesNow(task, plan.sources)),
    stage,
    seed: key,
    provenance: {
      v: 1,
      task: task.id,
      type: task.procedure.type,
      code: ws.codeOf(task),
      key,
      inputs: Object.fromEntries(known),
      // Of these only size, time and ends were looked at.
      ...(fast.length === 0 ? {} : { fast }),
      tg: VERSION,
    },
  };
}

/** What the task depends on whatever it reads: declared environment; a command reads all it is given. */
function knownTrace(task: Task, files: TaskJob['files'], names: Json): TraceDocument[] {
  const trace = environmentTrace(task.procedure.environment);
  const aliases = inputNames(task);
  if (aliases.length > 0) trace.push({ name: 'input', values: aliases, read: 0 });
  if (task.kind !== 'command') return trace;
  trace.push(...wholeTrace(task));
  for (const [name, file] of Object.entries(files))
    if (file.path !== null)
      trace.push({ name, file: file.shown!, id: file.id!, whole: true, read: 1 });
  const named = Object.entries(names as Record<string, string>);
  if (named.length > 0) trace.push(namesTrace(new Map(named)));
  return trace;
}

/** Files that stand for a target: those of a source, or what its maker made. */
function placesOf(ws: Workspace, plan: Plan, target: TargetName): InputPlace[] {
  const source = plan.sources.get(target);
  if (source !== undefined)
    return source.files.map((f) => ({
      path: absolute(ws.root, f.path),
      place: source.place,
      ...(f.run === undefined ? {} : { run: f.run }),
    }));
  const maker = plan.maker.get(target);
  if (maker === undefined) return [];
  const made = plan.tasks[maker]!;
  const output = made.outputs.find((o) => o.target === target)!;
  return [
    {
      path: absolute(ws.root, output.path),
      place: output.place,
      ...(made.run === undefined ? {} : { run: made.run }),
    },
  ];
}

async function perform(
  options: RunOptions,
  job: TaskJob,
  signal: AbortSignal,
  emit: (event: JobEvent) => void,
): Promise<JobResult> {
  const { ws, task, workers } = options;
  const run = (what: Job, process = false): Promise<JobResult> =>
    workers.run(what, {
      process,
      signal,
      emit,
      started: (worker) =>
        options.report({ type: 'started', task, attempt: options.attempt, worker }),
    });
  switch (task.kind) {
    case 'cut':
    case 'module': {
      const found = ws.modules.get(task.procedure.name)!;
      const cut = task.kind === 'cut';
      return run(
        { kind: 'module', module: found.url, user: found.user, cut, job },
        found.module.runs === 'process',
      );
    }
    case 'command': {
      options.report({ type: 'started', task, attempt: options.attempt, worker: 0 });
      mkdirSync(join(job.stage, 'scratch'));
      const told = await runCommand(job, {
        words: task.procedure.command ?? [],
        folder: task.procedure.folder,
        signal,
        emit,
      });
      const trace = [...job.known];
      const { finishOutputs, isHeavy } = await import('./execute/outputs.ts');
      if (isHeavy(job)) {
        const finish = { process: false, signal, emit, started: () => undefined };
        return { ...(await workers.run({ kind: 'outputs', job, trace }, finish)), trace, ...told };
      }
      return { ...(await finishOutputs(job, trace)), trace, ...told };
    }
    case 'merge':
      return mergeResult(options, job, run);
    case 'flow': {
      const flow = {
        path: job.outputs[0]!.path,
        tables: linkedTables(options),
        refs: ws.project.link.refs,
        tg: VERSION,
      };
      return run({ kind: 'flow', job, flow });
    }
  }
}

/** Tables of a flow file that are there, those that sources lend first, as h5flow has it; of a table in parts all of them, or none. */
function linkedTables({ ws, task, plan, inputs }: RunOptions): FlowJob['tables'] {
  const included = new Set(inputs.map(([target]) => target));
  const targets = task.inputs.flatMap((input) => input.targets);
  const lent = targets.flatMap((source) =>
    plan.sources.has(source) && included.has(source)
      ? placesOf(ws, plan, source).map(({ path, place }) => ({ place, path, source }))
      : [],
  );
  const made = targets.flatMap((target) => {
    const maker = plan.maker.get(target);
    return maker === undefined ? [] : [{ target, ...tableOf(ws, plan.tasks[maker]!, target) }];
  });
  const left = new Set(made.flatMap((t) => (included.has(t.target) ? [] : [t.place])));
  return [...lent, ...made.filter(({ place }) => !left.has(place))];
}

function tableOf(
  ws: Workspace,
  task: Task,
  target: TargetName,
): { place: string; path: string; task: string } {
  const { place, path } = task.outputs.find((o) => o.target === target)!;
  const all = task.part === undefined ? task.id : targetOf(task.procedure.name, task.run ?? '');
  return { place, path: absolute(ws.root, path), task: all };
}

/** Parts of a run's tables as one artifact. */
function joinJob(options: RunOptions, job: TaskJob): Job {
  const { task, plan, ws } = options;
  const tables = task.inputs.flatMap(({ targets }) =>
    targets.map((target) => tableOf(ws, plan.tasks[plan.maker.get(target)!]!, target)),
  );
  const rows: Record<string, number[]> = {};
  // Parts stand in order among the tasks.
  for (const other of plan.tasks) {
    if (other.part === undefined || other.run !== task.run) continue;
    for (const [k, [, , , n]] of (ws.store.entry(other.id)?.outputs ?? []).entries()) {
      const place = other.outputs[k]?.place;
      if (place === undefined || n === null) continue;
      const from = (rows[place] ??= [0]);
      from[other.part + 1] = from[other.part]! + n;
    }
  }
  const path = job.outputs[0]!.path;
  return { kind: 'join', job, flow: { path, tables, refs: 'stored', rows, tg: VERSION } };
}

/** Tables of the points are concatenated by a worker; other products become one JSON list `[{point, path, id}]`, written here. */
async function mergeResult(
  options: RunOptions,
  job: TaskJob,
  run: (job: Job) => Promise<JobResult>,
): Promise<JobResult> {
  const { task, plan, ws } = options;
  const merge = task.merge!;
  if (merge.parts === true) return run(joinJob(options, job));
  const ids = new Map(options.inputs);
  const made = (target: TargetName): { task: Task; path: string } => {
    const member = plan.tasks[plan.maker.get(target)!]!;
    return { task: member, path: member.outputs.find((o) => o.target === target)!.path };
  };
  const tables: MergeJob['tables'][number][] = [];
  for (const [k, output] of job.outputs.entries()) {
    const { targets } = task.inputs[k]!;
    if (output.place !== '') {
      const members = targets.map((t) => absolute(ws.root, made(t).path));
      tables.push({ place: output.place, members });
      continue;
    }
    const list = targets.flatMap((target): Json[] => {
      const member = made(target);
      // The list of an inner merge is part of this one: a leaf per point, in product order.
      if (member.task.kind === 'merge') return innerList(absolute(ws.root, member.path));
      const path = relative(ws.root, absolute(ws.root, member.path));
      return [{ point: { ...member.task.point }, path, id: ids.get(target)! }];
    });
    writeFileSync(output.path, `${JSON.stringify(list, undefined, 1)}\n`);
  }
  if (tables.length > 0) {
    const values = merge.points.map((p) => p[merge.over]!);
    return run({ kind: 'merge', job, merge: { over: merge.over, values, tables } });
  }
  options.report({ type: 'started', task, attempt: options.attempt, worker: 0 });
  const { finishOutputs } = await import('./execute/outputs.ts');
  return { trace: [], counts: [], lost: [], notes: [], ...(await finishOutputs(job, [])) };
}

function innerList(path: string): Json[] {
  return JSON.parse(readText(path)) as Json[];
}

/** `checks:` of the procedure against rows and counts. @throws JobFailure for a bad one */
function checkQuantities({ id, procedure }: Task, result: JobResult, options: RunOptions): void {
  const told = { rows: result.outputs.map(({ rows }) => rows), counts: result.counts };
  const bad = outside(procedure.checks, 'bad', told)[0];
  if (bad !== undefined)
    throw new JobFailure({
      code: 'bad-value',
      message: bad,
      try: 'look at its inputs, or change its checks',
    });
  for (const warn of outside(procedure.checks, 'warn', told))
    options.report({
      type: 'diagnostic',
      diagnostic: { severity: 'warning', code: 'bad-value', message: `${id}: ${warn}` },
    });
}
