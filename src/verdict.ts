/** Is a task fresh, with what is so today: joins what the facts and the store say to the decision of core. Fetches; runs and hashes nothing. */
import { whyStale } from './core/stale.ts';
import type { ContentId, Plan, Reason, TargetName, Task } from './core/types.ts';
import type { FilePlace } from './facts.ts';
import type { Made } from './made.ts';
import { absolute, below } from './store/store.ts';
import type { Workspace } from './workspace.ts';

/** Content id of each data input, in the task's order. */
export type InputIds = (readonly [TargetName, ContentId])[];

/** An output that is there and cannot be read (a folder in its place): never what tg made. */
const UNREADABLE: ContentId = 'unreadable.0';
/** A source that has changed since it was scanned, or never was. */
export const UNSCANNED: ContentId = 'unscanned.0';

/**
 * Ids of the inputs of a task. `made`: ids of what this build has made or found fresh; `reading`: the task is about to read them.
 * @returns 'unknown' when one must be hashed first; `missing`: those that are not there and are not optional
 */
export function inputIds(
  ws: Workspace,
  plan: Plan,
  task: Task,
  made: Pick<Made, 'get'>,
  { reading = false } = {},
): { ids: InputIds; missing: TargetName[] } | 'unknown' {
  const ids: InputIds = [];
  const missing: TargetName[] = [];
  let unknown = false;
  for (const { targets, optional, proven, scanned } of task.inputs) {
    if (proven === true) continue;
    for (const target of targets) {
      const found = scanned === true ? scannedId(ws, plan, task, target) : undefined;
      if (found !== undefined) {
        if (found !== null) ids.push([target, found]);
        else missing.push(target);
        continue;
      }
      const known = made.get(target);
      if (known !== undefined) {
        ids.push([target, known]);
        continue;
      }
      const source = plan.sources.get(target);
      let id = source === undefined ? null : ws.facts.sourceId(source);
      // What is archived keeps the id it had when this task last read it.
      if (id === null && !reading && source?.archived === true)
        id = ws.store.entry(task.id)?.inputs.find(([t]) => t === target)?.[1] ?? null;
      if (id === undefined) unknown = true;
      else if (id !== null) ids.push([target, id]);
      else if (optional !== true) missing.push(target);
    }
  }
  return unknown ? 'unknown' : { ids, missing };
}

/** The one file of a source that the task scans, and what the stat cache knows it by: what was found in it. */
export function scannedFile(
  plan: Plan,
  task: Task,
  target: TargetName,
): { path: string; key: string } | undefined {
  const files = plan.sources.get(target)?.files;
  const path = files?.length === 1 ? files[0]!.path : undefined;
  return path === undefined ? undefined : { path, key: `${path}::${task.id}` };
}

/** Id of a source by what was found in it under its stat of today; null: it is not there; undefined: it is hashed as any other. */
export function scannedId(
  ws: Workspace,
  plan: Plan,
  task: Task,
  target: TargetName,
): ContentId | undefined | null {
  const file = scannedFile(plan, task, target);
  if (file === undefined) return undefined;
  const known = ws.store.stats.look(file.key, absolute(ws.root, file.path));
  return known === undefined ? UNSCANNED : known;
}

/** Id of an output as it lies there; null: not there; undefined: must be hashed. */
export function outputId(
  ws: Workspace,
  output: { path: string; place: string },
): ContentId | undefined | null {
  try {
    return ws.facts.id(output.path, output.place);
  } catch {
    return UNREADABLE;
  }
}

/** Why a task without a valid entry must run. */
export function unbuilt(ws: Workspace, task: Task): Reason {
  const unfinished = ws.store.unfinished(task.id);
  return unfinished === undefined || unfinished.kind === 'failed'
    ? { kind: 'never-built' }
    : { kind: 'interrupted', at: unfinished.at };
}

/** Why the task must run with these inputs; 'unknown' when an output must be hashed first. */
export function verdict(ws: Workspace, task: Task, inputs: InputIds): Reason[] | 'unknown' {
  const entry = ws.store.entry(task.id);
  if (entry === undefined) return [unbuilt(ws, task)];
  let unknown = false;
  const places = new Map(task.outputs.map((o) => [o.target, o.place]));
  const reasons = whyStale(task, entry, {
    code: ws.codeOf(task),
    inputs,
    output(target, path) {
      const id = outputId(ws, { path, place: places.get(target) ?? '' });
      if (id === undefined) unknown = true;
      return id ?? undefined;
    },
    document: ws.facts.document(task),
  });
  return unknown ? 'unknown' : reasons;
}

/** Reasons that hold whatever the makers of a task will make: for the word `stale` instead of `maybe`. */
export function staleAnyway(ws: Workspace, plan: Plan, i: number): Reason[] {
  const task = plan.tasks[i]!;
  const reasons = verdict(ws, task, [...(ws.store.entry(task.id)?.inputs ?? [])]);
  // What could not be told without hashing is not said.
  ws.facts.unknown();
  return reasons === 'unknown' ? [] : reasons;
}

/** Files whose content a run depends on. */
export interface Watched {
  /** Sources and configuration: their ids are taken again when they changed before the run. */
  read: FilePlace[];
  /** Code and what other tasks made: their ids were decided on. */
  fixed: FilePlace[];
}

export function watchedFiles(ws: Workspace, plan: Plan, task: Task): Watched {
  const read: FilePlace[] = [];
  const fixed: FilePlace[] = ws.codeFiles(task).map((path) => ({ path, place: '' }));
  for (const { path } of Object.values(task.files))
    if (path !== null) read.push({ path: below(ws.root, path), place: '' });
  for (const { targets, proven, scanned } of task.inputs)
    for (const target of proven === true || scanned === true ? [] : targets) {
      const source = plan.sources.get(target);
      const fast = source?.hash === 'fast';
      for (const { path } of source?.files ?? []) read.push({ path, place: source!.place, fast });
      if (source !== undefined) continue;
      const maker = plan.maker.get(target);
      const outputs = maker === undefined ? [] : plan.tasks[maker]!.outputs;
      for (const o of outputs)
        if (o.target === target) fixed.push({ path: o.path, place: o.place });
    }
  return { read, fixed };
}
