/** The engine behind the real command line: signals, a second build, what is said where, and the questions one can ask. Cases 61, 63 to 65, 70 to 76. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { run, start } from '../helpers/cli.ts';
import { commandsOf, gate, join_, project, until, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const sh = (name: string, script: string, more: object = {}): object => ({
  name,
  type: 'command',
  outputs: { [name]: `${name}.txt` },
  command: ['sh', '-c', script, `{output:${name}}`],
  ...more,
});

const stages = (w: World): string[] =>
  existsSync(w.at('.tg/stage')) ? readdirSync(w.at('.tg/stage')) : [];

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  // 63, 64
  test(`${signal}: children and grandchildren end, what is done is kept, old outputs stay, exit ${code}`, async () => {
    const w = world(project([]));
    const g = gate(w);
    w.write(project([sh('a', 'echo a > "$0"'), sh('b', 'echo old > "$0"')]));
    await w.build();
    w.write(
      project([
        sh('a', 'echo a > "$0"'),
        sh('b', `echo new > "$0"; (${g.pass('child')}) & ${g.pass('b')}`),
        sh('c', 'echo c > "$0"'),
        join_('d', ['b']),
      ]),
    );
    const running = start(['build', '--workers', '2'], { cwd: w.root });
    await until(() => g.inside().length === 2 && w.has('build/c.txt'));
    // What runs waits at a gate that nobody opens: it ends because it is ended.
    running.child.kill(signal);
    const said = await running.ended;
    assert.equal(said.code, code, said.stderr);
    assert.deepEqual([commandsOf(w), stages(w)], [[], []]);
    assert.equal(w.read('build/b.txt'), 'old\n');
    w.write(
      project([
        sh('a', 'echo a > "$0"'),
        sh('b', 'echo newer > "$0"'),
        sh('c', 'echo c > "$0"'),
        join_('d', ['b']),
      ]),
    );
    const { ran, fresh } = await w.build();
    assert.deepEqual(
      [ran, fresh],
      [
        ['b', 'd'],
        ['a', 'c'],
      ],
    );
  });

// 65
test('a second SIGINT ends at once, also what does not listen to signals', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project([sh('a', `trap '' TERM INT; ${g.pass('a')}; ${g.pass('a2')}`)]));
  const running = start(['build'], { cwd: w.root });
  await until(() => g.inside().length === 1);
  running.child.kill('SIGINT');
  await until(() => /stopping/.test(running.said.stderr));
  running.child.kill('SIGINT');
  assert.equal((await running.ended).code, 130);
  await until(() => commandsOf(w).length === 0);
  assert.equal(existsSync(w.at('.tg/lock')), false);
});

// 61
test('a second build is told who holds the folder, or waits; who looks does neither', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project([sh('a', `${g.pass('a')}; echo a > "$0"`)]));
  const first = start(['build'], { cwd: w.root });
  await until(() => g.inside().length === 1);
  const second = await run(['build'], { cwd: w.root });
  assert.equal(second.code, 3);
  assert.match(second.stderr, new RegExp(`held by another build: pid ${first.child.pid!}`));
  assert.equal((await run(['plan'], { cwd: w.root })).code, 0);
  const waiting = start(['build', '--wait'], { cwd: w.root });
  await until(() => waiting.said.stderr !== '' || waiting.child.exitCode !== null);
  g.open(1);
  assert.equal((await first.ended).code, 0);
  const waited = await waiting.ended;
  assert.equal(waited.code, 0, waited.stderr);
  assert.match(waited.stderr, /1 fresh/);
});

const three = (): World =>
  world({
    ...project(
      [join_('a', ['s'], { parameters: { x: 1 } }), join_('b', ['a']), join_('c', ['b'])],
      { sources: { s: 's' } },
    ),
    s: '1',
  });
/** Names, sizes and times of everything in a folder. */
const everything = (w: World, at = '.'): string[] =>
  readdirSync(w.at(at)).flatMap((name) => {
    const path = `${at}/${name}`;
    const stat = statSync(w.at(path));
    return [
      `${path} ${stat.size} ${stat.mtimeMs}`,
      ...(stat.isDirectory() ? everything(w, path) : []),
    ];
  });

// 70
test('a dry run writes nothing and lists every task that a build runs, with its reason', async () => {
  const w = three();
  await w.build();
  w.write({ s: '2' });
  w.remove('build/c.txt');
  const before = everything(w);
  const { stdout, code } = await run(['plan'], { cwd: w.root });
  assert.equal(code, 0);
  assert.deepEqual(everything(w), before);
  assert.match(stdout, /^stale +a +input s changed/m);
  assert.match(stdout, /^maybe +b +after a$/m);
  assert.match(stdout, /^stale +c +output missing: build\/c\.txt/m);
  const { ran } = await w.build();
  for (const task of ran) assert.match(stdout, new RegExp(`^(stale|maybe) +${task} `, 'm'));
});

// 71
test('why tells the first cause in a line', async () => {
  const w = three();
  await w.build();
  w.write({
    'lib.yaml': JSON.stringify([
      join_('a', ['s'], { parameters: { x: 2 } }),
      join_('b', ['a']),
      join_('c', ['b']),
    ]),
  });
  const { stdout, code } = await run(['why', 'a'], { cwd: w.root });
  assert.equal(code, 0);
  assert.match(stdout, /^a: x changed: 1 -> 2$/m);
  assert.match(
    (await run(['why', 'c'], { cwd: w.root })).stdout,
    /^c is maybe stale: after .*a.*/m,
  );
});

// 73
test('--set is like an edit of the file and stands in provenance', async () => {
  const w = three();
  const { code, stderr } = await run(['build', '--set', 'a.x=7'], { cwd: w.root });
  assert.equal(code, 0, stderr);
  assert.match(w.read('build/a.txt.tg.json'), /"x","7"/);
});

// 74
test('graph as dot, mermaid and json is the same between runs and parses', async () => {
  const w = three();
  for (const format of ['dot', 'mermaid', 'json']) {
    const [one, two] = await Promise.all(
      [0, 1].map(() => run(['graph', '--format', format], { cwd: w.root })),
    );
    assert.equal(one!.code, 0, one!.stderr);
    assert.equal(one!.stdout, two!.stdout);
    assert.match(one!.stdout, /a[\s\S]*b[\s\S]*c/);
    if (format === 'json') for (const line of one!.stdout.trim().split('\n')) JSON.parse(line);
  }
});

// 75
test('--json: an event per line, each with its schema version', async () => {
  const w = world(project([join_('a', []), sh('b', 'exit 1'), join_('c', ['b'])]));
  const { stdout, stderr, code } = await run(['build', '--json', '--keep-going'], { cwd: w.root });
  assert.deepEqual([code, stderr], [1, '']);
  const lines = stdout
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          v: number;
          type: string;
          task?: string;
          because?: string;
          exit?: number;
        },
    );
  assert.ok(lines.every((l) => l.v === 1));
  const types = lines.map((l) => l.type);
  assert.deepEqual([types[0], types.at(-1)], ['began', 'finished']);
  for (const type of ['planned', 'stale', 'started', 'done', 'failed', 'cancelled'])
    assert.ok(types.includes(type), type);
  const of = (type: string, task: string): Record<string, unknown> =>
    lines.find((l) => l.type === type && l.task === task) as unknown as Record<string, unknown>;
  for (const type of ['done', 'failed'])
    assert.equal(typeof of(type, type === 'done' ? 'a' : 'b')['seconds'], 'number', type);
  assert.deepEqual(of('stale', 'a')['reasons'], [{ kind: 'never-built' }]);
  assert.equal(lines.find((l) => l.type === 'cancelled')!.because, 'b');
  assert.equal(lines.at(-1)!.exit, 1);
});

// 76
test('no control characters where there is no terminal; --quiet says only what went wrong', async () => {
  const w = world(project([join_('a', []), sh('b', 'echo oops; exit 1')]));
  const loud = await run(['build', '--keep-going'], { cwd: w.root });
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(loud.stdout + loud.stderr, /[\x00-\x09\x0b-\x1f\x7f]/);
  const quiet = await run(['build', '--quiet', '--keep-going'], { cwd: w.root });
  assert.match(quiet.stderr, /b: failed/);
  assert.doesNotMatch(quiet.stderr, /fresh|plan:/);
  w.write(project([join_('a', [])]));
  const silent = await run(['build', '--quiet'], { cwd: w.root });
  assert.deepEqual([silent.code, silent.stderr], [0, '']);
});

// 14
test('--rehash believes no stat', async () => {
  const w = three();
  // Old enough for its stat to be believed.
  await until(() => Date.now() - statSync(w.at('s')).ctimeMs > 40);
  await w.build();
  const { size, mtimeMs, ctimeMs, ino } = statSync(w.at('s'));
  w.write({ s: '2' });
  // A file system that keeps no ctime: the stat of today stands in the cache beside the id of before.
  const stat = statSync(w.at('s'));
  const cache = readFileSync(w.at('.tg/stat'));
  const was = Buffer.from(Float64Array.of(size, mtimeMs, ctimeMs, ino).buffer);
  const at = cache.indexOf(was);
  assert.ok(at >= 0);
  const is = Float64Array.of(stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, Date.now() + 1e6);
  Buffer.from(is.buffer).copy(cache, at);
  writeFileSync(w.at('.tg/stat'), cache);
  assert.match((await run(['build'], { cwd: w.root })).stderr, /3 fresh, nothing to do/);
  const { stderr, code } = await run(['build', '--rehash'], { cwd: w.root });
  assert.equal(code, 0);
  assert.match(stderr, /3 tasks: 3 done/);
  assert.equal(w.read('build/c.txt'), '2');
});

// 12
test('what was made of a source that is gone holds up builds until it is cleaned', async () => {
  const w = world({
    ...project(
      [
        join_('a', ['src'], { outputs: { a: 'a/{run}.txt' } }),
        join_('b', ['src'], { each: 'all' }),
      ],
      { sources: { src: 'in/{run}.txt' } },
    ),
    'in/r1.txt': '1',
    'in/r2.txt': '2',
  });
  assert.equal((await run(['build'], { cwd: w.root })).code, 0);
  w.remove('in/r2.txt');
  const held = await run(['build'], { cwd: w.root });
  assert.equal(held.code, 2);
  assert.match(held.stderr, /source src@r2 is gone[\s\S]*needed by a, b;/);
  const cleaned = await run(['clean', 'a@r2', 'b'], { cwd: w.root });
  assert.deepEqual([cleaned.code, cleaned.stderr], [0, '']);
  assert.deepEqual([w.has('build/a/r2.txt'), w.has('build/a/r1.txt')], [false, true]);
  assert.match((await run(['build'], { cwd: w.root })).stderr, /2 tasks: 1 done, 1 fresh/);
  assert.equal(w.read('build/b.txt'), '1');
});

// 37, 33, 2: before anything runs
test('mistakes exit with 2, failures with 1', async () => {
  const w = three();
  const unknown = await run(['build', 'aa'], { cwd: w.root });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /error: nothing makes "aa"\n\s+try: a/);
  w.write(project([join_('a', ['b']), join_('b', ['a'])]));
  const cycle = await run(['build'], { cwd: w.root });
  assert.equal(cycle.code, 2);
  assert.match(cycle.stderr, /cycle: a -> b -> a/);
});
