/** What needs what as a drawing has it: sources, procedures (or tasks), further tables, and arrows. Knows names, no files and no format. */
import type { Expansion } from './expansion.ts';
import { targetOf } from './outputs.ts';
import type { Plan, TargetName, Task } from './types.ts';

export interface GraphNode {
  name: string;
  kind: 'source' | 'procedure' | 'task' | 'table';
}

export interface Graph {
  nodes: readonly GraphNode[];
  /** Indices of nodes, from what is needed to what needs it. Sorted: by rank of the end, then as its inputs were written. */
  edges: readonly (readonly [from: number, to: number])[];
}

interface Draft {
  nodes: GraphNode[];
  index: Map<string, number>;
  /** Of each node: what it needs, in order. */
  needs: number[][];
}

function nodeOf(draft: Draft, name: string, kind: GraphNode['kind']): number {
  let i = draft.index.get(name);
  if (i === undefined) {
    i = draft.nodes.push({ name, kind }) - 1;
    draft.index.set(name, i);
    draft.needs.push([]);
  }
  return i;
}

function arrow(draft: Draft, from: number, to: number): void {
  const needs = draft.needs[to]!;
  if (from !== to && !needs.includes(from)) needs.push(from);
}

const baseOf = (target: TargetName): string => target.replace(/@.*/s, '');

/** Tasks of a plan that are drawn: all that are asked for or needed; links of flow files only when they were named. */
function drawn(plan: Plan, flows: boolean): number[] {
  return [...plan.order]
    .filter((i) => plan.wanted[i] === 1 && (flows || plan.tasks[i]!.kind !== 'flow'))
    .sort((a, b) => a - b);
}

/**
 * @param each a node for every task instead of one for every procedure
 * @param flows links of flow files, too
 */
export function graphOf(plan: Plan, { each, flows }: { each: boolean; flows: boolean }): Graph {
  const draft: Draft = { nodes: [], index: new Map(), needs: [] };
  const tasks = drawn(plan, flows);
  const idOf = (task: Task): string => (each ? task.id : task.procedure.name);
  const shown = (target: TargetName): string => (each ? target : baseOf(target));
  // Makers first, so that an input is known as a table or as the task itself.
  const made = new Map<TargetName, number>();
  for (const i of tasks) {
    const task = plan.tasks[i]!;
    const node = nodeOf(draft, idOf(task), each ? 'task' : 'procedure');
    for (const { target, inner } of task.outputs) {
      // A target of the maker's own name is the maker; every other one hangs on it.
      const own = target === task.id || baseOf(target) === task.procedure.name;
      // What the parts of a run hand to each other stays inside of the procedure.
      if (!each && inner === true && !own) continue;
      const table = own ? node : nodeOf(draft, shown(target), 'table');
      made.set(target, table);
      arrow(draft, node, table);
    }
  }
  for (const i of tasks) {
    const task = plan.tasks[i]!;
    const node = draft.index.get(idOf(task))!;
    for (const target of [...task.inputs.flatMap(({ targets }) => targets), ...task.after]) {
      const maker = made.get(target);
      if (maker !== undefined) arrow(draft, maker, node);
      else if (plan.sources.has(target)) arrow(draft, nodeOf(draft, shown(target), 'source'), node);
    }
  }
  return sorted(draft);
}

/** Longest way from a source to each node. */
function ranks(draft: Draft): number[] {
  const rank = draft.nodes.map(() => -1);
  const stack: number[] = [];
  for (let root = 0; root < rank.length; root++) {
    stack.push(root);
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!;
      const open = rank[at]! < 0 ? draft.needs[at]!.filter((need) => rank[need]! < 0) : [];
      if (open.length > 0) {
        stack.push(...open);
        continue;
      }
      rank[at] = Math.max(0, ...draft.needs[at]!.map((need) => rank[need]! + 1));
      stack.pop();
    }
  }
  return rank;
}

function sorted(draft: Draft): Graph {
  const rank = ranks(draft);
  const edges = draft.needs.flatMap((needs, to) =>
    needs.map((from, place) => ({ from, to, place })),
  );
  edges.sort((a, b) => rank[a.to]! - rank[b.to]! || a.place - b.place || a.to - b.to);
  return { nodes: draft.nodes, edges: edges.map(({ from, to }) => [from, to] as const) };
}

/** Procedures that have no tasks yet, or not all, until a list is made that the plan makes: told beside a drawing. */
export function waiting(expansion: Expansion, plan: Plan): { name: string; list: string }[] {
  const made = new Set<string>();
  plan.tasks.forEach(({ outputs }, i) => {
    if (plan.wanted[i] === 1) for (const { target } of outputs) made.add(target);
  });
  return [...expansion.families.values()].flatMap(
    ({ procedure: { name }, deferred, waiting: runs }) =>
      deferred !== undefined &&
      (made.has(deferred) || [...runs].some((run) => made.has(targetOf(deferred, run))))
        ? [{ name, list: deferred }]
        : [],
  );
}
