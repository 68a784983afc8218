/** The looking verbs, clean and init on small projects of commands and on the shipped example. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, lines, run, untimed } from '../helpers/cli.ts';
import type { Said } from '../helpers/cli.ts';

/** upper -> count per run; both read a value each. */
const UPPER = `
const task = JSON.parse(require('fs').readFileSync(process.env.TG_TASK, 'utf8'));
const fs = require('fs');
fs.writeFileSync(task.outputs['my/upper'], fs.readFileSync(task.inputs.text, 'utf8').toUpperCase());
console.log('tg: note a remark');
console.log('something said');
`;
const COUNT = `
const task = JSON.parse(require('fs').readFileSync(process.env.TG_TASK, 'utf8'));
const fs = require('fs');
fs.writeFileSync(task.outputs['my/count'], String(fs.readFileSync(task.inputs['my/upper']).length));
`;
const PROJECT = {
  'tg.yaml': `libraries: [mine.yaml]
sources: {text: raw/{run}.txt}
`.replace('{text: raw/{run}.txt}', '{text: "raw/{run}.txt"}'),
  'mine.yaml': `- name: my/upper
  type: command
  inputs: [text]
  outputs: {my/upper: "upper/{run}.txt"}
  command: [node, upper.cjs]
  depends: [upper.cjs]
  parameters: {loud: 1}
- name: my/count
  type: command
  inputs: [my/upper]
  outputs: {my/count: "count/{run}.txt"}
  command: [node, count.cjs]
  depends: [count.cjs]
`,
  'upper.cjs': UPPER,
  'count.cjs': COUNT,
  'raw/r1.txt': 'one',
  'raw/r2.txt': 'two',
};

const tg = async (root: string, words: string): Promise<Said> => {
  const said = await run(words.split(' '), { cwd: root });
  return { ...said, stdout: untimed(said.stdout), stderr: untimed(said.stderr) };
};
const edit = (root: string, path: string, from: string, to: string): void => {
  const text = readFileSync(join(root, path), 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(join(root, path), text.replace(from, to));
};

test('plan and why: parameter, input, code, missing and edited output', async () => {
  const root = folder(PROJECT);
  assert.equal((await tg(root, 'build -q')).code, 0);
  assert.equal((await tg(root, 'plan')).stderr, '4 tasks: 4 fresh\n');

  edit(root, 'mine.yaml', 'loud: 1', 'loud: 2');
  const plan = await tg(root, 'plan');
  assert.equal(
    plan.stdout,
    lines(`
      stale  my/upper@r1  loud changed: 1 -> 2
      maybe  my/count@r1  after my/upper@r1
      stale  my/upper@r2  loud changed: 1 -> 2
      maybe  my/count@r2  after my/upper@r2
    `),
  );
  edit(root, 'mine.yaml', 'loud: 2', 'loud: 1');

  writeFileSync(join(root, 'raw/r1.txt'), 'ones');
  assert.equal((await tg(root, 'why my/upper@r1')).stdout, 'my/upper@r1: input text changed\n');
  writeFileSync(join(root, 'raw/r1.txt'), 'one');

  edit(root, 'count.cjs', 'String(', '`${1}` + String(');
  assert.match((await tg(root, 'why my/count@r1')).stdout, /^my\/count@r1: code changed: /);
  writeFileSync(join(root, 'count.cjs'), COUNT);

  writeFileSync(join(root, 'build/count/r2.txt'), '9');
  assert.match(
    (await tg(root, 'why my/count@r2')).stdout,
    /^my\/count@r2: output edited: content [0-9a-f]{6}\.\. is not the [0-9a-f]{6}\.\. tg made\n$/,
  );
  assert.equal(
    (await tg(root, 'why my/count')).stdout.split('\n')[0],
    'my/count: 2 tasks, 1 stale or maybe, 1 fresh',
  );
});

test('touched files and a comment change nothing that is told', async () => {
  const root = folder(PROJECT);
  await tg(root, 'build -q');
  const soon = new Date(Date.now() + 5000);
  utimesSync(join(root, 'raw/r1.txt'), soon, soon);
  edit(root, 'mine.yaml', '- name: my/upper', '# a comment\n- name: my/upper');
  const plan = await tg(root, 'plan --exit-code');
  assert.deepEqual([plan.stdout, plan.code], ['', 0]);
});

test('--json: one object per line with v and type; stderr empty', async () => {
  const root = folder(PROJECT);
  await tg(root, 'build -q my/upper');
  for (const words of [
    'plan',
    'why my/count@r1',
    'list',
    'list --sources',
    'status',
    'history',
    'path my/upper',
    'log my/upper@r1',
  ]) {
    const { stdout, stderr } = await run([...words.split(' '), '--json'], { cwd: root });
    assert.equal(stderr, '', words);
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { v: number; type: string });
    assert.ok(objects.length > 0, words);
    for (const { v, type } of objects) assert.ok(v === 1 && typeof type === 'string', words);
  }
  const plan = await run(['plan', '--json'], { cwd: root });
  assert.deepEqual(JSON.parse(plan.stdout.split('\n')[1]!), {
    v: 1,
    type: 'stale',
    task: 'my/count@r1',
    reasons: [{ kind: 'never-built' }],
  });
});

test('path prints what build prints into a pipe', async () => {
  const root = folder(PROJECT);
  const built = await tg(root, 'build my/count my/upper@r1 -q');
  assert.equal(
    built.stdout,
    lines(`
    build/count/r1.txt
    build/count/r2.txt
    build/upper/r1.txt
  `),
  );
  assert.equal((await tg(root, 'path my/count my/upper@r1')).stdout, built.stdout);
  mkdirSync(join(root, 'deep'));
  const deep = await run(['path', 'my/upper@r1'], { cwd: join(root, 'deep') });
  assert.equal(deep.stdout, '../build/upper/r1.txt\n');
});

test('log: output of the last try', async () => {
  const root = folder(PROJECT);
  await tg(root, 'build -q');
  assert.equal(
    (await tg(root, 'log my/upper@r1')).stdout,
    lines(`
      my/upper@r1, build 1, HH:MM, attempt 1, done in T
      something said
      note: a remark
    `),
  );
});

test('clean: products, sidecars and records go, sources and what others made stay', async () => {
  const root = folder(PROJECT);
  await tg(root, 'build -q');
  writeFileSync(join(root, 'build/count/notes.txt'), 'mine');
  const cleaned = await tg(root, 'clean my/upper@r1');
  assert.match(cleaned.stdout, /^removed my\/upper@r1: \d files?, \d+ B\n$/);
  assert.equal(existsSync(join(root, 'build/upper/r1.txt')), false);
  assert.match(
    (await tg(root, 'plan my/upper')).stdout,
    /^stale {2}my\/upper@r1 {2}never built\n$/,
  );
  await tg(root, 'clean');
  assert.deepEqual(readdirSync(join(root, 'build')), ['count']);
  assert.deepEqual(readdirSync(join(root, 'build/count')), ['notes.txt']);
  assert.equal(readFileSync(join(root, 'raw/r1.txt'), 'utf8'), 'one');
  const again = await tg(root, 'clean');
  assert.deepEqual([again.stdout, again.stderr], ['', 'nothing to remove\n']);
});

test('status tells of a build that runs; clean is refused, readers are not', async () => {
  const root = folder(PROJECT);
  await tg(root, 'build -q');
  const holder = { pid: 48121, host: 'daq03', start: '', boot: '', since: Date.now() / 1000 };
  writeFileSync(join(root, '.tg/lock'), JSON.stringify(holder));
  writeFileSync(join(root, '.tg/lock.progress'), JSON.stringify({ done: 11, tasks: 18 }));
  assert.notEqual(hostname(), 'daq03');
  const status = await tg(root, 'status');
  assert.equal(
    status.stdout.split('\n').at(-2),
    'a build runs now: pid 48121 on daq03 since HH:MM, 11 of 18 tasks done',
  );
  const clean = await tg(root, 'clean');
  assert.equal(clean.code, 3);
  assert.match(clean.stderr, /^error: held by another build: pid 48121 on daq03, 11 of 18 tasks/);
});

test('graph is the same each time, in every format', async () => {
  const root = folder(PROJECT);
  for (const format of ['text', 'mermaid', 'dot', 'json']) {
    const first = await tg(root, `graph --tasks --format ${format}`);
    assert.equal(first.code, 0, first.stderr);
    assert.equal((await tg(root, `graph --tasks --format ${format}`)).stdout, first.stdout);
  }
  assert.equal(
    (await tg(root, 'graph')).stdout,
    lines(`
      my/count
        my/upper
          text  (source)
    `),
  );
  assert.equal((await tg(root, 'graph --format svgg')).code, 2);
});

test('init writes the example, lists it, and refuses to overwrite', async () => {
  const root = folder();
  const said = await run(['init', '--example', 'charge'], { cwd: root });
  assert.equal(
    said.stdout,
    lines(`
      tg.yaml  procedures/mine.yaml  cal/ped.json  cal/cfg.json  cal/layout.yaml
      raw/packets_r41.h5  raw/packets_r42.h5  raw/packets_r43.h5
    `),
  );
  assert.equal(said.stderr, '  try: tg build charge/events\n');
  const again = await run(['init'], { cwd: root });
  assert.deepEqual([again.stdout, again.code], ['', 2]);
  assert.match(again.stderr, /^error: tg\.yaml exists and is not overwritten\n {2}try: /);
  assert.equal((await run(['plan'], { cwd: root })).stderr, '18 tasks: 18 stale\n');
});

test('plan stops where build would stop: at a file that is not there', async () => {
  const cwd = folder({
    'tg.yaml': 'libraries: [lib.yaml]\n',
    'lib.yaml':
      '- {name: my/a, type: command, outputs: {my/a: a.txt}, configuration: {table: tabel.json}, command: [cp, x, y]}\n',
    'table.json': '{}\n',
  });
  const said = await run(['plan'], { cwd });
  assert.equal(said.code, 2);
  assert.equal(said.stdout, '');
  assert.match(said.stderr, /^error: lib\.yaml:1:\d+: table: no file tabel\.json$/m);
  assert.match(said.stderr, /^ +try: table\.json$/m);
});
