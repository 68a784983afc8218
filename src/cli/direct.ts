/** Direct mode: `-i [SOURCE=]FILE -o FILE [-c LIBRARY]` instead of a tg.yaml. Knows which library reads what. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { SourceEntry } from '../core/types.ts';
import { isMadeByTg, kindOfFile } from '../execute/kind-of-file.ts';
import type { FileKind } from '../execute/kind-of-file.ts';
import { nearestFile, shownPath } from '../procedures/files.ts';
import { directProject, directSource } from '../procedures/load.ts';
import { grouped, plural } from '../report/format.ts';
import { shipped } from './shipped.ts';
import type { Located } from './open-project.ts';
import { refuse } from './verb.ts';
import type { Call } from './verb.ts';

/** Source or first part of a table's name -> the library that reads it. */
const READERS: { readonly [name: string]: string } = { packets: 'tg:charge', charge: 'tg:charge' };

interface Input {
  /** As typed, for messages. */
  shown: string;
  path: string;
  place: string;
  source: string | undefined;
  kind: FileKind;
}

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
  const inputs: Input[] = [];
  for (const word of written) inputs.push(await readInput(word, call.cwd));
  const target = resolve(call.cwd, output);
  await checkOutput(output, target, inputs);
  const libraries = call.has('library') ? call.values('library') : librariesOf(inputs);
  for (const library of libraries) refuseWorkflow(library, call.cwd);
  const sources = sourcesOf(inputs, call.cwd);
  const root = dirname(target);
  const loaded = directProject(
    { root, libraries, sources, link: { file: basename(target), when: 'build' } },
    shipped,
    { cwd: call.cwd },
  );
  const given = new Set(sources.map(({ name }) => name));
  const project = loaded.project!;
  // What the input has already is not made again, unless it is asked for by name.
  const procedures = project.procedures.filter(
    ({ name, outputs }) =>
      call.words.includes(name) || !outputs.every((made) => given.has(made.target)),
  );
  const store = join(root, '.tg', 'direct', basename(target));
  return {
    load: { loaded: { ...loaded, project: { ...project, procedures } }, storeFolder: store },
    store,
    found: inputs.map((input, i) => {
      const tail = i === inputs.length - 1 ? `, procedures ${libraries.join(' ')}` : '';
      return `${input.shown}: ${describe(input)}${tail}\n`;
    }),
  };
}

async function readInput(word: string, cwd: string): Promise<Input> {
  const named = existsSync(resolve(cwd, word)) ? null : /^([A-Za-z0-9_/-]+)=(.+)$/s.exec(word);
  const [shown = '', place = ''] = (named?.[2] ?? word).split('::');
  const path = resolve(cwd, shown);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    const near = nearestFile(path);
    const fix = near === undefined ? 'correct the path' : `-i ${shownPath(near, cwd)}`;
    throw refuse('no-file', `no file ${shown}`, fix);
  }
  const kind: FileKind = stat.isFile() ? await kindOfFile(path) : { kind: 'unknown' };
  if (kind.kind === 'unknown' && named === null)
    throw refuse(
      'unknown-input',
      `${shown}: not packets, flow file, light data, merged run or frames`,
      `-i packets=${shown}`,
    );
  return { shown, path, place, source: named?.[1], kind };
}

async function checkOutput(
  output: string,
  target: string,
  inputs: readonly Input[],
): Promise<void> {
  if (output.endsWith('/') || statSync(target, { throwIfNoEntry: false })?.isDirectory() === true)
    throw refuse(
      'bad-flag',
      `-o ${output}: several runs in one call are not possible yet`,
      '-o FILE, one call per run',
    );
  if (!existsSync(target)) return;
  const real = realpathSync(target);
  if (inputs.some(({ path }) => realpathSync(path) === real))
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
  if (found.size === 0)
    throw refuse('unknown-input', `no library of tg reads ${names.join(', ')}`, '-c LIBRARY');
  return [...found];
}

/** An h5flow workflow is a mapping with `flow:`; its classes are not known yet. */
function refuseWorkflow(library: string, cwd: string): void {
  const path = resolve(cwd, library);
  if (library.startsWith('tg:') || !existsSync(path)) return;
  if (/^flow:/m.test(readFileSync(path, 'utf8')))
    throw refuse(
      'bad-flag',
      `-c ${library}: h5flow workflow files are not read yet`,
      '-c tg:charge',
    );
}

function sourcesOf(inputs: readonly Input[], cwd: string): SourceEntry[] {
  const sources = new Map<string, SourceEntry>();
  for (const { source, kind, shown, place } of inputs) {
    const names =
      source !== undefined ? [source] : kind.kind === 'flow' ? kind.tables : [kind.kind];
    for (const name of names) {
      if (sources.has(name))
        throw refuse(
          'bad-flag',
          `several files of ${name} in one call are not possible yet`,
          'one call per file, each with its own -o',
        );
      const inside = kind.kind === 'flow' && source === undefined ? `/${name}` : place;
      sources.set(name, directSource(name, shown, inside, cwd));
    }
  }
  return [...sources.values()];
}

function describe({ kind, source }: Input): string {
  switch (kind.kind) {
    case 'packets': {
      const version = kind.version === undefined ? '' : ` (LArPix+HDF5 ${kind.version})`;
      return `${grouped(kind.rows)} packets${version}`;
    }
    case 'flow':
      return `flow file with ${plural(kind.tables.length, 'table')}`;
    case 'unknown':
      return source ?? 'unknown';
  }
}
