/** From tasks and what is wanted to a plan: who makes what, in which order, or the mistakes that forbid it. Knows nothing of what is on disk. */
import { nearest } from './nearest.ts';
import { outputPlace, twoMakers } from './two-makers.ts';
import type { Diagnostic, Plan, Source, TargetName, Task, Where } from './types.ts';

export interface PlanInput {
  tasks: readonly Task[];
  sources: ReadonlyMap<TargetName, Source>;
  /** Indices of the tasks asked for. */
  wanted: Iterable<number>;
  /** Other files that no task may write, and what they are: `lib.yaml` -> `a file of the project`. */
  kept?: ReadonlyMap<string, string>;
  /** Folder of the store, in which only tables, and lists of merges, have their places. */
  store?: string;
}

const NONE: readonly number[] = [];

/** The maker of each target. Two makers of one target (or of one path) are a mistake that names both. */
export function makers(tasks: readonly Task[]): {
  maker: Map<TargetName, number>;
  diagnostics: Diagnostic[];
} {
  const maker = new Map<TargetName, number>();
  const pathMaker = new Map<string, number>();
  const diagnostics: Diagnostic[] = [];
  const told = new Set<string>();
  for (let i = 0; i < tasks.length; i++) {
    const task = tasks[i]!;
    for (const output of task.outputs) {
      const other =
        maker.get(output.target) ?? (output.place === '' ? pathMaker.get(output.path) : undefined);
      if (other !== undefined && other !== i) {
        const pair = `${task.procedure.name}\n${tasks[other]!.procedure.name}`;
        if (!told.has(pair)) diagnostics.push(twoTasks(task, tasks[other]!, output));
        told.add(pair);
        continue;
      }
      maker.set(output.target, i);
      if (output.place === '') pathMaker.set(output.path, i);
    }
  }
  return { maker, diagnostics };
}

function twoTasks(task: Task, other: Task, output: { target: string; path: string }): Diagnostic {
  const target = output.target.replace(/@.*/, '');
  if (task.procedure !== other.procedure) return twoMakers(target, task.procedure, other.procedure);
  return {
    severity: 'error',
    code: 'two-makers',
    message: `${output.path} has two makers: ${other.id} and ${task.id}`,
    where: outputPlace(task.procedure, target),
    try: 'put {run} and every {axis} into the path',
  };
}

/** Inputs are never modified: no output may lie where a source lies, nor outside of the build folder by a value in its path. */
function overwritten({ tasks, sources, kept, store }: PlanInput): Diagnostic[] {
  const lies = new Map(kept);
  for (const source of sources.values())
    for (const { path } of source.files) lies.set(path, `source ${source.target}`);
  const inStore = (task: Task, path: string): boolean =>
    store !== undefined &&
    task.kind !== 'merge' &&
    task.kind !== 'cut' &&
    path.startsWith(`${store}/`);
  const found: Diagnostic[] = [];
  const told = new Set<string>();
  for (const task of tasks) {
    for (const output of task.outputs) {
      const what =
        lies.get(output.path) ??
        (output.place === '' && inStore(task, output.path) ? 'the store' : undefined) ??
        (isOutside(output.path) ? 'what lies outside of the build folder' : undefined);
      if (what === undefined || told.has(task.procedure.name)) continue;
      told.add(task.procedure.name);
      found.push({
        severity: 'error',
        code: 'two-makers',
        message: `${task.id} would write over ${what}: ${output.path}`,
        where: outputPlace(task.procedure, output.target.replace(/@.*/, '')),
        try: 'another path (inputs are never changed)',
      });
    }
  }
  return found;
}

/** Patterns have no `..`: it came by a value of a scan. */
const isOutside = (path: string): boolean => path.includes('..') && path.split('/').includes('..');

export function plan(input: PlanInput): { plan?: Plan; diagnostics: Diagnostic[] } {
  const { tasks, sources } = input;
  const { maker, diagnostics } = makers(tasks);
  diagnostics.push(...overwritten(input));
  if (diagnostics.length > 0) return { diagnostics };

  const needs: (readonly number[])[] = new Array<readonly number[]>(tasks.length).fill(NONE);
  const reached = new Uint8Array(tasks.length);
  const wantedFlags = new Uint8Array(tasks.length);
  const stack: number[] = [];
  const visit = (i: number, wanted: number): void => {
    if (wanted === 1 && wantedFlags[i] === 0) wantedFlags[i] = 1;
    else if (reached[i] === 1) return;
    reached[i] = 1;
    stack.push(i);
  };
  for (const i of input.wanted) visit(i, 1);
  while (stack.length > 0) {
    const i = stack.pop()!;
    needs[i] = needs[i] === NONE ? needsOf(tasks[i]!, maker, sources, diagnostics) : needs[i]!;
    // A flow file holds what is fresh: the tables of its run are looked at, not asked for.
    const wanted = tasks[i]!.kind === 'flow' ? 0 : wantedFlags[i]!;
    for (const j of needs[i]) visit(j, wanted);
  }
  if (diagnostics.length > 0) return { diagnostics };

  // Kahn's order over what was reached, in the order the tasks were declared.
  const dependents: number[][] = [];
  const missing = new Uint32Array(tasks.length);
  for (let i = 0; i < tasks.length; i++) {
    if (reached[i] === 0) continue;
    missing[i] = needs[i]!.length;
    for (const j of needs[i]!) (dependents[j] ??= []).push(i);
  }
  let total = 0;
  const order: number[] = [];
  for (let i = 0; i < tasks.length; i++) {
    if (reached[i] === 0) continue;
    total++;
    if (missing[i] === 0) order.push(i);
  }
  for (let at = 0; at < order.length; at++) {
    for (const d of dependents[order[at]!] ?? NONE) if (--missing[d]! === 0) order.push(d);
  }
  if (order.length < total) return { diagnostics: [cycleOf(tasks, needs, missing, reached)] };
  return {
    plan: {
      tasks,
      order: Uint32Array.from(order),
      maker,
      sources,
      needs,
      dependents: Array.from({ length: tasks.length }, (_, i) => dependents[i] ?? NONE),
      wanted: wantedFlags,
    },
    diagnostics,
  };
}

function needsOf(
  task: Task,
  maker: ReadonlyMap<string, number>,
  sources: ReadonlyMap<string, Source>,
  diagnostics: Diagnostic[],
): readonly number[] {
  let first: number | undefined;
  let set: Set<number> | undefined;
  const add = (target: TargetName, optional: boolean): void => {
    const i = maker.get(target);
    if (i === undefined) {
      if (!sources.has(target) && !optional && target !== '')
        diagnostics.push(noMaker(task, target, maker, sources));
      return;
    }
    if (first === undefined) first = i;
    else if (i !== first) (set ??= new Set([first])).add(i);
  };
  for (const input of task.inputs)
    for (const target of input.targets) add(target, input.optional === true);
  for (const target of task.after) add(target, false);
  return set !== undefined ? [...set] : first !== undefined ? [first] : NONE;
}

function noMaker(
  task: Task,
  target: TargetName,
  maker: ReadonlyMap<string, number>,
  sources: ReadonlyMap<string, Source>,
): Diagnostic {
  const name = target.replace(/@.*/, '');
  const names = new Set([...maker.keys(), ...sources.keys()].map((t) => t.replace(/@.*/, '')));
  const where =
    task.procedure.inputs.find((i) => i.target === target || i.target === name)?.where ??
    task.procedure.where;
  const near = nearest(name, [...names]);
  return {
    severity: 'error',
    code: 'unknown-target',
    message: `nothing makes "${names.has(name) ? target : name}"`,
    where,
    try: near.length > 0 ? near.join(', ') : 'tg list shows what is made',
  };
}

/** A cycle as its shortest path, one place an edge. Lead-ins and lead-outs are not part of it. */
function cycleOf(
  tasks: readonly Task[],
  needs: readonly (readonly number[])[],
  missing: Uint32Array,
  reached: Uint8Array,
): Diagnostic {
  const stuck = (i: number): boolean => reached[i] === 1 && missing[i]! > 0;
  // Walking needs among the stuck tasks must come back to a task already seen: that is the loop.
  let at = tasks.findIndex((_, i) => stuck(i));
  const seen = new Map<number, number>();
  const path: number[] = [];
  while (!seen.has(at)) {
    seen.set(at, path.length);
    path.push(at);
    at = needs[at]!.find(stuck)!;
  }
  const loop = path.slice(seen.get(at));
  const start = loop.reduce(
    (best, i, k) =>
      before(tasks[i]!.procedure.where, tasks[loop[best]!]!.procedure.where) ? k : best,
    0,
  );
  const turned = [...loop.slice(start), ...loop.slice(0, start)];
  return cycleDiagnostic(
    turned.map((i, k) => ({ task: tasks[i]!, needs: tasks[turned[(k + 1) % turned.length]!]! })),
  );
}

const before = (a: Where, b: Where): boolean =>
  a.file === b.file ? a.line < b.line : a.file < b.file;

function cycleDiagnostic(edges: readonly { task: Task; needs: Task }[]): Diagnostic {
  const name = (t: Task): string => t.procedure.name;
  const edgePlace = (e: { task: Task; needs: Task }): Where =>
    e.task.procedure.inputs.find((i) =>
      e.needs.outputs.some(
        (o) => o.target === i.target || o.target.replace(/@.*/, '') === i.target.replace(/@.*/, ''),
      ),
    )?.where ?? e.task.procedure.where;
  const related = edges.map((e) => ({
    where: edgePlace(e),
    remark: `${name(e.task)} needs ${name(e.needs)}`,
  }));
  return {
    severity: 'error',
    code: 'cycle',
    message: `cycle: ${[...edges, edges[0]!].map((e) => name(e.task)).join(' -> ')}`,
    ...related[0]!,
    related: related.slice(1),
    try: 'take out one of these inputs',
  };
}
