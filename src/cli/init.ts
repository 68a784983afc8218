/** `tg init`: a tg.yaml to begin with, or a shipped example, copied. Never overwrites; knows no project. */
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { PACKAGE } from '../package.ts';
import { oneOf, refuse } from './verb.ts';
import type { Call, Verb } from './verb.ts';

interface Example {
  /** Below the shipped examples. */
  root: string;
  /** Below the root, in the order it is told. */
  files: readonly string[];
  /** Where its tg.yaml lies below the root, and what to try first. */
  project: string;
  first: string;
}

const CHARGE = ['cal/ped.json', 'cal/cfg.json', 'cal/layout.yaml'].concat(
  ['r41', 'r42', 'r43'].map((run) => `raw/packets_${run}.h5`),
);

const EXAMPLES: { readonly [name: string]: Example } = {
  charge: {
    root: 'charge',
    files: ['tg.yaml', 'procedures/mine.yaml', ...CHARGE],
    project: '',
    first: 'charge/events',
  },
  // Light of the runs of the other one: both, side by side.
  light: {
    root: '',
    files: [
      'light/tg.yaml',
      ...['r41', 'r42', 'r43'].flatMap((run) => [
        `light/raw/light_${run}_a7a314c.data`,
        `light/raw/light_${run}_a7b54bd.data`,
        `light/truth/${run}.csv`,
      ]),
      ...CHARGE.map((name) => `charge/${name}`),
    ],
    project: 'light',
    first: 'charge/light_assoc',
  },
  harmonize: {
    root: 'harmonize',
    files: ['tg.yaml', 'simulate/tg.yaml', 'harmonizer.yml'],
    project: '',
    first: '-C simulate, then tg build harmonic',
  },
};

const SHIPPED = join(PACKAGE, 'examples');

const BARE = `# What this folder makes. docs/procedures.md of tg tells all keys.
libraries: [tg:charge] # lists of procedures: shipped ones (tg:NAME), or files
sources: # what nobody makes; {run} is found in the names of the files
  packets: raw/packets_{run}.h5::/packets
default: [charge/events] # what plain "tg build" makes
# parameters: # values for procedures of the libraries
#   charge/hits: { pedestal_file: cal/ped.json, geometry_file: cal/layout.yaml }
`;

const WIDTH = 80;

/** Names two blanks apart, in lines of at most 80 columns; those of one folder begin a line where the last does not hold them all. */
export function fileList(names: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const name of names) {
    const longer = line === '' ? name : `${line}  ${name}`;
    if (longer.length <= WIDTH) line = longer;
    else {
      lines.push(line);
      line = name;
    }
  }
  return line === '' ? lines : [...lines, line];
}

function write(folder: string, example: string | undefined): readonly string[] {
  if (example === undefined) {
    writeFileSync(join(folder, 'tg.yaml'), BARE, { flag: 'wx' });
    return ['tg.yaml'];
  }
  const { root, files } = EXAMPLES[example]!;
  for (const name of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    copyFileSync(join(SHIPPED, root, name), join(folder, name));
  }
  return files;
}

/** What is in the way: told at once, and nothing is written. */
function refuseToOverwrite(call: Call, folder: string, files: readonly string[]): void {
  const there = files.filter((name) => existsSync(join(folder, name)));
  if (there.length === 0) return;
  const [first, ...rest] = there.map((name) => relative(call.cwd, join(folder, name)));
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  throw refuse(
    'not-ours',
    `${first!}${more} exists and is not overwritten`,
    `another folder: tg init -C DIR${call.has('example') ? ` --example ${call.value('example')!}` : ''}`,
  );
}

export const verb: Verb = {
  flags: [
    {
      name: 'example',
      takes: 'NAME',
      must: oneOf(...(Object.keys(EXAMPLES) as [string, ...string[]])),
      help: `a whole example: ${Object.keys(EXAMPLES).join(', ')}`,
    },
  ],
  examples: ['tg init --example charge'],
  run(call) {
    const folder = resolve(call.cwd, call.value('C') ?? '.');
    const example = call.value('example');
    const planned = example === undefined ? ['tg.yaml'] : EXAMPLES[example]!.files;
    if (existsSync(folder) && !statSync(folder).isDirectory())
      throw refuse('bad-flag', `-C must be a folder, not "${call.value('C')!}"`, '-C .');
    refuseToOverwrite(call, folder, planned);
    mkdirSync(folder, { recursive: true });
    const files = write(folder, example);
    const inside = relative(call.cwd, folder);
    const project = join(inside, example === undefined ? '' : EXAMPLES[example]!.project);
    const first = example === undefined ? 'tg list' : `tg build ${EXAMPLES[example]!.first}`;
    if (call.json)
      for (const path of files) call.line({ type: 'written', path: join(inside, path) });
    else {
      call.out(
        fileList(files.map((name) => join(inside, name)))
          .map((line) => `${line}\n`)
          .join(''),
      );
      if (!call.quiet)
        call.err(
          `  try: ${project === '' || project === '.' ? '' : `cd ${project} && `}${first}\n`,
        );
    }
    return Promise.resolve(0);
  },
};
