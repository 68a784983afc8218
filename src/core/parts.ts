/** A run in parts: the task that cuts it, one task per part, the task that joins them. Part k may read what part k-1 left open. Knows no files. */
import type { Expansion, Parts, PartsRole } from './expansion.ts';
import { matchRuns } from './names.ts';
import { nearest } from './nearest.ts';
import { fileNameOf, outputsOf, targetOf } from './outputs.ts';
import type { Folders } from './outputs.ts';
import { selectionOf } from './scan.ts';
import type { Diagnostic, Json, Project, TargetName, Task, TaskInput } from './types.ts';

type Cut = Exclude<PartsRole, 'each'>;

/** Part `k` of the procedure's task for the run. */
function partTask(one: Task, k: number, inputs: readonly TaskInput[], folders: Folders): Task {
  const point = { part: k };
  const selection = selectionOf(one.run, point);
  return {
    ...one,
    id: targetOf(one.procedure.name, selection),
    point,
    part: k,
    inputs,
    outputs: outputsOf(one.procedure, selection, one.run, { part: String(k) }, folders),
  };
}

export const listOf = (one: Task, cut: Cut): TargetName => targetOf(cut.list, one.run ?? '');

/** Writes the part table of the run. */
export function cutTask(one: Task, cut: Cut, folders: Folders): Task {
  const target = listOf(one, cut);
  const name = one.run === undefined ? cut.list : `${cut.list}/${fileNameOf(one.run)}`;
  return {
    ...one,
    id: target,
    kind: 'cut',
    inputs: one.inputs.map((input) =>
      input.alias === cut.of ? { ...input, scanned: true } : input,
    ),
    outputs: [{ target, path: `${folders.artifacts}/${name}.json`, place: '', inner: true }],
  };
}

/** One task per part. The rows it reads are proven by its part, so that a run that has grown leaves earlier parts alone. */
export function cutParts(
  one: Task,
  cut: Cut,
  members: readonly { name: string; value: Json }[],
  folders: Folders,
): Task[] {
  const list = listOf(one, cut);
  return members.map(({ value }, k) => {
    const inputs = one.inputs.map((input): TaskInput =>
      input.alias === cut.of ? { ...input, proven: true } : input,
    );
    if (k > 0) {
      const before = targetOf(cut.carry, selectionOf(one.run, { part: k - 1 }));
      inputs.push({ alias: 'carry', targets: [before] });
    }
    const task = partTask(one, k, inputs, folders);
    const target = targetOf(cut.carry, task.id.slice(task.id.indexOf('@') + 1));
    const { path } = task.outputs[0]!;
    return {
      ...task,
      params: { ...one.params, part: value },
      after: [...one.after, list],
      outputs: [...task.outputs, { target, path, place: `/${cut.carry}`, inner: true }],
    };
  });
}

/** One task per part of the inputs that are in parts; other inputs belong whole to each. */
export function eachPart(
  one: Task,
  inParts: ReadonlySet<string>,
  parts: number,
  folders: Folders,
): Task[] {
  return Array.from({ length: parts }, (_, k) => {
    const selection = selectionOf(one.run, { part: k });
    const inputs = one.inputs.map((input): TaskInput =>
      inParts.has(input.alias)
        ? { ...input, targets: input.targets.map((t) => targetOf(nameOf(t), selection)) }
        : input,
    );
    return partTask(one, k, inputs, folders);
  });
}

/** Joins the parts to what one pass would have made. */
export function wholeTask(one: Task, parts: number, folders: Folders): Task {
  const points = Array.from({ length: parts }, (_, k) => ({ part: k }));
  return {
    ...one,
    kind: 'merge',
    params: {},
    files: {},
    inputs: one.procedure.outputs.map(({ target }) => ({
      alias: target,
      targets: points.map((point) => targetOf(target, selectionOf(one.run, point))),
    })),
    after: [],
    outputs: outputsOf(one.procedure, one.run ?? '', one.run, {}, folders),
    merge: { axes: [], over: 'part', points, parts: true },
  };
}

/** Words of `parts:` that choose no run there is. */
export function partsOfNoRun(
  { parts, places }: Project,
  families: Expansion['families'],
): Diagnostic[] {
  if (parts === 'all') return [];
  const runs = [...new Set([...families.values()].flatMap((family) => family.runs ?? []))];
  if (runs.length === 0) return [];
  return parts.flatMap((word, i): Diagnostic[] => {
    if (runs.some(matchRuns([word]))) return [];
    const where = places.get(`:parts.${i}`) ?? places.get(':parts');
    const near = nearest(word, runs)[0];
    return [
      {
        severity: 'warning',
        code: 'unknown-run',
        message: `parts: no run "${word}" (${runs.length === 1 ? runs[0]! : `${runs[0]!}..${runs.at(-1)!}`}, ${runs.length} run${runs.length === 1 ? '' : 's'})`,
        ...(where === undefined ? {} : { where }),
        try: near ?? 'true for all runs, or their names',
      },
    ];
  });
}

const nameOf = (target: TargetName): string => target.replace(/@.*/s, '');

/** Task, or its run where it makes a part of it: what a user means by one. */
export const unitOf = ({ id, part, procedure, run }: Task): string =>
  part === undefined ? id : targetOf(procedure.name, run ?? '');

/** Do two families have the same parts of a run? */
export const sameParts = (a: Parts, b: Parts): boolean =>
  a.list === b.list && a.tasks.length === b.tasks.length;
