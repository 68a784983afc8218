/** The shape of the graph: cycles, diamonds, chains, order-only, always. Conformance cases D. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gate, join_, project, until, world } from '../helpers/world.ts';

// 37, 38
test('a cycle is told as its path with a place an edge, lead-in and lead-out left out', async () => {
  const w = world(
    project([
      join_('lead', []),
      join_('a', ['c', 'lead']),
      join_('b', ['a']),
      join_('c', ['b']),
      join_('out', ['c']),
    ]),
  );
  const { exit, mistakes, ran } = await w.build('lead');
  assert.deepEqual([exit, ran], [2, []]);
  assert.equal(mistakes[0]!.message, 'cycle: a -> c -> b -> a');
  assert.deepEqual(
    [mistakes[0]!, ...mistakes[0]!.related!].map((r) => r.remark),
    ['a needs c', 'c needs b', 'b needs a'],
  );
});

// 39
test('the shared task of a diamond runs once', async () => {
  const w = world(
    project([join_('a', []), join_('b', ['a']), join_('c', ['a']), join_('d', ['b', 'c'])]),
  );
  const { started } = await w.build();
  assert.deepEqual(
    started.filter((t) => t === 'a'),
    ['a'],
  );
  assert.equal(started.at(-1), 'd');
});

// 33
test('an unknown target is refused with the nearest names', async () => {
  const w = world(project([join_('events', [])]));
  const { exit, mistakes } = await w.build('evnts');
  assert.deepEqual(
    [exit, mistakes[0]!.message, mistakes[0]!.try],
    [2, 'nothing makes "evnts"', 'events'],
  );
});

// 42
test('an order-only input comes first and restales nobody', async () => {
  const w = world({
    ...project([join_('first', ['src']), join_('second', [], { after: ['first'] })], {
      sources: { src: 'src.txt' },
    }),
    'src.txt': '1',
  });
  assert.deepEqual((await w.build('second')).started, ['first', 'second']);
  w.write({ 'src.txt': '2' });
  const { ran, fresh } = await w.build();
  assert.deepEqual([ran, fresh], [['first'], ['second']]);
});

// 42
test('order-only between families goes run by run', async () => {
  const w = world({ ...project([]), 'in/r1.txt': '1', 'in/r2.txt': '2' });
  const g = gate(w);
  w.write(
    project(
      [
        join_('a', ['src'], {
          outputs: { a: 'a/{run}' },
          command: ['sh', '-c', `${g.pass('{run}')}; echo > "$0"`, '{output:a}'],
        }),
        join_('b', ['src'], { outputs: { b: 'b/{run}' }, after: ['a'] }),
        join_('c', [], { after: ['a'] }),
      ],
      { sources: { src: 'in/{run}.txt' } },
    ),
  );
  const done: string[] = [];
  const building = w.build([], { on: (e) => void (e.type === 'done' && done.push(e.task.id)) });
  await until(() => g.inside().length === 2);
  g.open(1);
  await until(() => done.length === 2);
  assert.match(done.join(' '), /^a@(r[12]) b@\1$/);
  g.open(1);
  assert.equal((await building).exit, 0);
  assert.equal(done.at(-1) === 'c' || done.at(-2) === 'c', true);
});

test('order-only after nothing known is refused', async () => {
  const { exit, mistakes } = await world(project([join_('a', [], { after: ['nobody'] })])).build();
  assert.deepEqual([exit, mistakes[0]!.message], [2, 'nothing makes "nobody"']);
});

// 43
test('a workflow is a name for several targets and never stale itself', async () => {
  const w = world(
    project([join_('a', []), join_('b', []), join_('c', [])], {
      workflows: [{ name: 'both', tasks: ['a', 'b'] }],
    }),
  );
  assert.deepEqual((await w.build('both')).ran, ['a', 'b']);
  const { ran, fresh } = await w.build('both');
  assert.deepEqual([ran, fresh], [[], ['a', 'b']]);
});

// 44
test('always: true runs in every build; equal bytes stop there', async () => {
  const w = world(project([join_('a', [], { always: true }), join_('b', ['a'])]));
  await w.build();
  const { ran, fresh, why } = await w.build();
  assert.deepEqual([ran, fresh, why['a']], [['a'], ['b'], 'always runs (always: true)']);
});

// 48
test('a library that includes itself is refused with the path of inclusion', async () => {
  const w = world({
    'tg.yaml': 'libraries: [./one.yaml]\n',
    'one.yaml': 'libraries: [./two.yaml]\n',
    'two.yaml': 'libraries: [./one.yaml]\n',
  });
  const { mistakes, exit } = await w.build();
  assert.deepEqual(
    [exit, mistakes.map((m) => m.message)],
    [2, ['libraries include themselves: one.yaml -> two.yaml -> one.yaml']],
  );
});

// 49
test('two patterns that make one target are refused, unless one says replace', async () => {
  const entries = (more: object): object[] => [
    join_('one', [], { outputs: { 'h/x': 'x.txt', one: 'one.txt' }, command: ['true'] }),
    {
      ...join_('two', []),
      outputs: { 'h/x': 'y.txt' },
      command: ['sh', '-c', 'echo > "$0"', '{output:h/x}'],
      ...more,
    },
  ];
  const w = world(project(entries({})));
  const { exit, mistakes } = await w.build();
  assert.equal(exit, 2);
  assert.match(mistakes[0]!.message, /h\/x has two makers/);
  assert.match(mistakes[0]!.other!, /lib\.yaml:1:\d+ \(procedure one\)/);
  // `one` makes more than h/x: it cannot be left out as a whole.
  w.write(project(entries({ replace: true })));
  assert.match((await w.build()).mistakes[0]!.try!, /another name/);
  const only = { outputs: { 'h/x': 'x.txt' } };
  const [one, two] = entries({ replace: true });
  w.write(project([{ ...one, ...only }, two!]));
  const { ran } = await w.build();
  assert.deepEqual([ran, w.has('build/y.txt'), w.has('build/x.txt')], [['two'], true, false]);
});

// 50
test('an optional input that is missing is left out; when it appears, changes or goes the task is stale', async () => {
  const w = world({
    ...project(
      [
        join_('a', ['one', 'two'], {
          optional: ['two'],
          command: [
            'sh',
            '-c',
            'cat ../*.in > /dev/null 2>&1; cat "$@" > "$0"',
            '{output:a}',
            '{input:one}',
            '{input:two}',
          ],
        }),
      ],
      {
        sources: { one: '1.in', two: '2.in' },
      },
    ),
    '1.in': '1',
  });
  assert.deepEqual((await w.build()).ran, ['a']);
  assert.deepEqual((await w.build()).ran, []);
  w.write({ '2.in': '2' });
  const appeared = await w.build();
  assert.equal(appeared.why['a'], 'input two added');
  assert.equal(w.read('build/a.txt'), '12');
  w.remove('2.in');
  const gone = await w.build();
  assert.match(gone.why['a']!, /^input two removed/);
  assert.deepEqual([gone.exit, w.read('build/a.txt')], [0, '1']);
});

test('archived raw data keep their id: nothing runs until a task must read them', async () => {
  const entries = [
    join_('a', ['raw'], { outputs: { a: 'a/{run}.txt' } }),
    join_('b', ['a'], { each: 'all' }),
  ];
  const w = world({
    ...project(entries, { sources: { raw: { path: 'raw/{run}.txt', archived: true } } }),
    'raw/r1.txt': '1',
    'raw/r2.txt': '2',
  });
  await w.build();
  w.remove('raw/r1.txt');
  const kept = await w.build();
  assert.deepEqual([kept.exit, kept.ran, kept.fresh], [0, [], ['a@r1', 'a@r2', 'b']]);
  w.remove('build/a/r1.txt');
  const { exit, failed, failure } = await w.build([], { keepGoing: true });
  assert.deepEqual([exit, failed], [1, ['a@r1']]);
  assert.match(failure['a@r1']!.message, /archived source raw@r1 is not here: raw\/r1\.txt/);
});

// 72
test('--force runs the named, --force-all what they stand on, --only nothing else', async () => {
  const w = world({
    ...project([join_('a', ['src']), join_('b', ['a']), join_('c', ['b'])], {
      sources: { src: 's' },
    }),
    s: '1',
  });
  await w.build();
  assert.deepEqual((await w.build('b', { force: true })).ran, ['b']);
  assert.deepEqual((await w.build('b', { forceAll: true })).ran, ['a', 'b']);
  w.write({ s: '2' });
  assert.deepEqual((await w.build('c', { only: true })).ran, []);
  assert.deepEqual((await w.build('b', { only: true, force: true })).ran, ['b']);
  assert.equal(w.read('build/b.txt'), '1');
  assert.deepEqual((await w.build()).ran, ['a', 'b', 'c']);
});

// 72
test('--force of a family runs all of its tasks and no others', async () => {
  const w = world({
    ...project(
      [
        join_('a', ['src'], { outputs: { a: 'a/{run}.txt' } }),
        join_('b', ['a'], { outputs: { b: 'b/{run}.txt' } }),
        join_('c', ['b'], { each: 'all' }),
      ],
      { sources: { src: '{run}.in' } },
    ),
    'r1.in': '1',
    'r2.in': '2',
  });
  await w.build();
  const { ran, fresh } = await w.build('b', { force: true });
  assert.deepEqual(
    [ran, fresh],
    [
      ['b@r1', 'b@r2'],
      ['a@r1', 'a@r2'],
    ],
  );
  assert.deepEqual((await w.build('b@r1', { force: true })).ran, ['b@r1']);
  const all = await w.build([], { forceAll: true });
  assert.deepEqual(all.ran, ['a@r1', 'a@r2', 'b@r1', 'b@r2', 'c']);
  assert.deepEqual((await w.build()).ran, []);
});

test('--only takes what lies there as it lies there, and the next build sees it', async () => {
  const w = world({
    ...project([join_('a', ['src']), join_('b', ['a'])], { sources: { src: 's' } }),
    s: '1',
  });
  await w.build();
  w.write({ 'build/a.txt': 'by hand' });
  assert.deepEqual((await w.build('b', { only: true })).ran, ['b']);
  assert.equal(w.read('build/b.txt'), 'by hand');
  assert.deepEqual((await w.build()).ran, ['a', 'b']);
  assert.equal(w.read('build/b.txt'), '1');
  w.remove('build/a.txt');
  const { failure } = await w.build('b', { only: true, force: true });
  assert.equal(failure['b']!.message, 'a is not there');
});

// 73
test('--set is like an edit of the file, for this build', async () => {
  const w = world(project([join_('a', [], { parameters: { x: 1 } })]));
  await w.build();
  const { ran, why } = await w.build([], { set: ['a.x=2'] });
  assert.deepEqual([ran, why['a']], [['a'], 'x changed: 1 -> 2']);
  assert.match(w.read('build/a.txt.tg.json'), /"x","2"/);
  assert.deepEqual((await w.build([], { set: ['a.x=2'] })).ran, []);
  assert.deepEqual((await w.build()).ran, ['a']);
});

// 70
test('the preview is an upper bound: whatever runs was stale or maybe', async () => {
  const w = world({
    ...project([join_('a', ['src']), join_('b', ['a']), join_('c', ['b']), join_('d', [])], {
      sources: { src: 's' },
    }),
    s: '1',
  });
  await w.build();
  w.write({ s: '2' });
  w.remove('build/c.txt');
  const { events, ran } = await w.build();
  const planned = events.find((e) => e.type === 'planned');
  assert.deepEqual(ran, ['a', 'b', 'c']);
  assert.ok(planned?.type === 'planned');
  assert.deepEqual([planned.stale, planned.maybe, planned.fresh], [2, 1, 1]);
});

test('a folder under depends is refused: its files are the code', async () => {
  const w = world({ ...project([join_('a', [], { depends: ['code'] })]), 'code/x.py': '' });
  const { exit, mistakes } = await w.build();
  assert.deepEqual([exit, mistakes[0]!.message], [2, `code is a folder, not a file`]);
});
