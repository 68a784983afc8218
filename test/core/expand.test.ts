/** From procedures and runs to tasks, scans and merges, and from words to tasks: without any disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand } from '../../src/core/expand.ts';
import type { Expansion, MatchedSource } from '../../src/core/expansion.ts';
import { selectionOf } from '../../src/core/scan.ts';
import { wantedTasks } from '../../src/core/targets.ts';
import type { Axis, Json, Procedure } from '../../src/core/types.ts';
import { procedure, source } from './graphs.ts';

const where = { file: 'lib.yaml', line: 1, column: 1 };
const input = (target: string): Procedure['inputs'][number] => ({ alias: target, target, where });
const axis = (name: string, values: readonly Json[]): Axis => ({
  name,
  key: [name],
  values,
  where,
});
const runs = (name: string, list: readonly string[]): MatchedSource => ({
  entry: source(name).entry,
  targets: list.map((run) => ({
    ...source(`${name}@${run}`),
    files: [{ path: `${run}.in`, run }],
  })),
  runs: list,
  missing: undefined,
  gone: [],
});

function expanded(
  procedures: readonly Procedure[],
  sources: readonly MatchedSource[] = [],
  lists: Record<string, string[]> = {},
): Expansion {
  return expand({
    procedures,
    sources: new Map(sources.map((s) => [s.entry.name, s])),
    resolve: (p) => ({ params: p.parameters, files: {} }),
    lists: new Map(
      Object.entries(lists).map(([k, names]) => [k, names.map((name) => ({ name, value: name }))]),
    ),
    artifacts: '.tg/artifacts',
    build: 'build',
  });
}
const ids = (e: Expansion): string[] => e.tasks.map((t) => t.id);
const needs = (e: Expansion, id: string): string[] =>
  e.tasks.find((t) => t.id === id)!.inputs.flatMap((i) => i.targets);

test('one task a run, for the runs that all inputs have; each: all takes them together', () => {
  const e = expanded(
    [
      procedure('a', { inputs: [input('x'), input('y')] }),
      procedure('b', { inputs: [input('a')], each: 'all' }),
    ],
    [runs('x', ['r1', 'r2', 'r10']), runs('y', ['r2', 'r10', 'r11'])],
  );
  assert.deepEqual(ids(e), ['a@r2', 'a@r10', 'b']);
  assert.deepEqual(needs(e, 'b'), ['a@r2', 'a@r10']);
});

test('a selection belongs to every task and gives no runs', () => {
  const e = expanded(
    [procedure('a', { inputs: [input('x')] }), procedure('b', { inputs: [input('a@r1..r2')] })],
    [runs('x', ['r1', 'r2', 'r3'])],
  );
  assert.deepEqual(needs(e, 'b'), ['a@r1', 'a@r2']);
});

test('makers come before what needs them, whatever their order in the library', () => {
  assert.deepEqual(
    ids(
      expanded([
        procedure('c', { inputs: [input('b')] }),
        procedure('b', { inputs: [input('a')] }),
        procedure('a'),
      ]),
    ),
    ['a', 'b', 'c'],
  );
});

test('a scan is a task a point and merges upward; a point is its values, not its place', () => {
  const scan = [axis('b', [2, 1]), axis('a', ['x', 'y'])];
  const e = expanded([procedure('s', { scan, outputs: [{ target: 's', where }] })]);
  assert.deepEqual(ids(e), [
    's@a=x,b=2',
    's@a=y,b=2',
    's@a=x,b=1',
    's@a=y,b=1',
    's@a=*,b=2',
    's@a=*,b=1',
    's',
  ]);
  assert.deepEqual(needs(e, 's'), ['s@a=*,b=2', 's@a=*,b=1']);
  assert.equal(selectionOf(undefined, { a: 1, b: 'x' }), selectionOf(undefined, { b: 'x', a: 1 }));
  // The value that looks like a number is another point than the number.
  assert.notEqual(selectionOf(undefined, { a: 1 }), selectionOf(undefined, { a: '1' }));
});

test('a family over a list is deferred until the list is there, and so is what needs it', () => {
  const procedures = [
    procedure('list'),
    procedure('part', {
      each: { target: 'list' },
      outputs: [{ target: 'part', pattern: '{name}', where }],
    }),
    procedure('all', { inputs: [input('part')], each: 'all' }),
  ];
  const before = expanded(procedures);
  assert.deepEqual([ids(before), before.families.get('all')!.deferred], [['list'], 'list']);
  const after = expanded(procedures, [], { list: ['x', 'y'] });
  assert.deepEqual(ids(after), ['list', 'part@x', 'part@y', 'all']);
  assert.deepEqual(after.tasks[1]!.after, ['list']);
});

test('order-only words become targets of the same run', () => {
  const e = expanded(
    [
      procedure('a', { inputs: [input('x')] }),
      procedure('b', { inputs: [input('x')], after: ['a'] }),
      procedure('c', { after: ['a'] }),
    ],
    [runs('x', ['r1', 'r2'])],
  );
  assert.deepEqual(
    e.tasks.map((t) => t.after),
    [[], [], ['a@r1'], ['a@r2'], ['a@r1', 'a@r2']],
  );
});

const meant = (e: Expansion, ...words: string[]): string[] => {
  const { wanted, diagnostics } = wantedTasks(
    {
      words,
      default: undefined,
      workflows: [],
      sources: new Map(),
      flowPath: () => '',
      relative: (p) => p,
      elsewhere: () => undefined,
    },
    e,
  );
  return diagnostics.length > 0
    ? diagnostics.map((d) => d.message)
    : wanted.tasks.map((i) => e.tasks[i]!.id);
};

test('words: names, runs, ranges, globs, folders, points, paths', () => {
  const e = expanded(
    [
      procedure('k/a', {
        inputs: [input('x')],
        outputs: [{ target: 'k/a', pattern: 'a/{run}.txt', where }],
      }),
      procedure('k/s', { scan: [axis('p', [1, 2, 3])], outputs: [{ target: 'k/s', where }] }),
    ],
    [runs('x', ['r1', 'r2', 'r10'])],
  );
  assert.deepEqual(meant(e, 'k/a'), ['k/a@r1', 'k/a@r2', 'k/a@r10']);
  assert.deepEqual(meant(e, 'k/a@r2..r10'), ['k/a@r2', 'k/a@r10']);
  assert.deepEqual(meant(e, 'k/a@r1,r10'), ['k/a@r1', 'k/a@r10']);
  assert.deepEqual(meant(e, 'k/s@p=2'), ['k/s@p=2']);
  assert.deepEqual(meant(e, 'k/s@p=2..3'), ['k/s@p=2', 'k/s@p=3']);
  assert.equal(meant(e, 'k/').length, 7);
  assert.equal(meant(e, '*/a').length, 3);
  assert.deepEqual(meant(e, 'build/a/r2.txt'), ['k/a@r2']);
  assert.deepEqual(meant(e, 'k/a@r9'), ['no run "r9" in k/a (r1..r10, 3 runs)']);
  assert.deepEqual(meant(e, 'nobody'), ['nothing makes "nobody"']);
});

test('10 000 procedures in a chain and 100 000 runs are expanded without a stack', () => {
  const chain = Array.from({ length: 10_000 }, (_, i) =>
    procedure(`p${i}`, i === 0 ? {} : { inputs: [input(`p${i - 1}`)] }),
  );
  assert.equal(expanded(chain.reverse()).tasks.length, 10_000);
  const many = runs(
    'x',
    Array.from({ length: 100_000 }, (_, i) => `r${i}`),
  );
  const e = expanded(
    [
      procedure('a', { inputs: [input('x')] }),
      procedure('b', { inputs: [input('a')], each: 'all' }),
    ],
    [many],
  );
  assert.equal(needs(e, 'b').length, 100_000);
});
