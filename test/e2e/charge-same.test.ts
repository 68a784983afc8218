/** Same input, same bytes: workers, rebuilding from scratch, other folders and other names make no difference, or are told. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { chargeProject, folder, run, withoutFixtures } from '../helpers/cli.ts';
import { built, buildTold, made, simulatedProject } from './charge-project.ts';

/** Runs that differ in what is hard: SYNCs crossed, none, many batches. */
const RUNS = {
  r1: { seed: 1, seconds: 3, rollover_events: 2 },
  r2: { seed: 2, seconds: 1 },
  r3: { seed: 3, seconds: 4, triggers: false, lost_syncs: [[1, 2]] as [number, number][] },
};

/** A copy of a project without what was made. */
function unbuilt(root: string): string {
  const copy = folder();
  cpSync(root, copy, { recursive: true });
  for (const name of ['.tg', 'build']) rmSync(join(copy, name), { recursive: true, force: true });
  return copy;
}

test(
  'one worker and eight make the same bytes of the fixtures',
  { skip: withoutFixtures },
  async () => {
    const one = chargeProject();
    const eight = unbuilt(one);
    await built(one, ['charge/events', '-q', '--workers', '1']);
    await built(eight, ['charge/events', '-q', '--workers', '8']);
    const files = made(one);
    // 5 tasks, two tables of one of them in one file, and the flow file, for 3 runs.
    assert.equal(Object.keys(files).length, 18);
    assert.deepEqual(made(eight), files);
  },
);

test('simulated runs: one worker, eight workers, scratch and another folder give the same bytes', async () => {
  const root = simulatedProject(RUNS, { 'charge/raw_events': { buffer_size: 1500 } });
  const other = unbuilt(root);
  await built(root, ['charge/events', '-q', '--workers', '1']);
  const files = made(root);
  assert.equal(Object.keys(files).length, 18);
  await built(other, ['charge/events', '-q', '--workers', '8']);
  assert.deepEqual(made(other), files);

  const again = await buildTold(root, ['charge/events']);
  assert.deepEqual([again.ran, again.fresh.length], [[], 18], 'a second build runs nothing');
  for (const name of ['.tg', 'build']) rmSync(join(root, name), { recursive: true });
  await built(root, ['charge/events', '-q']);
  assert.deepEqual(made(root), files, 'from scratch');
  const forced = await buildTold(root, ['charge/events', '--force-all']);
  assert.equal(forced.ran.length, 18);
  assert.deepEqual(made(root), files, 'all of it once more');
});

test('no flow file or artifact knows where it was made', async () => {
  const root = simulatedProject({ r1: { seconds: 1 } });
  await built(root, ['charge/events', '-q']);
  for (const path of Object.keys(made(root))) {
    const bytes = readFileSync(join(root, path));
    for (const word of [root, process.cwd(), '/tmp/']) assert.ok(!bytes.includes(word), path);
  }
});

test('a project that was moved, as a copy or by its name, is fresh', async () => {
  const root = simulatedProject({ r1: { seconds: 1 } });
  await built(root, ['charge/events', '-q']);
  const copy = join(folder(), 'deep/er');
  cpSync(root, copy, { recursive: true, preserveTimestamps: true });
  const copied = await buildTold(copy, ['charge/events']);
  assert.deepEqual([copied.ran, copied.fresh.length], [[], 6]);
  const moved = join(folder(), 'moved');
  renameSync(copy, moved);
  const told = await buildTold(moved, ['charge/events']);
  assert.deepEqual([told.ran, told.fresh.length], [[], 6]);
});

test('a raw file with another name is told; hits stay: the name stands in raw_events only', async () => {
  const root = simulatedProject({ r1: { seconds: 1 } });
  await built(root, ['charge/events', '-q']);
  renameSync(join(root, 'raw/r1.h5'), join(root, 'raw/data_r1.h5'));
  const yaml = readFileSync(join(root, 'tg.yaml'), 'utf8');
  writeFileSync(join(root, 'tg.yaml'), yaml.replace('raw/{run}.h5', 'raw/data_{run}.h5'));
  const why = await run(['why', 'charge/raw_events@r1'], { cwd: root });
  assert.match(why.stdout, /r1\.h5 -> "?data_r1\.h5/);
  const { ran } = await buildTold(root, ['charge/events']);
  assert.deepEqual(ran, ['charge/events@r1', 'charge/raw_events@r1', 'flow@r1']);
});

test('whatever the run and the number of workers, the files are the same', async () => {
  const settings = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    seconds: fc.integer({ min: 1, max: 3 }),
    events_per_s: fc.integer({ min: 0, max: 20 }),
    rollover_events: fc.integer({ min: 0, max: 2 }),
    triggers: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(settings, settings),
      fc.constantFrom(700, 3000, 384_000),
      fc.constantFrom('none', 'upstream'),
      fc.integer({ min: 2, max: 8 }),
      async ([r1, r2], buffer_size, compat, workers) => {
        const root = simulatedProject({ r1, r2 }, { 'charge/raw_events': { buffer_size, compat } });
        const other = unbuilt(root);
        await built(root, ['charge/events', '-q', '-w', '1']);
        await built(other, ['charge/events', '-q', '-w', String(workers)]);
        assert.deepEqual(made(other), made(root));
        for (const path of [root, other]) rmSync(path, { recursive: true });
      },
    ),
    { numRuns: process.env['TG_SLOW'] === '1' ? 30 : 4 },
  );
});
