/** The flags of `tg build` by their effect on the real command line: what runs, what is said, what is written, the exit code. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, lines, run, untimed } from '../helpers/cli.ts';
import type { RunOptions, Said } from '../helpers/cli.ts';

/** my/copy and, made of it, my/two, for r1 and r2. */
const project = (command = '[cp, "{input:raw}", "{output:my/copy}"]'): string =>
  folder({
    'tg.yaml': 'libraries: [lib.yaml]\nsources: {raw: "in/{run}.txt"}\n',
    'lib.yaml': lines(`
      - name: my/copy
        type: command
        inputs: [raw]
        outputs: {my/copy: "copy/{run}.txt"}
        command: ${command}
      - name: my/two
        type: command
        inputs: [my/copy]
        outputs: {my/two: "two/{run}.txt"}
        command: [cp, "{input:my/copy}", "{output:my/two}"]
    `),
    'in/r1.txt': '1\n',
    'in/r2.txt': '2\n',
  });

const build = (cwd: string, words: string, options: RunOptions = {}): Promise<Said> =>
  run(['build', ...words.split(' ').filter((word) => word !== '')], { cwd, ...options });

/** Tasks that a good build ran. */
async function ran(cwd: string, words: string): Promise<string[]> {
  const said = await build(cwd, words);
  assert.equal(said.code, 0, said.stderr);
  return [...said.stderr.matchAll(/^(\S+): done in/gm)].map(([, task]) => task!).sort();
}

test('--force and -B: the named; --force-all: and what they need; --only: not what they need', async () => {
  const cwd = project();
  await build(cwd, '-q');
  const two = ['my/two@r1', 'my/two@r2'];
  assert.deepEqual(await ran(cwd, 'my/two'), []);
  assert.deepEqual(await ran(cwd, 'my/two --force'), two);
  assert.deepEqual(await ran(cwd, 'my/two@r2 -B'), ['my/two@r2']);
  assert.deepEqual(await ran(cwd, 'my/two --force-all'), ['my/copy@r1', 'my/copy@r2', ...two]);
  const forced = await build(cwd, 'my/two -B');
  assert.match(
    untimed(forced.stderr),
    /^4 tasks: 2 done, 2 fresh in T \(my\/two@r1,r2 made the same content\)$/m,
    'runs in natural order, whichever ended first',
  );
  writeFileSync(join(cwd, 'in/r1.txt'), 'other\n');
  assert.deepEqual(await ran(cwd, 'my/two --only'), []);
  assert.deepEqual(await ran(cwd, 'my/two'), ['my/copy@r1', 'my/two@r1']);
});

test('--only where what it needs was never made: told, and how to make it', async () => {
  const said = await build(project(), 'my/two@r1 --only');
  assert.equal(said.code, 1);
  assert.match(
    untimed(said.stderr),
    /^my\/two@r1: failed after T\n {2}error: my\/copy@r1 is not there\n {2}try: tg build my\/copy@r1$/m,
  );
});

test('--question answers by exit code and writes nothing; --dry-run is tg plan', async () => {
  const cwd = project();
  for (const words of ['--question', '--question --json', '--question -v']) {
    const said = await build(cwd, words);
    assert.deepEqual([said.stdout, said.stderr, said.code], ['', '', 1], words);
  }
  const plan = await run(['plan', 'my/two'], { cwd });
  for (const words of ['my/two -n', 'my/two --dry-run']) {
    const said = await build(cwd, words);
    assert.deepEqual([said.stdout, said.stderr, said.code], [plan.stdout, plan.stderr, 0]);
  }
  assert.ok(!existsSync(join(cwd, '.tg')) && !existsSync(join(cwd, 'build')));
  await build(cwd, '-q');
  assert.equal((await build(cwd, '--question')).code, 0);
});

test('-q: nothing but the paths; -v: a line per task, also a fresh one', async () => {
  const cwd = project();
  const quiet = await build(cwd, 'my/copy -q');
  assert.deepEqual([quiet.stdout, quiet.stderr], ['build/copy/r1.txt\nbuild/copy/r2.txt\n', '']);
  const verbose = await build(cwd, 'my/copy --verbose');
  assert.match(verbose.stderr, /^my\/copy@r1: fresh\nmy\/copy@r2: fresh\n2 tasks: 2 fresh, /);
});

/** Runs in all threads of tg: writes down which text files are opened. */
const OPENED = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { openSync, appendFileSync } = fs;
fs.openSync = (path, ...more) => {
  if (/in\\/r1\\.txt$/.test(String(path))) appendFileSync(process.env.OPENED, path + '\\n');
  return openSync(path, ...more);
};
syncBuiltinESMExports();
`;

test('--rehash reads what its stats vouch for otherwise', async () => {
  const cwd = project();
  writeFileSync(join(cwd, 'opened.mjs'), OPENED);
  const opened = join(cwd, 'opened');
  const env = { NODE_OPTIONS: `--import=${join(cwd, 'opened.mjs')}`, OPENED: opened };
  await build(cwd, '-q');
  // A file is vouched for once its last change is older than the tick of the clock it was hashed in.
  for (let i = 0; i < 100; i++) {
    rmSync(opened, { force: true });
    appendFileSync(join(cwd, 'tg.yaml'), '# a comment\n');
    await build(cwd, '-q', { env });
    if (!existsSync(opened)) break;
  }
  assert.ok(!existsSync(opened));
  const said = await build(cwd, '--rehash', { env });
  assert.match(untimed(said.stderr), /^4 tasks: 4 fresh, nothing to do \(T\)$/m);
  assert.ok(existsSync(opened));
});

test('--trace: Chrome trace events, one per task', async () => {
  const cwd = project();
  await build(cwd, '-q --trace trace.json');
  const { traceEvents } = JSON.parse(readFileSync(join(cwd, 'trace.json'), 'utf8')) as {
    traceEvents: { name: string; ph: string; dur: number; args: { ended: string } }[];
  };
  assert.deepEqual(traceEvents.map(({ name, ph, args }) => [name, ph, args.ended]).sort(), [
    ['my/copy@r1', 'X', 'done'],
    ['my/copy@r2', 'X', 'done'],
    ['my/two@r1', 'X', 'done'],
    ['my/two@r2', 'X', 'done'],
  ]);
  for (const path of ['nowhere/trace.json', '.']) {
    const said = await build(cwd, `--force-all --trace ${path}`);
    assert.deepEqual(
      [said.stdout, said.stderr, said.code],
      [
        '',
        `error: --trace must be a file in a folder that may be written, not "${path}"\n  try: --trace trace.json\n`,
        2,
      ],
    );
  }
});

test('--timeout ends a task that takes longer; the limit of its procedure stands behind it', async () => {
  const cwd = project('[sleep, "600"]');
  const said = await build(cwd, 'my/copy@r1 --timeout 0.2');
  assert.equal(said.code, 1);
  const [, failed, error, fix] = said.stderr.split('\n');
  assert.match(failed!, /^my\/copy@r1: failed after /);
  assert.deepEqual([error, fix], ['  error: my/copy@r1: over 0.2 s', '  try: timeout: 0.4 s']);
  const json = await build(cwd, 'my/copy@r1 --timeout 200ms --json');
  const line = json.stdout.split('\n').find((each) => each.includes('"type":"failed"'))!;
  assert.equal((JSON.parse(line) as { error: { code: string } }).error.code, 'timeout');
});

test('--kill ends what runs at the failure that stops the build', async () => {
  // r1 fails once r2 has begun; r2 would go on for ten minutes.
  const cwd = project(
    `[sh, -c, 'if [ $0 = r1 ]; then read x < gate; exit 3; fi; echo > gate; exec sleep 600', "{run}"]`,
  );
  execFileSync('mkfifo', [join(cwd, 'gate')]);
  const said = await build(cwd, 'my/copy -w 2 --kill');
  assert.equal(said.code, 1);
  assert.match(said.stderr, /^my\/copy@r1: failed after /m);
  assert.match(
    untimed(said.stderr),
    /^2 tasks: 1 failed, 1 cancelled in T\n {2}1 interrupted \(--kill\)$/m,
  );
});

test('-j8, -j 8 and -j=8 are --workers 8', async () => {
  const cwd = project();
  for (const words of ['-j8', '-j 8', '-j=8', '-w8', '--workers=8']) {
    const said = await build(cwd, `${words} --json`);
    assert.equal(
      (JSON.parse(said.stdout.split('\n')[0]!) as { workers: number }).workers,
      8,
      words,
    );
  }
});
