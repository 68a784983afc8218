/** Joins what tg.yaml and its libraries say into one Project. Knows which file wins where two say the same. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { nearest } from '../core/nearest.ts';
import type {
  Json,
  LinkSettings,
  Procedure,
  Project,
  RunTable,
  SourceEntry,
  Where,
} from '../core/types.ts';
import { placeText, readProcedures } from './choose.ts';
import type { Scope } from './choose.ts';
import { nearestFile, shownPath } from './files.ts';
import { layered } from './layered.ts';
import type { Reading } from './libraries.ts';
import { addPlaces } from './places.ts';
import { readRunTable } from './run-table.ts';
import { isMapping } from './schema.ts';
import type { Settings } from './settings.ts';

const LINK: LinkSettings = { refs: 'region', when: 'build', file: '{run}.h5', drop: [] };

/** Settings that later checks may find fault with. */
const PLACED = ['parts', 'default', 'link', 'executor', 'cache'] as const;

/** Names under `parameters:` and `overrides:` that no procedure has. */
function checkNamed(settings: readonly Settings[], known: readonly string[], scope: Scope): void {
  for (const { name, at } of settings.flatMap((part) => part.named)) {
    if (known.includes(name)) continue;
    const where = at.file.places.key(at.path);
    const hint = nearest(name, known).join(', ') || 'libraries: [.., the one that has it]';
    scope.report({
      severity: 'error',
      code: 'unknown-target',
      message: `no procedure ${name}`,
      where,
      try: hint,
    });
  }
}

/** Sources of all files; what the outer file says stands before what its libraries say. */
function joinSources(settings: readonly Settings[]): SourceEntry[] {
  const sources = new Map<string, SourceEntry>();
  for (const part of settings) for (const source of part.sources) sources.set(source.name, source);
  return [...sources.values()];
}

/** Workflows may not have the name of a procedure or of each other. */
function joinWorkflows(
  settings: readonly Settings[],
  procedures: readonly Procedure[],
  scope: Scope,
): Settings['workflows'] {
  const taken = new Map(procedures.map(({ name, where }) => [name, { what: 'procedure', where }]));
  const workflows: Settings['workflows'] = [];
  for (const workflow of settings.flatMap((part) => part.workflows)) {
    const other = taken.get(workflow.name);
    taken.set(workflow.name, { what: 'workflow', where: workflow.where });
    if (other === undefined) workflows.push(workflow);
    else {
      const message = `${other.what} ${workflow.name} is also at ${placeText(other.where, scope)}`;
      scope.report({
        severity: 'error',
        code: 'duplicate-name',
        message,
        where: workflow.where,
        try: 'rename',
      });
    }
  }
  return workflows;
}

function runTable(
  settings: Settings | undefined,
  files: string[],
  scope: Scope,
): RunTable | undefined {
  if (settings?.runs === undefined) return undefined;
  const { path, at } = settings.runs;
  const where = at.file.places.value(at.path);
  if (!existsSync(path)) {
    const near = nearestFile(path);
    const hint = near === undefined ? 'correct the path' : relative(dirname(at.file.file), near);
    scope.report({
      severity: 'error',
      code: 'no-file',
      message: `no file ${shownPath(path, scope.cwd)}`,
      where,
      try: hint,
    });
    return undefined;
  }
  files.push(path);
  const { table, diagnostics } = readRunTable(path, scope.cwd);
  diagnostics.forEach((diagnostic) => scope.report({ where, ...diagnostic }));
  return table;
}

/** The value of the outermost file that has one. */
function outermost<K extends keyof Settings>(
  settings: readonly Settings[],
  key: K,
): Settings[K] | undefined {
  return settings.findLast((part) => part[key] !== undefined)?.[key];
}

/** A file where the folder of the products should be. */
function checkBuildFolder(build: string, libraries: Reading['libraries'], scope: Scope): void {
  if (statSync(build, { throwIfNoEntry: false })?.isDirectory() ?? true) return;
  const at = libraries.findLast(({ settings }) => settings?.build !== undefined);
  scope.report({
    severity: 'error',
    code: 'bad-value',
    message: `${shownPath(build, scope.cwd)} is a file, and products are to lie in it`,
    ...(at === undefined ? {} : { where: at.parsed.places.value(['build']) }),
    try: 'build: another folder',
  });
}

/** Joins what was read. `settings` stand innermost first, so that later ones win. */
export function joinProject(
  root: string,
  file: string,
  reading: Reading,
  scope: Scope,
): { project: Project; broken: string[] } {
  const { libraries, files } = reading;
  const settings = libraries
    .map((library) => library.settings)
    .filter((part) => part !== undefined);
  const { procedures, broken } = readProcedures(libraries, scope);
  checkNamed(settings, [...procedures.map(({ name }) => name), ...broken], scope);
  const places = new Map<string, Where>();
  let parameters: Json = {};
  for (const part of settings) {
    parameters = layered(parameters, part.parameters);
    for (const { name, at } of part.named) {
      const overridden = at.path[0] === 'overrides';
      if (!overridden) addPlaces(places, at.file, { ...at, prefix: name }, true);
    }
  }
  // Settings stand behind a colon, which no name of a procedure begins with.
  for (const { parsed, settings: part } of libraries) {
    const { value } = parsed;
    if (part === undefined || !isMapping(value)) continue;
    for (const key of PLACED)
      if (Object.hasOwn(value, key))
        addPlaces(places, parsed, { value: value[key]!, path: [key], prefix: `:${key}` });
  }
  const overrides = settings.flatMap((part) => part.overrides);
  overrides.forEach(({ parameters: values, where }, i) => {
    const part = settings.find((candidate) =>
      candidate.overrides.some((override) => override.where === where),
    )!;
    for (const { name, at } of part.named) {
      if (at.path[0] === 'overrides' && at.value === values[name])
        addPlaces(places, at.file, { ...at, prefix: `overrides.${i}.${name}` }, true);
    }
  });
  const build = outermost(settings, 'build') ?? join(root, 'build');
  checkBuildFolder(build, libraries, scope);
  const project: Project = {
    root,
    file,
    sources: joinSources(settings),
    procedures,
    runs: runTable(
      settings.findLast((part) => part.runs !== undefined),
      files,
      scope,
    ),
    build,
    default: outermost(settings, 'default'),
    parameters: parameters as Project['parameters'],
    overrides,
    places,
    workers: outermost(settings, 'workers'),
    pools: Object.assign({}, ...settings.map((part) => part.pools)) as Project['pools'],
    link: Object.assign({}, LINK, ...settings.map((part) => part.link)) as LinkSettings,
    parts: outermost(settings, 'parts') ?? [],
    workflows: joinWorkflows(settings, procedures, scope),
    files,
    executor: outermost(settings, 'executor'),
    cache: outermost(settings, 'cache'),
    network: outermost(settings, 'network'),
  };
  return { project, broken };
}
