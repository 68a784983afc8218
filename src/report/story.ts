/** What a build has told so far, as every reporter needs it: counts, times, failures, who is running. Knows no streams and no words. */
import type { BuildEvent, LogEntry, Plan, Task } from '../core/types.ts';
import { unreachable } from './unreachable.ts';

export type DoneEvent = Extract<BuildEvent, { type: 'done' }>;
export type FailedEvent = Extract<BuildEvent, { type: 'failed' }>;

export interface Running {
  task: Task;
  since: number;
  attempt: number;
  worker: number;
  n: number;
  of: number;
  unit: string;
}

export interface Story {
  /** Of the last round. */
  plan: Plan | undefined;
  workers: number;
  /** Tasks of the plan. */
  tasks: number;
  stale: number;
  fresh: number;
  done: DoneEvent[];
  failed: FailedEvent[];
  /** Why -> tasks that were cancelled for it, in order. */
  cancelled: Map<string, Task[]>;
  running: Map<string, Running>;
  /** Ids of all tasks that are settled. */
  settled: Set<string>;
  /** Fresh and done tasks by procedure. */
  good: Map<string, number>;
  /** What the store had of a task when it turned out to be stale. */
  before: Map<string, LogEntry>;
  /** What the store has of a task now. */
  entryOf: (task: string) => LogEntry | undefined;
  take(event: BuildEvent, t: number): void;
}

/** @param entryOf what the store has of a task now */
export function newStory(entryOf: (task: string) => LogEntry | undefined): Story {
  const story: Story = {
    plan: undefined,
    workers: 1,
    tasks: 0,
    stale: 0,
    fresh: 0,
    done: [],
    failed: [],
    cancelled: new Map(),
    running: new Map(),
    settled: new Set(),
    good: new Map(),
    before: new Map(),
    entryOf,
    take,
  };
  return story;

  function settle(task: Task, isGood: boolean): void {
    const { name } = task.procedure;
    story.running.delete(task.id);
    story.settled.add(task.id);
    if (isGood) story.good.set(name, (story.good.get(name) ?? 0) + 1);
  }

  function take(event: BuildEvent, t: number): void {
    switch (event.type) {
      case 'began':
        story.workers = event.workers;
        return;
      case 'planned':
        story.plan = event.plan;
        story.tasks = event.tasks;
        story.stale = event.stale + event.maybe;
        return;
      case 'stale': {
        const entry = entryOf(event.task.id);
        if (entry !== undefined) story.before.set(event.task.id, entry);
        return;
      }
      case 'fresh':
        settle(event.task, true);
        story.fresh++;
        return;
      case 'started': {
        const { task, attempt, worker } = event;
        story.running.set(task.id, { task, since: t, attempt, worker, n: 0, of: 0, unit: '' });
        return;
      }
      case 'progress': {
        const running = story.running.get(event.task.id);
        if (running !== undefined)
          Object.assign(running, { n: event.n, of: event.of, unit: event.unit });
        return;
      }
      case 'done':
        settle(event.task, true);
        story.done.push(event);
        return;
      case 'failed':
        settle(event.task, false);
        story.failed.push(event);
        return;
      case 'cancelled': {
        settle(event.task, false);
        const list = story.cancelled.get(event.because);
        if (list === undefined) story.cancelled.set(event.because, [event.task]);
        else list.push(event.task);
        return;
      }
      case 'retry':
        story.running.delete(event.task.id);
        return;
      case 'output':
      case 'diagnostic':
      case 'tick':
      case 'finished':
        return;
      default:
        return unreachable(event);
    }
  }
}

/** Tasks that are settled, all of them together. */
export const cancelledCount = (story: Story): number =>
  [...story.cancelled.values()].reduce((n, list) => n + list.length, 0);

/** Seconds that are left, from the durations of earlier builds, else those of this one; undefined while some task has neither. */
export function secondsLeft(story: Story, t: number): number | undefined {
  const { plan } = story;
  if (plan === undefined) return undefined;
  const learnt = new Map<string, { ms: number; n: number }>();
  for (const { task, entry } of story.done) {
    const { name } = task.procedure;
    const sum = learnt.get(name) ?? { ms: 0, n: 0 };
    learnt.set(name, { ms: sum.ms + entry.ms, n: sum.n + 1 });
  }
  let left = 0;
  for (const i of plan.order) {
    const task = plan.tasks[i]!;
    if (plan.wanted[i] === 0 || story.settled.has(task.id)) continue;
    const mean = learnt.get(task.procedure.name);
    const ms =
      (story.before.get(task.id) ?? story.entryOf(task.id))?.ms ?? (mean && mean.ms / mean.n);
    if (ms === undefined) return undefined;
    const running = story.running.get(task.id);
    left += Math.max(0, ms / 1000 - (running === undefined ? 0 : t - running.since));
  }
  return left / Math.max(1, Math.min(story.workers, story.tasks - story.settled.size));
}
