/** Task modules of a project, imported by what `type` says, and parameters resolved against them. Runs no task. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Resolved } from './core/expansion.ts';
import type { Diagnostic, Procedure, Project, Task, Where } from './core/types.ts';
import { loadModule } from './execute/load-module.ts';
import { moduleFiles } from './module-files.ts';
import {
  assignmentsOfSettings,
  layersOf,
  overridesOf,
  resolveParameters,
} from './procedures/parameters.ts';
import type { Parameters } from './procedures/parameters.ts';
import { assignmentsOfRow, columnsOf } from './procedures/run-values.ts';
import type { ColumnValue } from './procedures/run-values.ts';
import { parseSet } from './procedures/set.ts';
import type { KnownParameters, Setting } from './procedures/set.ts';
import { pathsOf } from './procedures/shape.ts';
import { shapeOfParams } from './procedures/zod-shape.ts';
import type { TaskModule } from './task-module.ts';

/** The literal tables of shipped types, handed down by the command line. */
export interface ShippedTypes {
  /** Type -> URL of its compiled module. */
  types: { readonly [type: string]: string };
  /** Folder of the shipped libraries. */
  procedures: string;
}

/** Modules by procedure. */
export type Modules = ReadonlyMap<
  string,
  { url: string; path: string; user: boolean; module: TaskModule }
>;

export async function loadModules(
  procedures: readonly Procedure[],
  shipped: ShippedTypes,
  diagnostics: Diagnostic[],
): Promise<Map<string, { url: string; path: string; user: boolean; module: TaskModule }>> {
  const modules = new Map<
    string,
    { url: string; path: string; user: boolean; module: TaskModule }
  >();
  for (const procedure of procedures) {
    if (procedure.type === 'command') continue;
    const own = shipped.types[procedure.type];
    const path = own === undefined ? resolve(procedure.folder, procedure.type) : fileURLToPath(own);
    const url = own ?? pathToFileURL(path).href;
    // A module that is not there is told where the files of the entry are looked for.
    if (own === undefined && statSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue;
    try {
      modules.set(procedure.name, {
        url,
        path,
        user: own === undefined,
        module: await loadModule(url, own === undefined, true),
      });
    } catch (error) {
      const e = error as Error & { try?: string };
      const place = procedure.places.get('type') ?? procedure.where;
      const reason = (e.message.split('\n')[0] ?? '')
        .replaceAll(`${dirname(path)}/`, '')
        .replace(/\?\d[\d.-]*/, '');
      const told =
        e.name === 'TaskError'
          ? reason
          : `${procedure.type} does not load: ${reason}${lineOf(e, path) || syntaxPlace(e, path)}`;
      diagnostics.push({
        severity: 'error',
        code: 'bad-module',
        message: told,
        where: place,
        try: e.try ?? 'correct it',
      });
    }
  }
  return modules;
}

/** ` at fit.mjs:12:9` from the stack of a syntax error. */
function lineOf(error: Error, path: string): string {
  const match = new RegExp(
    `${basename(path).replaceAll('.', '\\.')}(?:\\?[\\d.-]*)?:(\\d+)(?::(\\d+))?`,
  ).exec(error.stack ?? '');
  return match === null
    ? ''
    : ` at ${basename(path)}:${match[1]!}${match[2] === undefined ? '' : `:${match[2]}`}`;
}

/** The same where the error does not know it: Node tells the place of a syntax error only to who checks the file. */
function syntaxPlace(error: Error, path: string): string {
  if (!(error instanceof SyntaxError)) return '';
  for (const file of moduleFiles(path).filter((name) => /\.[cm]?js$/.test(name))) {
    const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
    const match = /:(\d+)\n.*\n( *)\^/.exec(stderr);
    if (match !== null)
      return ` at ${relative(dirname(path), file)}:${match[1]!}:${match[2]!.length + 1}`;
  }
  return '';
}

/**
 * Parameters of a procedure for a run: layered, validated, defaulted; one object for equal layers. `used` takes what
 * procedures read of the run table.
 */
export function parameterResolver(
  project: Project,
  modules: Modules,
  settings: readonly Setting[],
  diagnostics: Diagnostic[],
  cwd: string,
  used: Map<string, readonly ColumnValue[]> = new Map(),
): (procedure: Procedure, run: string | undefined) => Resolved {
  const memo = new Map<string, Resolved>();
  const columns = new Map<string, readonly ColumnValue[]>();
  const told = new Set<string>();
  // A row that several procedures read is mistaken once.
  const report = (diagnostic: Diagnostic): void => {
    const { message, where } = diagnostic;
    const text = `${message} ${where?.file ?? ''} ${where?.line ?? ''}`;
    if (!told.has(text)) diagnostics.push(diagnostic);
    told.add(text);
  };
  return (procedure, run) => {
    const overridden = `${procedure.name} ${overridesOf(project, procedure.name, run).join(',')}`;
    let taken = columns.get(overridden);
    if (taken === undefined)
      columns.set(overridden, (taken = columnsOf(layersOf(project, procedure, run))));
    if (taken.length > 0) used.set(procedure.name, taken);
    const cells = assignmentsOfRow(project, taken, run, report);
    const values = cells.map(({ value, folder }) => [value, folder]);
    const key = cells.length === 0 ? overridden : `${overridden} ${JSON.stringify(values)}`;
    let resolved = memo.get(key);
    if (resolved === undefined) {
      const module = modules.get(procedure.name)?.module;
      const assignments = assignmentsOfSettings(settings, procedure.name, cwd);
      const shape = procedure.type === 'command' ? undefined : (module?.params ?? {});
      const found = resolveParameters(
        procedure.name,
        shape,
        layersOf(project, procedure, run),
        [...cells, ...assignments],
        procedure.where,
      );
      diagnostics.push(...found.diagnostics);
      memo.set(
        key,
        (resolved = { params: found.params, files: filesOf(procedure, module, found) }),
      );
    }
    return resolved;
  };
}

/** Files a task reads beside its inputs: `configuration:` of the entry, and the parameters its module lists. */
function filesOf(
  procedure: Procedure,
  module: TaskModule | undefined,
  found: Parameters,
): Task['files'] {
  const files: Record<string, Task['files'][string]> = {};
  const placed = (where: Where | undefined): { where?: Where } =>
    where === undefined ? {} : { where };
  for (const [alias, path] of Object.entries(procedure.configuration)) {
    const where = procedure.places.get(`configuration.${alias}`);
    files[alias] = { path, whole: false, ...placed(where) };
  }
  const add = (name: string, whole: boolean): void => {
    const value = found.params[name];
    const path =
      typeof value === 'string' && value !== ''
        ? resolve(found.folders[name] ?? procedure.folder, value)
        : null;
    files[name] = { path, whole, ...placed(found.places[name]) };
  };
  for (const name of module?.configuration ?? []) add(name, false);
  for (const name of module?.files ?? []) add(name, true);
  return files;
}

export function readSettings(
  words: readonly string[],
  project: Project,
  modules: Modules,
  diagnostics: Diagnostic[],
): Setting[] {
  if (words.length === 0) return [];
  const known: KnownParameters = new Map(
    project.procedures.map((p) => {
      const params = modules.get(p.name)?.module.params;
      return [p.name, params === undefined ? undefined : pathsOf(shapeOfParams(params))];
    }),
  );
  return words.flatMap((word) => {
    const setting = parseSet(word, known);
    if ('procedure' in setting) return [setting];
    diagnostics.push(setting);
    return [];
  });
}
