/** The decision itself: a record against today's code, inputs, values and outputs. Case 71. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonText } from '../../src/core/reason.ts';
import { whyStale } from '../../src/core/stale.ts';
import type { Today } from '../../src/core/stale.ts';
import type { LogEntry } from '../../src/core/types.ts';
import { task } from './graphs.ts';

const one = task('a', ['x', 'y']);
const entry: LogEntry = {
  task: 'a',
  type: 'command',
  code: 'version 1',
  inputs: [
    ['x', 'aa.10.5'],
    ['y', 'bb.20'],
  ],
  outputs: [['a', 'build/a.txt', 'abcdef01.3', null]],
  trace: [
    { name: 'param', values: [['window', '1820']], read: 1 },
    { name: 'conf', file: 'conf.json', id: 'cc.1', values: [['p.q', '1']], read: 1 },
  ],
  reason: '',
  counts: [],
  lost: [],
  notes: [],
  started: 0,
  ms: 0,
  build: 1,
  tg: '0',
};
const today = (more: Partial<Today> = {}): Today => ({
  code: 'version 1',
  inputs: entry.inputs,
  output: () => 'abcdef01.3',
  document: () => ({ same: true }),
  ...more,
});
const why = (more: Partial<Today>, of = one, was: LogEntry | undefined = entry): string[] =>
  whyStale(of, was, today(more)).map((r) => reasonText(r));

test('nothing different is fresh', () => assert.deepEqual(why({}), []));

for (const [what, more, text] of [
  ['another code version', { code: 'version 2' }, ['code changed: type command version 1 -> 2']],
  [
    'another input',
    {
      inputs: [
        ['x', 'ee.10.7'],
        ['y', 'bb.20'],
      ],
    },
    ['input x changed (5 -> 7 rows)'],
  ],
  [
    'other rows, the same number',
    {
      inputs: [
        ['x', 'ee.10.5'],
        ['y', 'bb.20'],
      ],
    },
    ['input x changed (same rows)'],
  ],
  ['an input more', { inputs: [...entry.inputs, ['z', 'ff.1']] }, ['input z added']],
  ['an input less', { inputs: [['x', 'aa.10.5']] }, ['input y removed']],
  ['inputs in another order', { inputs: [...entry.inputs].reverse() }, ['input y changed']],
  ['an output that is gone', { output: () => undefined }, ['output missing: build/a.txt']],
  [
    'an output that was edited',
    { output: () => '99aabb00.3' },
    ['output edited: content 99aabb.. is not the abcdef.. tg made'],
  ],
  [
    'a parameter',
    {
      document: (t) =>
        t.name === 'param' ? { same: false, now: { window: 1830 } } : { same: true },
    },
    ['window changed: 1820 -> 1830'],
  ],
  [
    'a parameter that is gone',
    { document: (t) => (t.name === 'param' ? { same: false, now: {} } : { same: true }) },
    ['window changed: 1820 -> none'],
  ],
] as [string, Partial<Today>, string[]][])
  test(`${what} is one reason`, () => assert.deepEqual(why(more), text));

test('a value that reads the same is none', () => {
  assert.deepEqual(
    why({
      document: (t) =>
        t.name === 'conf' ? { same: false, now: { p: { q: 1.0, r: 5 } } } : { same: true },
    }),
    [],
  );
});

test('what cannot be told is stale', () => {
  const bits = { leaves: 'Ag==', keys: '', absent: [], hash: 'h' };
  for (const name of ['param', 'conf']) {
    const was: LogEntry = { ...entry, trace: [{ name, bits, read: 300 }] };
    const texts = why(
      { document: () => ({ same: false, now: undefined, then: undefined }) },
      one,
      was,
    );
    assert.equal(texts.length, 1);
    assert.match(texts[0]!, /changed/);
  }
});

test('always runs; never built; interrupted', () => {
  assert.deepEqual(why({}, task('a', ['x', 'y'], { always: true })), [
    'always runs (always: true)',
  ]);
  assert.deepEqual(whyStale(one, undefined, today()), [{ kind: 'never-built' }]);
  assert.deepEqual(whyStale(one, entry, today({ interrupted: 5 })), [
    { kind: 'interrupted', at: 5 },
  ]);
});
