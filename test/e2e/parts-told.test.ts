/** Runs in parts as the verbs tell them, beside parts-verbs.test.ts: links on demand, what is not there yet, and parts that a run had before. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../helpers/cli.ts';
import { built, buildTold, simulatedProject } from './charge-project.ts';

const RUNS = { r1: { seed: 1, seconds: 3 }, r2: { seed: 2, seconds: 4 } };

function inParts(more: object = {}): string {
  const root = simulatedProject(RUNS, { 'charge/raw_events': { buffer_size: 700 } });
  const file = join(root, 'tg.yaml');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...settings, parts: true, ...more }));
  return root;
}

const said = async (root: string, ...words: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await run(words, { cwd: root });
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split('\n');
};

const artifacts = (root: string, table: string): string[] => {
  const folder = join(root, '.tg/artifacts', table);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};

test('a flow file that is linked when it is asked for', async () => {
  const root = inParts({ link: { when: 'asked' } });
  await built(root, ['-q', 'charge/events@r1']);
  assert.equal(existsSync(join(root, 'build/r1.h5')), false);
  const { ran } = await buildTold(root, ['flow@r1']);
  assert.ok(ran.includes('flow@r1'));
  assert.ok(existsSync(join(root, 'build/r1.h5')));
});

test('path, why, log and graph know the parts', async () => {
  const root = inParts();
  const before = await run(['path', 'charge/hits@r1'], { cwd: root });
  assert.equal(before.code, 1);
  assert.match(before.stderr, /its tasks are known once charge\/parts is made\n {2}try: tg build/);
  await built(root, ['-q', 'flow@r1']);
  assert.deepEqual(await said(root, 'path', 'charge/hits@r1'), ['build/r1.h5']);
  assert.deepEqual(await said(root, 'path', 'flow@r1'), ['build/r1.h5']);
  assert.match((await said(root, 'why', 'flow@r1'))[0]!, /^flow@r1 is fresh: made/);
  const logs = await said(root, 'log', 'charge/hits@r1');
  const parts = artifacts(root, 'charge/hits').length;
  assert.ok(parts > 2);
  assert.equal(logs.filter((line) => line.startsWith('charge/hits@r1,part=')).length, parts);
  const each = await said(root, 'graph', 'charge/hits@r1', '--tasks');
  assert.ok(each.some((line) => line.trim().startsWith('charge/carry@r1,part=0')));
  const plan = await run(['plan', 'charge/hits@r1'], { cwd: root });
  assert.doesNotMatch(plan.stderr, /known once/, 'r2, which waits, was not asked for');
  assert.match((await run(['plan'], { cwd: root })).stderr, /charge\/hits: .* known once/);
});

test('clean removes the parts that there are and those that there were', async () => {
  const root = inParts();
  await built(root, ['-q']);
  const file = join(root, 'tg.yaml');
  const fine = readFileSync(file, 'utf8');
  writeFileSync(file, fine.replace('700', '1400'));
  await built(root, ['-q', 'charge/hits@r1']);
  const hits = artifacts(root, 'charge/hits');
  await said(root, 'clean', 'charge/hits@r1');
  assert.deepEqual(
    artifacts(root, 'charge/hits'),
    hits.filter((name) => name.startsWith('r2')),
  );
  await said(root, 'clean');
  for (const table of ['charge/hits', 'charge/raw_events', 'charge/parts'])
    assert.deepEqual(artifacts(root, table), [], table);
  assert.ok(!existsSync(join(root, 'build/r1.h5')));
});
