/** One plan from its first decision to its last settled task: decides what is ready, starts what fits. Knows neither YAML nor terminals. */
import PQueue from 'p-queue';
import { attempt } from './attempt.ts';
import type { Outcome } from './attempt.ts';
import { schedule } from './core/schedule.ts';
import type { Schedule } from './core/schedule.ts';
import type {
  BuildEvent,
  LogEntry,
  Plan,
  Reason,
  TargetName,
  Task,
  TaskFailure,
} from './core/types.ts';
import type { Workers } from './execute/threads.ts';
import { failureOf } from './failure.ts';
import { hashUnknown } from './hash-unknown.ts';
import { whereInFile } from './procedures/where-in-file.ts';
import type { Stages } from './stages.ts';
import type { Wanted } from './core/targets.ts';
import type { Made } from './made.ts';
import { inputIds, outputId, staleAnyway, verdict } from './verdict.ts';
import type { Workspace } from './workspace.ts';

/** What a task came to, once and for all of a build. */
export type Ended = 'fresh' | 'done' | 'failed' | 'cancelled';

export interface BuildOptions {
  words: readonly string[];
  workers: number;
  keepGoing: boolean;
  /** Stop after so many failures; 1 unless keepGoing. */
  maxFailures: number;
  /** End running tasks at the first failure. */
  kill: boolean;
  force: boolean;
  forceAll: boolean;
  only: boolean;
  retries: number | undefined;
  /** Seconds. */
  timeout: number | undefined;
  /** All paths that are not as they were when all of this was fresh; undefined: not known. What touches none of them is fresh. */
  changed?: readonly string[] | undefined;
  report(event: BuildEvent): void;
  /** Aborted by a signal; the reason is the exit code. */
  interrupt: AbortSignal;
}

export interface RoundInput {
  ws: Workspace;
  options: BuildOptions;
  workers: Workers;
  stages: Stages;
  plan: Plan;
  wanted: Wanted;
  /** Ids of what was made or found fresh, and what tasks came to: of this and of earlier rounds. */
  made: Made;
  ended: Map<string, Ended>;
  /** Number of the build. */
  build: number;
}

export interface Round {
  plan: Plan;
  wanted: Wanted;
  /** By a failure or a signal; there is no further round. */
  stopped: boolean;
  state: Schedule['state'];
}

/** How often progress is reported, for the lock file and those who wait. */
const PROGRESS_MS = 500;

/** @throws what is no failure of a task: a bug, or a store that cannot be written */
export async function runRound(input: RoundInput): Promise<Round> {
  const { ws, options, workers, plan, made, ended } = input;
  const { store, facts } = ws;
  const named = new Set(input.wanted.tasks);
  const reasonsOf = new Map<number, readonly Reason[]>();
  const controllers = new Map<number, AbortController>();
  const workerOf = new Map<number, number>();
  const deciding = new Set<number>();
  const untouched = untouchedTasks(plan, options.changed);
  const hashing = new Map<string, ReturnType<typeof hashUnknown>>();
  const slots = new PQueue({ concurrency: options.workers });
  let used = 0;
  let failures = 0;
  let stopping: 'stopped' | 'interrupted' | undefined;
  let planned = false;
  let lastProgress = 0;
  let settledCount = 0;

  const depth = (pool: string): number =>
    ws.project.pools[pool] ?? (pool === 'daq' ? 1 : options.workers);
  const duration = (i: number): number => store.entry(plan.tasks[i]!.id)?.ms ?? 0;
  const anyLearnt = store.builds().length > 0;
  const states = schedule(plan, { depth, ...(anyLearnt ? { weight: duration } : {}) });

  let finish!: () => void;
  let break_!: (error: unknown) => void;
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    break_ = reject;
  });
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      break_(error);
    }
  };
  const onInterrupt = (): void => {
    stopping = 'interrupted';
    abortAll();
    guarded(pump);
  };
  if (options.interrupt.aborted) stopping = 'interrupted';
  options.interrupt.addEventListener('abort', onInterrupt);
  try {
    guarded(pump);
    await finished;
  } catch (error) {
    abortAll();
    throw error;
  } finally {
    options.interrupt.removeEventListener('abort', onInterrupt);
  }
  return { plan, wanted: input.wanted, stopped: stopping !== undefined, state: states.state };

  function abortAll(): void {
    for (const controller of controllers.values()) controller.abort();
  }

  /** Decides what is ready, starts what fits, ends when nothing is left. Called after every change. */
  function pump(): void {
    if (stopping === undefined) {
      for (let i = states.ready(); i !== undefined; i = states.ready()) decide(i);
      if (!planned && deciding.size === 0) {
        planned = true;
        options.report(preview());
      }
      while (planned && stopping === undefined && options.workers > used) {
        const i = states.start(options.workers - used);
        if (i === undefined) break;
        launch(i);
      }
    } else if (deciding.size === 0 && states.running() === 0) cancelRest();
    if (states.open() === 0) finish();
  }

  function preview(): BuildEvent {
    let stale = 0;
    let maybe = 0;
    let fresh = 0;
    for (const i of plan.order) {
      if (plan.wanted[i] === 0 || (options.only && !named.has(i))) continue;
      const state = states.state(i);
      if (state === 'fresh' || state === 'done') fresh++;
      else if (state === 'queued' || staleAnyway(ws, plan, i).length > 0) stale++;
      else maybe++;
    }
    return { type: 'planned', tasks: stale + maybe + fresh, stale, maybe, fresh, plan };
  }

  function decide(i: number): void {
    const task = plan.tasks[i]!;
    if (untouched !== undefined && presumed(i)) return settle(i, 'fresh');
    const before = ended.get(task.id);
    if (before !== undefined) return settle(i, before === 'cancelled' ? 'left' : before);
    let reasons: Reason[] | 'unknown' | 'left';
    try {
      reasons = options.only && !named.has(i) ? lying(task) : reasonsFor(i);
    } catch (error) {
      return unreadable(i, failureOf(error));
    }
    if (reasons === 'unknown') {
      deciding.add(i);
      void hashAll(i);
    } else if (reasons === 'left') settle(i, 'left');
    else if (reasons.length === 0) settle(i, 'fresh');
    else if (plan.wanted[i] === 0) settle(i, 'left');
    else {
      reasonsOf.set(i, reasons);
      options.report({ type: 'stale', task, reasons });
      states.queue(i);
    }
  }

  /** Nothing it reads or made has changed since all was fresh, and its makers have not run. */
  function presumed(i: number): boolean {
    return (
      plan.wanted[i] === 1 &&
      untouched!(plan.tasks[i]!) &&
      plan.needs[i]!.every((j) => states.state(j) === 'fresh')
    );
  }

  function reasonsFor(i: number): Reason[] | 'unknown' {
    const task = plan.tasks[i]!;
    if (plan.wanted[i] === 1 && (options.forceAll || (options.force && named.has(i))))
      return [{ kind: 'forced' }];
    if (store.entry(task.id) === undefined) return verdict(ws, task, []);
    const inputs = inputIds(ws, plan, task, made);
    return inputs === 'unknown' ? 'unknown' : verdict(ws, task, inputs.ids);
  }

  /** --only: what is not named counts as it lies there. */
  function lying(task: Task): [] | 'left' | 'unknown' {
    const ids = task.outputs.map((o) => outputId(ws, o));
    if (ids.includes(undefined)) return 'unknown';
    if (ids.includes(null)) return 'left';
    task.outputs.forEach(({ target }, k) => made.lies(target, ids[k]!));
    return [];
  }

  function unreadable(i: number, failure: TaskFailure): void {
    facts.unknown();
    if (plan.wanted[i] === 0) settle(i, 'left');
    else fail(i, failure, 0, 1);
  }

  /** Has workers take the ids that a decision waits for; each file once, however many tasks ask. */
  async function hashAll(i: number): Promise<void> {
    const unknown = facts.unknown();
    const keyOf = (u: { path: string; place: string }): string => `${u.path}::${u.place}`;
    const fresh = unknown.filter((u) => !hashing.has(keyOf(u)));
    if (fresh.length > 0) {
      const job = hashUnknown(ws.root, facts, fresh, workers, slots, options.interrupt);
      for (const u of fresh) hashing.set(keyOf(u), job);
    }
    const jobs = new Set(unknown.map((u) => hashing.get(keyOf(u))!));
    const failed = (await Promise.all(jobs)).flat();
    for (const u of fresh) hashing.delete(keyOf(u));
    deciding.delete(i);
    guarded(() => {
      const mine = failed.find(({ path }) => unknown.some((u) => u.path === path));
      if (stopping === undefined && mine !== undefined) unreadable(i, failureOf(mine.error));
      else if (stopping === undefined) decide(i);
      pump();
    });
  }

  function launch(i: number): void {
    const task = plan.tasks[i]!;
    const taken = Math.min(task.procedure.slots, options.workers);
    used += taken;
    const controller = new AbortController();
    controllers.set(i, controller);
    const work = (): Promise<Outcome> =>
      attempt({
        ...input,
        task,
        reasons: reasonsOf.get(i) ?? [],
        notes: task.kind === 'flow' ? leftOut(task) : [],
        tries: 1 + (options.retries ?? task.procedure.retries),
        timeout: options.timeout ?? task.procedure.timeout,
        signal: controller.signal,
        report(event) {
          if (event.type === 'started') workerOf.set(i, event.worker);
          options.report(event);
        },
      });
    // A task holds its place in `used`; the queue makes it wait for hashing that is under way.
    slots
      .add(work, { priority: 1 })
      .then((outcome) => concluded(i, outcome))
      .finally(() => {
        used -= taken;
        controllers.delete(i);
      })
      .then(pump)
      .catch(break_);
  }

  function concluded(i: number, outcome: Outcome): void {
    const task = plan.tasks[i]!;
    switch (outcome.state) {
      case 'done':
        // To scan a file that has been touched is to look at it.
        return settle(i, outcome.found ? 'fresh' : 'done');
      case 'failed':
        return fail(i, outcome.failure, outcome.ms, outcome.attempts);
      case 'stopped':
        // By a signal, or by --kill.
        store.failed(task.id, 'interrupted', outcome.message);
        states.cancel(i);
        cancelled(i, 'interrupted');
    }
  }

  /** Tables that are known stale and so are not in the flow file. */
  function leftOut(task: Task): LogEntry['notes'] {
    const names = task.inputs[0]!.targets.flatMap((target) => {
      const maker = plan.maker.get(target);
      const entry = maker === undefined ? undefined : store.entry(plan.tasks[maker]!.id);
      return made.has(target) || entry === undefined ? [] : [target.replace(/@.*/s, '')];
    });
    return names.length === 0
      ? []
      : [[`stale, so left out: ${names.join(' ')}`, null, null, false]];
  }

  function settle(i: number, state: Exclude<Ended, 'cancelled'> | 'left'): void {
    const task = plan.tasks[i]!;
    if ((state === 'fresh' || state === 'done') && !(options.only && !named.has(i)))
      made.keep(task);
    if (state !== 'left' && plan.wanted[i] === 1 && !ended.has(task.id)) {
      ended.set(task.id, state);
      if (state === 'fresh') options.report({ type: 'fresh', task });
    }
    for (const c of states.settle(i, state)) cancelled(c, task.id);
    progress();
  }

  function progress(): void {
    // Of many that are settled at once, not each looks at the clock.
    if (++settledCount % 32 !== 0 && states.running() === 0) return;
    const now = Date.now();
    if (now - lastProgress < PROGRESS_MS) return;
    lastProgress = now;
    const tasks = plan.order.length;
    options.report({ type: 'tick', done: tasks - states.open(), tasks });
  }

  function cancelled(i: number, because: string): void {
    const task = plan.tasks[i]!;
    if (plan.wanted[i] === 0 || ended.has(task.id)) return;
    ended.set(task.id, 'cancelled');
    options.report({ type: 'cancelled', task, because });
  }

  function fail(i: number, failure: TaskFailure, ms: number, attempts: number): void {
    const task = plan.tasks[i]!;
    const by = workerOf.get(i);
    store.failed(task.id, 'failed', placedMessage(failure), {
      build: input.build,
      attempt: attempts,
      ms: Math.round(ms),
      ...(by === undefined ? {} : { worker: by }),
    });
    options.report({ type: 'failed', task, failure, seconds: ms / 1000, attempts });
    failures++;
    if (stopping === undefined && (!options.keepGoing || failures >= options.maxFailures)) {
      stopping = 'stopped';
      if (options.kill) abortAll();
    }
    settle(i, 'failed');
  }

  /** With the file, and line and column while it still is as the task read it. Paths stay absolute: who shows it knows where the user stands. */
  function placedMessage({ at, message }: TaskFailure): string {
    if (at === undefined) return message;
    const where = at.keys === undefined ? undefined : whereInFile(at.file, at.keys);
    const place = where === undefined ? '' : `:${where.line}:${where.column}`;
    return `${at.file}${place}: ${message}`;
  }

  function cancelRest(): void {
    for (const i of plan.order) {
      const state = states.state(i);
      if (state !== 'waiting' && state !== 'ready' && state !== 'queued') continue;
      states.cancel(i);
      cancelled(i, stopping!);
    }
  }
}

/** Which tasks have no changed path among their sources, files and outputs; undefined when the changes are not known. */
function untouchedTasks(
  plan: Plan,
  changed: readonly string[] | undefined,
): ((task: Task) => boolean) | undefined {
  if (changed === undefined) return undefined;
  const paths = new Set(changed);
  const sources = new Set<TargetName>();
  for (const [target, { files }] of plan.sources)
    if (files.some(({ path }) => paths.has(path))) sources.add(target);
  const files = new Map<Task['files'], boolean>();
  const fileChanged = (of: Task['files']): boolean => {
    let found = files.get(of);
    if (found === undefined) {
      found = Object.values(of).some(
        ({ path }) => path !== null && changed.some((c) => path === c || path.endsWith(`/${c}`)),
      );
      files.set(of, found);
    }
    return found;
  };
  return (task) =>
    !task.outputs.some(({ path }) => paths.has(path)) &&
    !task.inputs.some(({ targets }) => targets.some((target) => sources.has(target))) &&
    !fileChanged(task.files);
}
