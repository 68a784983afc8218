/** Outputs: whole or absent, in their place, counted by content. Conformance cases B. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { openH5 } from '../../src/h5/index.ts';
import { join_, project, tables, world } from '../helpers/world.ts';

// 19
test('one task with two outputs and two consumers runs once', async () => {
  const w = world(
    project([
      {
        name: 'a',
        type: 'command',
        outputs: { a: 'a.txt', extra: 'extra.txt' },
        command: [
          'sh',
          '-c',
          'echo a > "$0"; echo x > "$1"; echo run >> ../log',
          '{output:a}',
          '{output:extra}',
        ],
      },
      join_('b', ['a']),
      join_('c', ['extra']),
    ]),
  );
  const { ran } = await w.build();
  assert.deepEqual(ran, ['a', 'b', 'c']);
  w.write({ 'build/extra.txt': 'edited' });
  assert.deepEqual((await w.build()).ran, ['a']);
});

// 20
test('two tasks with one output are refused, both named with their places', async () => {
  const w = world(project([join_('a', []), { ...join_('b', []), outputs: { b: 'a.txt' } }]));
  const { exit, mistakes, ran } = await w.build();
  assert.deepEqual([exit, ran, mistakes.length], [2, [], 1]);
  assert.match(mistakes[0]!.message, /has two makers/);
  assert.match(
    `${mistakes[0]!.where!.file} ${mistakes[0]!.other!}`,
    /lib\.yaml .*lib\.yaml:1:\d+ \(procedure a\)/,
  );
});

test('a path without {run} for several runs is refused', async () => {
  const w = world({
    ...project([join_('a', ['src'])], { sources: { src: '{run}.in' } }),
    'r1.in': '1',
    'r2.in': '2',
  });
  const { exit, mistakes } = await w.build();
  assert.equal(exit, 2);
  assert.match(mistakes[0]!.try!, /\{run\}/);
});

// 20
test('one path in two spellings has two makers', async () => {
  for (const [one, two] of [
    ['x.txt', './x.txt'],
    ['sub/x.txt', 'sub//./x.txt'],
  ] as const) {
    const entries = [
      join_('a', [], { outputs: { a: one } }),
      join_('b', [], { outputs: { b: two } }),
    ];
    const { exit, mistakes } = await world(project(entries)).build();
    assert.equal(exit, 2);
    assert.match(mistakes[0]!.message, /has two makers/);
  }
});

// The build folder may be the project's own folder: then everything lies below it.
for (const [what, path] of [
  ['a source', 'raw/x.txt'],
  ['a source in another spelling', './raw//x.txt'],
  ['tg.yaml', 'tg.yaml'],
  ['a library', 'lib.yaml'],
  ['code of a command', 'tool.sh'],
  ['a module', 'm.mjs'],
  ['the log of the store', '.tg/log'],
  ['the artifact of another task', '.tg/artifacts/m.h5'],
] as const)
  test(`an output in the place of ${what} is refused: inputs are never changed`, async () => {
    const w = world({
      ...project(
        [
          { ...join_('a', ['src']), outputs: { a: path }, each: 'all', depends: ['tool.sh'] },
          { name: 'm', type: './m.mjs' },
        ],
        { sources: { src: 'raw/{run}.txt' }, build: '.' },
      ),
      'raw/x.txt': 'raw',
      'tool.sh': '',
      'm.mjs': tables(['m']),
    });
    const before = [path.includes('.tg') ? '' : w.read(path), w.read('raw/x.txt')];
    const { exit, ran, mistakes } = await w.build();
    assert.deepEqual([exit, ran], [2, []]);
    assert.match(mistakes[0]!.message, /^a would write over /);
    assert.deepEqual([path.includes('.tg') ? '' : w.read(path), w.read('raw/x.txt')], before);
  });

test('build: . makes products in the folder of the project', async () => {
  const w = world({
    ...project([join_('a', [], { outputs: { a: 'sub/a.txt' } }), { name: 'm', type: './m.mjs' }], {
      build: '.',
    }),
    'm.mjs': tables(['m']),
  });
  assert.deepEqual((await w.build()).ran, ['a', 'flow', 'm']);
  assert.ok(w.has('sub/a.txt') && w.has('flow.h5'));
  assert.deepEqual((await w.build()).ran, []);
});

test('nothing is written outside of the build folder, whatever a value of a scan or of a list says', async () => {
  const scan = world(
    project([
      {
        name: 'p',
        type: 'command',
        scan: [{ key: 'a', values: ['../../evil'] }],
        parameters: { a: '' },
        outputs: { p: 'p/{a}.txt' },
        command: ['sh', '-c', 'echo > "$0"', '{output:p}'],
      },
    ]),
  );
  const refused = await scan.build();
  assert.deepEqual([refused.exit, refused.ran], [2, []]);
  assert.match(refused.mistakes[0]!.message, /outside of the build folder/);
  for (const name of ['../../evil', '/evil', '']) {
    const w = world({
      ...project([
        {
          name: 'l',
          type: 'command',
          outputs: { l: 'l.json' },
          command: ['cp', 'names.json', '{output:l}'],
          depends: ['names.json'],
        },
        { ...join_('p', []), each: 'l', outputs: { p: 'p/{name}.txt' } },
      ]),
      'names.json': JSON.stringify([name]),
    });
    const { exit, mistakes } = await w.build();
    assert.equal(exit, 2);
    assert.match(mistakes[0]!.message, /is no name/);
  }
});

test('outputs may be called as the stage calls its own files', async () => {
  const w = world(
    project([
      {
        name: 'a',
        type: 'command',
        outputs: { a: 'scratch', b: 'task.json' },
        command: ['sh', '-c', 'echo a > "$0"; echo b > "$1"', '{output:a}', '{output:b}'],
      },
    ]),
  );
  assert.deepEqual((await w.build()).ran, ['a']);
  assert.deepEqual([w.read('build/scratch'), w.read('build/task.json')], ['a\n', 'b\n']);
});

// 21
test('folders of outputs are made', async () => {
  const w = world(project([join_('a', [], { outputs: { a: 'deep/er/still/a.txt' } })]));
  await w.build();
  assert.ok(w.has('build/deep/er/still/a.txt'));
});

// 22
test('two tasks of one flow file run side by side on artifacts of their own', async () => {
  const w = world({
    ...project([
      { name: 'one', type: './one.mjs' },
      { name: 'two', type: './two.mjs' },
    ]),
    'one.mjs': tables(['one']),
    'two.mjs': tables(['two']),
  });
  // They meet at a pipe, which neither passes alone.
  execFileSync('mkfifo', [w.at('pipe')]);
  const meet = (how: string): string =>
    `await (await import('node:fs/promises')).${how}(${JSON.stringify(w.at('pipe'))}, 'x');`;
  w.write({
    'one.mjs': tables(['one'], meet('writeFile')),
    'two.mjs': tables(['two'], meet('readFile').replace(", 'x'", '')),
  });
  const { ran } = await w.build([], { workers: 2 });
  assert.deepEqual(ran, ['flow', 'one', 'two']);
  const flow = await openH5(w.at('build/flow.h5'));
  for (const name of ['one', 'two']) assert.deepEqual([...flow.table(name).column('v')], [0, 1, 2]);
  flow.close();
  w.write({ 'one.mjs': tables(['one']), 'two.mjs': tables(['two']) });
  assert.deepEqual((await w.build()).ran, []);
  w.write({
    'lib.yaml': JSON.stringify([
      { name: 'one', type: './one.mjs', parameters: { rows: 4 } },
      { name: 'two', type: './two.mjs' },
    ]),
  });
  assert.deepEqual((await w.build()).ran, ['flow', 'one']);
});

// 23
test('a target names one table in a file; only its makers run', async () => {
  const w = world({
    ...project([
      { name: 'one', type: './one.mjs' },
      { name: 'two', type: './two.mjs' },
    ]),
    'one.mjs': tables(['one']),
    'two.mjs': tables(['two']),
  });
  const { ran } = await w.build('build/flow.h5::/two');
  assert.deepEqual(
    ran.filter((t) => t !== 'flow'),
    ['two'],
  );
});

// 24, 25
test('provenance alone restales nobody; a table without rows is a table', async () => {
  const reader = `
import { openH5 } from 'tg/h5';
import { writeFileSync } from 'node:fs';
export default { version: '1', async run({ input, output, place }) {
  const file = await openH5(input('one'));
  writeFileSync(output('n'), String(file.table(place('one')).rows));
  file.close();
} };`;
  const entries = (version: string): object[] => [
    { name: 'one', type: './one.mjs', parameters: { rows: 0, factor: Number(version) } },
    { name: 'n', type: './n.mjs', inputs: ['one'], outputs: { n: 'n.txt' } },
  ];
  const w = world({
    ...project(entries('1')),
    'one.mjs': tables(['one'], 'void params.factor;'),
    'n.mjs': reader,
  });
  const first = await w.build();
  assert.deepEqual([first.ran, w.read('build/n.txt')], [['flow', 'n', 'one'], '0']);
  w.write({ 'lib.yaml': JSON.stringify(entries('2')) });
  const second = await w.build();
  assert.equal(second.why['one'], 'factor changed: 1 -> 2');
  assert.deepEqual(second.ran, ['one']);
});

test('touching artifacts, products and flow files runs nothing', async () => {
  const w = world({
    ...project([
      { name: 'one', type: './one.mjs' },
      { name: 'h', type: './h.mjs', inputs: ['one'], outputs: { h: 'h.h5' } },
      join_('t', ['h']),
    ]),
    'one.mjs': tables(['one']),
    'h.mjs': `import { copyFileSync } from 'node:fs';
export default { version: '1', run({ input, output }) { copyFileSync(input('one'), output('h')); } };`,
  });
  assert.deepEqual((await w.build()).ran, ['flow', 'h', 'one', 't']);
  for (const path of ['build/h.h5', 'build/flow.h5', 'build/t.txt', '.tg/artifacts/one.h5'])
    utimesSync(w.at(path), 5, 5);
  assert.deepEqual((await w.build()).ran, []);
});

test('two tables in one artifact have an id each', async () => {
  const w = world({
    ...project([
      { name: 'one', type: './two.mjs', outputs: ['one', 'more'], parameters: { factor: 2 } },
      join_('r', ['more']),
    ]),
    'two.mjs': tables(
      ['one', 'more'],
      `const ones = { one: params.a, more: params.b };`,
      'ones[name]',
      { a: 1, b: 1 },
    ),
    'lib.yaml': JSON.stringify([
      { name: 'one', type: './two.mjs', outputs: ['one', 'more'] },
      { name: 'r', type: './r.mjs', inputs: ['more'], outputs: { r: 'r.txt' } },
    ]),
    'r.mjs': `import { writeFileSync } from 'node:fs';
export default { version: '1', run({ output }) { writeFileSync(output('r'), 'r'); } };`,
  });
  const first = await w.build();
  assert.deepEqual(
    first.ran,
    ['flow', 'one', 'r'],
    JSON.stringify([first.mistakes, first.failure]),
  );
  const entry = (a: number, b: number): string =>
    JSON.stringify([
      { name: 'one', type: './two.mjs', outputs: ['one', 'more'], parameters: { a, b } },
      { name: 'r', type: './r.mjs', inputs: ['more'], outputs: { r: 'r.txt' } },
    ]);
  w.write({ 'lib.yaml': entry(2, 1) });
  assert.deepEqual((await w.build()).ran, ['flow', 'one']);
  w.write({ 'lib.yaml': entry(2, 2) });
  assert.deepEqual((await w.build()).ran, ['flow', 'one', 'r']);
});

test('outputs on another file system are staged there, and nothing is left behind', async () => {
  const elsewhere = world({}, '/dev/shm');
  const w = world(
    project([join_('a', [], { outputs: { a: 'sub/a.txt' } })], { build: elsewhere.root }),
  );
  const { ran } = await w.build();
  assert.deepEqual(ran, ['a']);
  assert.deepEqual(readdirSync(elsewhere.root), ['sub']);
  assert.deepEqual(readdirSync(elsewhere.at('sub')).sort(), ['a.txt', 'a.txt.tg.json']);
  // What a killed build left there goes with the next one.
  elsewhere.write({ 'sub/a.txt': 'edited' });
  let stage = '';
  await w.build([], {
    on: (e) => {
      if (e.type === 'done')
        stage = readdirSync(elsewhere.root).find((n) => n.startsWith('.tg-stage')) ?? '';
    },
  });
  mkdirSync(elsewhere.at(`${stage}/left`), { recursive: true });
  elsewhere.write({ 'sub/a.txt': 'edited again' });
  await w.build();
  assert.deepEqual(readdirSync(elsewhere.root), ['sub']);
});

test('an output whose path changed is made anew; the old file is left for gc', async () => {
  const w = world(project([join_('a', []), join_('b', ['a'])]));
  await w.build();
  w.write({
    'lib.yaml': JSON.stringify([
      join_('a', [], { outputs: { a: 'other.txt' } }),
      join_('b', ['a']),
    ]),
  });
  const { ran, fresh, why } = await w.build();
  assert.deepEqual([ran, fresh, why['a']], [['a'], ['b'], 'its outputs changed']);
  assert.ok(w.has('build/a.txt'));
});

test('two outputs that change places run both and their readers', async () => {
  const entries = (a: string, b: string): string =>
    JSON.stringify([
      join_('a', ['sa'], { outputs: { a } }),
      join_('b', ['sb'], { outputs: { b } }),
      join_('c', ['a', 'b']),
    ]);
  const w = world({
    ...project([], { sources: { sa: 'sa.txt', sb: 'sb.txt' } }),
    'sa.txt': 'A',
    'sb.txt': 'B',
  });
  w.write({ 'lib.yaml': entries('1.txt', '2.txt') });
  await w.build();
  w.write({ 'lib.yaml': entries('2.txt', '1.txt') });
  const { ran } = await w.build();
  assert.deepEqual(ran, ['a', 'b']);
  assert.deepEqual(
    [w.read('build/2.txt'), w.read('build/1.txt'), w.read('build/c.txt')],
    ['A', 'B', 'AB'],
  );
});

test('a build folder that is moved away is made again', async () => {
  const w = world(project([join_('a', []), join_('b', ['a'])]));
  await w.build();
  renameSync(w.at('build'), w.at('moved'));
  assert.deepEqual((await w.build()).ran, ['a', 'b']);
  assert.equal(readFileSync(w.at('moved/a.txt'), 'utf8'), w.read('build/a.txt'));
});
