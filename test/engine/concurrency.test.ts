/** Workers, lanes, slots, priorities, and that none of it shows in results. Conformance cases F. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeLock } from '../../src/store/lock.ts';
import { gate, join_, project, tables, until, world } from '../helpers/world.ts';
import type { Gate, World } from '../helpers/world.ts';

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `t${i}`);
const gated = (g: Gate, name: string, more: object = {}): object => ({
  name,
  type: 'command',
  outputs: { [name]: `${name}.txt` },
  command: ['sh', '-c', `${g.pass(name)}; echo x > "$0"`, `{output:${name}}`],
  ...more,
});

/** Most tasks inside at once, by their own telling. */
function most(told: readonly string[], of: (name: string) => boolean = () => true): number {
  let inside = 0;
  let peak = 0;
  for (const t of told.filter((x) => of(x.slice(1)))) {
    inside += t.startsWith('+') ? 1 : -1;
    peak = Math.max(peak, inside);
  }
  return peak;
}

// 57
test('--workers 4 runs four at once and never more', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project(names(9).map((n) => gated(g, n))));
  const building = w.build([], { workers: 4 });
  await until(() => g.inside().length === 4);
  g.open(9);
  assert.equal((await building).ran.length, 9);
  assert.equal(most(g.told()), 4);
});

// 58
test('two tasks of a lane one wide never overlap, others go on beside them, in their own order', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(
    project(
      [...names(4).map((n) => gated(g, n, { pool: 'daq' })), gated(g, 'u0'), gated(g, 'u1')],
      { pools: { daq: 1 } },
    ),
  );
  const building = w.build([], { workers: 4 });
  await until(() => g.inside().length === 3);
  g.open(6);
  const { started } = await building;
  assert.equal(
    most(g.told(), (n) => n.startsWith('t')),
    1,
  );
  assert.deepEqual(
    started.filter((t) => t.startsWith('t')),
    names(4),
  );
});

test('a named lane keeps its own order, though the longest path goes first elsewhere', async () => {
  const w = world(project([]));
  const run = (pool: string): object[] => [
    { ...join_('a', []), command: ['sh', '-c', ': > "$0"', '{output:a}'], pool },
    {
      ...join_('b', []),
      command: [
        'sh',
        '-c',
        'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; : > "$0"',
        '{output:b}',
      ],
      pool,
    },
  ];
  w.write(project(run('cpu')));
  await w.build([], { workers: 1 });
  assert.deepEqual((await w.build([], { workers: 1, forceAll: true })).started, ['b', 'a']);
  w.write(project(run('daq')));
  assert.deepEqual((await w.build([], { workers: 1, forceAll: true })).started, ['a', 'b']);
});

// 59
test('more memory than there is, is refused before anything runs', async () => {
  const { exit, mistakes } = await world(project([join_('a', [], { memory: '900 TB' })])).build();
  assert.equal(exit, 2);
  assert.match(mistakes[0]!.message, /^a asks 900000 GB, this machine has \d+ GB$/);
});

test('a task of more slots than workers runs alone; one of two slots takes two', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project([gated(g, 't0'), gated(g, 'big', { slots: 9 }), gated(g, 't1')]));
  const building = w.build([], { workers: 2 });
  await until(() => g.inside().length > 0);
  g.open(3);
  assert.equal((await building).ran.length, 3);
  assert.equal(g.told().join(' ').includes('+big -big'), true);
});

// 60
test('higher priority first among the ready, and their makers with them', async () => {
  const w = world(
    project([
      join_('low', []),
      join_('maker', []),
      join_('high', ['maker'], { priority: 5 }),
      join_('other', [], { priority: 1 }),
    ]),
  );
  const { started } = await w.build([], { workers: 1 });
  assert.deepEqual(started, ['maker', 'high', 'other', 'low']);
});

// 61
test('a second build in one folder is told who holds the store; readers go on', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project([gated(g, 'a')]));
  const building = w.build();
  await until(() => g.inside().length === 1);
  const second = takeLock(w.at('.tg/lock'));
  assert.ok(!('release' in second) && second.pid === process.pid);
  assert.equal((await w.open()).store.entry('a'), undefined);
  g.open(1);
  assert.equal((await building).exit, 0);
  assert.notEqual(await w.entry('a'), undefined);
});

// 61
test('what another build wrote between opening and locking is read again', async () => {
  const w = world({
    ...project([join_('a', ['s']), join_('b', ['a'])], { sources: { s: 's' } }),
    s: '1',
  });
  const early = await w.open({ write: true });
  await w.build();
  assert.equal(early.store.entry('a'), undefined);
  early.store.refresh();
  assert.notEqual(early.store.entry('a'), undefined);
  await early.store.close();
  assert.deepEqual((await w.build()).ran, []);
});

/** Every file below a folder, without what tells of time. */
function contents(w: World, folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (at: string): void => {
    for (const name of readdirSync(w.at(at)).sort()) {
      const path = join(at, name);
      if (statSync(w.at(path)).isDirectory()) walk(path);
      else found[path] = readFileSync(w.at(path), 'base64');
    }
  };
  walk(folder);
  return found;
}

// 62
test('one worker or eight: the same bytes and the same records but for time', async () => {
  const files = {
    ...project(
      [
        { name: 'h', type: './h.mjs', inputs: ['src'], outputs: ['h', 'g'] },
        join_('txt', ['src'], { outputs: { txt: 'txt/{run}' } }),
        {
          name: 'p',
          type: './p.mjs',
          inputs: ['h'],
          scan: [{ key: 'a', name: 'a', values: [1, 2] }],
        },
      ],
      { sources: { src: '{run}.in' } },
    ),
    'h.mjs': tables(['h', 'g'], '', 'i * 3 + Math.floor(context.rng() * 1000)'),
    'p.mjs': tables(['p'], '', 'params.a', { a: 0 }),
    ...Object.fromEntries(names(5).map((n) => [`${n}.in`, n])),
  };
  const one = world(files);
  const eight = world(files);
  const a = await one.build([], { workers: 1 });
  const b = await eight.build([], { workers: 8 });
  assert.deepEqual([a.exit, a.ran], [b.exit, b.ran], JSON.stringify([a.mistakes, a.failure]));
  for (const folder of ['build', '.tg/artifacts'])
    assert.deepEqual(contents(one, folder), contents(eight, folder));
  for (const task of a.ran) {
    const of = async (w: World): Promise<object> => ({
      ...(await w.entry(task)),
      started: 0,
      ms: 0,
    });
    assert.deepEqual(await of(one), await of(eight));
  }
  // No time, host or absolute path in what tells of provenance.
  const told = one.read('build/txt/t0.tg.json');
  assert.equal(told.includes(one.root), false);
  assert.deepEqual(Object.keys(JSON.parse(told) as object).sort(), [
    'code',
    'inputs',
    'key',
    'task',
    'tg',
    'trace',
    'type',
    'v',
  ]);
});

test('one worker is enough when a source must be hashed by a worker', async () => {
  const w = world({
    ...project(
      [
        join_('a', ['big'], {
          command: ['sh', '-c', 'wc -c < "$1" > "$0"', '{output:a}', '{input:big}'],
        }),
      ],
      { sources: { big: 'big.bin' } },
    ),
  });
  w.write({ 'big.bin': 'x'.repeat(9_000_000) });
  assert.deepEqual((await w.build([], { workers: 1 })).ran, ['a']);
  w.write({ 'big.bin': 'y'.repeat(9_000_000) });
  assert.deepEqual((await w.build([], { workers: 1 })).ran, ['a']);
  assert.deepEqual((await w.build([], { workers: 1 })).ran, []);
});
