/** Does a task read a given file, value or parameter, and is it as it was? Answers in words; runs nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathKeys, valueAt } from './core/canonical.ts';
import { differences, isDocumentOf, leavesOf, traceReads } from './core/trace.ts';
import type { Difference } from './core/trace.ts';
import type { Json, LogEntry, Plan, Task, TraceDocument } from './core/types.ts';
import { parseText } from './execute/document.ts';
import { layersOf } from './procedures/parameters.ts';
import { assignmentsOfRow, columnsOf } from './procedures/run-values.ts';
import { grouped, plural } from './report/format.ts';
import { valueLines, valueText } from './report/why-lines.ts';
import { absolute, below } from './store/store.ts';
import { yamlThen } from './store/yaml-history.ts';
import type { Workspace } from './workspace.ts';

/** The answer about one KEY: a file, a value in it, a parameter, a source or a library. First line the answer. */
export function whyKey(ws: Workspace, plan: Plan, task: Task, key: string): string[] {
  const entry = ws.store.entry(task.id);
  if (entry === undefined) return [`nothing can be said: ${task.id} was never built`];
  const parameter = entry.trace.find((t) => isDocumentOf(t, 'param'));
  const params = parameter && (copyOf(ws, parameter) ?? task.params);
  if (parameter !== undefined && !key.includes('/') && traceReads(parameter, key, params))
    return aboutParameter(ws, task, parameter, key);
  const { file, path } = splitKey(ws, task, entry, key);
  const shown = ws.shown(file);
  const document = entry.trace.find((t) => fileOf(ws, task, t) === file);
  if (document !== undefined) return aboutFile(ws, task, document, shown, path);
  if (ws.project.files.includes(file)) return aboutYaml(ws, task, entry, file, path);
  return [aboutInput(ws, plan, task, entry, file) ?? `no: ${task.id} does not read ${shown}`];
}

/** `FILE:PATH`, `FILE`, or `PARAMETER:PATH` where the parameter names the file. */
function splitKey(
  ws: Workspace,
  task: Task,
  entry: LogEntry,
  key: string,
): { file: string; path: string } {
  const known = new Set([
    ...ws.project.files,
    ...entry.trace.flatMap((t) => fileOf(ws, task, t) ?? []),
  ]);
  const whole = resolve(ws.cwd, key);
  if (known.has(whole) || existsSync(whole)) return { file: whole, path: '' };
  for (let at = key.indexOf(':'); at >= 0; at = key.indexOf(':', at + 1)) {
    const [name, path] = [key.slice(0, at), key.slice(at + 1)];
    const file = task.files[name]?.path ?? resolve(ws.cwd, name);
    if (known.has(file) || existsSync(file)) return { file, path };
  }
  return { file: task.files[key]?.path ?? whole, path: '' };
}

function fileOf(ws: Workspace, task: Task, document: TraceDocument): string | undefined {
  if (document.file === undefined) return undefined;
  return task.files[document.name]?.path ?? absolute(ws.root, document.file);
}

/** What of a trace is not as it was; undefined when it cannot be told in values. */
function changedNow(ws: Workspace, task: Task, trace: TraceDocument): Difference[] | undefined {
  const { same, now, then } = ws.facts.document(task)(trace);
  const changed = same ? [] : differences(trace, now, then);
  return changed && leavesOf(changed);
}

/** All values of a document that are not as they were, read or not. */
const allChanges = (then: Json, now: Json): Difference[] =>
  leavesOf(differences({ name: '', whole: true, read: 0 }, now, then) ?? []);

function aboutParameter(ws: Workspace, task: Task, trace: TraceDocument, key: string): string[] {
  const [changed] = (changedNow(ws, task, trace) ?? []).filter(
    (d) => d.key === key || d.key.startsWith(`${key}.`),
  );
  const now = valueText(valueAt(task.params, pathKeys(key)));
  return [
    changed === undefined
      ? `yes: ${task.id} reads ${key}, ${now} as before`
      : `yes: ${task.id} reads ${changed.key}: ${valueText(changed.from)} -> ${valueText(changed.to)}`,
  ];
}

const beforeWord = (n: number): string =>
  n === 1 ? 'as before' : n === 2 ? 'both as before' : 'all as before';
const values = (n: number): string => plural(n, 'value');

function aboutFile(
  ws: Workspace,
  task: Task,
  trace: TraceDocument,
  shown: string,
  path: string,
): string[] {
  const { id } = task;
  const today = ws.facts.document(task)(trace);
  const now = today.now ?? currentOf(ws, task, trace);
  const changed = changedNow(ws, task, trace);
  const then = today.then ?? copyOf(ws, trace) ?? (today.same ? now : undefined);
  if (trace.whole === true) {
    const same = changed !== undefined && changed.length === 0;
    const first = `yes: ${id} reads all of ${shown}, ${same ? 'as before' : 'changed since'}`;
    return [first, ...(same ? [] : valueLines(shown, changed ?? []))];
  }
  if (path === '') {
    const others = otherChanges(then, now, changed ?? []);
    const rest = others === 0 ? '' : `; ${grouped(others)} other${others === 1 ? '' : 's'} changed`;
    if (changed === undefined)
      return [`yes: ${id} reads ${values(trace.read)} of ${shown}, changed since`];
    if (changed.length === 0)
      return [
        `no: ${id} reads ${values(trace.read)} of ${shown}, ${beforeWord(trace.read)}${rest}`,
      ];
    return [
      `yes: ${id} reads ${values(trace.read)} of ${shown}, ${grouped(changed.length)} changed${rest}`,
      ...valueLines(shown, changed),
    ];
  }
  if (!traceReads(trace, path, then))
    return [`no: ${id} read ${values(trace.read)} of ${shown}, not ${path}`];
  const mine = (changed ?? []).filter((d) => d.key === path || d.key.startsWith(`${path}.`));
  if (mine.length > 0)
    return [`yes: ${id} read ${path} of ${shown}, and it changed`, ...valueLines(shown, mine)];
  return [`yes: ${id} read ${path} of ${shown}, as before`];
}

/** A copy is named by its id: how to parse it, the name of its file says. */
function parsedAs(copy: string, name: string): Json | undefined {
  try {
    return parseText(readFileSync(copy, 'utf8'), name);
  } catch {
    return undefined;
  }
}

/** Leaves that are not as they were, and were not read. */
function otherChanges(
  then: Json | undefined,
  now: Json | undefined,
  mine: readonly Difference[],
): number {
  if (then === undefined || now === undefined) return 0;
  const own = new Set(mine.map((d) => d.key));
  return allChanges(then, now).filter((d) => !own.has(d.key)).length;
}

function currentOf(ws: Workspace, task: Task, trace: TraceDocument): Json | undefined {
  const path = fileOf(ws, task, trace);
  if (path === undefined) return undefined;
  return ws.facts.parsed(path, ws.facts.id(below(ws.root, path), '') ?? undefined);
}

function copyOf(ws: Workspace, trace: TraceDocument): Json | undefined {
  if (trace.id === undefined) return undefined;
  const copy = ws.store.copy(trace.id);
  if (copy === undefined) return undefined;
  return parsedAs(copy, trace.file ?? '');
}

/** A file of the project: how many of the values in it the task reads, and whether they are as they were. */
function aboutYaml(
  ws: Workspace,
  task: Task,
  entry: LogEntry,
  file: string,
  path: string,
): string[] {
  const layers = layersOf(ws.project, task.procedure, task.run);
  const cells = assignmentsOfRow(ws.project, columnsOf(layers), task.run, () => undefined);
  const fileOfParameter = (name: string): string | undefined => {
    const keys = pathKeys(name);
    const cell = cells.find(({ key }) => key.join('.') === name);
    if (cell?.where !== undefined) return cell.where.file;
    const layer = [...layers].reverse().find((l) => valueAt(l.values, keys) !== undefined);
    return layer?.place(keys, 'value')?.file;
  };
  const trace = entry.trace.find((t) => isDocumentOf(t, 'param'));
  const readings = new Set((trace?.values ?? []).map(([name]) => name));
  const whole = new Set<string>();
  for (const [name, at] of Object.entries(task.files)) {
    if (at.path !== null) readings.add(name);
    if (at.whole) whole.add(name);
  }
  const mine = [...readings].filter((name) => fileOfParameter(name) === file);
  // What counts whole is no value read: as everywhere in the counts.
  const counted = mine.filter((name) => !whole.has(name)).length;
  const changed =
    trace === undefined
      ? []
      : (changedNow(ws, task, trace) ?? []).filter((d) => fileOfParameter(d.key) === file);
  const shown = ws.shown(file);
  if (path !== '') {
    const name = path
      .replace(/^(parameters|overrides\.\d+\.parameters)\./, '')
      .replace(`${task.procedure.name}.`, '');
    const is = mine.some((m) => m === name || m.startsWith(`${name}.`));
    if (!is) return [`no: ${task.id} reads ${values(counted)} of ${shown}, not ${path}`];
    const own = changed.filter((d) => d.key === name || d.key.startsWith(`${name}.`));
    if (own.length === 0) return [`yes: ${task.id} reads ${path} of ${shown}, as before`];
    return [`yes: ${task.id} reads ${path} of ${shown}, and it changed`, ...valueLines(shown, own)];
  }
  const then = yamlThen(ws.store, below(ws.root, file), entry.build);
  const now = ws.facts.parsed(file, ws.facts.id(below(ws.root, file), '') ?? undefined);
  const before = then === undefined ? undefined : parsedAs(then, file);
  const all = before === undefined || now === undefined ? [] : allChanges(before, now);
  const others = Math.max(0, all.length - changed.length);
  const rest = others === 0 ? '' : `; ${grouped(others)} other${others === 1 ? '' : 's'} changed`;
  if (changed.length > 0)
    return [
      `yes: ${task.id} reads ${values(counted)} of ${shown}, ${grouped(changed.length)} changed${rest}`,
      ...valueLines(shown, changed),
    ];
  if (mine.length === 0) return [`no: ${task.id} reads nothing of ${shown}${rest}`];
  return [`no: ${task.id} reads ${values(counted)} of ${shown}, ${beforeWord(counted)}${rest}`];
}

/** A source or a made file that the task reads as a whole. */
function aboutInput(
  ws: Workspace,
  plan: Plan,
  task: Task,
  entry: LogEntry,
  file: string,
): string | undefined {
  const ids = new Map(entry.inputs);
  for (const target of task.inputs.flatMap(({ targets }) => targets)) {
    const source = plan.sources.get(target);
    const maker = plan.maker.get(target);
    const made =
      maker === undefined ? undefined : plan.tasks[maker]!.outputs.find((o) => o.target === target);
    const files = source?.files.map((f) => f.path) ?? (made === undefined ? [] : [made.path]);
    if (!files.some((path) => absolute(ws.root, path) === file)) continue;
    const now =
      source === undefined ? ws.facts.id(made!.path, made!.place) : ws.facts.sourceId(source);
    const state = now === ids.get(target) ? 'as before' : 'changed since';
    return `yes: ${task.id} reads ${ws.shown(file)} as ${target}, ${state}`;
  }
  return undefined;
}
