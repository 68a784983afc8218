/** What is unknown until it is built: lists, rounds, flow files. Conformance cases 45 to 47. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join_, project, tables, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const list = {
  name: 'list',
  type: 'command',
  inputs: ['names'],
  outputs: { list: 'list.json' },
  command: ['sh', '-c', 'cp "$1" "$0"', '{output:list}', '{input:names}'],
};
const member = (more: object = {}): object => ({
  name: 'part',
  type: 'command',
  each: 'list',
  outputs: { part: 'part/{name}.txt' },
  command: [
    'sh',
    '-c',
    `sed 's/.*"member":"\\([a-z]*\\)".*/\\1/' "$TG_TASK" > "$0"`,
    '{output:part}',
  ],
  ...more,
});
const lists = (names: readonly unknown[], more: object = {}): World =>
  world({
    ...project([list, member(more), join_('all', ['part'], { each: 'all' })], {
      sources: { names: 'names.json' },
    }),
    'names.json': JSON.stringify(names),
  });

// 45, 47
test('a procedure over a built list is planned when the list is there, in the same build', async () => {
  const w = lists(['x', 'y']);
  const { exit, ran, mistakes, failure } = await w.build();
  assert.equal(exit, 0, JSON.stringify([mistakes, failure]));
  assert.deepEqual(ran, ['all', 'list', 'part@x', 'part@y']);
  assert.equal(w.read('build/all.txt'), 'xy');
  const again = await w.build();
  assert.deepEqual([again.ran, again.fresh], [[], ['all', 'list', 'part@x', 'part@y']]);
  w.write({ 'names.json': JSON.stringify(['y', 'z']) });
  assert.deepEqual((await w.build()).ran, ['all', 'list', 'part@z']);
  assert.equal(w.read('build/all.txt'), 'yz');
});

// 45
test('a target behind a list builds the list first', async () => {
  const w = lists(['x']);
  assert.deepEqual((await w.build('all')).ran, ['all', 'list', 'part@x']);
});

// 46
test('an edited member of the list runs its task, not the maker of the list', async () => {
  const w = lists(['x', 'y']);
  await w.build();
  w.write({ 'build/part/x.txt': 'edited' });
  assert.deepEqual((await w.build()).ran, ['part@x']);
});

test('a list of mappings gives each its value; a changed value runs that member', async () => {
  const w = lists(
    [
      { name: 'x', n: 1 },
      { name: 'y', n: 2 },
    ],
    { command: ['sh', '-c', 'cat "$TG_TASK" > /dev/null; echo x > "$0"', '{output:part}'] },
  );
  await w.build();
  w.write({
    'names.json': JSON.stringify([
      { name: 'x', n: 1 },
      { name: 'y', n: 3 },
    ]),
  });
  const { ran, why } = await w.build();
  assert.deepEqual(ran, ['list', 'part@y']);
  assert.match(why['part@y']!, /member\.n changed: 2 -> 3/);
});

test('a file that is no list is told', async () => {
  const w = lists(['x']);
  w.write({ 'names.json': '{"a": 1}' });
  const { exit, mistakes } = await w.build();
  assert.deepEqual([exit, mistakes[0]!.message], [2, 'list is not a list: no array']);
  w.write({ 'names.json': '["x", "x"]' });
  assert.match((await w.build()).mistakes[0]!.message, /"x" stands in it twice/);
});

test('a list that cannot be made: nothing waits for ever, what needs no list is built', async () => {
  const w = lists(['x']);
  w.write({
    'lib.yaml': JSON.stringify([{ ...list, command: ['false'] }, member(), join_('other', [])]),
  });
  const { exit, failed, ran } = await w.build([], { keepGoing: true });
  assert.deepEqual([exit, failed, ran], [1, ['list'], ['other']]);
});

test('what failed or was cancelled in one round is told once', async () => {
  const w = lists(['x']);
  w.write({
    'lib.yaml': JSON.stringify([
      list,
      member(),
      { ...join_('bad', []), command: ['false'] },
      join_('after', ['bad']),
    ]),
  });
  const { events } = await w.build([], { keepGoing: true });
  const count = (type: string): number => events.filter((e) => e.type === type).length;
  assert.deepEqual([count('failed'), count('cancelled'), count('done')], [1, 1, 2]);
  const ended = (await w.open()).store.builds().at(-1)!;
  assert.deepEqual([ended.done, ended.failed], [2, 1]);
});

test('lists per run expand run by run', async () => {
  const w = world({
    ...project(
      [
        { ...list, inputs: ['names'], outputs: { list: 'list/{run}.json' } },
        member({ outputs: { part: 'part/{run}_{name}.txt' } }),
      ],
      { sources: { names: '{run}.json' } },
    ),
    'r1.json': '["x"]',
    'r2.json': '["y", "z"]',
  });
  const { ran, exit, mistakes } = await w.build();
  assert.equal(exit, 0, JSON.stringify(mistakes));
  assert.deepEqual(ran, ['list@r1', 'list@r2', 'part@r1,x', 'part@r2,y', 'part@r2,z']);
});

test('each over a name nobody makes, or over a source, is refused', async () => {
  const nobody = await world(project([member()])).build();
  assert.deepEqual([nobody.exit, nobody.mistakes[0]!.message], [2, 'nothing makes "list"']);
  const source = world({
    ...project([member({ each: 'names' })], { sources: { names: 'n.json' } }),
    'n.json': '["x"]',
  });
  assert.match((await source.build()).mistakes[0]!.message, /is a source, not a list/);
});

test('a flow file is linked once, when the tables of its run are known', async () => {
  const w = world({
    ...project(
      [
        list,
        { name: 'one', type: './one.mjs' },
        member(),
        { name: 'two', type: './two.mjs', inputs: ['part'], each: 'all' },
      ],
      { sources: { names: 'names.json' } },
    ),
    'names.json': '["x"]',
    'one.mjs': tables(['one']),
    'two.mjs': tables(['two']),
  });
  const { events, exit, failure, mistakes } = await w.build();
  assert.equal(exit, 0, JSON.stringify([failure, mistakes]));
  assert.deepEqual(
    events.flatMap((e) =>
      e.type === 'done' && e.task.kind === 'flow' ? [e.entry.inputs.map(([t]) => t)] : [],
    ),
    [['one', 'two']],
  );
});

test('link: drop leaves tables out, asked links only what is asked for, a changed file is a changed output', async () => {
  const settings = (link: object): string => JSON.stringify({ libraries: ['./lib.yaml'], link });
  const w = world({
    ...project([
      { name: 'one', type: './one.mjs' },
      { name: 'two', type: './two.mjs' },
    ]),
    'one.mjs': tables(['one']),
    'two.mjs': tables(['two']),
  });
  const linked = async (): Promise<string[]> => (await w.entry('flow'))!.inputs.map(([t]) => t);
  await w.build();
  assert.deepEqual(await linked(), ['one', 'two']);
  w.write({ 'tg.yaml': settings({ drop: ['two'] }) });
  assert.deepEqual((await w.build()).ran, ['flow']);
  assert.deepEqual(await linked(), ['one']);
  w.write({ 'tg.yaml': settings({ when: 'asked' }) });
  w.remove('build/flow.h5');
  assert.deepEqual((await w.build()).ran, []);
  assert.deepEqual((await w.build('one')).ran, []);
  assert.equal(w.has('build/flow.h5'), false);
  assert.deepEqual((await w.build('flow')).ran, ['flow']);
  assert.deepEqual(await linked(), ['one', 'two']);
  w.write({ 'tg.yaml': settings({ file: './linked/{run}.h5' }) });
  assert.deepEqual((await w.build()).ran, ['flow']);
  assert.ok(w.has('build/linked/flow.h5'));
});

test('link: idle links when nothing else is ready, however little it matters', async () => {
  const started = async (when: string): Promise<string[]> => {
    const w = world({
      ...project([{ name: 'one', type: './one.mjs' }, join_('last', [], { priority: -5 })], {
        link: { when },
      }),
      'one.mjs': tables(['one']),
    });
    return (await w.build([], { workers: 1 })).started;
  };
  assert.deepEqual(await started('build'), ['one', 'flow', 'last']);
  assert.deepEqual(await started('idle'), ['one', 'last', 'flow']);
});

// settle of tasks that are only looked at
test('a flow file holds what is fresh and names what is stale, though it was not asked for', async () => {
  const w = world({
    ...project([
      { name: 'one', type: './one.mjs', parameters: { factor: 1 } },
      { name: 'two', type: './two.mjs', parameters: { factor: 1 } },
    ]),
    'one.mjs': tables(['one']),
    'two.mjs': tables(['two']),
  });
  await w.build();
  w.write({
    'lib.yaml': JSON.stringify([
      { name: 'one', type: './one.mjs', parameters: { factor: 2 } },
      { name: 'two', type: './two.mjs', parameters: { factor: 2 } },
    ]),
  });
  const { ran, fresh } = await w.build('one');
  assert.deepEqual([ran, fresh], [['flow', 'one'], []]);
  const flow = (await w.entry('flow'))!;
  assert.deepEqual(
    flow.inputs.map(([t]) => t),
    ['one'],
  );
  assert.deepEqual(
    flow.notes.map(([text]) => text),
    ['stale, so left out: two'],
  );
  assert.deepEqual((await w.build('one')).ran, []);
  assert.deepEqual((await w.build('flow')).ran, ['flow', 'two']);
});
