/** A verb that takes the config of another program and builds what it says: the config is one entry of a shipped library. Knows no experiment. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { verbs } from '../../tasks/index.ts';
import type { BuildResult } from '../build.ts';
import { nearest } from '../core/nearest.ts';
import type { Diagnostic, Json, Where } from '../core/types.ts';
import { moduleUrl } from '../package.ts';
import { shownPath } from '../procedures/files.ts';
import { directProject } from '../procedures/load.ts';
import { addPlaces } from '../procedures/places.ts';
import { isMapping } from '../procedures/schema.ts';
import { parseYaml } from '../procedures/yaml.ts';
import { absolute } from '../store/store.ts';
import type { Workspace } from '../workspace.ts';
import { lockStore } from './open-project.ts';
import type { Located } from './open-project.ts';
import { shipped } from './shipped.ts';
import { Refusal, refuse, WHOLE_FROM_1 } from './verb.ts';
import type { Call, Verb } from './verb.ts';

/** What the module of such a verb exports as `config`. */
export interface Config {
  /** Library, and the entry in it, that the config stands for. */
  library: string;
  entry: string;
  /** Keys it may have; others are told and passed over. */
  keys: readonly string[];
  /** Those that are paths. */
  paths: readonly string[];
  /** The path in which everything is made, and the store lies. */
  folder: string;
  /** The switch by which that folder is made when it is not there. */
  makes: string;
  template: string;
  /** Keys of the template that must be filled in. */
  fill: readonly string[];
  examples: readonly string[];
  /** Lines before anything is built. */
  before(values: Readonly<Record<string, Json>>, paths: Readonly<Record<string, string>>): string[];
  /** Lines when all of it is there. */
  after(made: Made): string[];
}

/** What a build has made. */
export interface Made {
  /** Paths of a target's products, as the user sees them and absolute. */
  files(target: string): { path: string; shown: string }[];
  notes(target: string): string[];
  count(target: string, name: string): number;
}

export async function configVerb(name: string): Promise<{ verb: Verb }> {
  const url = moduleUrl(`tasks/${verbs[name]!}`);
  const { config } = (await import(url)) as { config: Config };
  const verb: Verb = {
    flags: [
      { name: 'config', short: 'c', takes: 'FILE', help: 'the config, YAML' },
      { name: 'new', help: 'write a template to that file (the word new does the same)' },
      { name: 'workers', short: 'w', takes: 'N', must: WHOLE_FROM_1, help: 'tasks at a time' },
      { name: 'force-all', help: 'everything anew' },
      { name: 'rehash', help: 'read every file again, trust no time' },
      { name: 'wait', help: 'until another build has ended' },
    ],
    examples: config.examples,
    async run(call) {
      const [word] = call.words;
      if (word !== undefined && word !== 'new')
        throw refuse('bad-flag', `${name}: "${word}" is one word too many`, `tg ${name} -c FILE`);
      const file = call.value('config');
      if (file === undefined || file === '')
        throw refuse('bad-flag', `${name} needs --config FILE`, `tg ${name} --config ${name}r.yml`);
      if (word === 'new' || call.has('new')) return writeTemplate(call, config, file);
      return build(call, config, file);
    },
  };
  return { verb };
}

function writeTemplate(call: Call, { template, fill }: Config, file: string): number {
  try {
    // Whoever filled one in does not lose it.
    writeFileSync(resolve(call.cwd, file), template, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw refuse('not-ours', `${file} is there already`, 'another name, or remove it');
    if (code === 'ENOENT')
      throw refuse('bad-flag', `no folder for ${file}`, `mkdir -p ${dirname(file)}`);
    throw error;
  }
  if (!call.quiet) call.out(`${file} written: set ${fill.join(', ')}\n`);
  return 0;
}

async function build(call: Call, config: Config, file: string): Promise<number> {
  const { values, paths, places, unused, path } = readConfig(call, config, file);
  const root = folderOf(config, file, { values, paths, places });
  const located = locatedFor(config, root, path, values, places, call.cwd);
  const { runBuild } = await import('./build.ts');
  // Nothing is made, not even a folder, of a config that is mistaken.
  const { openLocated } = await import('./open-project.ts');
  // A key that is misspelled explains what is told next.
  if (!call.json && !call.quiet)
    for (const key of unused)
      call.err(`note: ${file}: ${key} is not used here${hint(key, config)}\n`);
  const ws = await openLocated(call, located, false);
  const { diagnostics } = ws.planFor([config.entry]);
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new Refusal(diagnostics);
  if (!call.json && !call.quiet)
    for (const line of config.before(values, paths)) call.out(`${line}\n`);
  const lock = await lockStore(
    located.store,
    call.has('wait'),
    call.json ? () => undefined : call.err,
  );
  try {
    const meant = { ...call, words: [config.entry] };
    const known = { question: undefined, before: undefined, openedAt: Date.now() };
    return await runBuild(meant, located, known, lock, (opened, result) => {
      if (result.exit !== 0 || call.json || call.quiet) return;
      for (const line of config.after(madeOf(opened, result))) call.out(`${line}\n`);
    });
  } finally {
    lock.release();
  }
}

const hint = (key: string, { keys }: Config): string => {
  const [near] = nearest(key, keys);
  return near === undefined ? '' : ` (${near}?)`;
};

/** Where everything is made. @throws Refusal when it is not there and not to be made */
function folderOf(
  { folder, entry, makes }: Config,
  file: string,
  { values, paths, places }: Pick<Read, 'values' | 'paths' | 'places'>,
): string {
  const root = paths[folder];
  const where = places.get(`${entry}.${folder}`);
  if (root === undefined)
    throw mistake('missing-key', `${file} has no ${folder}`, `${folder}: out/`, where);
  const told = values[folder] as string;
  const isFolder = statSync(root, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === false)
    throw mistake('bad-value', `${folder} is a file: ${told}`, 'a folder', where);
  if (isFolder === undefined && values[makes] !== true)
    throw mistake(
      'no-file',
      `${folder} is not there: ${told}`,
      `mkdir ${told}, or ${makes}: true`,
      where,
    );
  return root;
}

const mistake = (code: string, message: string, fix: string, where: Where | undefined): Refusal =>
  new Refusal([
    { severity: 'error', code, message, try: fix, ...(where === undefined ? {} : { where }) },
  ]);

interface Read {
  path: string;
  values: Record<string, Json>;
  /** Absolute. */
  paths: Record<string, string>;
  places: Map<string, Where>;
  unused: string[];
}

/** @throws Refusal */
function readConfig(call: Call, config: Config, file: string): Read {
  const path = resolve(call.cwd, file);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw refuse('no-file', `no file ${file}`, 'the word new writes a template there');
  const yaml = parseYaml(readFileSync(path, 'utf8'), path);
  const broken: readonly Diagnostic[] = yaml.diagnostics.filter((d) => d.severity === 'error');
  if (broken.length > 0) throw new Refusal(broken);
  if (!isMapping(yaml.value))
    throw refuse('wrong-type', `${file} is no mapping of keys`, config.template.split('\n')[0]!);
  const given = yaml.value;
  const values: Record<string, Json> = {};
  const paths: Record<string, string> = {};
  for (const key of config.keys) {
    if (!Object.hasOwn(given, key)) continue;
    const value = given[key]!;
    values[key] = value;
    if (!config.paths.includes(key) || typeof value !== 'string' || value === '') continue;
    // The other program reads paths from where the user stands; tg from where they are written.
    const [here, there] = [resolve(dirname(path), value), resolve(call.cwd, value)];
    paths[key] = !existsSync(here) && existsSync(there) ? there : here;
    values[key] = paths[key] === here ? value : there;
  }
  const places = new Map<string, Where>();
  addPlaces(places, yaml, { value: given, path: [], prefix: config.entry }, true);
  const unused = Object.keys(given).filter((key) => !config.keys.includes(key));
  return { path, values, paths, places, unused };
}

function locatedFor(
  config: Config,
  root: string,
  file: string,
  values: Record<string, Json>,
  places: Map<string, Where>,
  cwd: string,
): Located {
  const store = join(root, '.tg', 'direct', config.entry);
  const given = { root, libraries: [config.library], sources: [], build: join(root, '.tg/build') };
  const loaded = directProject(given, shipped, { cwd });
  const where: Where = { file, line: 1, column: 1 };
  const project = {
    ...loaded.project!,
    // What the config lacks is told at the config, not at the library that nobody wrote.
    procedures: loaded.project!.procedures.map((procedure) =>
      procedure.name === config.entry ? { ...procedure, where } : procedure,
    ),
    file,
    files: [file, ...loaded.project!.files],
    parameters: { [config.entry]: values },
    places,
  };
  return { load: { loaded: { ...loaded, project }, storeFolder: store }, store, found: [] };
}

function madeOf(ws: Workspace, { plan }: BuildResult): Made {
  const of = (target: string) =>
    plan.tasks.flatMap((task) =>
      task.outputs
        .filter((output) => output.target.replace(/@.*/s, '') === target)
        .map(({ path }) => ({ task, path: absolute(ws.root, path) })),
    );
  return {
    files: (target) => of(target).map(({ path }) => ({ path, shown: shownPath(path, ws.cwd) })),
    notes: (target) =>
      of(target).flatMap(({ task }) =>
        (ws.store.entry(task.id)?.notes ?? []).flatMap(([text, , , quiet]) =>
          quiet ? [] : [text],
        ),
      ),
    count: (target, name) =>
      of(target).reduce((sum, { task }) => {
        const counts = ws.store.entry(task.id)?.counts ?? [];
        return sum + (counts.find(([known]) => known === name)?.[1] ?? 0);
      }, 0),
  };
}
