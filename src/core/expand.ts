/** From procedures and what is there (runs, built lists) to tasks. Knows no files: sources come matched, parameters come resolved. */
import type { ExpandInput, Expansion, Family, Parts } from './expansion.ts';
import { awaited, commonRuns, inputFamily, inputOf } from './input-family.ts';
import type { InputFamily } from './input-family.ts';
import { outputsOf, targetOf } from './outputs.ts';
import { cutParts, cutTask, eachPart, listOf, sameParts, wholeTask } from './parts.ts';
import { inOrder } from './procedure-order.ts';
import { twoMakers } from './two-makers.ts';
import { mergeTasks, patternValues, pointTasks } from './scan.ts';
import type { Diagnostic, Json, Procedure, TargetName, Task, TaskInput } from './types.ts';

export function expand(input: ExpandInput): Expansion {
  const diagnostics: Diagnostic[] = [];
  const makerOf = new Map<string, Procedure>();
  const twice: Diagnostic[] = [];
  for (const procedure of input.procedures)
    for (const { target } of procedure.outputs) {
      const other = makerOf.get(target);
      if (other === undefined) makerOf.set(target, procedure);
      // One per run and one for all of them are two makers, too, though no task of theirs meets.
      else if (other !== procedure) twice.push(twoMakers(target, procedure, other));
    }
  const expansion: Expansion = {
    tasks: [],
    spare: new Map(),
    sources: new Map(),
    families: new Map(),
    makerOf,
    diagnostics,
  };
  for (const source of input.sources.values())
    for (const t of source.targets) expansion.sources.set(t.target, t);
  for (const procedure of inOrder(input, makerOf, diagnostics)) {
    if (diagnostics.length === 0 || expansion.families.size > 0)
      expandOne(input, expansion, procedure);
  }
  diagnostics.push(...twice);
  // What is made in this project is not taken from a file as well.
  for (const { outputs } of expansion.tasks)
    for (const { target } of outputs) expansion.sources.delete(target);
  return expansion;
}

function expandOne(input: ExpandInput, expansion: Expansion, procedure: Procedure): void {
  const family: Family = {
    procedure,
    tasks: [],
    runs: undefined,
    whole: new Map(),
    parts: new Map(),
    joined: new Set(),
    missing: undefined,
    deferred: undefined,
    waiting: new Set(),
  };
  expansion.families.set(procedure.name, family);
  const families = procedure.inputs.map((i) => inputFamily(expansion, input, procedure, i));
  const after = procedure.after.map((target) =>
    familyOf(expansion, input, procedure, target, 'after'),
  );
  const list =
    typeof procedure.each === 'object'
      ? familyOf(expansion, input, procedure, procedure.each.target, 'each')
      : undefined;
  const needed = list === undefined ? families : [...families, list];
  family.missing =
    procedure.hindered ??
    needed.find((f) => f.missing !== undefined && !f.optional)?.missing ??
    // What is only to come before need not be there, but it must be something.
    after.find((f) => f.missing?.code === 'unknown-target')?.missing ??
    (list !== undefined && input.sources.has(list.written) ? noList(procedure, list) : undefined) ??
    (procedure.each === 'point' ? noPoints(procedure, families, expansion) : undefined);
  // Without tasks its parameters are no less mistaken: all mistakes are told at once.
  const checked = (): void => void input.resolve(procedure, undefined);
  if (family.missing !== undefined) return checked();
  const runs = procedure.each === 'all' ? undefined : commonRuns(needed);
  family.runs = runs;

  const wait = (run: string | undefined, list: TargetName): void => {
    family.deferred ??= list;
    family.waiting.add(run ?? '');
  };
  const role = input.partsRole?.(procedure);
  const add = (task: Task): number => {
    if (expansion.spare.size > 0) useSpares(expansion, task);
    const i = expansion.tasks.push(task) - 1;
    family.tasks.push(i);
    return i;
  };
  const addParts = (one: Task, list: TargetName, parts: readonly Task[]): void => {
    const whole = wholeTask(one, parts.length, input);
    for (const { target } of whole.outputs) expansion.spare.set(target, whole);
    family.parts.set(one.run ?? '', { list, tasks: parts.map(add), whole });
  };
  for (const run of runs ?? [undefined]) {
    const before = [...needed, ...after].map((f) => awaited(f, run)).find((l) => l !== undefined);
    if (before !== undefined) {
      wait(run, before);
      continue;
    }
    const inputs = families.map((f) => inputOf(f, run));
    const one = {
      ...taskOf(input, procedure, run, inputs),
      after: after.flatMap((f) => inputOf(f, run).targets),
    };
    if (typeof role === 'object' && input.inParts?.(run) === true) {
      expansion.makerOf.set(role.list, procedure);
      add(cutTask(one, role, input));
      const members = input.lists.get(listOf(one, role));
      if (members === undefined) wait(run, role.list);
      else addParts(one, listOf(one, role), cutParts(one, role, members, input));
      continue;
    }
    const parts = role === 'each' ? partsOf(families, run) : undefined;
    if (parts !== undefined) {
      const aliases = new Set(
        families.flatMap((f) => (f.parts.has(run ?? '') && !f.fixed ? [f.alias] : [])),
      );
      addParts(one, parts.list, eachPart(one, aliases, parts.tasks.length, input));
      continue;
    }
    if (joinsParts(procedure, families, run)) family.joined.add(run ?? '');
    if (procedure.scan.length > 0) {
      for (const task of pointTasks(one, procedure.scan, input)) add(task);
      for (const task of mergeTasks(one, procedure.scan, input)) {
        const i = add(task);
        if (task.point === undefined) family.whole.set(run ?? '', i);
      }
      continue;
    }
    if (list !== undefined) {
      const targets = inputOf(list, run).targets;
      const members = targets.map((target) => input.lists.get(target));
      if (targets.length === 0 || members.includes(undefined)) {
        wait(run, list.written);
        continue;
      }
      for (const member of members.flatMap((m) => m!)) add(memberTask(one, member, input, targets));
      continue;
    }
    if (procedure.each === 'point') {
      for (const task of perPoint(one, families, expansion, run, input)) add(task);
      continue;
    }
    family.whole.set(run ?? '', add(one));
  }
  if (family.waiting.size > 0 && family.tasks.length === 0) checked();
}

/** The parts that the inputs of a run have; undefined when none has, when they are cut in different ways, or when one is a table of the whole run. */
function partsOf(families: readonly InputFamily[], run: string | undefined): Parts | undefined {
  if (families.some((f) => !f.fixed && f.joined.has(run ?? ''))) return undefined;
  const found = families.flatMap((f) => (f.fixed ? [] : (f.parts.get(run ?? '') ?? [])));
  return found.every((parts) => sameParts(parts, found[0]!)) ? found[0] : undefined;
}

/** Are tables made here of all parts of the run? Their rows are counted through, and nothing that reads them goes part by part. */
const joinsParts = ({ outputs }: Procedure, families: readonly InputFamily[], run = ''): boolean =>
  outputs.some(({ pattern }) => pattern === undefined) &&
  families.some((f) => !f.fixed && (f.parts.has(run) || f.joined.has(run)));

/** A task that needs all of a run in one table has its parts joined. */
function useSpares(expansion: Expansion, task: Task): void {
  for (const target of [...task.inputs.flatMap(({ targets }) => targets), ...task.after]) {
    const whole = expansion.spare.get(target);
    if (whole === undefined) continue;
    for (const output of whole.outputs) expansion.spare.delete(output.target);
    expansion.tasks.push(whole);
  }
}

/** What a word of the entry outside of `inputs:` stands for. */
const familyOf = (
  expansion: Expansion,
  input: ExpandInput,
  procedure: Procedure,
  target: string,
  key: string,
): InputFamily =>
  inputFamily(expansion, input, procedure, {
    alias: '',
    target,
    where: procedure.places.get(key) ?? procedure.where,
  });

const noList = (procedure: Procedure, list: InputFamily): Diagnostic => ({
  severity: 'error',
  code: 'bad-value',
  message: `each: ${list.written} is a source, not a list that a task makes`,
  where: procedure.places.get('each') ?? procedure.where,
  try: 'a procedure that writes the list, or {run} in the source',
});

/** `each: point` without an input that is made point by point. */
function noPoints(
  procedure: Procedure,
  families: readonly InputFamily[],
  expansion: Expansion,
): Diagnostic | undefined {
  if (families.some((f) => f.deferred !== undefined || pointsOf(f, expansion).length > 0))
    return undefined;
  return {
    severity: 'error',
    code: 'bad-value',
    message: `each: point, but no input of ${procedure.name} is made point by point`,
    where: procedure.places.get('each') ?? procedure.where,
    try: 'an input with scan:, or each: run',
  };
}

/** Tasks of the points behind an input (merges are none). */
function pointsOf(f: InputFamily, expansion: Expansion): Task[] {
  const maker = expansion.makerOf.get(f.written) ?? expansion.families.get(f.written)?.procedure;
  const tasks = maker === undefined ? [] : (expansion.families.get(maker.name)?.tasks ?? []);
  return tasks
    .map((i) => expansion.tasks[i]!)
    .filter((task) => task.kind !== 'merge' && task.point !== undefined);
}

/** The task of one run (or of no run), before scans and lists are applied. */
function taskOf(
  input: ExpandInput,
  procedure: Procedure,
  run: string | undefined,
  inputs: readonly TaskInput[],
): Task {
  const { params, files } = input.resolve(procedure, run);
  const selection = run ?? '';
  return {
    id: targetOf(procedure.name, selection),
    procedure,
    kind: procedure.type === 'command' ? 'command' : 'module',
    params,
    files,
    inputs,
    after: [],
    outputs: outputsOf(procedure, selection, run, {}, input),
    ...(run === undefined ? {} : { run }),
  };
}

function memberTask(
  one: Task,
  member: { name: string; value: Json },
  input: ExpandInput,
  lists: readonly TargetName[],
): Task {
  const selection = one.run === undefined ? member.name : `${one.run},${member.name}`;
  return {
    ...one,
    id: targetOf(one.procedure.name, selection),
    inputs: inputsOfMember(one, member.value),
    // The member is part of what the task is; it follows the list's maker in order only, so a list re-made with this member in it reruns nothing.
    params: { ...one.params, member: member.value },
    after: [...one.after, ...lists],
    outputs: outputsOf(one.procedure, selection, one.run, { name: member.name }, input),
  };
}

/** Of a list for all runs, an entry that names `runs` reads inputs of these runs alone. */
function inputsOfMember({ inputs, run }: Task, member: Json): readonly TaskInput[] {
  const named =
    typeof member === 'object' && member !== null && 'runs' in member ? member.runs : undefined;
  if (run !== undefined || !Array.isArray(named)) return inputs;
  const runs = new Set<unknown>(named);
  const isOf = (target: TargetName): boolean => {
    const of = /@([^,]*)/.exec(target)?.[1];
    return of === undefined || runs.has(of);
  };
  return inputs.map((input) => ({ ...input, targets: input.targets.filter(isOf) }));
}

function* perPoint(
  one: Task,
  families: readonly InputFamily[],
  expansion: Expansion,
  run: string | undefined,
  input: ExpandInput,
): Iterable<Task> {
  for (const f of families) {
    const points = pointsOf(f, expansion).filter((task) => task.run === run);
    if (points.length === 0) continue;
    for (const task of points) {
      const selection = task.id.slice(task.id.indexOf('@') + 1);
      const target =
        task.outputs.find((o) => o.target.startsWith(`${f.written}@`))?.target ??
        task.outputs[0]?.target;
      if (target === undefined) continue; // its outputs are mistakes, told already
      yield {
        ...one,
        id: targetOf(one.procedure.name, selection),
        ...(task.point === undefined ? {} : { point: task.point }),
        inputs: one.inputs.map((x) =>
          x.alias === f.alias ? { alias: x.alias, targets: [target] } : x,
        ),
        outputs: outputsOf(one.procedure, selection, run, patternValues(task.point ?? {}), input),
      };
    }
    return;
  }
}
