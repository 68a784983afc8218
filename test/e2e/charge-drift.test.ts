/** t0 and drift on the real command line: made when asked for, linked beside the rest, rerun by their field alone. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openH5, relationOf } from 'tg/h5';
import type { Json } from 'tg';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { driftVelocity } from '../../tasks/charge/drift.ts';
import { built, buildTold, simulatedProject } from './charge-project.ts';

const project = (): string =>
  simulatedProject(
    { r1: { seed: 4 }, r2: { seed: 5, triggers: false } },
    { 'combined/hit_drift': { geometry_file: 'cal/layout.yaml' } },
  );

const flow = (root: string, run: string): string => join(root, 'build', `${run}.h5`);

describe('t0 and drift', () => {
  test('charge/events does not make them; asked for, they are linked beside what is there', async () => {
    const root = project();
    const events = await buildTold(root, ['charge/events']);
    assert.equal(events.ran.length, 12, 'six tasks a run');
    assert.ok(!existsSync(join(root, '.tg/artifacts/combined')));

    const told = await buildTold(root, ['combined/hit_drift']);
    const runs = ['r1', 'r2'];
    const want = ['combined/hit_drift', 'combined/t0', 'flow'];
    assert.deepEqual(
      told.ran,
      want.flatMap((name) => runs.map((run) => `${name}@${run}`)),
    );
    for (const run of runs) {
      const file = await openH5(flow(root, run));
      const types = new Set(file.table('/combined/t0').column('type') as Uint8Array);
      assert.ok(types.has(run === 'r1' ? 1 : 0), run);
      assert.ok(run === 'r1' || types.size === 1, 'no triggers, no triggered t0');
      const hits = file.table('/charge/hits').rows;
      assert.ok(hits > 100);
      assert.equal(file.table('/combined/hit_drift').rows, hits);
      assert.ok(
        (file.table('/combined/hit_drift').column('z') as Float64Array).every(Number.isFinite),
      );
      const { parent, start } = relationOf(file, 'charge/hits', 'combined/hit_drift');
      assert.deepEqual(parent, start);
      assert.equal(parent.length, hits);
      file.close();
    }
    const again = await buildTold(root, ['combined/hit_drift', 'charge/events']);
    assert.deepEqual(again.ran, []);
  });

  test('the field of a run reruns the drift of that run, and nothing else', async () => {
    const root = project();
    await built(root, ['-q']);
    const file = join(root, 'tg.yaml');
    const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Json>;
    const overrides = [{ runs: 'r2', parameters: { 'combined/hit_drift': { e_field: 0.25 } } }];
    writeFileSync(file, JSON.stringify({ ...settings, overrides }));
    const told = await buildTold(root);
    assert.deepEqual(told.ran, ['combined/hit_drift@r2', 'flow@r2']);
    const velocity = async (run: string): Promise<unknown> => {
      const made = await openH5(flow(root, run));
      const { v_drift } = made.attributes('/combined/hit_drift');
      made.close();
      return v_drift;
    };
    assert.equal(await velocity('r1'), driftVelocity(0.5, 87.17));
    assert.equal(await velocity('r2'), driftVelocity(0.25, 87.17));
  });

  test('the field of the run table is that of its run, and only its drift reruns', async () => {
    const root = project();
    const file = join(root, 'tg.yaml');
    const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Json>;
    const table = join(root, 'runlist.txt');
    const rows = (...cells: string[]): void =>
      writeFileSync(table, `${['e_field charge_filename light_filename', ...cells].join('\n')}\n`);
    const velocities = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const run of ['r1', 'r2']) {
        const made = await openH5(flow(root, run));
        found.push(made.attributes('/combined/hit_drift')['v_drift']);
        made.close();
      }
      return found;
    };
    const of = (...fields: number[]): number[] => fields.map((e) => driftVelocity(e, 87.17));
    await built(root, ['-q']);
    rows('500 r1 -', '500 r2 rwf');
    writeFileSync(file, JSON.stringify({ ...settings, runs: 'runlist.txt' }));
    assert.deepEqual((await buildTold(root)).ran, [], '500 V/cm are the 0.5 kV/cm of before');
    rows('500 r1 -', '250 r2 rwf');
    const told = await buildTold(root);
    assert.deepEqual(told.ran, ['combined/hit_drift@r2', 'flow@r2']);
    assert.deepEqual(told.reasons['combined/hit_drift@r2'], [
      { kind: 'parameter', name: 'e_field', from: '0.5', to: '0.25' },
    ]);
    assert.deepEqual(await velocities(), of(0.5, 0.25));
    rows('- r1 -', '- r2 rwf');
    assert.deepEqual((await buildTold(root)).ran, ['combined/hit_drift@r2', 'flow@r2']);
    assert.deepEqual(await velocities(), of(0.5, 0.5));
    const parameters = settings['parameters'] as Record<string, object>;
    const own = { ...parameters['combined/hit_drift'], e_field: 1 };
    const more = { ...parameters, 'combined/hit_drift': own };
    writeFileSync(file, JSON.stringify({ ...settings, runs: 'runlist.txt', parameters: more }));
    await built(root, ['-q']);
    assert.deepEqual(await velocities(), of(1, 1), 'parameters win over the table');
  });

  test(
    'h5py goes from an event to its t0 and from a hit to its drift',
    { skip: withoutH5py() },
    async () => {
      const root = project();
      await built(root, ['combined/hit_drift', '-q']);
      const said = runPython(
        `
f = h5py.File(sys.argv[1], 'r')
t0, drift = f['combined/t0/data'], f['combined/hit_drift/data']
events, hits = f['charge/events/data'][:], f['charge/hits/data'][:]
to_t0, to_hits = f['charge/events/ref/combined/t0/ref'], f['charge/events/ref/charge/hits/ref']
to_drift = f['charge/hits/ref/combined/hit_drift/ref']
n = 0
for i in range(len(events)):
    start = t0[to_t0[i]]
    assert len(start) == 1 and start['id'][0] == i
    triggers = f['charge/events/ref/charge/ext_trigs/ref'][i]
    first = f['charge/ext_trigs/data'][triggers]['ts'].min() if triggers else None
    assert start['ts'][0] == (first - 2 if triggers else events['ts_start'][i]), (start, first)
    assert start['type'][0] == (1 if triggers else 0)
    for hit in f['charge/hits/data'][to_hits[i]]:
        row = drift[to_drift[hit['id']]]
        assert len(row) == 1 and row['t_drift'][0] == hit['ts'] - start['ts'][0]
        assert abs(row['d_drift'][0] - row['t_drift'][0] * 0.1 * f['combined/hit_drift'].attrs['v_drift']) < 1e-9
        n += 1
assert n == len(hits) == len(to_drift) == len(drift)
print(n)
`,
        flow(root, 'r1'),
      );
      assert.ok(Number(said) > 100, said);
    },
  );
});
