/** Inputs: what they are known by, what becomes of those that are gone or change under the hand. Conformance cases 12, 13 and 17. */
import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { test } from 'node:test';
import { decidedPlan } from '../../src/cli/decided-plan.ts';
import { join_, project, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

/** src -> a -> b -> c */
const chain = (more: Record<string, unknown> = {}): World =>
  world({
    ...project([join_('a', ['src'], more), join_('b', ['a']), join_('c', ['b'])], {
      sources: { src: 'src.txt' },
    }),
    'src.txt': 'one\n',
  });

test('a source that changes while the task reads it throws the result away', async () => {
  const w = chain({
    command: ['sh', '-c', 'cat "$1" > "$0"; echo more >> "$1"', '{output:a}', '{input:src}'],
  });
  const { exit, failure } = await w.build('a');
  assert.equal(exit, 1);
  assert.equal(failure['a']!.message, 'src.txt changed while a read it');
  assert.equal(w.has('build/a.txt'), false);
});

test('a source that changes between its hashing and the start of a task is recorded as it was read', async () => {
  const w = chain();
  await w.build();
  const other = join_('a', ['src'], { parameters: { x: 1 } });
  w.write({ 'lib.yaml': JSON.stringify([other, join_('b', ['a']), join_('c', ['b'])]) });
  const { exit, failure } = await w.build([], {
    on: (e) => void (e.type === 'stale' && e.task.id === 'a' && w.write({ 'src.txt': 'two\n' })),
  });
  assert.equal(exit, 0, JSON.stringify(failure));
  assert.equal(w.read('build/a.txt'), 'two\n');
  w.write({ 'src.txt': 'one\n' });
  await w.build();
  assert.equal(w.read('build/c.txt'), 'one\n');
});

test('an artifact that is edited while its reader runs throws the result away', async () => {
  const w = chain();
  const lib = [
    join_('a', ['src']),
    join_('b', ['a'], {
      command: ['sh', '-c', 'echo x >> "$1"; cat "$1" > "$0"', '{output:b}', '{input:a}'],
    }),
  ];
  w.write({ 'lib.yaml': JSON.stringify(lib) });
  const { failure } = await w.build();
  assert.equal(failure['b']!.message, 'build/a.txt changed while b read it');
});

test('code that is edited while it runs throws the result away', async () => {
  const w = chain({ depends: ['tool.sh'], command: ['sh', 'tool.sh', '{output:a}'] });
  w.write({ 'tool.sh': 'echo x > "$1"\necho "#" >> tool.sh\n' });
  assert.equal((await w.build('a')).failure['a']!.message, 'tool.sh changed while a read it');
});

// 17
test('the order in which inputs and outputs are written as mappings runs nothing', async () => {
  const entry = (inputs: object, outputs: object): string =>
    JSON.stringify([
      join_('x', ['src']),
      join_('y', ['src']),
      {
        name: 'd',
        type: 'command',
        inputs,
        outputs,
        command: [
          'sh',
          '-c',
          'cat "$2" "$3" > "$0"; echo > "$1"',
          '{output:d}',
          '{output:e}',
          '{input:p}',
          '{input:q}',
        ],
      },
    ]);
  const w = chain();
  w.write({ 'lib.yaml': entry({ p: 'x', q: 'y' }, { d: 'd.txt', e: 'e.txt' }) });
  await w.build();
  w.write({ 'lib.yaml': entry({ q: 'y', p: 'x' }, { e: 'e.txt', d: 'd.txt' }) });
  assert.deepEqual((await w.build()).ran, []);
});

/** Tells which of its inputs has which content. */
const TELL = `
import { readFileSync, writeFileSync } from 'node:fs';
export default { version: '1', run({ output, inputs }) {
  const of = (alias) => { try { return inputs(alias).map((f) => readFileSync(f.path, 'utf8')).join('+'); } catch { return '-'; } };
  writeFileSync(output('d'), ['p', 'q', 'r'].map(of).join(' '));
} };`;

// 12
test('a deleted source is missed by a task of all runs, too', async () => {
  const w = world({
    ...project([join_('a', ['src'], { each: 'all' })], { sources: { src: 'in/{run}.txt' } }),
    'in/r1.txt': '1',
    'in/r2.txt': '2',
  });
  await w.build();
  w.remove('in/r2.txt');
  for (let n = 0; n < 2; n++) {
    const { exit, mistakes, ran } = await w.build();
    assert.deepEqual([exit, ran], [2, []]);
    assert.match(mistakes[0]!.message, /source src@r2 is gone/);
    assert.match(mistakes[0]!.other!, /needed by a;/);
  }
  w.write({ 'in/r2.txt': '2' });
  assert.deepEqual((await w.build()).ran, []);
});

// 13
test('the same inputs under other names run the task', async () => {
  const made = ['x', 'y', 'z'].map((n) => ({
    ...join_(n, []),
    command: ['sh', '-c', `printf ${n} > "$0"`, `{output:${n}}`],
  }));
  const w = world({ ...project([]), 'd.mjs': TELL });
  const build = async (inputs: object): Promise<string> => {
    w.write({
      'lib.yaml': JSON.stringify([
        ...made,
        { name: 'd', type: './d.mjs', inputs, outputs: { d: 'd.txt' } },
      ]),
    });
    const { exit, failure, mistakes } = await w.build();
    assert.equal(exit, 0, JSON.stringify([failure, mistakes]));
    return w.read('build/d.txt');
  };
  assert.equal(await build({ p: 'x', q: 'y' }), 'x y -');
  assert.equal(await build({ p: 'y', q: 'x' }), 'y x -');
  assert.equal(await build({ q: 'x', p: 'y' }), 'y x -');
  assert.equal(await build({ q: 'y', r: 'x' }), '- y x');
  assert.equal(await build({ p: ['x', 'y'], q: 'z' }), 'x+y z -');
  assert.equal(await build({ p: 'x', q: ['y', 'z'] }), 'x y+z -');
  const renamed = await w.build();
  assert.deepEqual(renamed.ran, []);
  w.write({
    'lib.yaml': JSON.stringify([
      ...made,
      { name: 'd', type: './d.mjs', inputs: { q: 'x', r: ['y', 'z'] }, outputs: { d: 'd.txt' } },
    ]),
  });
  assert.equal((await w.build()).why['d'], 'its inputs have other names');
});

const big = (middle: string): string => 'a'.repeat(2_000_000) + middle + 'b'.repeat(2_000_000);
test('hash: fast looks at size, time and both ends, and says so; without it the bytes count again', async () => {
  const entries = [join_('a', ['src'])];
  const sources = (hash: object): string =>
    JSON.stringify({ libraries: ['./lib.yaml'], sources: { src: { path: 'src.txt', ...hash } } });
  const w = world({ ...project(entries), 'src.txt': big('1') });
  utimesSync(w.at('src.txt'), 1, 1);
  w.write({ 'tg.yaml': sources({ hash: 'fast' }) });
  await w.build();
  const told = JSON.parse(w.read('build/a.txt.tg.json')) as { fast?: string[] };
  assert.deepEqual(told.fast, ['src']);
  w.write({ 'src.txt': big('2') });
  utimesSync(w.at('src.txt'), 1, 1);
  assert.deepEqual((await w.build()).ran, []);
  w.write({ 'tg.yaml': sources({}) });
  assert.deepEqual((await w.build()).ran, ['a']);
  assert.equal(w.read('build/a.txt'), big('2'));
  assert.equal((JSON.parse(w.read('build/a.txt.tg.json')) as { fast?: string[] }).fast, undefined);
  w.write({ 'tg.yaml': sources({ hash: 'fast' }), 'src.txt': big('3') });
  assert.deepEqual((await w.build()).ran, ['a']);
  w.write({ 'src.txt': `x${big('3').slice(1)}` });
  assert.deepEqual((await w.build()).ran, ['a']);
});

test('a configuration file that another task makes comes first, and a dry run knows that it may change', async () => {
  const w = world({
    ...project(
      [
        {
          name: 'r',
          type: './r.mjs',
          outputs: { r: 'r.txt' },
          configuration: { conf: 'build/cal.json' },
        },
        join_('m', ['s'], { outputs: { m: 'cal.json' } }),
      ],
      { sources: { s: 's.json' } },
    ),
    's.json': '{"a": 1, "b": 1}',
    'r.mjs': `import { writeFileSync } from 'node:fs';
export default { version: '1', run({ output, configuration }) { writeFileSync(output('r'), String(configuration('conf').a)); } };`,
  });
  assert.deepEqual((await w.build('r')).started, ['m', 'r']);
  w.write({ 's.json': '{"a": 2, "b": 1}' });
  const { plan, seen } = await decidedPlan(await w.open(), []);
  const r = plan.tasks.findIndex(({ id }) => id === 'r');
  assert.deepEqual(seen[r], {
    state: 'maybe',
    after: plan.tasks.findIndex(({ id }) => id === 'm'),
  });
  assert.deepEqual((await w.build()).ran, ['m', 'r']);
  assert.equal(w.read('build/r.txt'), '2');
  w.write({ 's.json': '{"a": 2, "b": 2}' });
  assert.deepEqual((await w.build()).ran, ['m']);
});
