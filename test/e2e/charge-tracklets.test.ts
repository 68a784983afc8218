/** Tracklets on the real command line: made when asked for, the same for any number of workers, linked so that h5py finds their hits. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Json } from 'tg';
import { openH5 } from 'tg/h5';
import { run } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { built, buildTold, made, simulatedProject } from './charge-project.ts';

/** A project that has tg:tracklets; `more` goes into its tg.yaml. */
function project(more: Record<string, Json> = {}): string {
  const root = simulatedProject(
    { r1: { seed: 4, seconds: 3 }, r2: { seed: 5, triggers: false } },
    { 'combined/hit_drift': { geometry_file: 'cal/layout.yaml' } },
  );
  change(root, { libraries: ['tg:tracklets'], ...more });
  return root;
}

function change(root: string, more: Record<string, Json>): void {
  const file = join(root, 'tg.yaml');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Json>;
  writeFileSync(file, JSON.stringify({ ...settings, ...more }));
}

const HITS_OF_TRACKLETS = `
f = h5py.File(sys.argv[1], 'r')
rows, hits = f['combined/tracklets/data'][:], f['charge/hits/data'][:]
drift = f['combined/hit_drift/data'][:]
P = 16
assert rows.dtype == np.dtype([
    ('id', '<u4'), ('theta', '<f8'), ('phi', '<f8'), ('xp', '<f8'), ('yp', '<f8'), ('nhit', '<i8'), ('q', '<f8'),
    ('ts_start', '<f8'), ('ts_end', '<f8'), ('residual', '<f8', 3), ('length', '<f8'), ('start', '<f8', 3), ('end', '<f8', 3),
    ('trajectory', '<f8', (P, 3)), ('trajectory_residual', '<f8', P - 1), ('dx', '<f8', (P - 1, 3)), ('dq', '<f8', P - 1), ('dn', '<i8', P - 1)])
attributes = dict(f['combined/tracklets'].attrs)
del attributes['lost']
assert attributes == {
    'classname': 'TrackletReconstruction', 'class_version': '1.0.0', 'hits_dset': 'charge/hits', 'hit_drift_dset': 'combined/hit_drift',
    'dbscan_eps': 25, 'dbscan_min_samples': 5, 'ransac_min_samples': 2, 'ransac_residual_threshold': 8, 'ransac_max_trials': 10,
    'max_iterations': 100, 'max_nhit': 3000, 'trajectory_pts': P, 'trajectory_dx': 10}, attributes
lost = json.loads(f['combined/tracklets'].attrs['lost'])
def check(row, mine, event_hits):
    assert len(mine) == row['nhit'] and np.isin(mine, event_hits).all()
    assert abs(hits['q'][mine].sum() - row['q']) < 1e-6
    box = np.c_[hits['px'], hits['py'], drift['z']][mine]
    for end in (row['start'], row['end']): assert (end >= box.min(axis=0)).all() and (end <= box.max(axis=0)).all()
    assert row['trajectory'].shape == (16, 3) and row['dn'].sum() == row['nhit']
`;

describe('tracklets', () => {
  test('charge/events does not make them; asked for, they are made of what is there', async () => {
    const root = project();
    const events = await buildTold(root, ['charge/events']);
    assert.equal(events.ran.length, 12, 'six tasks a run');
    const told = await buildTold(root, ['combined/tracklets']);
    const want = ['combined/hit_drift', 'combined/t0', 'combined/tracklets', 'flow'];
    assert.deepEqual(
      told.ran,
      want.flatMap((name) => ['r1', 'r2'].map((at) => `${name}@${at}`)),
    );
    assert.ok(told.done['combined/tracklets@r1']!.rows['combined/tracklets@r1']! > 10);
    const again = await buildTold(root, ['combined/tracklets']);
    assert.deepEqual(again.ran, []);
  });

  test('one worker and eight make the same bytes, a second project too', async () => {
    const [one, eight] = [project(), project()];
    await built(one, ['combined/tracklets', '--workers', '1', '-q']);
    await built(eight, ['combined/tracklets', '--workers', '8', '-q']);
    const files = made(one);
    assert.ok(Object.keys(files).some((path) => path.includes('tracklets')));
    assert.deepEqual(made(eight), files);
  });

  test('a parameter of theirs reruns them alone, and compat tells itself in the numbers', async () => {
    const root = project();
    await built(root, ['combined/tracklets', '-q']);
    const columns = async (name: string): Promise<string> => {
      const file = await openH5(join(root, 'build/r1.h5'));
      const text = Array.from(file.table('/combined/tracklets').column(name), Number).join();
      file.close();
      return text;
    };
    const [theta, dn] = [await columns('theta'), await columns('dn')];
    const overrides = [
      { runs: 'r1', parameters: { 'combined/tracklets': { compat: 'upstream' } } },
    ];
    change(root, { overrides });
    const told = await buildTold(root, ['combined/tracklets']);
    assert.deepEqual(told.ran, ['combined/tracklets@r1', 'flow@r1']);
    assert.equal(await columns('theta'), theta, 'the same hits');
    assert.notEqual(await columns('dn'), dn, 'in other segments');
  });

  test(
    'h5py goes from an event to its tracklets and on to their hits, by region references',
    { skip: withoutH5py() },
    async () => {
      const root = project();
      await built(root, ['combined/tracklets', '-q']);
      const said = runPython(
        `${HITS_OF_TRACKLETS}
to_rows, to_hits = f['charge/events/ref/combined/tracklets/ref'], f['combined/tracklets/ref/charge/hits/ref']
events = f['charge/events/data'][:]
assert len(to_rows) == len(events) and len(to_hits) == len(rows)
seen, n = [], 0
for i in range(len(events)):
    event_hits = f['charge/hits/data'][f['charge/events/ref/charge/hits/ref'][i]]['id']
    assert f['charge/events/ref/combined/tracklets/ref_valid'][i] == bool(to_rows[i])
    for row in rows[:0] if not to_rows[i] else f['combined/tracklets/data'][to_rows[i]]:
        mine = f['charge/hits/data'][to_hits[row['id']]]['id']
        check(row, mine, event_hits)
        seen.append(row['id'])
        n += len(mine)
assert seen == list(range(len(rows)))
assert n + sum(lost.values()) == len(hits)
print(len(rows))
`,
        join(root, 'build/r1.h5'),
      );
      assert.ok(Number(said) > 10, said);
    },
  );

  test('and by index pairs', { skip: withoutH5py() }, async () => {
    const root = project({ link: { refs: 'pairs' } });
    await built(root, ['combined/tracklets', '-q']);
    const said = runPython(
      `${HITS_OF_TRACKLETS}
pairs = f['combined/tracklets/ref/charge/hits/ref'][:]
of_event = f['charge/events/ref/combined/tracklets/ref'][:]
event_hits = f['charge/events/ref/charge/hits/ref'][:]
assert (of_event[:, 1] == np.arange(len(rows))).all()
for event, i in of_event:
    check(rows[i], pairs[pairs[:, 0] == i, 1], event_hits[event_hits[:, 0] == event, 1])
assert len(pairs) + sum(lost.values()) == len(hits)
print(len(rows))
`,
      join(root, 'build/r1.h5'),
    );
    assert.ok(Number(said) > 10, said);
  });

  test('a mistake is told with the parameter, its unit and what to do', async () => {
    const root = project();
    const fails = async (set: string, message: RegExp): Promise<void> => {
      const said = await run(['build', 'combined/tracklets', '--set', set], { cwd: root });
      assert.notEqual(said.code, 0);
      assert.match(said.stderr, message);
    };
    await fails('combined/tracklets.dbscan_eps=0', /dbscan_eps.*(?:mm|greater|above|>)/);
    await fails('combined/tracklets.trajectory_pts=1', /trajectory_pts/);
    await fails('combined/hit_drift.geometry_file=null', /none of [\d ]+ hits has a z/);
  });
});
