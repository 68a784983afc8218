/** `tg build` with commands that the test holds in its hand: failures, retries, signals, the lock. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, lines, run, start, until, untimed } from '../helpers/cli.ts';
import type { Said } from '../helpers/cli.ts';

const YAML = 'libraries: [./lib.yaml]\nsources: {raw: "in/{run}.txt"}\n';
const INPUTS = { 'in/r1.txt': '1\n', 'in/r2.txt': '2\n', 'in/r3.txt': '3\n' };

/** A project whose procedure my/copy runs a shell script for r1, r2, r3; my/all joins what it makes. */
function project(script: string, more = ''): string {
  return folder({
    'tg.yaml': YAML,
    'lib.yaml': lines(`
      - name: my/copy
        type: command
        inputs: [raw]
        outputs: {my/copy: "copy/{run}.txt"}
        depends: [copy.sh]
        command: [sh, copy.sh, "{run}", "{input:raw}", "{output:my/copy}"]${more === '' ? '' : `\n        ${more}`}
      - name: my/all
        type: command
        inputs: [my/copy]
        outputs: {my/all: all.txt}
        each: all
        command: [sh, -c, 'o=$1; shift; cat "$@" > $o', sh, "{output:my/all}", "{input:my/copy}"]
    `),
    'copy.sh': script,
    ...INPUTS,
  });
}

/** A script that says which run it has begun and goes on when the test opens its gate. */
function gated(): string {
  const cwd = project('echo begun $1 >> begun; cat gate_$1 > /dev/null; cp "$2" "$3"\n');
  for (const run of ['r1', 'r2', 'r3']) execFileSync('mkfifo', [join(cwd, `gate_${run}`)]);
  return cwd;
}
const openGate = async (cwd: string, run: string): Promise<void> =>
  (await open(join(cwd, `gate_${run}`), 'w')).close();
const begun = (cwd: string): string[] =>
  existsSync(join(cwd, 'begun')) ? readFileSync(join(cwd, 'begun'), 'utf8').trim().split('\n') : [];

const withoutTasks = ({ stderr }: Said): string =>
  untimed(stderr)
    .split('\n')
    .filter((line) => !/^(plan:|\S+: done in)/.test(line))
    // Which run ends last is not given.
    .map((line) => line.replace(/(try: tg why my\/copy@)r\d/, '$1RUN'))
    .join('\n');

test('a good build of products: runs and files', async () => {
  const cwd = project('cp "$2" "$3"; echo "tg: count 3 lines"\n');
  const said = await run(['build', 'my/copy'], { cwd });
  assert.equal(said.code, 0);
  assert.equal(said.stdout, 'build/copy/r1.txt\nbuild/copy/r2.txt\nbuild/copy/r3.txt\n');
  assert.equal(
    withoutTasks(said),
    lines(`
      my/copy: 3 runs, 9 lines
        files: build/copy/r1.txt build/copy/r2.txt build/copy/r3.txt
        try: tg why my/copy@RUN, tg list
      3 tasks: 3 done in T
    `),
  );
  const one = await run(['build', 'my/all'], { cwd });
  assert.equal(
    withoutTasks(one),
    'my/all: 1 file\n  files: build/all.txt\n4 tasks: 1 done, 3 fresh in T\n',
  );
});

test('a failed command: its last lines, and where the rest is', async () => {
  const cwd = project('echo begin $1; echo broken >&2; [ $1 = r2 ] && exit 3; cp "$2" "$3"\n');
  const said = await run(['build', '-w', '1'], { cwd });
  assert.equal(said.code, 1);
  assert.equal(
    withoutTasks(said),
    lines(`
      my/copy@r2: failed after T
        error: sh copy.sh r2 ${join(cwd, 'in/r2.txt').replace(cwd + '/', '')} r2.txt: exit 3
          begin r2
          broken
        log: tg log my/copy@r2
      4 tasks: 1 done, 1 failed, 2 cancelled in T
        1 needs my/copy@r2; 1 not started (--keep-going builds them)
    `),
  );
});

test('--max-failures stops after so many, --retries tries again', async () => {
  const cwd = project('[ $1 = r3 ] || exit 4; cp "$2" "$3"\n');
  const said = await run(['build', 'my/copy', '-w', '1', '--max-failures', '2'], { cwd });
  assert.equal(said.code, 1);
  assert.deepEqual(untimed(said.stderr).split('\n').slice(-3), [
    '3 tasks: 2 failed, 1 cancelled in T',
    '  cancelled: my/copy@r3 (not started after 2 failures)',
    '',
  ]);
  const twice = project('[ -e once_$1 ] || { touch once_$1; exit 5; }; cp "$2" "$3"\n');
  const again = await run(['build', 'my/copy@r1', '--retries', '1'], { cwd: twice });
  assert.equal(again.code, 0);
  assert.match(again.stderr, /^my\/copy@r1: try 1 of 2: sh copy\.sh r1 .*: exit 5, again in 2 s$/m);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} stops, keeps what is finished, and the next build goes on`, async () => {
    const cwd = gated();
    const running = start(['build', '-w', '2'], { cwd });
    await until(running, () => begun(cwd).length >= 2);
    await openGate(cwd, 'r1');
    await until(running, () => begun(cwd).length === 3);
    running.child.kill(signal);
    const said = await running.ended;
    assert.equal(said.code, code);
    assert.equal(
      withoutTasks(said),
      `${signal === 'SIGINT' ? '^C ' : ''}stopping 2 tasks, finished work is kept (Ctrl-C again: at once)\n` +
        'interrupted after T: 4 tasks: 1 done, 3 cancelled; the next build goes on\n',
    );
    assert.ok(!existsSync(join(cwd, '.tg/lock')), 'the lock is free');
    const next = start(['build', '-w', '2'], { cwd });
    await until(next, () => begun(cwd).length >= 5);
    await Promise.all([openGate(cwd, 'r2'), openGate(cwd, 'r3')]);
    assert.equal((await next.ended).code, 0);
    assert.match(untimed(next.said.stderr), /^4 tasks: 3 done, 1 fresh in T$/m);
    assert.match(next.said.stderr, /^my\/copy@r2: done in .* \(interrupted last time/m);
  });
}

test('a second signal ends at once, also what will not listen', async () => {
  const cwd = project(
    'trap "" TERM INT; echo $$ >> pids; echo begun $1 >> begun; while :; do read x < gate; done\n',
  );
  execFileSync('mkfifo', [join(cwd, 'gate')]);
  const running = start(['build', '-w', '1'], { cwd });
  await until(running, () => begun(cwd).length === 1);
  running.child.kill('SIGINT');
  await until(running, ({ stderr }) => stderr.includes('stopping'));
  running.child.kill('SIGINT');
  assert.equal((await running.ended).code, 130);
  const [pid] = readFileSync(join(cwd, 'pids'), 'utf8').trim().split('\n').map(Number);
  const isThere = (): boolean => {
    try {
      // A child that is dead and not yet fetched counts as gone.
      return !/\) Z /.test(readFileSync(`/proc/${pid!}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  for (let i = 0; i < 200 && isThere(); i++) await new Promise((done) => setTimeout(done, 5));
  assert.ok(!isThere());
});

test('a build that another one holds: 3 at once, or --wait', async () => {
  const cwd = gated();
  const first = start(['build', 'my/copy', '-w', '2'], { cwd });
  await until(first, () => begun(cwd).length === 2);
  const held = await run(['build'], { cwd });
  assert.equal(held.code, 3);
  assert.equal(held.stdout, '');
  assert.match(
    held.stderr,
    /^error: held by another build: pid \d+ on \S+, 0 of 3 tasks, since \d\d:\d\d\n {2}try: --wait, or look: tg status\n$/,
  );
  assert.ok(held.stderr.includes(`pid ${first.child.pid!} on`));
  const json = await run(['build', '--json'], { cwd });
  assert.equal(json.code, 3);
  assert.equal((JSON.parse(json.stdout) as { code: string }).code, 'locked');
  const waiting = start(['build', 'my/copy', '--wait'], { cwd });
  await until(waiting, ({ stderr }) => stderr.startsWith('waiting for another build: pid '));
  await Promise.all(['r1', 'r2', 'r3'].map((run) => openGate(cwd, run)));
  assert.equal((await first.ended).code, 0);
  const said = await waiting.ended;
  assert.equal(said.code, 0);
  assert.match(untimed(said.stderr), /^3 tasks: 3 fresh, nothing to do \(T\)$/m);
});

test('more than 200 tasks: no line per task, every failure', async () => {
  const inputs = Object.fromEntries(
    Array.from({ length: 201 }, (_, i) => [`in/r${i + 1}.txt`, `${i}\n`]),
  );
  const cwd = folder({
    ...inputs,
    'tg.yaml': YAML,
    'lib.yaml': lines(`
      - name: my/copy
        type: ./copy.mjs
        inputs: [raw]
        outputs: {my/copy: "copy/{run}.txt"}
    `),
    'copy.mjs': lines(`
      import { copyFileSync } from 'node:fs';
      export default {
        params: {},
        run(context) {
          if (context.run === 'r7') throw new Error('seven');
          copyFileSync(context.input('raw'), context.output('my/copy'));
        },
      };
    `),
  });
  const said = await run(['build', '-k'], { cwd });
  assert.equal(said.code, 1);
  const told = untimed(said.stderr).split('\n');
  assert.equal(told[0], 'plan: 201 tasks: 201 stale');
  assert.ok(!said.stderr.includes(': done in'));
  assert.ok(told.includes('my/copy@r7: failed after T'), said.stderr);
  assert.ok(told.includes('my/copy: 200 of 201 runs'));
  assert.ok(told.includes('  files: build/copy/r1.txt ... build/copy/r201.txt (200 files)'));
  assert.equal(told.at(-2), '201 tasks: 200 done, 1 failed in T');
});

test('a reader that has seen enough ends the build quietly', () => {
  const cwd = project('cp "$2" "$3"\n');
  const tg = `"${process.execPath}" "${new URL('../../../bin/tg.js', import.meta.url).pathname}"`;
  writeFileSync(
    join(cwd, 'pipe.sh'),
    `${tg} build --json | head -n 1 > first; echo "\${PIPESTATUS[0]}" > code\n`,
  );
  execFileSync('bash', ['pipe.sh'], { cwd, stdio: 'pipe' });
  assert.match(readFileSync(join(cwd, 'first'), 'utf8'), /"type":"began"/);
  assert.equal(readFileSync(join(cwd, 'code'), 'utf8').trim(), '0');
});
