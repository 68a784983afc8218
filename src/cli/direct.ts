/** Direct mode: `-i [SOURCE=]FILE -o FILE [-c LIBRARY]` (or `-o FOLDER/`, each file a run) instead of a tg.yaml. Knows which library reads what. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { LinkSettings, Project, SourceEntry } from '../core/types.ts';
import { isMadeByTg, kindOfFile } from '../execute/kind-of-file.ts';
import { nearest } from '../core/nearest.ts';
import { directProject, directSource } from '../procedures/load.ts';
import { plural } from '../report/format.ts';
import { shipped } from './shipped.ts';
import {
  dropNotes,
  withDropped,
  withWorkflows,
  workflowNames,
  workflowNotes,
  workflowsOf,
} from './workflows.ts';
import type { Located } from './open-project.ts';
import { checkProducts, notGiven, withPositions, withStem } from './direct-makes.ts';
import { describe, joinAdcs, readInput, stemOf, type Input } from './direct-inputs.ts';
import { refuse } from './verb.ts';
import type { Call } from './verb.ts';

/** Source or first part of a table's name -> the library that reads it. */
const READERS: { readonly [name: string]: string } = {
  packets: 'tg:charge',
  charge: 'tg:charge',
  combined: 'tg:charge',
  light_raw: 'tg:light',
  light: 'tg:light',
};

/** @throws Refusal */
export async function directMode(call: Call): Promise<Located> {
  const written = call.values('input');
  const output = call.value('output');
  if (written.length === 0)
    throw refuse(
      'bad-flag',
      `${output === undefined ? '-c' : '-o'} needs -i FILE`,
      '-i FILE -o FILE',
    );
  if (output === undefined) throw refuse('bad-flag', '-i needs -o FILE', '-o out.h5');
  if (output === '' || written.includes(''))
    throw refuse(
      'bad-flag',
      `${output === '' ? '-o' : '-i'} must be a file, not ""`,
      '-i FILE -o FILE',
    );
  const target = resolve(call.cwd, output);
  const isFolder =
    output.endsWith('/') || statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  const read: Input[] = [];
  for (const word of written) read.push(await readInput(word, call.cwd));
  const inputs = await joinAdcs(read, isFolder);
  const sources = sourcesOf(inputs, call.cwd, isFolder);
  const runs = new Set(
    sources.flatMap(({ given }) => given?.flatMap(({ run }) => run ?? []) ?? []),
  );
  if (isFolder)
    for (const run of runs)
      await checkOutput(join(output, `${run}.h5`), join(target, `${run}.h5`), inputs);
  else await checkOutput(output, target, inputs);
  const chosen = call.has('library') ? call.values('library') : librariesOf(inputs);
  const workflows = workflowsOf(chosen, call.cwd);
  checkNames(chosen, call.cwd);
  // What the stages of a workflow are called stands in the shipped libraries.
  const libraries = [
    ...new Set(chosen.flatMap((library) => workflows.get(library)?.libraries ?? [library])),
  ];
  const root = dirname(target);
  const file = isFolder ? '{run}.h5' : basename(target);
  const direct = directProject(
    {
      root,
      libraries,
      sources,
      link: { file, when: 'build', ...formOf(call, inputs) },
      ...(isFolder ? { build: target } : {}),
    },
    shipped,
    { cwd: call.cwd },
  );
  const loaded = withWorkflows(direct, workflows.values());
  for (const { products } of workflows.values()) checkProducts(products, call.cwd);
  const dropped = withDropped(loaded.project!, call.values('drop'));
  const named = isFolder ? dropped : withStem(dropped, stemOf(target));
  const whole = withPositions(named, call);
  const project: Project = call.has('parts') ? { ...whole, parts: 'all' } : whole;
  if (call.has('parts') && !sources.some(({ name }) => name === 'packets'))
    throw refuse(
      'bad-flag',
      '--parts cuts packets, and none of these files holds any',
      'without it',
    );
  const asked = new Set([...call.words, ...(loaded.project?.default ?? [])]);
  const procedures = notGiven(project, asked, sources, inputs);
  if (!isFolder) await checkKept(output, target, project);
  const store = join(root, '.tg', 'direct', basename(target));
  return {
    load: { loaded: { ...loaded, project: { ...project, procedures } }, storeFolder: store },
    store,
    found: [
      ...inputs.map((input, i) => {
        const tail = i === inputs.length - 1 ? `, procedures ${libraries.join(' ')}` : '';
        return `${input.shown}: ${describe(input)}${tail}\n`;
      }),
      ...workflowNotes(workflows),
      ...dropNotes(project, call.values('drop')),
    ],
  };
}

/** A name that is nearly one of tg's workflows. @throws Refusal */
function checkNames(named: readonly string[], cwd: string): void {
  for (const library of named) {
    if (library.startsWith('tg:') || existsSync(resolve(cwd, library))) continue;
    const near = nearest(library, workflowNames(), 1);
    if (near.length > 0 && !near.includes(library))
      throw refuse('no-file', `no file ${library}`, `-c ${near[0]!}`);
  }
}

/** h5flow adds to its output, tg writes it anew: what is in it must not be lost without a word. @throws Refusal */
async function checkKept(output: string, target: string, project: Project): Promise<void> {
  if (!existsSync(target)) return;
  const kind = await kindOfFile(target);
  const known = new Set([
    ...project.procedures.flatMap(({ outputs }) => outputs.map((made) => made.target)),
    ...project.sources.map(({ name }) => name),
  ]);
  const lost = kind.kind === 'flow' ? kind.tables.filter((table) => !known.has(table)) : [];
  if (lost.length === 0) return;
  throw refuse(
    'bad-flag',
    `${output} holds ${lost.join(' ')}, which this build does not make`,
    '-o another.h5, or all in one: -i and -c of both, or remove it',
  );
}

/** --refs; without it the form that the input has. */
function formOf(call: Call, inputs: readonly Input[]): Partial<LinkSettings> {
  const asked = call.value('refs') as LinkSettings['refs'] | undefined;
  const found = inputs.flatMap(({ kind }) =>
    kind.kind === 'flow' && kind.refs !== undefined ? [kind.refs] : [],
  );
  const refs = asked ?? found[0];
  return refs === undefined ? {} : { refs };
}

async function checkOutput(
  output: string,
  target: string,
  inputs: readonly Input[],
): Promise<void> {
  if (!existsSync(target)) return;
  const real = realpathSync(target);
  const read = inputs.flatMap(({ path, others }) => [path, ...others]);
  if (read.some((path) => realpathSync(path) === real))
    throw refuse(
      'same-file',
      `input and output are the same file: ${output} (inputs are never changed)`,
      '-o another.h5',
    );
  if (!(await isMadeByTg(target)))
    throw refuse('not-ours', `${output} exists and was not made by tg`, 'another -o, or remove it');
}

function librariesOf(inputs: readonly Input[]): string[] {
  const names = inputs.flatMap(({ source, kind }) => {
    if (source !== undefined) return [source];
    return kind.kind === 'flow'
      ? kind.tables.map((table) => table.replace(/\/.*/s, ''))
      : [kind.kind];
  });
  const found = new Set(names.map((name) => READERS[name]).filter((name) => name !== undefined));
  if (found.has('tg:charge') && found.has('tg:light')) found.add('tg:association');
  if (found.size === 0)
    throw refuse('unknown-input', `no library of tg reads ${names.join(', ')}`, '-c LIBRARY');
  return [...found];
}

/** A file of a source: as typed, and the place in it that counts. */
interface Given {
  shown: string;
  path: string;
  place: string;
  /** It stands in a flow file: h5flow copies its input. */
  carried: boolean;
  others: readonly string[];
  run: string;
}

/**
 * One source per name. Into a folder each file of a name that was given several times is a run, called as the file is; a name given
 * once belongs to all of them, or, where none was given twice, to the run of the first file.
 */
function sourcesOf(inputs: readonly Input[], cwd: string, isFolder: boolean): SourceEntry[] {
  const files = new Map<string, Given[]>();
  for (const { source, kind, shown, path, place, others, run = stemOf(path) } of inputs) {
    const names =
      source !== undefined
        ? [source]
        : kind.kind === 'flow'
          ? [...kind.tables, ...kind.others]
          : [kind.kind];
    for (const name of names) {
      const inside = kind.kind === 'flow' && source === undefined ? `/${name}` : place;
      const carried = kind.kind === 'flow' && source === undefined;
      // What is no table (run_info) is that of the first file.
      if (carried && !isFolder && files.has(name) && kind.others.includes(name)) continue;
      files.set(name, [
        ...(files.get(name) ?? []),
        { shown, path, place: inside, carried, others, run },
      ]);
    }
  }
  const several = [...files.values()].some((list) => list.length > 1);
  return [...files].map(([name, list]) => {
    const { shown, place } = list[0]!;
    if (list.length > 1 && !isFolder)
      throw refuse(
        'bad-flag',
        `-i: ${plural(list.length, 'file')} of ${name} make as many runs, -o is one file`,
        '-o FOLDER/',
      );
    const more = list.every(({ carried }) => carried) ? ({ carried: true } as const) : {};
    const source = (
      runs?: readonly { path: string; others: readonly string[]; run?: string }[],
    ) => {
      const given = runs?.flatMap(({ path, others, run }) =>
        [path, ...others].map((at) => (run === undefined ? { path: at } : { path: at, run })),
      );
      return { ...directSource(name, shown, place, cwd, given), ...more };
    };
    const { path, others } = list[0]!;
    if (!isFolder || (several && list.length === 1))
      return source(others.length === 0 ? undefined : [{ path, others }]);
    if (several) return source(runsOf(name, list));
    return source([{ path, others, run: inputs[0]!.run ?? stemOf(inputs[0]!.path) }]);
  });
}

/** @throws Refusal when two files have one name, or different places count in them */
function runsOf(name: string, list: readonly Given[]): readonly Given[] {
  const seen = new Map<string, string>();
  for (const { shown, place, run } of list) {
    const first = seen.get(run);
    if (first !== undefined)
      throw refuse('duplicate-run', `${first} and ${shown} are both run ${run}`, 'rename one');
    seen.set(run, shown);
    if (place !== list[0]!.place)
      throw refuse(
        'bad-flag',
        `-i: ${name} is ${list[0]!.shown}::${list[0]!.place} and ${shown}::${place}`,
        'the same place in all files',
      );
  }
  return list;
}
