/** The keys of tg.yaml that are no procedures: sources, parameters, overrides, pools, link and so on. Knows one file at a time; opens none. */
import { normalize, resolve } from 'node:path';
import { isName, isNameGlob, parseTarget } from '../core/names.ts';
import type { ExecutorSettings, LinkSettings, Project, SourceEntry, Where } from '../core/types.ts';
import {
  asBytes,
  asChoice,
  asFlag,
  asList,
  asMapping,
  asNumber,
  asSeconds,
  asText,
  asWord,
  child,
  children,
  isMapping,
  mistake,
  onlyKeys,
  quoted,
  wrongType,
} from './schema.ts';
import type { Cursor, Mapping } from './schema.ts';

export const PROJECT_KEYS = [
  'libraries',
  'procedures',
  'sources',
  'runs',
  'build',
  'default',
  'parameters',
  'overrides',
  'workers',
  'pools',
  'executor',
  'link',
  'parts',
  'cache',
  'network',
  'workflows',
] as const;

type ByProcedure = { readonly [procedure: string]: Mapping };

/** What one tg.yaml (or a library of its form) says beside libraries and procedures. Paths are absolute. */
export interface Settings {
  sources: SourceEntry[];
  runs: { path: string; at: Cursor } | undefined;
  build: string | undefined;
  default: string[] | undefined;
  parameters: ByProcedure;
  overrides: { runs: string[]; parameters: ByProcedure; where: Where }[];
  workers: number | undefined;
  pools: { [pool: string]: number };
  executor: ExecutorSettings | undefined;
  link: Partial<LinkSettings>;
  parts: Project['parts'] | undefined;
  cache: string | undefined;
  network: string | undefined;
  workflows: { name: string; tasks: string[]; where: Where }[];
  /** Every name of a procedure under `parameters:`, with where it stands. */
  named: { name: string; at: Cursor }[];
}

/** `raw/packets_{run}.h5::/packets`, or {path, archived, hash}. */
function readSource(name: string, entry: Cursor, folder: string): SourceEntry | undefined {
  const long = isMapping(entry.value) && Object.hasOwn(entry.value, 'path');
  if (isMapping(entry.value) && long) onlyKeys(entry, ['path', 'archived', 'hash']);
  const at = long ? child(entry, 'path')! : entry;
  const written = asText(at, `raw/${name}_{run}.h5`);
  const archived = long ? asFlag(child(entry, 'archived')) : undefined;
  const hash = long ? asChoice(child(entry, 'hash'), ['full', 'fast']) : undefined;
  if (!isName(name)) {
    const where = entry.file.places.key(entry.path);
    const message = `${quoted(name)} is no name for a source`;
    entry.report({
      severity: 'error',
      code: 'bad-value',
      message,
      where,
      try: 'letters, digits, "_" and "-"',
    });
    return undefined;
  }
  if (written === undefined) return undefined;
  const colons = written.indexOf('::');
  const path = colons < 0 ? written : written.slice(0, colons);
  if (path === '') {
    mistake(at, 'bad-value', `source ${name} has no path`, `${name}: raw/${name}_{run}.h5`);
    return;
  }
  const bad = /\{(?!\w+(?::d)?\})[^}]*\}?/.exec(path)?.[0];
  if (bad !== undefined) {
    mistake(at, 'bad-value', `${bad} is no wildcard`, '{run}, {run:d} or another {name}');
    return;
  }
  return {
    name,
    pattern: resolve(folder, path),
    written,
    place: colons < 0 ? '' : written.slice(colons + 2),
    archived: archived ?? false,
    hash: hash ?? 'full',
    where: at.file.places.value(at.path),
  };
}

/** Words of the command line: targets of `default:` and of workflows. */
function readTargets(cursor: Cursor | undefined): string[] | undefined {
  return asList(cursor, (item) => {
    const text = asText(item, 'charge/events');
    if (text === undefined || parseTarget(text) !== undefined) return text;
    mistake(
      item,
      'bad-value',
      `${quoted(text)} is no target`,
      'charge/events, charge/events@r42 or charge/',
    );
  });
}

/** {procedure: {parameter: value}}; names are checked when all procedures are known. */
function readParameters(cursor: Cursor | undefined, named: Settings['named']): ByProcedure {
  const mapping = asMapping(cursor, '{charge/hits: {pedestal_file: ped.json}}');
  const read: { [procedure: string]: Mapping } = {};
  for (const [name, entry] of mapping === undefined ? [] : children(mapping)) {
    named.push({ name, at: entry });
    const values = asMapping(entry, '{parameter: value}');
    if (values !== undefined) read[name] = values.value as Mapping;
  }
  return read;
}

function readOverride(
  entry: Cursor,
  named: Settings['named'],
): Settings['overrides'][number] | undefined {
  const example = '- {runs: r41..r45, parameters: {charge/hits: {pedestal_file: ped.json}}}';
  if (!isMapping(entry.value)) {
    wrongType(entry, 'a mapping of runs and parameters', example);
    return;
  }
  onlyKeys(entry, ['runs', 'parameters']);
  const where = entry.file.places.value(entry.path);
  for (const key of ['runs', 'parameters']) {
    if (!Object.hasOwn(entry.value, key)) {
      mistake(entry, 'missing-key', `override has no ${key}`, example);
      return;
    }
  }
  const runs = asList(child(entry, 'runs'), (item) => asWord(item, 'r41..r45')) ?? [];
  return { runs, parameters: readParameters(child(entry, 'parameters'), named), where };
}

function readPools(cursor: Cursor | undefined): { [pool: string]: number } {
  const mapping = asMapping(cursor, '{daq: 1, disk: 2}');
  const read = (mapping === undefined ? [] : children(mapping)).map(
    ([pool, width]) => [pool, asNumber(width, { whole: true, from: 1, example: '1' })] as const,
  );
  return Object.fromEntries(
    read.filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

function readExecutor(cursor: Cursor | undefined): ExecutorSettings | undefined {
  const mapping = asMapping(cursor, '{kind: slurm}');
  if (mapping === undefined) return undefined;
  onlyKeys(mapping, ['kind', 'partition', 'time', 'memory', 'cpus', 'batch']);
  const count = (key: string): number | undefined =>
    asNumber(child(mapping, key), { whole: true, from: 1, example: '1' });
  const settings = {
    kind: asChoice(child(mapping, 'kind'), ['threads', 'slurm']) ?? 'threads',
    partition: asText(child(mapping, 'partition'), 'short'),
    time: asSeconds(child(mapping, 'time'), '2 h'),
    memory: asBytes(child(mapping, 'memory'), '4 GB'),
    cpus: count('cpus'),
    batch: count('batch'),
  };
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as unknown as ExecutorSettings;
}

function readLink(cursor: Cursor | undefined): Partial<LinkSettings> {
  const mapping = asMapping(cursor, '{refs: region}');
  if (mapping === undefined) return {};
  onlyKeys(mapping, ['refs', 'when', 'file', 'drop']);
  const file = child(mapping, 'file');
  const pattern = asText(file, '"{run}.h5"');
  const refs = asChoice(child(mapping, 'refs'), ['region', 'pairs']);
  const when = asChoice(child(mapping, 'when'), ['build', 'idle', 'asked']);
  const drop = asList(child(mapping, 'drop'), (item) => asText(item, 'light/fwvfm'));
  if (pattern !== undefined && !pattern.includes('{run}')) {
    mistake(file!, 'bad-value', 'link.file must hold {run}: one file per run', 'file: "{run}.h5"');
  }
  return {
    ...(refs === undefined ? {} : { refs }),
    ...(when === undefined ? {} : { when }),
    ...(pattern === undefined ? {} : { file: normalize(pattern) }),
    ...(drop === undefined ? {} : { drop }),
  };
}

/** `true` for all runs, or names, globs and ranges of runs. */
function readParts(cursor: Cursor | undefined): Settings['parts'] {
  if (cursor === undefined) return undefined;
  if (typeof cursor.value === 'boolean') return cursor.value ? 'all' : [];
  return asList(cursor, (item) => asWord(item, 'r41..r45'));
}

function readWorkflow(entry: Cursor): Settings['workflows'][number] | undefined {
  const example = '- {name: first_look, tasks: [charge/events]}';
  if (!isMapping(entry.value)) {
    wrongType(entry, 'a mapping of name and tasks', example);
    return;
  }
  onlyKeys(entry, ['name', 'tasks']);
  for (const key of ['name', 'tasks']) {
    if (!Object.hasOwn(entry.value, key)) {
      mistake(entry, 'missing-key', `workflow has no ${key}`, example);
      return;
    }
  }
  const at = child(entry, 'name')!;
  const name = asText(at, 'first_look');
  const tasks = readTargets(child(entry, 'tasks')) ?? [];
  if (name === undefined) return undefined;
  if (!isName(name) || !isNameGlob(name)) {
    mistake(at, 'bad-value', `${quoted(name)} is no name for a workflow`, 'name: first_look');
    return;
  }
  return { name, tasks, where: at.file.places.value(at.path) };
}

/** Path of `cache: {path: ..}` or `cache: ..`. */
function readCache(cursor: Cursor | undefined, folder: string): string | undefined {
  if (cursor !== undefined && isMapping(cursor.value)) onlyKeys(cursor, ['path']);
  const at = cursor !== undefined && isMapping(cursor.value) ? child(cursor, 'path') : cursor;
  const path = at?.value === null ? undefined : asText(at, '/shared/prod/.tg');
  return path === undefined ? undefined : resolve(folder, path);
}

/** Reads the settings of a mapping file that stands in `folder`. Unknown keys are told here. */
export function readSettings(root: Cursor, folder: string): Settings {
  onlyKeys(root, PROJECT_KEYS);
  const at = (key: string): Cursor | undefined => {
    const found = child(root, key);
    return found?.value === null ? undefined : found;
  };
  const path = (key: string, example: string): string | undefined => {
    const text = asText(at(key), example);
    return text === undefined ? undefined : resolve(folder, text);
  };
  const named: Settings['named'] = [];
  const sources = asMapping(at('sources'), '{packets: raw/packets_{run}.h5}');
  const runs = path('runs', 'runlist.txt');
  return {
    sources: (sources === undefined ? [] : children(sources))
      .map(([name, entry]) => readSource(name, entry, folder))
      .filter((source) => source !== undefined),
    runs: runs === undefined ? undefined : { path: runs, at: at('runs')! },
    build: path('build', 'build'),
    default: readTargets(at('default')),
    parameters: readParameters(at('parameters'), named),
    overrides: asList(at('overrides'), (entry) => readOverride(entry, named)) ?? [],
    workers: asNumber(at('workers'), { whole: true, from: 1, example: '8' }),
    pools: readPools(at('pools')),
    executor: readExecutor(at('executor')),
    link: readLink(at('link')),
    parts: readParts(at('parts')),
    cache: readCache(at('cache'), folder),
    network: path('network', 'network.yaml'),
    workflows: asList(at('workflows'), readWorkflow) ?? [],
    named,
  };
}
