/** The quick answer must never say "nothing to do" when there is: every kind of change after it was saved, through the real command line. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { quickAnswer } from '../../src/store/quick.ts';
import { VERSION } from '../../src/version.ts';
import { folder, run, write } from '../helpers/cli.ts';

const FILES = {
  'tg.yaml':
    'libraries: [lib.yaml]\nsources: {raw: "raw/{run}.txt"}\nparameters: {my/scaled: {gain: 2}}\n',
  'lib.yaml': `- name: my/scaled
  type: ./scale.mjs
  inputs: [raw]
  outputs: {my/scaled: "scaled/{run}.txt"}
  configuration: {table: table.json}
  environment: [TG_TEST_UNIT]
- name: my/total
  type: command
  inputs: [my/scaled]
  each: all
  outputs: {my/total: total.txt}
  command: [node, total.mjs]
  depends: [total.mjs]
`,
  'scale.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
import { offset } from './offset.mjs';
export default {
  params: { gain: 1, unused: 0 },
  run({ input, output, params, configuration }) {
    const n = Number(readFileSync(input('raw'), 'utf8'));
    const unit = process.env.TG_TEST_UNIT ?? '';
    writeFileSync(output('my/scaled'), String(n * params.gain + configuration('table').shift + offset) + unit);
  },
};
`,
  'offset.mjs': 'export const offset = 0;\n',
  'total.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
const task = JSON.parse(readFileSync(process.env.TG_TASK, 'utf8'));
const list = [].concat(task.inputs['my/scaled']).map((f) => readFileSync(f, 'utf8'));
writeFileSync(task.outputs['my/total'], list.join(' '));
`,
  'table.json': '{"shift": 10, "other": 1}\n',
  'raw/r1.txt': '1',
  'raw/r2.txt': '2',
};

interface Change {
  what: string;
  make(cwd: string): void;
  /** Words and environment of the next build. */
  words?: string[];
  env?: Record<string, string>;
  /** What the total must be, or the exit code when the build must refuse. */
  total?: string;
  code?: number;
}

const put =
  (path: string, text: string) =>
  (cwd: string): void =>
    writeFileSync(join(cwd, path), text);

/** Rewrites a file with other bytes of the same length and the old time of modification. */
const forge =
  (path: string, text: string) =>
  (cwd: string): void => {
    const file = join(cwd, path);
    const { atime, mtime, size } = statSync(file);
    assert.equal(text.length, size);
    writeFileSync(file, text);
    utimesSync(file, atime, mtime);
  };

const CHANGES: readonly Change[] = [
  { what: 'an edited source', make: put('raw/r1.txt', '5'), total: '20 14' },
  { what: 'a source of the same size and time', make: forge('raw/r1.txt', '7'), total: '24 14' },
  { what: 'a new source', make: put('raw/r3.txt', '3'), total: '12 14 16' },
  { what: 'a source that is gone', make: (cwd) => rmSync(join(cwd, 'raw/r2.txt')), code: 2 },
  {
    what: 'a configuration value that was read',
    make: put('table.json', '{"shift": 20, "other": 1}\n'),
    total: '22 24',
  },
  {
    what: 'a parameter in tg.yaml',
    make: put('tg.yaml', FILES['tg.yaml'].replace('gain: 2', 'gain: 3')),
    total: '13 16',
  },
  {
    what: 'a module',
    make: put('scale.mjs', FILES['scale.mjs'].replace('n * params', '2 * n * params')),
    total: '14 18',
  },
  {
    what: 'what a module imports',
    make: put('offset.mjs', 'export const offset = 1;\n'),
    total: '13 15',
  },
  {
    what: 'what a command depends on',
    make: put('total.mjs', FILES['total.mjs'].replace("' '", "'+'")),
    total: '12+14',
  },
  { what: 'an edited output', make: put('build/scaled/r1.txt', '99'), total: '12 14' },
  {
    what: 'an output of the same size and time',
    make: forge('build/scaled/r1.txt', '99'),
    total: '12 14',
  },
  { what: 'a missing output', make: (cwd) => rmSync(join(cwd, 'build/total.txt')), total: '12 14' },
  {
    what: 'a declared environment value',
    make: () => undefined,
    env: { TG_TEST_UNIT: 'mV' },
    total: '12mV 14mV',
  },
  {
    what: 'a parameter by --set',
    make: () => undefined,
    words: ['--set', 'my/scaled.gain=1'],
    total: '11 12',
  },
  { what: 'a store that is gone', make: (cwd) => rmSync(join(cwd, '.tg/log')), total: '12 14' },
  { what: 'a mistake in tg.yaml', make: put('tg.yaml', `${FILES['tg.yaml']}pool: 1\n`), code: 2 },
];

const HARMLESS: readonly Change[] = [
  {
    what: 'a touched source',
    make: (cwd) => utimesSync(join(cwd, 'raw/r1.txt'), 1e9, 1e9),
    total: '12 14',
  },
  {
    what: 'a configuration value that was not read',
    make: put('table.json', '{"shift": 10, "other": 2}\n'),
    total: '12 14',
  },
  { what: 'a comment', make: put('lib.yaml', `# a comment\n${FILES['lib.yaml']}`), total: '12 14' },
  {
    what: 'a parameter that was not read',
    make: put('tg.yaml', FILES['tg.yaml'].replace('gain: 2', 'gain: 2, unused: 1')),
    total: '12 14',
  },
];

/** Older than the clock tick in which a file could change unseen, so that the first build may vouch for it. */
function aged(cwd: string): void {
  const limit = Date.now() + 40;
  while (Date.now() < limit) readdirSync(cwd);
}

async function vouched(): Promise<string> {
  const cwd = folder(FILES);
  mkdirSync(join(cwd, 'build'), { recursive: true });
  aged(cwd);
  const first = await run(['build'], { cwd });
  assert.equal(first.code, 0, first.stderr);
  assert.equal(readFileSync(join(cwd, 'build/total.txt'), 'utf8'), '12 14');
  const question = { tg: VERSION, words: [join(cwd, 'tg.yaml')], cwd };
  const reply = quickAnswer(cwd, join(cwd, '.tg'), question);
  assert.ok(reply !== undefined && 'fresh' in reply, 'the first build left a quick answer');
  const second = await run(['build'], { cwd });
  assert.match(second.stderr, /^3 tasks: 3 fresh, nothing to do/);
  return cwd;
}

describe('the quick answer', { concurrency: 2 }, () => {
  for (const change of CHANGES)
    test(`does not hide ${change.what}`, async () => {
      const cwd = await vouched();
      change.make(cwd);
      const env = change.env === undefined ? {} : { env: change.env };
      const said = await run(['build', ...(change.words ?? [])], { cwd, ...env });
      assert.equal(said.code, change.code ?? 0, said.stderr);
      assert.doesNotMatch(said.stderr, /nothing to do/);
      if (change.total !== undefined)
        assert.equal(readFileSync(join(cwd, 'build/total.txt'), 'utf8'), change.total);
    });
  for (const change of HARMLESS)
    test(`after ${change.what} nothing runs`, async () => {
      const cwd = await vouched();
      change.make(cwd);
      const said = await run(['build'], { cwd });
      assert.match(said.stderr, /^3 tasks: 3 fresh, nothing to do/);
      assert.equal(readFileSync(join(cwd, 'build/total.txt'), 'utf8'), change.total);
    });
  test('does not outlive a clean, a failed build or a change back', async () => {
    const cwd = await vouched();
    await run(['clean', 'my/total'], { cwd });
    assert.match((await run(['build'], { cwd })).stderr, /3 tasks: 1 done, 2 fresh/);
    write(cwd, { 'total.mjs': 'process.exit(3);\n' });
    assert.equal((await run(['build'], { cwd })).code, 1);
    assert.equal((await run(['build'], { cwd })).code, 1);
    write(cwd, { 'total.mjs': FILES['total.mjs'], 'raw/r1.txt': '3' });
    assert.match((await run(['build'], { cwd })).stderr, /3 tasks: 2 done, 1 fresh/);
    assert.equal(readFileSync(join(cwd, 'build/total.txt'), 'utf8'), '16 14');
  });
});
