/** What a build would do, decided without running anything: every task of a plan is fresh, stale or maybe. Writes nothing. */
import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import type { ContentId, Plan, Reason, Source, TargetName, Task } from './core/types.ts';
import { openWorkers } from './execute/threads.ts';
import type { Unknown } from './facts.ts';
import { hashUnknown } from './hash-unknown.ts';
import { absolute } from './store/store.ts';
import { outputId, scannedId, unbuilt, verdict } from './verdict.ts';
import type { Workspace } from './workspace.ts';

/** `maybe`: stale when one of its makers makes other content; `after` is the nearest of those that are not fresh. */
export type Seen =
  | { state: 'fresh' }
  | { state: 'stale'; reasons: readonly Reason[] }
  | { state: 'maybe'; after: number };

export interface LookOptions {
  force?: boolean;
  forceAll?: boolean;
  /** What is not named counts as it lies there. */
  only?: boolean;
  /** Indices of the tasks that were named. */
  named?: ReadonlySet<number>;
}

/** By index of the task; undefined for tasks that are no part of the plan (with `only`: that were never built). */
export type Look = readonly (Seen | undefined)[];

const FRESH: Seen = { state: 'fresh' };

/**
 * Walks the plan from makers to what they feed. An upper bound: whatever a build runs is stale or maybe here.
 * Files whose ids are not known from their stats are hashed.
 */
export async function look(ws: Workspace, plan: Plan, options: LookOptions = {}): Promise<Look> {
  const seen: (Seen | undefined)[] = [];
  const unreadable = new Set<string>();
  askAll(ws, plan);
  await hash(ws, ws.facts.unknown(), unreadable);
  const position = new Uint32Array(plan.tasks.length);
  plan.order.forEach((task, k) => (position[task] = k));
  for (const i of plan.order) {
    let decision = verdictOf(ws, plan, i, seen, position, options);
    // What the first sweep could not foresee: a large configuration file.
    for (let tries = 0; tries < 3; tries++) {
      const missing = ws.facts.unknown().filter(({ path }) => !unreadable.has(path));
      if (missing.length === 0) break;
      await hash(ws, missing, unreadable);
      decision = verdictOf(ws, plan, i, seen, position, options);
    }
    seen[i] = told(plan.tasks[i]!, decision);
  }
  return seen;
}

/** An output that no worker could read is none that tg made. */
function told(task: Task, decision: Seen | undefined): Seen | undefined {
  if (decision?.state !== 'stale' || decision.reasons.length > 0) return decision;
  const { path } = task.outputs[0]!;
  return { state: 'stale', reasons: [{ kind: 'output-missing', path }] };
}

/** Asks for every id the walk may need, so that all hashing is done at once. Tasks without a record need none. */
function askAll(ws: Workspace, plan: Plan): void {
  for (const i of plan.order) {
    const task = plan.tasks[i]!;
    if (ws.store.entry(task.id) === undefined) continue;
    for (const { targets, proven, scanned } of task.inputs)
      for (const target of proven === true || scanned === true ? [] : targets) {
        const source = plan.sources.get(target);
        if (source !== undefined) idOf(ws, source);
      }
    for (const output of task.outputs) outputId(ws, output);
  }
}

async function hash(
  ws: Workspace,
  unknown: readonly Unknown[],
  unreadable: Set<string>,
): Promise<void> {
  if (unknown.length === 0) return;
  const workers = openWorkers();
  try {
    const slots = new PQueue({ concurrency: ws.project.workers ?? availableParallelism() });
    const signal = new AbortController().signal;
    const failed = await hashUnknown(ws.root, ws.facts, unknown, workers, slots, signal);
    for (const { path } of failed) unreadable.add(path);
  } finally {
    await workers.close();
  }
}

function verdictOf(
  ws: Workspace,
  plan: Plan,
  i: number,
  seen: Look,
  position: Uint32Array,
  options: LookOptions,
): Seen | undefined {
  const task = plan.tasks[i]!;
  const entry = ws.store.entry(task.id);
  const named = options.named?.has(i) === true;
  if (options.only === true && !named) return entry === undefined ? undefined : FRESH;
  if (plan.wanted[i] === 1 && (options.forceAll === true || (options.force === true && named)))
    return { state: 'stale', reasons: [{ kind: 'forced' }] };
  if (entry === undefined) return { state: 'stale', reasons: [unbuilt(ws, task)] };
  const { inputs, open } = inputsOf(ws, plan, task, seen, entry.inputs);
  const reasons = verdict(ws, task, inputs);
  // An output that must be hashed first: the caller has it done and asks again.
  if (reasons === 'unknown') return { state: 'stale', reasons: [] };
  if (reasons.length > 0) return { state: 'stale', reasons };
  if (open.length === 0) return FRESH;
  // What is only looked at waits for something wanted, too: that is the nearer cause.
  const wanted = open.filter((maker) => plan.wanted[maker] === 1);
  const near = wanted.length > 0 ? wanted : open;
  return { state: 'maybe', after: near.reduce((a, b) => (position[b]! > position[a]! ? b : a)) };
}

/** Of a source; a file that cannot be read counts as not there: what needs it fails when it is built. */
function idOf(ws: Workspace, source: Source): ContentId | undefined | null {
  try {
    return ws.facts.sourceId(source);
  } catch {
    return null;
  }
}

/**
 * Content ids of the data inputs as they stand today. Where the maker is not settled, the recorded id stands in, so that
 * only what holds whatever the makers make is told as a reason; those makers are `open`.
 */
function inputsOf(
  ws: Workspace,
  plan: Plan,
  task: Task,
  seen: Look,
  recorded: readonly (readonly [TargetName, ContentId])[],
): { inputs: [TargetName, ContentId][]; open: number[] } {
  const inputs: [TargetName, ContentId][] = [];
  const open = new Set<number>();
  const before = new Map(recorded);
  for (const { targets, proven, scanned } of task.inputs) {
    for (const target of proven === true ? [] : targets) {
      const found = scanned === true ? scannedId(ws, plan, task, target) : undefined;
      if (typeof found === 'string') inputs.push([target, found]);
      if (found !== undefined) continue;
      const maker = plan.maker.get(target);
      const source = plan.sources.get(target);
      if (maker === undefined) {
        const id = source === undefined ? null : idOf(ws, source);
        const last = before.get(target);
        if (typeof id === 'string') inputs.push([target, id]);
        else if (source?.archived === true && last !== undefined) inputs.push([target, last]);
        continue;
      }
      const state = seen[maker]?.state;
      if (state === 'fresh') {
        const made = ws.store.entry(plan.tasks[maker]!.id)?.outputs.find(([t]) => t === target);
        if (made !== undefined) inputs.push([target, made[2]]);
        continue;
      }
      // Looked at only, and known stale: a build leaves it as it is, and out.
      if (state === undefined || (plan.wanted[maker] === 0 && state === 'stale')) continue;
      open.add(maker);
      const last = before.get(target);
      if (last !== undefined) inputs.push([target, last]);
      else if (plan.wanted[maker] === 1) inputs.push([target, '']);
    }
  }
  // A file beside the inputs that a task which comes before makes, or the list that the task is an entry of.
  for (const target of task.after) {
    const maker = plan.maker.get(target);
    if (maker === undefined || seen[maker]?.state === 'fresh') continue;
    const { path } = plan.tasks[maker]!.outputs.find((o) => o.target === target)!;
    const file = absolute(ws.root, path);
    const isEntry = isListOf(task, plan.tasks[maker]!, target) && plan.wanted[maker] === 1;
    if (isEntry || Object.values(task.files).some((f) => f.path === file)) open.add(maker);
  }
  return { inputs, open: [...open] };
}

/** Is the task one of the entries of this list? */
const isListOf = ({ procedure, part }: Task, maker: Task, target: TargetName): boolean =>
  maker.kind === 'cut'
    ? part !== undefined
    : typeof procedure.each === 'object' && procedure.each.target === target.replace(/@.*/s, '');

/**
 * Tasks of the plan as people read them: what a target needs stands right above it, targets in their order. `order` of a
 * plan goes by rank; this goes run by run.
 */
export function readingOrder(plan: Plan): number[] {
  const order: number[] = [];
  const state = new Uint8Array(plan.tasks.length);
  const stack: { task: number; next: number }[] = [];
  const enter = (task: number): void => {
    if (state[task] !== 0) return;
    state[task] = 1;
    stack.push({ task, next: 0 });
  };
  const sinks = [...plan.order]
    .sort((a, b) => a - b)
    .filter((i) => plan.dependents[i]!.length === 0);
  for (const sink of sinks) {
    enter(sink);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const need = plan.needs[top.task]![top.next++];
      if (need !== undefined) enter(need);
      else {
        order.push(top.task);
        stack.pop();
      }
    }
  }
  return order;
}
