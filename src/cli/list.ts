/** `tg list`: targets, and with a flag sources, task types or parameters. Prints what is there; decides nothing. */
import { pathText } from '../core/canonical.ts';
import { nameMatcher, parseTarget } from '../core/names.ts';
import type { Json, Procedure } from '../core/types.ts';
import { expandAsMade } from '../lists.ts';
import { layersOf } from '../procedures/parameters.ts';
import { shapeAt } from '../procedures/shape.ts';
import { isList, isMapping } from '../procedures/schema.ts';
import { shapeOfParams } from '../procedures/zod-shape.ts';
import { plural } from '../report/format.ts';
import { columns, listLines, parameterLines, sourceLines } from '../report/list-lines.ts';
import type { ListRow, ParameterRow, SourceRow } from '../report/list-lines.ts';
import type { Workspace } from '../workspace.ts';
import { Mistakes } from '../workspace.ts';
import { openProject } from './open-project.ts';
import { shipped } from './shipped.ts';
import { tell } from './tell.ts';
import { PROJECT_FLAGS, refuse } from './verb.ts';
import type { Call, Verb } from './verb.ts';

/** Which names a GLOB means: a name, a folder with "/" behind it, or a glob. */
function matcher(word: string | undefined): (name: string) => boolean {
  if (word === undefined) return () => true;
  const target = parseTarget(word);
  return target === undefined || target.kind === 'path'
    ? (name) => name === word
    : nameMatcher(target);
}

/** Procedures that a word means by their name or by one of their targets. */
function chosen(ws: Workspace, word: string | undefined): Procedure[] {
  const matches = matcher(word);
  const found = ws.project.procedures.filter(
    ({ name, outputs }) => matches(name) || outputs.some(({ target }) => matches(target)),
  );
  // What nothing is called is told as everywhere, with the nearest names.
  if (found.length === 0 && word !== undefined) {
    const { diagnostics } = ws.planFor([word]);
    if (diagnostics.length > 0) throw new Mistakes(diagnostics);
  }
  return found;
}

function rowOf(ws: Workspace, procedure: Procedure): ListRow & { tasks: number } {
  const family = ws.expansion.families.get(procedure.name);
  const tasks = family?.tasks.map((i) => ws.expansion.tasks[i]!) ?? [];
  const runs = family?.runs?.length;
  const single = tasks.filter(({ point, kind }) => point !== undefined && kind !== 'merge').length;
  const points = single / Math.max(1, runs ?? 1);
  const parts = [
    ...(runs === undefined ? [] : [plural(runs, 'run')]),
    ...(procedure.scan.length === 0 ? [] : [plural(points, 'point')]),
  ];
  const none =
    family?.deferred !== undefined
      ? `after ${family.deferred}`
      : family?.missing !== undefined
        ? 'no source'
        : plural(tasks.length, 'task');
  return {
    name: procedure.name,
    many: parts.length === 0 ? none : parts.join(', '),
    inputs: procedure.inputs.map(({ target }) => target),
    more: procedure.outputs.flatMap(({ target }) => (target === procedure.name ? [] : [target])),
    tasks: tasks.length,
  };
}

function listTargets(ws: Workspace, call: Call): void {
  const rows = chosen(ws, call.words[0]).map((procedure) => rowOf(ws, procedure));
  if (call.json) {
    for (const { name, inputs, more, tasks } of rows) {
      const runs = ws.expansion.families.get(name)?.runs;
      call.line({
        type: 'target',
        name,
        tasks,
        ...(runs === undefined ? {} : { runs }),
        inputs,
        more,
      });
    }
  } else print(call, listLines(rows));
}

function listSources(ws: Workspace, call: Call): void {
  const matches = matcher(call.words[0]);
  const rows: SourceRow[] = [...ws.sources.values()]
    .filter(({ entry }) => matches(entry.name))
    .map(({ entry, targets, runs, gone }) => ({
      name: entry.name,
      written:
        entry.place === '' || entry.written.includes('::')
          ? entry.written
          : `${entry.written}::${entry.place}`,
      runs,
      files: targets.flatMap(({ files }) => files.map(({ path }) => ws.shown(path))),
      gone: gone.map(({ target }) => target),
    }));
  if (call.json)
    for (const { name, written, runs, files, gone } of rows)
      call.line({
        type: 'source',
        name,
        pattern: written,
        ...(runs === undefined ? {} : { runs }),
        files,
        gone,
      });
  else print(call, sourceLines(rows, call.verbose));
}

/** Shipped types, and the modules and commands of the user's own procedures. */
function listTypes(ws: Workspace | undefined, call: Call): void {
  const matches = matcher(call.words[0]);
  const used = new Map<string, string[]>();
  for (const type of Object.keys(shipped.types)) used.set(type, []);
  for (const { name, type } of ws?.project.procedures ?? [])
    used.set(type, [...(used.get(type) ?? []), name]);
  const rows = [...used].filter(([type]) => matches(type));
  if (call.json)
    for (const [type, procedures] of rows)
      call.line({
        type: 'task-type',
        name: type,
        shipped: Object.hasOwn(shipped.types, type),
        procedures,
      });
  else print(call, columns(rows.map(([type, procedures]) => [type, procedures.join(' ')])));
}

/** Leaves of a procedure's parameters: a list of scalars is one value. */
function leaves(value: Json, path: readonly string[]): (readonly [readonly string[], Json])[] {
  if (isMapping(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, part]) => leaves(part, [...path, key]));
  if (isList(value) && value.some((item) => isMapping(item)))
    return value.flatMap((item, i) => leaves(item, [...path, String(i)]));
  return [[path, value]];
}

function parametersOf(ws: Workspace, procedure: Procedure): ParameterRow[] {
  const family = ws.expansion.families.get(procedure.name);
  const task = family?.tasks[0] === undefined ? undefined : ws.expansion.tasks[family.tasks[0]];
  const layers = [...layersOf(ws.project, procedure, task?.run)].reverse();
  const module = ws.modules.get(procedure.name)?.module;
  const shape = shapeOfParams(module?.params);
  return leaves(task?.params ?? procedure.parameters, []).flatMap(([path, value]) => {
    if (path.length === 0) return [];
    const place = layers.map((layer) => layer.place(path, 'value')).find((p) => p !== undefined);
    return [
      {
        path: `${procedure.name}.${pathText(path)}`,
        value: typeof value === 'string' ? value : JSON.stringify(value),
        unit: unitOf(shape, path),
        from:
          place === undefined ? 'default' : `${ws.shown(place.file)}:${place.line}:${place.column}`,
      },
    ];
  });
}

function unitOf(shape: ReturnType<typeof shapeOfParams>, path: readonly string[]): string {
  for (let n = path.length; n > 0; n--) {
    const unit = shapeAt(shape, path.slice(0, n))?.unit;
    if (unit !== undefined) return unit;
  }
  return '';
}

function listParameters(ws: Workspace, call: Call): void {
  const rows = chosen(ws, call.words[0]).flatMap((procedure) => parametersOf(ws, procedure));
  if (call.json) for (const row of rows) call.line({ type: 'parameter', ...row });
  else print(call, parameterLines(rows));
}

const print = (call: Call, lines: readonly string[]): void =>
  call.out(lines.map((line) => `${line}\n`).join(''));

export const verb: Verb = {
  flags: [
    ...PROJECT_FLAGS,
    { name: 'sources', help: 'raw data and the files that fit' },
    { name: 'types', help: 'task types, and who uses them' },
    { name: 'params', help: 'parameters, their values and where they are set' },
  ],
  examples: ["tg list 'charge/*'", 'tg list --params charge/hits'],
  async run(call) {
    const kinds = ['sources', 'types', 'params'].filter((name) => call.has(name));
    if (kinds.length > 1)
      throw refuse(
        'bad-flag',
        `--${kinds.join(' and --')} exclude each other`,
        `tg list --${kinds[0]!}`,
      );
    const ws = await openProject(call);
    tell(call, ws.warnings);
    if (kinds[0] === 'sources') listSources(ws, call);
    else if (kinds[0] === 'types') listTypes(ws, call);
    else if (kinds[0] === 'params') listParameters(ws, call);
    else {
      expandAsMade(ws);
      listTargets(ws, call);
    }
    return 0;
  },
};
