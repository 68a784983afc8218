/** The end of the process at any moment: between the steps of a commit, at random, and of what it had started. Cases 66 and 67. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { commandsOf, gate, join_, project, until, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const SRC = new URL('../../src/', import.meta.url).href;

/** A build in a process of its own that exits hard at the n-th step of its commits (0: never). */
function buildProcess(w: World, step: number): ChildProcess {
  const script = `
import { openWorkspace } from '${SRC}workspace.js';
import { build } from '${SRC}build.js';
import { takeLock } from '${SRC}store/lock.js';
import { mkdirSync } from 'node:fs';
let left = ${step};
mkdirSync('.tg', { recursive: true });
const lock = takeLock(process.cwd() + '/.tg/lock');
if (!('release' in lock)) process.exit(3);
const ws = await openWorkspace({ load: { file: process.cwd() + '/tg.yaml' }, cwd: process.cwd(), shipped: { types: {}, procedures: '/none' }, set: [], write: true,
  onStep: () => { if (--left === 0) process.kill(process.pid, 'SIGKILL'); } });
const result = await build(ws, { words: [], workers: 2, keepGoing: false, maxFailures: Infinity, kill: false, force: false, forceAll: false, only: false,
  retries: undefined, timeout: undefined, report() {}, interrupt: new AbortController().signal });
lock.release();
process.exit(result.exit);
`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: w.root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
const ended = (child: ChildProcess): Promise<{ code: number | null; signal: string | null }> =>
  new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));

/** Two outputs of one task, and a reader of both. */
const entries = [
  {
    name: 'a',
    type: 'command',
    inputs: ['s'],
    outputs: { a: 'a.txt', b: 'b.txt' },
    command: ['sh', '-c', 'cp "$2" "$0"; cp "$2" "$1"', '{output:a}', '{output:b}', '{input:s}'],
  },
  join_('c', ['a', 'b']),
];
const right = (w: World, value: string): void => {
  assert.deepEqual(
    [w.read('build/a.txt'), w.read('build/b.txt'), w.read('build/c.txt')],
    [value, value, value + value],
  );
};

test('death between any two steps of a commit: the next build is right, needs no help and ends fresh', async () => {
  const w = world({ ...project(entries, { sources: { s: 's' } }), s: '0' });
  let killed = 0;
  let whole = 0;
  for (let step = 1; ; step++) {
    w.write({ s: String(step) });
    const { code, signal } = await ended(buildProcess(w, step));
    if (signal !== 'SIGKILL') {
      assert.equal(code, 0);
      break;
    }
    killed++;
    const next = await w.build();
    assert.equal(next.exit, 0);
    right(w, String(step));
    if (next.ran.length === 0) whole++;
    assert.deepEqual((await w.build()).ran, []);
  }
  // Two commits: publishing, a rename for each file and its provenance, done, after.
  // Behind the last of them nothing is left to run.
  assert.deepEqual([killed, whole], [12, 1]);
});

// 66
test('kill -9 while four tasks run: the next build runs those four, and their commands have ended', async () => {
  const w = world(project([]));
  const g = gate(w);
  const names = ['a', 'b', 'c', 'd'];
  const task = (name: string, script: string): object => ({
    name,
    type: 'command',
    outputs: { [name]: `${name}.txt` },
    inputs: ['first'],
    command: ['sh', '-c', `${script}; echo ${name} > "$0"`, `{output:${name}}`],
  });
  w.write(project([join_('first', []), ...names.map((n) => task(n, g.pass(n)))], { workers: 4 }));
  const child = spawn(
    process.execPath,
    [new URL('../../../bin/tg.js', import.meta.url).pathname, 'build', '--workers', '4'],
    { cwd: w.root, stdio: 'ignore' },
  );
  await until(() => g.inside().length === 4);
  const gone = ended(child);
  child.kill('SIGKILL');
  await gone;
  w.write(project([join_('first', []), ...names.map((n) => task(n, ':'))], { workers: 4 }));
  const next = await w.build();
  assert.deepEqual([next.exit, next.ran, next.fresh], [0, names, ['first']]);
  // The commands of the dead build were ended: nobody comes through the gate.
  g.open(4);
  assert.deepEqual(commandsOf(w), []);
  assert.deepEqual(existsSync(w.at('.tg/stage')) ? readdirSync(w.at('.tg/stage')) : [], []);
});

// 67
const TIMES = process.env['TG_SLOW'] === '1' ? 200 : 10;
test(`kill -9 at a random moment, ${TIMES} times: never falsely fresh, never unreadable`, async () => {
  const chain = Array.from({ length: 12 }, (_, i) =>
    join_(`t${i}`, i === 0 ? ['s'] : i % 3 === 0 ? ['s', `t${i - 1}`] : [`t${i - 1}`]),
  );
  const w = world({ ...project(chain, { sources: { s: 's' } }), s: '0' });
  await ended(buildProcess(w, 0));
  // How long a whole build takes, to kill within it.
  w.write({ s: 'x' });
  const began = Date.now();
  await ended(buildProcess(w, 0));
  const span = Date.now() - began;
  for (let n = 0; n < TIMES; n++) {
    w.write({ s: `value ${n}` });
    const child = buildProcess(w, 0);
    const gone = ended(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), span * (0.3 + 0.7 * ((n * 0.618) % 1)));
    await gone;
    clearTimeout(timer);
    if (n % 3 === 2) continue; // sometimes killed twice in a row
    const next = await w.build();
    assert.equal(next.exit, 0);
    for (let i = 0, text = ''; i < 12; i++) {
      text = i === 0 ? `value ${n}` : i % 3 === 0 ? `value ${n}${text}` : text;
      assert.equal(w.read(`build/t${i}.txt`), text, `kill ${n}, t${i}`);
    }
    assert.deepEqual((await w.build()).ran, []);
  }
});

// 68
test('without its store everything is built again', async () => {
  const w = world({ ...project(entries, { sources: { s: 's' } }), s: '0' });
  await w.build();
  w.remove('.tg');
  assert.deepEqual((await w.build()).ran, ['a', 'c']);
});

test('a store whose log or snapshot is damaged runs more, never less', async () => {
  const w = world({ ...project(entries, { sources: { s: 's' } }), s: '0' });
  await w.build();
  w.write({
    s: '1',
    '.tg/log': w.read('.tg/log').slice(0, -30),
    '.tg/snapshot': 'rubbish',
    '.tg/stat': 'rubbish',
  });
  assert.equal((await w.build()).exit, 0);
  right(w, '1');
  assert.deepEqual((await w.build()).ran, []);
});
