/** Runs in parts through every verb: what is named is found, whatever has changed since, and one run does not wait for another. */
import assert from 'node:assert/strict';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stillThere } from '../../tasks/charge/parts.ts';
import { run } from '../helpers/cli.ts';
import { built, buildTold, simulatedProject } from './charge-project.ts';

const PARTS = { 'charge/raw_events': { buffer_size: 700 } };
const RUNS = { r1: { seed: 1, seconds: 3 }, r2: { seed: 2, seconds: 3 } };

function set(root: string, more: Record<string, unknown>): void {
  const path = join(root, 'tg.yaml');
  const settings = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...settings, ...more }));
}

function project(runs: typeof RUNS | { r1: (typeof RUNS)['r1'] } = RUNS): string {
  const root = simulatedProject(runs, PARTS);
  set(root, { parts: true });
  return root;
}

/** Lines of stdout of a verb that ends well. */
async function lines(root: string, ...words: string[]): Promise<string[]> {
  const said = await run(words, { cwd: root });
  assert.equal(said.code, 0, said.stderr + said.stdout);
  return said.stdout.split('\n').filter((line) => line !== '');
}

const artifacts = (root: string, table: string): string[] => {
  const path = join(root, '.tg/artifacts', table);
  return existsSync(path) ? readdirSync(path).sort() : [];
};

test('the flow file of a run is built by its name, and by its path, before its parts are known', async () => {
  for (const word of ['flow@r2', 'build/r2.h5', 'build/r2.h5::/charge/hits']) {
    const root = project();
    assert.deepEqual(await lines(root, 'build', '-q', word), ['build/r2.h5']);
    assert.ok(existsSync(join(root, 'build/r2.h5')));
    assert.ok(!existsSync(join(root, '.tg/artifacts/charge/parts/r1.json')), 'r1 is not even read');
  }
  const root = project();
  set(root, { link: { when: 'asked' } });
  await built(root, ['-q']);
  assert.ok(!existsSync(join(root, 'build')));
  await built(root, ['flow@r1', '-q']);
  assert.deepEqual(readdirSync(join(root, 'build')), ['r1.h5']);
  const wrong = await run(['build', 'flow@r9'], { cwd: root });
  assert.deepEqual([wrong.code, wrong.stderr.split('\n')[0]], [2, 'error: no run "r9" in packets']);
});

test('a run is built while another one cannot be cut', async () => {
  const root = project();
  truncateSync(join(root, 'raw/r1.h5'), 40_000);
  const told = await buildTold(root, ['charge/events@r2']);
  assert.ok(told.ran.includes('flow@r2'));
  assert.ok(!told.ran.some((task) => task.includes('@r1')));
  const all = await buildTold(root, ['--keep-going'], 1);
  assert.deepEqual(all.failed, ['charge/parts@r1']);
});

test('path, log, graph and why know the parts that were made, though the file has changed', async () => {
  const root = project({ r1: RUNS.r1 });
  await built(root, ['-q']);
  const earlier = new Date(Date.now() - 60_000);
  utimesSync(join(root, 'raw/r1.h5'), earlier, earlier);
  const part = 'charge/hits@r1,part=1';
  assert.deepEqual(await lines(root, 'path', part), ['.tg/artifacts/charge/hits/r1,part=1.h5']);
  assert.deepEqual(await lines(root, 'path', 'charge/hits'), ['build/r1.h5']);
  assert.deepEqual(await lines(root, 'path', 'flow@r1'), ['build/r1.h5']);
  const table = '.tg/artifacts/charge/parts/r1.json';
  assert.deepEqual(await lines(root, 'path', 'charge/parts@r1'), [table]);
  assert.match(
    (await lines(root, 'log', part))[0]!,
    /^charge\/hits@r1,part=1, build 1, .*, done in/,
  );
  assert.match((await lines(root, 'log', 'charge/parts'))[0]!, /^charge\/parts@r1, build 1/);
  const why = await lines(root, 'why', part);
  assert.match(
    why[0]!,
    /^charge\/hits@r1,part=1 is maybe stale: .*, after charge\/parts@r1, which/,
  );
  assert.equal(why[1], 'charge/parts@r1: input packets changed');
  const graph = await lines(root, 'graph', 'charge/events', '--format', 'mermaid');
  set(root, { parts: false });
  assert.deepEqual(await lines(root, 'graph', 'charge/events', '--format', 'mermaid'), graph);
  set(root, { parts: true });
  const plan = await lines(root, 'plan');
  assert.match(plan[0]!, /^stale {2}charge\/parts@r1 +input packets changed$/);
  assert.ok(plan.slice(1).every((line) => line.startsWith('maybe')));
  assert.ok(plan.some((line) => line.startsWith('maybe  flow@r1 ')));
  assert.deepEqual((await buildTold(root)).ran, [], 'the same rows');
  assert.deepEqual(await lines(root, 'plan'), []);
});

test('a part that is none is told with those that are, known or not yet', async () => {
  const root = project();
  for (let round = 0; round < 2; round++) {
    const { code, stderr } = await run(['build', 'charge/hits@r1,part=99', '-q'], { cwd: root });
    assert.equal(code, 2);
    const parts = artifacts(root, 'charge/parts').includes('r1.json');
    assert.ok(parts);
    assert.match(stderr, /^error: charge\/hits has no point part=99 \(0\.\.\d+ step 1\)\n/m);
  }
});

test('one part is built without a flow file, which holds whole tables', async () => {
  const root = project({ r1: RUNS.r1 });
  const word = 'charge/hits@r1,part=0';
  assert.deepEqual(await lines(root, 'build', '-q', word), [
    '.tg/artifacts/charge/hits/r1,part=0.h5',
  ]);
  assert.ok(!existsSync(join(root, 'build')));
  assert.deepEqual(artifacts(root, 'charge/hits'), ['r1,part=0.h5']);
});

test('clean removes the parts that are meant, and all of them', async () => {
  const root = project();
  await built(root, ['-q']);
  const count = artifacts(root, 'charge/hits').length;
  await lines(root, 'clean', 'charge/hits@r1');
  const left = artifacts(root, 'charge/hits');
  assert.ok(left.length > 0 && left.length < count && left.every((name) => name.startsWith('r2,')));
  assert.ok(
    artifacts(root, 'charge/parts').includes('r1.json'),
    'the part table is another target',
  );
  assert.equal(artifacts(root, 'charge/events').length, count);
  await lines(root, 'clean');
  const files = ['.tg/artifacts', 'build'].flatMap((name) => readdirSync(join(root, name)));
  assert.deepEqual(files, []);
});

test('reasons: parts that came and went are told in one line, another cut by its parameter', async () => {
  const root = project({ r1: RUNS.r1 });
  await built(root, ['-q']);
  const causes = async (): Promise<string[]> => {
    const { stderr } = await built(root);
    const told = stderr.split('\n');
    assert.ok(
      told.every((line) => line.length < 300 && !line.includes('(-')),
      stderr,
    );
    return told.filter((line) => line.startsWith('  because:')).map((line) => line.slice(11));
  };
  set(root, { parts: false });
  await built(root, ['-q']);
  set(root, { parts: true });
  assert.deepEqual(await causes(), ['flow@r1: its parts changed']);
  const settings = JSON.parse(readFileSync(join(root, 'tg.yaml'), 'utf8')) as {
    parameters: Record<string, Record<string, unknown>>;
  };
  settings.parameters['charge/raw_events']!['buffer_size'] = 900;
  set(root, settings);
  assert.deepEqual(await causes(), ['charge/raw_events@r1: buffer_size changed: 700 -> 900']);
});

test('files that were not made are not told, in parts or not', async () => {
  for (const parts of [true, false]) {
    const root = project();
    set(root, { parts });
    await built(root, ['charge/packets', '-q']);
    rmSync(join(root, 'build'), { recursive: true });
    const table = readFileSync(join(root, 'cal/ped.json'), 'utf8');
    const bad = table.replace(/"pedestal_mv":[\d.]+/g, '"pedestal_mv":"n/a"');
    writeFileSync(join(root, 'cal/ped.json'), bad);
    const said = await run(['build', '--keep-going'], { cwd: root });
    assert.equal(said.code, 1, said.stderr);
    assert.match(said.stderr, /^charge\/hits@.*: failed/m);
    assert.ok(!existsSync(join(root, 'build')));
    const files = said.stdout.split('\n').filter((line) => line !== '');
    const missing = files.filter((file) => !existsSync(join(root, file)));
    assert.deepEqual(missing, [], 'every path on stdout is there');
    assert.doesNotMatch(said.stderr, /files: .*build\//);
  }
});

test('--parts: a file without a project is built part by part, to the same bytes', async () => {
  const root = project({ r1: RUNS.r1 });
  const direct = ['charge/events', '-i', 'raw/r1.h5', '--set', 'charge/raw_events.buffer_size=700'];
  await built(root, [...direct, '-o', 'whole.h5', '-q']);
  const told = await buildTold(root, [...direct, '-o', 'parts.h5', '--parts']);
  assert.ok(told.ran.includes('charge/hits@part=3') && told.ran.includes('charge/parts'));
  const [whole, parts] = ['whole.h5', 'parts.h5'].map((name) => readFileSync(join(root, name)));
  assert.ok(parts!.equals(whole!));
  const flow = await run(['build', '-i', 'whole.h5', '-o', 'b.h5', '--parts'], { cwd: root });
  assert.equal(flow.code, 2);
  assert.match(flow.stderr, /^error: --parts cuts packets, and none of these files holds any$/m);
});

test('bad input: parts of no run, rows that are none, a run of two files', async () => {
  const root = project();
  set(root, { parts: ['r2', 'r9'] });
  const { stderr } = await built(root, ['charge/raw_events']);
  assert.match(stderr, /^warning: tg\.yaml:1:\d+: parts: no run "r9" \(r1\.\.r2, 2 runs\)$/m);
  const direct = ['build', '-i', 'raw/r1.h5', '-o', 'out.h5', 'charge/raw_events'];
  const wrong = await run([...direct, '-s', '900', '-e', '200'], { cwd: root });
  assert.deepEqual(
    [wrong.code, wrong.stderr.split('\n')[0]],
    [2, 'error: -e 200 lies before -s 900'],
  );
  for (const parts of [[], ['--parts']]) {
    const none = await run([...direct, '-s', '9000000', ...parts], { cwd: root });
    assert.equal(none.code, 0, none.stderr);
    assert.match(none.stderr, /note: .*start_position 9 000 000 is behind the last packet$/m);
  }
  const set2 = [
    '--set',
    'charge/raw_events.start_position=5',
    '--set',
    'charge/raw_events.end_position=4',
  ];
  const late = await run(['build', ...set2], { cwd: root });
  assert.equal(late.code, 2);
  assert.match(late.stderr, /end_position \(packets\): must not lie before start_position/);
  const joined = project();
  writeFileSync(join(joined, 'runs.txt'), 'charge_filename e_field\nh5 500\n');
  set(joined, { runs: 'runs.txt' });
  const two = await run(['build'], { cwd: joined });
  assert.equal(two.code, 1);
  assert.match(
    two.stderr,
    /error: input "packets" of charge\/parts@h5 is 2 files \(r1\.h5, r2\.h5\)\n {2}try: more of the name/,
  );
});

test('a file that has become shorter while it is read is named, with where it ends', () => {
  const part = { name: '3', from: 2100, to: 2800, id: '', last: false };
  assert.throws(() => stillThere(part, 2500, 'raw/r1.h5'), {
    message: 'packets 2 100 to 2 800 are gone, the file ends at 2 500',
    code: 'input-changed',
  });
  stillThere(part, 2800, 'raw/r1.h5');
  stillThere({ ...part, from: 9000, to: 9000 }, 2500, 'raw/r1.h5');
});
