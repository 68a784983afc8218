/** How tasks run: user modules in threads and processes, commands and their contract. Cases 69, and MODELS.md section 4. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTaskLogs } from '../../src/task-log.ts';
import { gate, join_, project, until, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const module = (run: string, more = ''): string => `
import { writeFileSync } from 'node:fs';
export default { version: '1', ${more} async run(context) { const { output, params, input, inputs, progress, count, lost, note, rng, scratch, signal } = context; ${run} } };
`;
const one = (source: string, more: object = {}, files: Record<string, string> = {}): World =>
  world({
    ...project([{ name: 'm', type: './m.mjs', outputs: { m: 'm.txt' }, ...more }]),
    'm.mjs': source,
    ...files,
  });

test("a user's module imports tg and tg/h5 from a folder without node_modules", async () => {
  const w = one(`
import { defineTask, TaskError, z } from 'tg';
import { dtype } from 'tg/h5';
import { writeFileSync } from 'node:fs';
export default defineTask({
  params: z.object({ n: z.number().default(3) }),
  run({ output, params }) {
    if (params.n > 5) throw new TaskError('n is too large', { try: 'n: 5' });
    writeFileSync(output('m'), params.n + dtype('i4').kind);
  },
});`);
  const { exit, mistakes, failure } = await w.build();
  assert.equal(exit, 0, JSON.stringify([mistakes, failure]));
  assert.match(w.read('build/m.txt'), /^3/);
  const { failure: failed } = await w.build([], { set: ['m.n=7'] });
  assert.deepEqual([failed['m']!.message, failed['m']!.try], ['n is too large', 'n: 5']);
});

test(
  'a .ts module on Node 20 without tsx says how',
  { skip: Number(process.versions.node.split('.')[0]) !== 20 },
  async () => {
    const w = world({
      ...project([{ name: 'm', type: './m.ts', outputs: { m: 'm.txt' } }]),
      'm.ts': 'export default { run(): void {} };',
    });
    const { exit, mistakes } = await w.build();
    assert.deepEqual(
      [exit, mistakes[0]!.message, mistakes[0]!.try],
      [2, 'm.ts needs tsx on Node 20', 'npm i -D tsx, or m.mjs'],
    );
  },
);

test('a module without version is its bytes and those of what it imports relatively', async () => {
  const w = one(
    `
import { word } from './word.mjs';
import { writeFileSync } from 'node:fs';
export default { run({ output }) { writeFileSync(output('m'), word); } };`,
    {},
    { 'word.mjs': `export const word = 'one';` },
  );
  await w.build();
  w.write({ 'word.mjs': `export const word = 'two';` });
  const { ran, why } = await w.build();
  assert.deepEqual(ran, ['m']);
  assert.match(why['m']!, /^code changed/);
  assert.equal(w.read('build/m.txt'), 'two');
});

for (const [how, text, path] of [
  ['without blanks', `import{word}from'./word.mjs';`, 'word.mjs'],
  ['as a name for all', `import*as all from"./word.mjs";const{word}=all;`, 'word.mjs'],
  [
    'behind a comment',
    `/* its */import /* word */ { word } from /* the */ './word.mjs';`,
    'word.mjs',
  ],
  ['late', `const { word } = await import(/* late */ './word.mjs');`, 'word.mjs'],
  ['late, in other quotes', 'const { word } = await import(`./word.mjs`);', 'word.mjs'],
  [
    'as JSON',
    `import all from './word.json' with { type: 'json' }; const { word } = all;`,
    'word.json',
  ],
  [
    'by require',
    `const require = createRequire(import.meta.url); const { word } = require('./word.cjs');`,
    'word.cjs',
  ],
  [
    'by require without its ending',
    `const require = createRequire(import.meta.url); const { word } = require('./word');`,
    'word.js',
  ],
  [
    'by require of a folder',
    `const { word } = createRequire(import.meta.url)('./words');`,
    'words/index.json',
  ],
  [
    'through another module',
    `export * from './through.mjs'; import { word } from './through.mjs';`,
    'word.mjs',
  ],
] as const)
  test(`what a module imports ${how} is part of its code`, async () => {
    const content = (word: string): string =>
      path.endsWith('json')
        ? JSON.stringify({ word })
        : path.endsWith('.mjs')
          ? `export const word = '${word}';`
          : `exports.word = '${word}';`;
    const w = one(
      `${text}
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
export default { run({ output }) { writeFileSync(output('m'), word); } };`,
      {},
      { [path]: content('one'), 'through.mjs': `export { word } from './word.mjs';` },
    );
    const first = await w.build();
    assert.equal(first.exit, 0, JSON.stringify([first.failure, first.mistakes]));
    w.write({ [path]: content('two') });
    assert.deepEqual((await w.build()).ran, ['m']);
    assert.equal(w.read('build/m.txt'), 'two');
  });

test('a module with a version runs again when its version changes, not its bytes', async () => {
  const w = one(module(`writeFileSync(output('m'), 'a');`));
  await w.build();
  w.write({ 'm.mjs': `${module(`writeFileSync(output('m'), 'b');`)}// edited` });
  assert.deepEqual((await w.build()).ran, []);
  w.write({
    'm.mjs': module(`writeFileSync(output('m'), 'b');`).replace("version: '1'", "version: '2'"),
  });
  assert.equal((await w.build()).why['m'], 'code changed: type ./m.mjs version 1 -> 2');
});

test('what a module tells is recorded: counts, losses, notes; scratch goes, random numbers repeat', async () => {
  const w = one(
    module(`
    writeFileSync(scratch + '/x', 'x');
    count('events', 2); count('events', 3); lost(1, 9, 'sync cut'); note('odd', 1, 2); progress(1, 1, 'rows');
    writeFileSync(output('m'), String(rng()) + ' ' + rng());`),
  );
  const { exit, failure } = await w.build();
  assert.equal(exit, 0, JSON.stringify(failure));
  const entry = (await w.entry('m'))!;
  assert.deepEqual(
    [entry.counts, entry.lost, entry.notes],
    [[['events', 5]], [[1, 9, 'sync cut']], [['odd', 1, 2, false]]],
  );
  const first = w.read('build/m.txt');
  await w.build([], { forceAll: true });
  assert.equal(w.read('build/m.txt'), first);
});

test('what a module prints belongs to its log', async () => {
  const w = one(
    module(
      `console.log('hello'); console.error('careful'); process.stdout.write('raw\\n'); writeFileSync(output('m'), '');`,
    ),
  );
  const { events } = await w.build();
  assert.equal(readTaskLogs(w.at('.tg'), 'm')[0]!.text, 'hello\ncareful\nraw\n');
  assert.equal(events.filter((e) => e.type === 'output').length, 3);
});

test('an error of a module is told by its first line, without the stage in it', async () => {
  const w = one(
    module(`await (await import('node:fs/promises')).readFile(output('m') + '.nothing');`),
  );
  const { failure } = await w.build();
  assert.match(failure['m']!.message, /no such file or directory, open 'm\.txt\.nothing'/);
});

// 69
for (const [what, body] of [
  ['process.exit', `process.exit(3);`],
  ['an endless allocation', `const all = []; for (;;) all.push(new Array(1e6).fill(all.length));`],
  [
    'an error nobody awaits',
    `setTimeout(() => { throw new Error('late'); }, 0); await new Promise(() => {});`,
  ],
] as const)
  test(`a thread that ends by ${what} fails its task; the engine and the others go on`, async () => {
    const w = world({
      ...project([
        { name: 'm', type: './m.mjs', outputs: { m: 'm.txt' } },
        { name: 'n', type: './n.mjs', outputs: { n: 'n.txt' } },
      ]),
      'm.mjs': module(body),
      'n.mjs': module(`writeFileSync(output('n'), '');`),
    });
    const { exit, ran, failure } = await w.build([], { keepGoing: true, workers: 1 });
    assert.deepEqual([exit, ran, Object.keys(failure)], [1, ['n'], ['m']]);
    assert.match(failure['m']!.message, /worker ended|late/);
  });

// 69
for (const [what, body, told] of [
  ['process.abort', `process.abort();`, /signal SIGABRT/],
  [
    'a signal',
    `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`,
    /signal SIGKILL/,
  ],
  ['process.exit', `process.exit(3);`, /exit 3/],
] as const)
  test(`runs: process: a child that ends by ${what} fails its task only`, async () => {
    const w = world({
      ...project([{ name: 'm', type: './m.mjs', outputs: { m: 'm.txt' } }, join_('n', [])]),
      'm.mjs': module(body, `runs: 'process',`),
    });
    const { ran, failure } = await w.build([], { keepGoing: true });
    assert.deepEqual(ran, ['n']);
    assert.match(failure['m']!.message, told);
  });

test('runs: process works, prints to its log, and is ended with what it started', async () => {
  const w = one(
    module(
      `console.log('from a process', process.send !== undefined); writeFileSync(output('m'), 'x');`,
      `runs: 'process',`,
    ),
  );
  assert.deepEqual((await w.build()).ran, ['m']);
  assert.match(readTaskLogs(w.at('.tg'), 'm')[0]!.text, /from a process true/);
  const g = gate(w);
  w.write({
    'm.mjs': module(
      `(await import('node:child_process')).spawn('sh', ['-c', ${JSON.stringify(g.pass('child'))}]); await new Promise(() => {});`,
      `runs: 'process',`,
    ).replace("'1'", "'2'"),
  });
  const interrupt = new AbortController();
  const building = w.build([], { interrupt: interrupt.signal });
  await until(() => g.inside().length === 1);
  interrupt.abort(130);
  assert.equal((await building).exit, 130);
  g.open(1);
  assert.deepEqual(g.told(), ['+child']);
});

test('a module that sees the signal may end by itself; one that never yields is ended', async () => {
  for (const body of [
    `await new Promise((r) => signal.addEventListener('abort', r)); throw new Error('stopped by itself');`,
    `for (;;);`,
  ]) {
    const w = one(module(`console.log('in'); await new Promise((r) => setTimeout(r)); ${body}`));
    const interrupt = new AbortController();
    const { exit, cancelled } = await w.build([], {
      interrupt: interrupt.signal,
      on: (e) => void (e.type === 'output' && setImmediate(() => interrupt.abort(130))),
    });
    assert.deepEqual([exit, cancelled], [130, ['m']]);
  }
});

test('commands get the contract: TG_TASK, folder, words, and what they tell is taken', async () => {
  const w = world({
    ...project(
      [
        {
          name: 'c',
          type: 'command',
          inputs: { a: 'src', all: 'up' },
          each: 'all',
          outputs: { c: 'c.json', d: 'd.txt' },
          configuration: { conf: 'conf.yaml' },
          parameters: { x: 1, deep: { y: [1, 2] } },
          command: [
            'sh',
            '-c',
            'cp "$TG_TASK" "$0"; pwd > "$1"; echo tg: count 84 events; echo tg: lost 5 of 9 sync cut; echo "tg: note 3 of 4 odd"; echo tg: progress 1/2; echo plain',
            '{output:c}',
            '{output:d}',
            '{input:all}',
          ],
        },
        join_('up', ['src'], { outputs: { up: 'up/{run}' } }),
      ],
      { sources: { src: '{run}.in' } },
    ),
    'r1.in': '1',
    'r2.in': '2',
    'conf.yaml': 'k: v\n',
  });
  const { exit, failure, mistakes } = await w.build();
  assert.equal(exit, 0, JSON.stringify([failure, mistakes]));
  const task = JSON.parse(w.read('build/c.json')) as Record<string, unknown>;
  assert.deepEqual(Object.keys(task).sort(), [
    'attempt',
    'configuration',
    'inputs',
    'outputs',
    'params',
    'places',
    'point',
    'run',
    'runs',
    'scratch',
    'seed',
    'task',
    'v',
  ]);
  assert.deepEqual(
    [task['v'], task['task'], task['run'], task['attempt'], task['params']],
    [1, 'c', null, 1, { x: 1, deep: { y: [1, 2] } }],
  );
  assert.deepEqual(task['inputs'], {
    a: [w.at('r1.in'), w.at('r2.in')],
    all: [w.at('build/up/r1'), w.at('build/up/r2')],
  });
  assert.deepEqual(task['runs'], { a: ['r1', 'r2'], all: ['r1', 'r2'] });
  assert.deepEqual(task['configuration'], { conf: w.at('conf.yaml') });
  assert.equal(w.read('build/d.txt').trim(), w.root);
  const entry = (await w.entry('c'))!;
  assert.deepEqual(
    [entry.counts, entry.lost, entry.notes],
    [[['events', 84]], [[5, 9, 'sync cut']], [['odd', 3, 4, false]]],
  );
  assert.equal(readTaskLogs(w.at('.tg'), 'c')[0]!.text, 'plain\n');
  w.write({ 'conf.yaml': 'k: v # by bytes for commands\n' });
  assert.deepEqual((await w.build()).ran, ['c']);
});

test('renaming a file that a task was given runs it; moving the project does not', async () => {
  const entries = [join_('c', ['src'])];
  const w = world({ ...project(entries, { sources: { src: 'a.in' } }), 'a.in': '1' });
  await w.build();
  w.write({ ...project(entries, { sources: { src: 'b.in' } }), 'b.in': '1' });
  assert.deepEqual((await w.build()).ran, ['c']);
  w.write({ ...project(entries, { sources: { src: 'sub/b.in' } }), 'sub/b.in': '1' });
  assert.deepEqual((await w.build()).ran, []);
});
