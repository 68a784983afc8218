/** Parameters of a task: layers laid over each other, checked and defaulted, with the place of every mistake. Imports no module; takes what a module exports as `params`. */
import { dirname } from 'node:path';
import { withValue } from '../core/axes.ts';
import type { Point } from '../core/axes.ts';
import { matchRuns } from '../core/names.ts';
import type { Axis, Diagnostic, Json, KeyPath, Procedure, Project, Where } from '../core/types.ts';
import { fromIssue, unknownNames, valueAt, wrongKinds } from './check-parameters.ts';
import type { ParameterMistake } from './check-parameters.ts';
import { layered } from './layered.ts';
import { isMapping } from './schema.ts';
import type { Mapping } from './schema.ts';
import type { Setting } from './set.ts';
import { withLists } from './shape.ts';
import { isZod, shapeOfParams } from './zod-shape.ts';

/** Values of one layer, weakest first in a list of layers. */
export interface ParameterLayer {
  values: Mapping;
  /** Folder of the file it stands in, by which file parameters are resolved. */
  folder: (name: string) => string;
  place: (path: KeyPath, what: 'key' | 'value') => Where | undefined;
}

/** One value set after the layers: `--set`, or the value of a scan's axis. */
export interface Assignment {
  key: Axis['key'];
  value: Json;
  where?: Where;
  /** What was typed, `--set charge/hits.x=5`: begins the message in place of a file's name. */
  said?: string;
  folder: string;
}

export interface Parameters {
  /** Validated and defaulted, plain; the values as given where there are mistakes. */
  params: Mapping;
  /** Folder that a file parameter is relative to, of every parameter that was given. */
  folders: { readonly [name: string]: string };
  /** Where each of them was given, where that is in a file. */
  places: { readonly [name: string]: Where };
  diagnostics: Diagnostic[];
}

/** Deepest place that is known for a path. */
function placeIn(places: ReadonlyMap<string, Where>, prefix: string): ParameterLayer['place'] {
  return (path, what) => {
    for (let n = path.length; n >= 1; n--) {
      const text = `${prefix}.${path.slice(0, n).join('.')}`;
      const where =
        (what === 'key' && n === path.length ? places.get(`${text}:key`) : undefined) ??
        places.get(text);
      if (where !== undefined) return where;
    }
    return undefined;
  };
}

function layer(
  values: Mapping,
  places: ReadonlyMap<string, Where>,
  prefix: string,
  folder: string,
): ParameterLayer {
  const place = placeIn(places, prefix);
  const folderOf = (name: string): string => {
    const where = place([name], 'value');
    return where === undefined ? folder : dirname(where.file);
  };
  return { values, folder: folderOf, place };
}

/** The layers of a procedure for one run, weakest first: its own parameters, those of tg.yaml, matching overrides in order. */
export function layersOf(
  project: Project,
  procedure: Procedure,
  run: string | undefined,
): ParameterLayer[] {
  const { name } = procedure;
  const layers = [layer(procedure.parameters, procedure.places, 'parameters', procedure.folder)];
  const own = Object.hasOwn(project.parameters, name) ? project.parameters[name] : undefined;
  if (own !== undefined) layers.push(layer(own, project.places, name, project.root));
  for (const i of overridesOf(project, name, run)) {
    const values = project.overrides[i]!.parameters[name]!;
    layers.push(layer(values, project.places, `overrides.${i}.${name}`, project.root));
  }
  return layers;
}

/** Which overrides hold for a procedure and run: equal lists mean equal parameters, so tasks may share them. */
export function overridesOf(
  project: Project,
  procedure: string,
  run: string | undefined,
): number[] {
  return project.overrides.flatMap(({ runs, parameters }, i) => {
    const holds = run !== undefined && Object.hasOwn(parameters, procedure) && matchRuns(runs)(run);
    return holds ? [i] : [];
  });
}

/** Values of `--set` as assignments. `cwd`: files given there are relative to it. */
export function assignmentsOfSettings(
  settings: readonly Setting[],
  procedure: string,
  cwd: string,
): Assignment[] {
  return settings
    .filter((setting) => setting.procedure === procedure)
    .map(({ path, value, said }) => ({ key: path, value, said, folder: cwd }));
}

/** The values of a point as assignments. */
export function assignmentsOfPoint(axes: readonly Axis[], point: Point): Assignment[] {
  return axes
    .filter(({ name }) => Object.hasOwn(point, name))
    .map(({ name, key, where }) => ({
      key,
      value: point[name]!,
      where,
      folder: dirname(where.file),
    }));
}

/** Does an assignment reach this path? */
function reaches({ key }: Assignment, path: KeyPath): boolean {
  const n = Math.min(key.length, path.length);
  return key
    .slice(0, n)
    .every((step, i) =>
      (typeof step === 'object' ? step : [step]).map(String).includes(String(path[i])),
    );
}

/** A mistake at the strongest place that says the value. */
function placed(
  mistake: ParameterMistake,
  procedure: string,
  layers: readonly ParameterLayer[],
  assignments: readonly Assignment[],
  otherwise: Where | undefined,
): Diagnostic {
  const { code, message, remark, path, key } = mistake;
  const diagnostic: Diagnostic = {
    severity: 'error',
    code,
    message,
    ...(remark === undefined ? {} : { remark }),
    try: mistake.try,
  };
  const assignment = assignments.findLast((candidate) => reaches(candidate, path));
  if (assignment?.where !== undefined) return { ...diagnostic, where: assignment.where };
  if (assignment !== undefined) {
    const sentence = message.startsWith(`${procedure} `) ? message : `${procedure}: ${message}`;
    const said = remark === undefined ? sentence : `${sentence}, ${remark}`;
    return { severity: 'error', code, message: said, try: mistake.try };
  }
  for (let n = path.length; n >= 1; n--) {
    const found = layers.findLast(({ values }) => valueAt(values, path.slice(0, n)) !== undefined);
    const where = found?.place(path.slice(0, n), key === true ? 'key' : 'value');
    if (where !== undefined) return { ...diagnostic, where };
  }
  return otherwise === undefined ? diagnostic : { ...diagnostic, where: otherwise };
}

/** Sets a value; a list or mapping that only the module's defaults have is taken from there first. */
function assign(merged: Mapping, { key, value }: Assignment, defaults: Mapping): Mapping {
  const first = key[0];
  const names = (typeof first === 'object' ? first : [first!]).map(String);
  const base: { [name: string]: Json } = { ...merged };
  for (const name of names) {
    if (key.length > 1 && !Object.hasOwn(base, name) && Array.isArray(defaults[name]))
      base[name] = defaults[name];
  }
  return withValue(base, key, value) as Mapping;
}

/** What a module takes when nothing is said. */
function defaultsOf(params: unknown): Mapping {
  if (!isZod(params)) return (params ?? {}) as Mapping;
  const parsed = params.safeParse({});
  return parsed.success ? (parsed.data as Mapping) : {};
}

/**
 * Parameters of one task: `layers` over the defaults of `params` (undefined: a command, which takes what it is
 * given), then `assignments`. `where` is shown for what has no place, such as a parameter that is missing.
 */
export function resolveParameters(
  procedure: string,
  params: unknown,
  layers: readonly ParameterLayer[],
  assignments: readonly Assignment[] = [],
  where?: Where,
): Parameters {
  let merged: Mapping = {};
  const folders: { [name: string]: string } = {};
  const places: { [name: string]: Where } = {};
  for (const { values, folder, place } of layers) {
    merged = layered(merged, values) as Mapping;
    for (const name of Object.keys(values)) {
      folders[name] = folder(name);
      const given = place([name], 'value');
      if (given !== undefined) places[name] = given;
    }
  }
  const defaults = params === undefined || assignments.length === 0 ? {} : defaultsOf(params);
  for (const assignment of assignments) {
    merged = assign(merged, assignment, defaults);
    const first = assignment.key[0]!;
    for (const name of typeof first === 'object' ? first : [first]) {
      folders[name] = assignment.folder;
      if (assignment.where === undefined) Reflect.deleteProperty(places, name);
      else places[name] = assignment.where;
    }
  }
  if (params === undefined) return { params: merged, folders, places, diagnostics: [] };
  const shape = shapeOfParams(params);
  const given = withLists(shape, merged) as Mapping;
  const unknown = unknownNames(procedure, shape, given);
  const told = (mistakes: readonly ParameterMistake[]): Diagnostic[] =>
    mistakes.map((mistake) => placed(mistake, procedure, layers, assignments, where));
  if (!isZod(params)) {
    const mistakes = [...unknown, ...wrongKinds(shape, given)];
    const complete = layered(params as Mapping, given) as Mapping;
    return { params: complete, folders, places, diagnostics: told(mistakes) };
  }
  const parsed = params.safeParse(given);
  if (parsed.success && isMapping(parsed.data as Json)) {
    return { params: parsed.data as Mapping, folders, places, diagnostics: told(unknown) };
  }
  const issues = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => fromIssue(procedure, shape, given, issue));
  const known = new Set(unknown.map(({ path }) => path.join('.')));
  return {
    params: given,
    folders,
    places,
    diagnostics: told([...unknown, ...issues.filter(({ path }) => !known.has(path.join('.')))]),
  };
}
