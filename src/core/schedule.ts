/** The state machine of a build: which task may be decided, which may run, what a failure cancels. Knows nothing of processes, files or time. */
import type { Plan } from './types.ts';

export type State =
  'waiting' | 'ready' | 'queued' | 'running' | 'fresh' | 'done' | 'failed' | 'cancelled' | 'left';

/** `left`: a task that is only looked at and is not fresh; it is not run and what stands on it is left, too. */
const SETTLED: ReadonlySet<State> = new Set(['fresh', 'done', 'failed', 'cancelled', 'left']);

export interface Schedule {
  state(task: number): State;
  /** Next task whose makers are all settled and which is not decided yet. */
  ready(): number | undefined;
  /** A stale task enters the queue of its pool. */
  queue(task: number): void;
  /** The next queued task whose pool has room and whose slots fit; it is `running` from then on. */
  start(free: number): number | undefined;
  /** Ends a task. Returns the tasks cancelled by it (transitive dependents of a failure), each with the task at the root. */
  settle(task: number, state: 'fresh' | 'done' | 'failed' | 'left'): readonly number[];
  /** Takes back a running or queued task, to be decided again or cancelled. */
  cancel(task: number): void;
  /** Tasks not settled yet. */
  open(): number;
  running(): number;
  count(state: State): number;
}

export interface ScheduleOptions {
  /** Width of a pool; unlimited when absent. */
  depth(pool: string): number;
  /** Higher first; equal: longest path first, then the procedure's own order. */
  weight?(task: number): number;
}

export function schedule(plan: Plan, options: ScheduleOptions): Schedule {
  const n = plan.tasks.length;
  const states: State[] = new Array<State>(n).fill('waiting');
  const missing = new Uint32Array(n);
  const counts = new Map<State, number>();
  const undecided: number[] = [];
  const pools = new Map<string, { depth: number; running: number; heap: Heap }>();
  // Weighed when the first task is to start: by then what is fresh is settled and need not be looked at.
  let weight: Weights | undefined;
  const queued: number[] = [];
  let open = plan.order.length;
  let running = 0;

  const set = (task: number, state: State): void => {
    const old = states[task]!;
    counts.set(old, (counts.get(old) ?? 0) - 1);
    counts.set(state, (counts.get(state) ?? 0) + 1);
    states[task] = state;
  };
  const poolOf = (task: number): { depth: number; running: number; heap: Heap } => {
    const name = plan.tasks[task]!.procedure.pool;
    let pool = pools.get(name);
    if (pool === undefined) {
      pool = {
        depth: options.depth(name),
        running: 0,
        heap: heap(name === DEFAULT_POOL ? weight!.byPath : weight!.byOrder),
      };
      pools.set(name, pool);
    }
    return pool;
  };
  counts.set('waiting', open);
  for (const task of plan.order) {
    missing[task] = plan.needs[task]!.length;
    if (missing[task] === 0) {
      set(task, 'ready');
      undecided.push(task);
    }
  }
  let at = 0;

  const leave = (task: number): void => {
    if (states[task] !== 'running') return;
    running--;
    poolOf(task).running--;
  };
  const close = (task: number, state: State): void => {
    leave(task);
    set(task, state);
    open--;
  };

  return {
    state: (task) => states[task]!,
    ready() {
      while (at < undecided.length) {
        const task = undecided[at++]!;
        if (at > 4096) {
          undecided.splice(0, at);
          at = 0;
        }
        if (states[task] === 'ready') return task;
      }
      return undefined;
    },
    queue(task) {
      set(task, 'queued');
      queued.push(task);
    },
    start(free) {
      if (queued.length > 0) {
        weight ??= weights(plan, options.weight, (task) => SETTLED.has(states[task]!));
        for (const task of queued) poolOf(task).heap.push(task);
        queued.length = 0;
      }
      let best: { depth: number; running: number; heap: Heap } | undefined;
      for (const pool of pools.values()) {
        while (pool.heap.top() !== undefined && states[pool.heap.top()!] !== 'queued')
          pool.heap.pop();
        const top = pool.heap.top();
        if (top === undefined || pool.running >= pool.depth) continue;
        if (plan.tasks[top]!.procedure.slots > free && running > 0) continue;
        if (best === undefined || weight!.byPath[top]! > weight!.byPath[best.heap.top()!]!)
          best = pool;
      }
      const task = best?.heap.pop();
      if (task === undefined) return undefined;
      best!.running++;
      running++;
      set(task, 'running');
      return task;
    },
    settle(task, state) {
      close(task, state);
      if (state === 'failed') return cancelDependents(task);
      for (const d of plan.dependents[task]!) {
        if (--missing[d]! === 0 && states[d] === 'waiting') {
          set(d, 'ready');
          undecided.push(d);
        }
      }
      return [];
    },
    cancel(task) {
      if (!SETTLED.has(states[task]!)) close(task, 'cancelled');
    },
    open: () => open,
    running: () => running,
    count: (state) => counts.get(state) ?? 0,
  };

  function cancelDependents(task: number): number[] {
    const cancelled: number[] = [];
    const stack = [task];
    while (stack.length > 0) {
      for (const d of plan.dependents[stack.pop()!]!) {
        if (SETTLED.has(states[d]!)) continue;
        close(d, 'cancelled');
        cancelled.push(d);
        stack.push(d);
      }
    }
    return cancelled;
  }
}

/** Lanes that a project names keep the procedure's own order (a scan goes over its axes as written); in this one the longest path goes first. */
const DEFAULT_POOL = 'cpu';

interface Weights {
  /** Priority (makers inherit the highest of what needs them), then the longest path of learnt durations, then the order of declaration. */
  byPath: Float64Array;
  /** Priority, then the order of declaration. */
  byOrder: Float64Array;
}

function weights(
  plan: Plan,
  duration: ScheduleOptions['weight'],
  settled: (task: number) => boolean,
): Weights {
  const n = plan.tasks.length;
  const priority = new Float64Array(n);
  const path = new Float64Array(n);
  let any = false;
  for (let k = plan.order.length - 1; k >= 0; k--) {
    const i = plan.order[k]!;
    if (settled(i)) continue;
    let p = plan.tasks[i]!.procedure.priority;
    let longest = 0;
    for (const d of plan.dependents[i]!) {
      p = Math.max(p, priority[d]!);
      longest = Math.max(longest, path[d]!);
    }
    priority[i] = p;
    path[i] = longest + (duration?.(i) ?? 0);
    any ||= p !== 0 || path[i] !== 0;
  }
  const ranked = (compare: (a: number, b: number) => number): Float64Array => {
    const weight = new Float64Array(n);
    if (!any) for (let i = 0; i < n; i++) weight[i] = -i;
    else
      Array.from(plan.order)
        .sort(compare)
        .forEach((i, rank) => (weight[i] = -rank));
    return weight;
  };
  return {
    byPath: ranked((a, b) => priority[b]! - priority[a]! || path[b]! - path[a]! || a - b),
    byOrder: ranked((a, b) => priority[b]! - priority[a]! || a - b),
  };
}

interface Heap {
  push(i: number): void;
  pop(): number | undefined;
  top(): number | undefined;
}

/** Binary heap of task indices, the heaviest on top. */
function heap(weight: Float64Array): Heap {
  const items: number[] = [];
  return {
    top: () => items[0],
    push(item) {
      let i = items.push(item) - 1;
      while (i > 0) {
        const up = (i - 1) >> 1;
        if (weight[items[up]!]! >= weight[items[i]!]!) break;
        [items[up], items[i]] = [items[i]!, items[up]!];
        i = up;
      }
    },
    pop() {
      const top = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        for (let i = 0; ;) {
          const l = 2 * i + 1;
          const r = l + 1;
          let big = i;
          if (l < items.length && weight[items[l]!]! > weight[items[big]!]!) big = l;
          if (r < items.length && weight[items[r]!]! > weight[items[big]!]!) big = r;
          if (big === i) break;
          [items[big], items[i]] = [items[i]!, items[big]!];
          i = big;
        }
      }
      return top;
    },
  };
}
