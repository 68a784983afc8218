/** What is stale and what is not: conformance cases A. */
import assert from 'node:assert/strict';
import {
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { join_, project, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

/** 100 leaves, joined by tens, joined to one: three levels. */
function tree(): World {
  const files: Record<string, string> = {};
  for (let i = 0; i < 100; i++) files[`in/${String(i).padStart(2, '0')}.txt`] = `${i}\n`;
  const tens = Array.from({ length: 10 }, (_, k) => join_(`ten${k}`, [`leaf@${k}0..${k}9`]));
  const w = world({
    ...project(
      [
        join_('leaf', ['src'], { outputs: { leaf: 'leaf/{run}.txt' } }),
        ...tens,
        join_(
          'all',
          Array.from({ length: 10 }, (_, k) => `ten${k}`),
        ),
      ],
      { sources: { src: 'in/{run}.txt' } },
    ),
    ...files,
  });
  return w;
}

/** src -> a -> b -> c */
const chain = (more: Record<string, unknown> = {}): World =>
  world({
    ...project([join_('a', ['src'], more), join_('b', ['a']), join_('c', ['b'])], {
      sources: { src: 'src.txt' },
    }),
    'src.txt': 'one\n',
  });

const bytesOf = (w: World): Record<string, string> =>
  Object.fromEntries(
    readdirSync(w.at('.tg'))
      .filter((name) => statSync(w.at(`.tg/${name}`)).isFile())
      .map((name) => [name, readFileSync(w.at(`.tg/${name}`), 'base64')]),
  );

// 1
test('a second build runs nothing and leaves log, snapshot and history as they are', async () => {
  const w = chain();
  assert.deepEqual((await w.build()).ran, ['a', 'b', 'c']);
  await new Promise((resolve) => setTimeout(resolve, 25));
  await w.build(); // what was changed just before it was hashed is hashed once more
  const before = bytesOf(w);
  const again = await w.build();
  assert.deepEqual([again.exit, again.ran, again.fresh], [0, [], ['a', 'b', 'c']]);
  assert.deepEqual(bytesOf(w), before);
  assert.equal((await w.open()).store.builds().length, 1);
});

// 2
test('touching a source runs nothing', async () => {
  const w = chain();
  await w.build();
  utimesSync(w.at('src.txt'), 1, 1);
  assert.deepEqual((await w.build()).ran, []);
  renameSync(w.at('src.txt'), w.at('other'));
  writeFileSync(w.at('src.txt'), 'one\n'); // other inode
  assert.deepEqual((await w.build()).ran, []);
});

// 3
test('editing one of 100 sources runs its path to the root', async () => {
  const w = tree();
  const first = await w.build([], { workers: 4 });
  assert.equal(first.ran.length, 111);
  w.write({ 'in/37.txt': 'x\n' });
  const second = await w.build();
  assert.deepEqual(second.ran, ['all', 'leaf@37', 'ten3']);
  assert.equal(second.fresh.length, 108);
  assert.equal(w.read('build/all.txt').split('\n')[37], 'x');
});

// 4
test('a task that makes the same content leaves its dependents fresh', async () => {
  const w = world({
    ...project(
      [
        join_('a', ['src'], {
          command: ['sh', '-c', 'wc -l < "$1" > "$0"', '{output:a}', '{input:src}'],
        }),
        join_('b', ['a']),
      ],
      { sources: { src: 'src.txt' } },
    ),
    'src.txt': 'one\n',
  });
  await w.build();
  w.write({ 'src.txt': 'two\n' });
  const { ran, fresh, exit } = await w.build();
  assert.deepEqual([ran, fresh, exit], [['a'], ['b'], 0]);
});

// 5
test('another command text runs the task, and its dependents only when the bytes differ', async () => {
  const w = chain({ command: ['sh', '-c', 'cat "$1" > "$0"', '{output:a}', '{input:src}'] });
  await w.build();
  const entries = (command: string): object[] => [
    join_('a', ['src'], { command: ['sh', '-c', command, '{output:a}', '{input:src}'] }),
    join_('b', ['a']),
    join_('c', ['b']),
  ];
  w.write({ 'lib.yaml': JSON.stringify(entries('cat < "$1" > "$0"')) });
  const same = await w.build();
  assert.deepEqual(same.ran, ['a']);
  assert.match(same.why['a']!, /code changed: command/);
  w.write({ 'lib.yaml': JSON.stringify(entries('echo more > "$0"; cat "$1" >> "$0"')) });
  assert.deepEqual((await w.build()).ran, ['a', 'b', 'c']);
});

// 5
test('a file under depends is part of the code of a command, whatever its size', async () => {
  const w = chain({
    depends: ['tool.sh'],
    command: ['sh', 'tool.sh', '{output:a}', '{input:src}'],
  });
  const padding = '#'.repeat(5_000_000);
  w.write({ 'tool.sh': `cat "$2" > "$1"\n${padding}` });
  await w.build();
  w.write({ 'tool.sh': `cat "$2" "$2" > "$1"\n${padding}` });
  assert.deepEqual((await w.build()).ran, ['a', 'b', 'c']);
  assert.equal(w.read('build/c.txt'), 'one\none\n');
});

// 9
test('a declared environment value counts, another one does not', async () => {
  const w = chain({
    environment: ['TG_TEST_A'],
    command: ['sh', '-c', 'echo "$TG_TEST_A" > "$0"', '{output:a}'],
  });
  process.env['TG_TEST_A'] = '1';
  await w.build();
  process.env['TG_TEST_B'] = 'other';
  assert.deepEqual((await w.build()).ran, []);
  process.env['TG_TEST_A'] = '2';
  const changed = await w.build();
  assert.deepEqual(changed.ran, ['a', 'b', 'c']);
  assert.equal(changed.why['a'], 'environment TG_TEST_A changed: 1 -> 2');
  delete process.env['TG_TEST_A'];
  assert.equal((await w.build()).why['a'], 'environment TG_TEST_A changed: 2 -> none');
});

// 9
test('a variable that is declared later counts from then on', async () => {
  const w = chain();
  process.env['TG_TEST_C'] = '1';
  await w.build();
  const [a, b, c] = [
    join_('a', ['src'], { environment: ['TG_TEST_C'] }),
    join_('b', ['a']),
    join_('c', ['b']),
  ];
  w.write({ 'lib.yaml': JSON.stringify([a, b, c]) });
  assert.deepEqual((await w.build()).ran, ['a']);
  assert.deepEqual((await w.build()).ran, []);
});

// 10
test('editing an output by hand makes its task stale, its consumers only when the bytes differ afterwards', async () => {
  const w = chain();
  await w.build();
  w.write({ 'build/b.txt': 'ONE\n' });
  const { ran, fresh, why } = await w.build();
  assert.deepEqual([ran, fresh], [['b'], ['a', 'c']]);
  assert.match(why['b']!, /^output edited: content \w{6}\.\. is not the \w{6}\.\. tg made$/);
  assert.equal(w.read('build/b.txt'), 'one\n');
});

// 10
test('an edit right after the build is seen, though size and clock tick are the same', async () => {
  const w = chain();
  for (let n = 0; n < 5; n++) {
    await w.build([], {
      on: (e) =>
        void (
          e.type === 'done' &&
          e.task.id === 'c' &&
          writeFileSync(w.at('build/c.txt'), `${n}ne\n`)
        ),
    });
    const { ran } = await w.build();
    assert.deepEqual(ran, ['c'], `edit ${n}`);
    w.write({ 'src.txt': `${n}x\n` });
  }
});

// 11
test('a deleted output runs its maker only', async () => {
  const w = chain();
  await w.build();
  w.remove('build/b.txt');
  const { ran, fresh, why } = await w.build();
  assert.deepEqual([ran, fresh], [['b'], ['a', 'c']]);
  assert.equal(why['b'], 'output missing: build/b.txt');
});

// 11
test('a folder in the place of an output is a failure of its maker, not of tg', async () => {
  const w = chain();
  await w.build();
  w.remove('build/b.txt');
  w.write({ 'build/b.txt/x': '' });
  const { exit, failed } = await w.build();
  assert.deepEqual([exit, failed], [1, ['b']]);
});

// 12
test('a deleted source is an error that names it and who needs it, before anything runs', async () => {
  const w = world({
    ...project([join_('a', ['src'], { outputs: { a: 'a/{run}.txt' } })], {
      sources: { src: 'in/{run}.txt' },
    }),
    'in/r1.txt': '1',
    'in/r2.txt': '2',
  });
  await w.build();
  w.remove('in/r2.txt');
  w.write({ 'in/r1.txt': 'changed' });
  const { exit, mistakes, ran } = await w.build();
  assert.deepEqual([exit, ran], [2, []]);
  assert.match(mistakes[0]!.message, /source src@r2 is gone: in\/r2\.txt/);
  assert.match(JSON.stringify(mistakes[0]), /needed by a/);
});

// 13
test('an input added to the list of a task runs it though no file changed', async () => {
  const w = world({
    ...project([join_('a', ['one'])], { sources: { one: '1.txt', two: '2.txt' } }),
    '1.txt': '1',
    '2.txt': '',
  });
  await w.build();
  w.write({ 'lib.yaml': JSON.stringify([{ ...join_('a', ['one']), inputs: ['one', 'two'] }]) });
  const { ran, why } = await w.build();
  assert.deepEqual([ran, why['a']], [['a'], 'input two added']);
});

// 14
test('other bytes of the same size, time and inode are seen', async () => {
  const w = chain();
  await w.build();
  const { atime, mtime, ino } = statSync(w.at('src.txt'));
  writeFileSync(w.at('src.txt'), 'two\n');
  utimesSync(w.at('src.txt'), atime, mtime);
  assert.equal(statSync(w.at('src.txt')).ino, ino);
  assert.deepEqual((await w.build()).ran, ['a', 'b', 'c']);
});

// 14
test('a source that is changed within the clock tick in which it was hashed is seen', async () => {
  const w = chain();
  await w.build();
  for (let n = 0; n < 10; n++) {
    writeFileSync(w.at('src.txt'), `${n}a\n`);
    await w.build('a', {
      opened(ws) {
        ws.facts.idNow('src.txt');
        writeFileSync(w.at('src.txt'), `${n}b\n`);
      },
    });
    await w.build('a');
    assert.equal(w.read('build/a.txt'), `${n}b\n`);
  }
});

// 15
test('other content from the same inputs is told as unstable', async () => {
  const w = chain({ command: ['sh', '-c', 'od -An -N8 -tx8 /dev/urandom > "$0"', '{output:a}'] });
  assert.deepEqual((await w.build('a')).warnings, []);
  const { warnings, ran } = await w.build('a', { force: true });
  assert.deepEqual([ran, warnings], [['a'], ['a made other content from the same inputs']]);
  w.write({ 'src.txt': 'two\n' });
  assert.deepEqual((await w.build('a')).warnings, []);
});

// 16
test('1, 1.0 and 1e0 are one value, "1" is another; .nan and -0 have one form', async () => {
  const w = world(project([], {}));
  const lib = (value: string): void =>
    w.write({
      'lib.yaml': `- {name: p, type: command, outputs: {p: p.txt}, parameters: {x: ${value}}, command: [sh, -c, 'cat "$TG_TASK" > /dev/null; echo x > "$0"', '{output:p}']}\n`,
    });
  lib('1');
  await w.build();
  for (const [value, ran] of [
    ['1.0', []],
    ['1e0', []],
    ['"1"', ['p']],
    ['-0.0', ['p']],
    ['0', []],
    ['.nan', ['p']],
    ['.NaN', []],
    ['.inf', ['p']],
  ] as const) {
    lib(value);
    assert.deepEqual((await w.build()).ran, ran, value);
  }
});

// 17
test('comments, white space and the order of keys in a procedure run nothing', async () => {
  const w = world({
    'tg.yaml': 'libraries: [./lib.yaml]\nsources: {src: src.txt}\n',
    'lib.yaml': `- name: a
  type: command
  inputs: [src]
  outputs: {a: a.txt}
  parameters: {x: 1, y: {p: 2, q: 3}}
  command: [sh, -c, 'cp "$1" "$0"', '{output:a}', '{input:src}']
`,
    'src.txt': 's',
  });
  await w.build();
  w.write({
    'lib.yaml': `# a comment
- type: command   # another

  name: a
  parameters:
    y: {q: 3, p: 2.0}
    x: 1
  command: [sh, -c, 'cp "$1" "$0"', "{output:a}", '{input:src}']
  inputs: [src]
  outputs: {a: a.txt}
`,
  });
  assert.deepEqual((await w.build()).ran, []);
});

// 17
test('a parameter that goes, or the first that comes, runs a command', async () => {
  const w = world({ ...project([join_('a', [])]) });
  await w.build();
  w.write({ 'lib.yaml': JSON.stringify([join_('a', [], { parameters: { x: 1 } })]) });
  assert.deepEqual((await w.build()).ran, ['a']);
  w.write({ 'lib.yaml': JSON.stringify([join_('a', [])]) });
  const { ran, why } = await w.build();
  assert.deepEqual(ran, ['a']);
  assert.match(why['a']!, /x changed: 1 -> none/);
});

// 18
test('what was built for one target is not run again for all', async () => {
  const w = world({
    ...project([join_('a', ['src']), join_('b', ['a']), join_('c', ['a'])], {
      sources: { src: 'src.txt' },
    }),
    'src.txt': 's',
  });
  assert.deepEqual((await w.build('b')).ran, ['a', 'b']);
  assert.deepEqual((await w.build()).ran, ['c']);
});
