/** Plans: order, makers, cycles, size. Cases 20, 37 to 41. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../src/core/plan.ts';
import { planned, source, task } from './graphs.ts';

const ids = (p: ReturnType<typeof planned>): string[] => Array.from(p.order, (i) => p.tasks[i]!.id);

test('makers come before what needs them, otherwise in the order of declaration', () => {
  assert.deepEqual(
    ids(planned([task('d', ['b', 'c']), task('c', ['a']), task('b', ['a']), task('a')])),
    ['a', 'c', 'b', 'd'],
  );
});

test('only what is wanted and what it needs is in the plan', () => {
  assert.deepEqual(ids(planned([task('a'), task('b', ['a']), task('c'), task('d', ['b'])], [1])), [
    'a',
    'b',
  ]);
});

test('a cycle is told as its shortest path, without lead-in and lead-out', () => {
  const tasks = [
    task('in'),
    task('a', ['c', 'in']),
    task('b', ['a']),
    task('c', ['b']),
    task('out', ['c']),
  ];
  const { diagnostics } = plan({ tasks, sources: new Map(), wanted: [4] });
  assert.deepEqual(
    diagnostics.map((d) => d.message),
    ['cycle: a -> c -> b -> a'],
  );
});

test('two makers of a target, or of a path, are refused', () => {
  const two = plan({
    tasks: [task('a'), { ...task('b'), outputs: task('a').outputs }],
    sources: new Map(),
    wanted: [],
  });
  assert.match(two.diagnostics[0]!.message, /has two makers/);
  const path = { ...task('b'), outputs: [{ target: 'b', path: 'build/a.txt', place: '' }] };
  assert.equal(
    plan({ tasks: [task('a'), path], sources: new Map(), wanted: [] }).diagnostics.length,
    1,
  );
});

test('tables share an artifact, products do not', () => {
  const table = (name: string): { target: string; path: string; place: string } => ({
    target: name,
    path: 'x.h5',
    place: `/${name}`,
  });
  assert.deepEqual(planned([{ ...task('a'), outputs: [table('a'), table('b')] }]).order.length, 1);
});

test('what nobody makes is told with the nearest names', () => {
  const { diagnostics } = plan({
    tasks: [task('hits'), task('x', ['hit'])],
    sources: new Map(),
    wanted: [1],
  });
  assert.deepEqual([diagnostics[0]!.message, diagnostics[0]!.try], ['nothing makes "hit"', 'hits']);
});

test('an output where a source lies is refused', () => {
  const { diagnostics } = plan({
    tasks: [{ ...task('a'), outputs: [{ target: 'a', path: 's.in', place: '' }] }],
    sources: new Map([['s', source('s')]]),
    wanted: [0],
  });
  assert.match(diagnostics[0]!.message, /a would write over source s: s\.in/);
});

// 40, 41: iterative; a plan of this size takes a fraction of a second.
test('a chain of 20 000 and a fan-in of 100 000 are ordinary', () => {
  const chain = Array.from({ length: 20_000 }, (_, i) =>
    task(`t${i}`, i === 0 ? [] : [`t${i - 1}`]),
  );
  assert.equal(ids(planned(chain.reverse())).at(-1), 't19999');
  const leaves = Array.from({ length: 100_000 }, (_, i) => task(`t${i}`));
  const all = { ...task('all'), inputs: [{ alias: 'x', targets: leaves.map((l) => l.id) }] };
  const p = planned([...leaves, all]);
  assert.equal(p.needs[100_000]!.length, 100_000);
  assert.equal(ids(p).at(-1), 'all');
});
