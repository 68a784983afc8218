/** From the words of the command line to tasks. Knows names and tasks, no files. */
import type { Expansion, MatchedSource } from './expansion.ts';
import { matchPoint, matchRuns, nameMatcher, parseTarget } from './names.ts';
import type { Diagnostic, Task, Where } from './types.ts';
import { noSelection, unknownName } from './unknown-target.ts';

export interface TargetWords {
  words: readonly string[];
  /** `default:` of tg.yaml; undefined: everything. */
  default: readonly string[] | undefined;
  /** Where a word of `default:` stands. */
  placeOf?(word: string): Where | undefined;
  workflows: readonly { name: string; tasks: readonly string[] }[];
  /** false: flow files are linked only when they are asked for by name. */
  linked?: boolean;
  sources: ReadonlyMap<string, MatchedSource>;
  /** Where the flow file of a run lies, relative to the root. */
  flowPath(run: string): string;
  /** A path as the user wrote it -> relative to the root, to be compared with the paths of outputs. */
  relative(path: string): string;
  /** Shipped library (`tg:light`) that makes a name and is not used by this project. */
  elsewhere(name: string): string | undefined;
}

/** A task asked for, and the target names of it that the words meant. */
export interface Wanted {
  tasks: number[];
  /** By word: what it stands for, for `path` and for the summary: task and the base names of its outputs that were meant (all when undefined). */
  chosen: { word: string; tasks: number[]; output: string | undefined }[];
}

export function wantedTasks(
  input: TargetWords,
  expansion: Expansion,
): { wanted: Wanted; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<number>();
  const wanted: Wanted = { tasks: [], chosen: [] };
  const words = input.words.length > 0 ? input.words : input.default;
  if (words === undefined) {
    const told = new Set<Diagnostic>();
    for (const family of expansion.families.values()) {
      if (family.missing !== undefined && !told.has(family.missing))
        diagnostics.push(family.missing);
      if (family.missing !== undefined) told.add(family.missing);
    }
    wanted.tasks = expansion.tasks.flatMap(({ kind }, i) =>
      kind === 'flow' && input.linked === false ? [] : [i],
    );
    wanted.chosen.push({ word: '', tasks: wanted.tasks, output: undefined });
    return { wanted, diagnostics };
  }
  const expandWorkflows = (list: readonly string[]): readonly string[] =>
    list.flatMap((w) => input.workflows.find((f) => f.name === w)?.tasks ?? [w]);
  for (const word of expandWorkflows(words)) {
    const mistakes: Diagnostic[] = [];
    const found = resolve(word, input, expansion, mistakes);
    const where = input.words.length > 0 ? undefined : input.placeOf?.(word);
    for (const each of mistakes)
      if (!diagnostics.includes(each))
        diagnostics.push(where === undefined ? each : { where, ...each });
    if (found === undefined) continue;
    wanted.chosen.push({ word, ...found });
    for (const i of found.tasks) {
      if (!seen.has(i)) wanted.tasks.push(i);
      seen.add(i);
    }
  }
  return { wanted, diagnostics };
}

function resolve(
  word: string,
  input: TargetWords,
  expansion: Expansion,
  diagnostics: Diagnostic[],
): { tasks: number[]; output: string | undefined } | undefined {
  const byPath = pathTasks(word, input, expansion);
  const target = parseTarget(word);
  if (target === undefined || target.kind === 'path') {
    if (byPath.length > 0) return { tasks: byPath, output: undefined };
    diagnostics.push(unknown(word, input, expansion));
    return undefined;
  }
  const matches = nameMatcher(target);
  const tasks: number[] = [];
  let known = false;
  let output: string | undefined;
  for (const family of expansion.families.values()) {
    const names = [family.procedure.name, ...family.procedure.outputs.map((o) => o.target)];
    if (!names.some(matches)) continue;
    known = true;
    if (!matches(family.procedure.name) && target.kind === 'name' && !target.glob)
      output = target.name;
    if (family.missing !== undefined) {
      if (!diagnostics.includes(family.missing)) diagnostics.push(family.missing);
      continue;
    }
    if (family.deferred !== undefined)
      tasks.push(...makersOfList(family.deferred, expansion, matchRuns(target.select?.runs ?? [])));
    if (target.select === undefined) {
      tasks.push(...family.tasks);
      continue;
    }
    const run = matchRuns(target.select.runs);
    const point = matchPoint(target.select);
    const hasPoint = target.select.point.length > 0;
    const starred = hasPoint && target.select.point.some((p) => p.pattern === '*');
    for (const i of family.tasks) {
      const task = expansion.tasks[i]!;
      if (task.id === word) tasks.push(i);
      else if (
        (target.select.runs.length === 0 || (task.run !== undefined && run(task.run))) &&
        (!hasPoint || (point(task.point) && (task.kind !== 'merge' || starred)))
      )
        tasks.push(i);
      else if (!hasPoint && task.run === undefined && memberOf(task, target.select.runs))
        tasks.push(i);
    }
  }
  const isFlow = target.kind === 'name' && target.name === 'flow';
  const isMeant = matchRuns(target.select?.runs ?? []);
  for (const [i, task] of expansion.tasks.entries()) {
    const isTable = task.kind === 'cut' && matches(baseName(task.outputs[0]!.target));
    if (isTable && target.kind === 'name' && !target.glob) output = target.name;
    if (!isTable && !(isFlow && (task.kind === 'flow' || isOpenCut(task, expansion)))) continue;
    known = true;
    if (isMeant(task.run ?? '') && !target.select?.point.length && !tasks.includes(i))
      tasks.push(i);
  }
  const clash =
    target.select === undefined &&
    byPath.length > 0 &&
    known &&
    !byPath.every((i) => tasks.includes(i));
  if (clash) {
    diagnostics.push({
      severity: 'error',
      code: 'unknown-target',
      message: `"${word}" is a target and a file: ${expansion.tasks[byPath[0]!]!.id} makes the file`,
      try: `${word}@..., or ./${word}`,
    });
    return undefined;
  }
  if (tasks.length > 0) return { tasks, output };
  if (byPath.length > 0) return { tasks: byPath, output: undefined };
  if (!known) diagnostics.push(unknown(word, input, expansion));
  else if (target.select !== undefined && !diagnostics.some((d) => d.severity === 'error'))
    diagnostics.push(noSelection(word, target, input.sources.values(), expansion));
  return known && target.select === undefined ? { tasks, output } : undefined;
}

/**
 * What must be built before the family can be expanded: the makers of the list it waits for, or of the list those wait for.
 * Of part tables those of the runs that are meant.
 */
function makersOfList(
  list: string,
  expansion: Expansion,
  isMeant: (run: string) => boolean,
): number[] {
  const maker = expansion.makerOf.get(list);
  const family = maker === undefined ? undefined : expansion.families.get(maker.name);
  if (family?.deferred !== undefined && family.deferred !== list)
    return makersOfList(family.deferred, expansion, isMeant);
  return (family?.tasks ?? []).filter((i) => {
    const task = expansion.tasks[i]!;
    if (task.kind === 'cut') return isOpenCut(task, expansion) && isMeant(task.run ?? '');
    return task.outputs.some(({ target }) => baseName(target) === list);
  });
}

const baseName = (target: string): string => target.replace(/@.*/s, '');

/** Cuts a run whose parts are not known yet. */
const isOpenCut = ({ kind, procedure, run }: Task, expansion: Expansion): boolean =>
  kind === 'cut' && expansion.families.get(procedure.name)?.waiting.has(run ?? '') === true;

/** A member of a list (`NAME@name`) is selected like a run. */
const memberOf = (task: Task, patterns: readonly string[]): boolean =>
  task.id.includes('@') &&
  patterns.length > 0 &&
  matchRuns(patterns)(task.id.slice(task.id.indexOf('@') + 1));

function pathTasks(word: string, input: TargetWords, expansion: Expansion): number[] {
  const path = input.relative(word.replace(/::.*/s, ''));
  const place = word.includes('::') ? word.slice(word.indexOf('::') + 2) : '';
  const found: number[] = [];
  expansion.tasks.forEach((task, i) => {
    for (const output of task.outputs) {
      if (output.path === path && (place === '' || output.place === place)) {
        if (task.kind !== 'flow' || place === '') found.push(i);
      }
    }
  });
  // A linked file whose tables are known once the run is cut.
  expansion.tasks.forEach((task, i) => {
    if (isOpenCut(task, expansion) && input.flowPath(task.run ?? '') === path) found.push(i);
  });
  if (found.length === 0 && place !== '') {
    // A table inside a linked file: its maker of that run.
    const flow = expansion.tasks.find((t) => t.kind === 'flow' && t.outputs[0]!.path === path);
    if (flow !== undefined)
      expansion.tasks.forEach((task, i) => {
        if (
          task.kind !== 'flow' &&
          task.run === flow.run &&
          task.outputs.some((o) => o.place === place || place.startsWith(`${o.place}/`))
        )
          found.push(i);
      });
  }
  return [...new Set(found)];
}

function unknown(word: string, input: TargetWords, expansion: Expansion): Diagnostic {
  const names = [
    ...expansion.families.keys(),
    ...expansion.makerOf.keys(),
    ...input.workflows.map((w) => w.name),
  ];
  return unknownName(word, names, input.elsewhere);
}
