/** Truth of simulated files on the real command line: every reference of every relation against a join by hand, in both forms of flow file. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openH5, relationOf, type H5File } from 'tg/h5';
import type { Json } from 'tg';
import { folder, run } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { writeSimulated, type Faults } from '../tasks/charge/simulated-truth.ts';
import { built, buildTold, simulatedProject } from './charge-project.ts';

/** A project of simulated runs, `{run: seed and faults}`. */
function mcProject(
  runs: Readonly<Record<string, readonly [seed: number, faults?: Faults]>>,
  more: Readonly<Record<string, Json>> = {},
): string {
  const root = folder({
    'tg.yaml': JSON.stringify({
      libraries: ['tg:charge-mc'],
      sources: { packets: 'raw/{run}.h5' },
      // Small batches, so that events are carried from one to the next.
      parameters: { 'charge/raw_events': { nhit_cut: 15, buffer_size: 400 } },
      ...more,
    }),
  });
  mkdirSync(join(root, 'raw'));
  for (const [name, [seed, faults]] of Object.entries(runs))
    writeSimulated(join(root, 'raw', `${name}.h5`), seed, faults);
  return root;
}

const flow = (root: string, name = 's1'): string => join(root, 'build', `${name}.h5`);
const raw = (root: string, name = 's1'): string => join(root, 'raw', `${name}.h5`);

const numbers = (file: H5File, table: string, column: string): number[] => [
  ...(file.table(table).column(column) as Float64Array),
];

/** All pairs of a relation as sorted text. */
function pairsOf(file: H5File, parent: string, child: string): string[] {
  const { parent: rows, start, stop } = relationOf(file, parent, child);
  const found: string[] = [];
  rows.forEach((row, i) => {
    for (let k = start[i]!; k < stop[i]!; k++) found.push(`${row} ${k}`);
  });
  return found.sort();
}

/** Every (a, b) that belongs together, by looking at all of them. */
function joined<A, B>(as: readonly A[], bs: readonly B[], fits: (a: A, b: B) => boolean): string[] {
  return as.flatMap((a, i) => bs.flatMap((b, k) => (fits(a, b) ? [`${i} ${k}`] : []))).sort();
}

/** Truth as the raw file has it. */
async function truthOf(path: string): Promise<{
  tracks: { event: number; particle: number }[];
  trajectories: { event: number; particle: number }[];
  /** Per row of the input: fraction by track. */
  assn: Map<number, number>[];
}> {
  const file = await openH5(path);
  const ids = (table: string): { event: number; particle: number }[] => {
    const particles = numbers(file, table, 'trackID');
    return numbers(file, table, 'eventID').map((event, i) => ({ event, particle: particles[i]! }));
  };
  const { rows } = file.table('mc_packets_assn');
  const tracks = numbers(file, 'mc_packets_assn', 'track_ids');
  const fractions = numbers(file, 'mc_packets_assn', 'fraction');
  const assn = Array.from({ length: rows }, (_, row) => {
    const found = new Map<number, number>();
    for (let k = 10 * row; k < 10 * row + 10; k++) {
      const share = fractions[k]!;
      if (tracks[k] !== -1 && share !== 0)
        found.set(tracks[k]!, (found.get(tracks[k]!) ?? 0) + share);
    }
    return found;
  });
  const truth = { tracks: ids('tracks'), trajectories: ids('trajectories'), assn };
  file.close();
  return truth;
}

/** Checks all relations of a flow file. */
async function checkRelations(root: string, refs: 'region' | 'pairs'): Promise<void> {
  const { tracks, trajectories, assn } = await truthOf(raw(root));
  const file = await openH5(flow(root));
  const events = numbers(file, 'mc_truth/events', 'id');
  const has = (list: { event: number }[], id: number): boolean =>
    list.some(({ event }) => event === id);
  const common = [...new Set(tracks.map(({ event }) => event))]
    .filter((id) => has(trajectories, id))
    .sort((a, b) => a - b);
  assert.deepEqual(events, common);

  const check = (parent: string, child: string, want: string[]): void => {
    assert.ok(want.length > 0, `${parent} -> ${child}: a test of nothing`);
    assert.deepEqual(pairsOf(file, parent, child), want, `${parent} -> ${child}`);
    if (refs === 'pairs') assert.equal(pairsOf(file, child, parent).length, want.length);
  };
  const isOf = (id: number, { event }: { event: number }): boolean => event === id;
  check('mc_truth/events', 'mc_truth/tracks', joined(events, tracks, isOf));
  check('mc_truth/events', 'mc_truth/trajectories', joined(events, trajectories, isOf));
  check(
    'mc_truth/trajectories',
    'mc_truth/events',
    joined(trajectories, events, (a, id) => isOf(id, a)),
  );
  check(
    'mc_truth/trajectories',
    'mc_truth/tracks',
    joined(trajectories, tracks, (a, b) => a.event === b.event && a.particle === b.particle),
  );

  // The counter of a packet is its row of the input.
  const kept = numbers(file, 'charge/packets', 'counter');
  const of = kept.map((row) => assn[row]!);
  assert.ok(of.some((found) => found.size > 2));
  check(
    'charge/packets',
    'mc_truth/tracks',
    joined(
      of,
      tracks.map((_, i) => i),
      (found, track) => found.has(track),
    ),
  );
  // The k-th fraction of a packet is that of its k-th track.
  const fractions = [
    ...new Float64Array(file.dataset('mc_truth/packet_fraction/data').readRaw().slice().buffer),
  ];
  const wanted = of.flatMap((found) => [...found].sort((a, b) => a[0] - b[0]).map(([, f]) => f));
  assert.deepEqual(fractions, wanted);
  let row = 0;
  const places = of.flatMap((found, i) => [...found].map(() => `${i} ${row++}`)).sort();
  check('charge/packets', 'mc_truth/packet_fraction', places);

  const packetsOf = relationOf(file, 'charge/raw_events', 'charge/packets');
  const simulated = Array.from({ length: file.table('charge/raw_events').rows }, (_, i) => {
    const found = new Set<number>();
    packetsOf.parent.forEach((parent, k) => {
      for (let p = packetsOf.start[k]!; parent === i && p < packetsOf.stop[k]!; p++)
        for (const track of of[p]!.keys()) found.add(tracks[track]!.event);
    });
    return found;
  });
  check(
    'charge/raw_events',
    'mc_truth/events',
    joined(simulated, events, (s, id) => s.has(id)),
  );
  file.close();
}

describe('truth of simulated files', () => {
  for (const refs of ['region', 'pairs'] as const)
    test(`every reference is that of a join by hand (${refs})`, async () => {
      const root = mcProject({ s1: [3] }, { link: { refs } });
      await built(root, ['-q']);
      await checkRelations(root, refs);
      assert.deepEqual((await buildTold(root)).ran, []);
    });

  test('events that share packets share their truth', async () => {
    const root = mcProject(
      { s1: [5] },
      {
        parameters: {
          'charge/raw_events': {
            nhit_cut: 2,
            event_builder_class: 'ExtTrig',
            event_builder_config: { trig_window: 400_000 },
          },
        },
      },
    );
    await built(root, ['-q']);
    const file = await openH5(flow(root));
    const kept = numbers(file, 'charge/packets', 'counter');
    file.close();
    assert.ok(new Set(kept).size < kept.length, 'no packet stands in two events');
    await checkRelations(root, 'region');
  });

  test('start_position and the end of the file move no truth', async () => {
    const parameters = {
      'charge/raw_events': { nhit_cut: 3, buffer_size: 333, start_position: 101 },
    };
    const root = mcProject({ s1: [6] }, { parameters });
    await built(root, ['-q']);
    await checkRelations(root, 'region');
  });

  test(
    'units, axes and references by h5py, with the arithmetic of numpy',
    { skip: withoutH5py() },
    async () => {
      const region = mcProject({ s1: [3] });
      const pairs = mcProject({ s1: [3] }, { link: { refs: 'pairs' } });
      await built(region, ['-q']);
      await built(pairs, ['-q']);
      const said = runPython(H5PY, raw(region), flow(region), flow(pairs));
      assert.match(said, /^[1-9]\d* [1-9]\d* [1-9]\d*\n$/);
    },
  );
});

describe('what simulation changes', () => {
  test('times are not corrected, charges are those of the default calibration', async () => {
    const root = mcProject({ s1: [3] });
    await built(root, ['-q']);
    const file = await openH5(flow(root));
    const times = numbers(file, 'charge/packets_corr_ts', 'ts');
    assert.deepEqual(times, numbers(file, 'charge/packets', 'timestamp'));
    const charges = numbers(file, 'charge/hits', 'q');
    const words = numbers(file, 'charge/packets', 'dataword');
    const types = numbers(file, 'charge/packets', 'packet_type');
    const wanted = words.filter((_, i) => types[i] === 0).map((w) => (w / 256) * 1012 + 288 - 580);
    assert.ok(charges.length > 100);
    charges.forEach((q, i) => assert.ok(Math.abs(q - wanted[i]!) < 1e-9));
    assert.equal(file.attributes('charge/packets')['is_mc'], true);
    const attributes = file.attributes('charge/raw_events');
    assert.equal(attributes['mc_tracks_dset_name'], 'mc_truth/tracks');
    assert.equal(attributes['mc_trajectories_dset_name'], 'mc_truth/trajectories');
    assert.equal(attributes['mc_packet_fraction_dset_name'], 'mc_truth/packet_fraction');
    file.close();
  });

  test('no packet is cut for its time, and the switch has the last word', async () => {
    const root = mcProject({ s1: [3] });
    const lost = async (words: string[]): Promise<string> => {
      await built(root, ['charge/hits', '-q', ...words]);
      const file = await openH5(flow(root));
      const text = file.attributes('charge/packets')['lost'] as string;
      assert.equal(
        file.attributes('charge/packets')['is_mc'],
        words.length === 0 ? true : undefined,
      );
      file.close();
      return text;
    };
    assert.match(await lost([]), /"sync cut":0}/);
    assert.match(await lost(['--set', 'charge/raw_events.mc=false']), /"sync cut":[1-9]/);
  });

  test('calibration files are read by the switch alone, and only then rerun the hits', async () => {
    const made = mcProject(
      { s1: [3] },
      {
        parameters: {
          'charge/raw_events': { nhit_cut: 15 },
          'charge/hits': { pedestal_file: 'ped.json' },
        },
      },
    );
    const pedestals = (mv: number): void => {
      const keys = Array.from({ length: 40 }, (_, i) => [String(4211697 + i), { pedestal_mv: mv }]);
      writeFileSync(join(made, 'ped.json'), JSON.stringify(Object.fromEntries(keys)));
    };
    pedestals(500);
    await buildTold(made, ['charge/hits']);
    pedestals(510);
    assert.deepEqual((await buildTold(made, ['charge/hits'])).ran, []);
    const told = await buildTold(made, ['charge/hits', '--set', 'charge/hits.mc=false']);
    assert.deepEqual(told.ran, ['charge/hits@s1', 'flow@s1']);
  });

  test('plain data have no truth and nothing of it', async () => {
    const plain = simulatedProject({ r1: { seed: 4 } });
    await built(plain, ['-q']);
    const file = await openH5(flow(plain, 'r1'));
    const paths = [...file.walk()].map(({ path }) => path);
    assert.ok(!paths.some((path) => path.includes('mc_truth')));
    assert.equal(file.attributes('charge/packets')['is_mc'], undefined);
    assert.equal(file.attributes('charge/raw_events')['mc_tracks_dset_name'], undefined);
    file.close();
  });
});

test('truth of a run in parts is that of one pass, every reference of it', async () => {
  const whole = mcProject({ s1: [1] });
  const parts = mcProject({ s1: [1] }, { parts: true });
  await built(whole, ['-q']);
  const told = await buildTold(parts);
  assert.ok(told.ran.includes('charge/raw_events@s1,part=2'), 'a test of one part');
  assert.ok(readFileSync(flow(parts)).equals(readFileSync(flow(whole))));
  await checkRelations(parts, 'region');
});

describe('truth that cannot be used', () => {
  /** Text of the failure of `tg build mc_truth/packet_fraction`; nothing of it is left. */
  async function refused(root: string, words: string[] = []): Promise<string> {
    const said = await run(['build', 'mc_truth/packet_fraction', ...words], { cwd: root });
    assert.equal(said.code, 1, said.stderr);
    assert.match(said.stderr, /\n {2}try: /);
    assert.ok(!existsSync(join(root, '.tg/artifacts/mc_truth/packet_fraction')));
    assert.ok(!said.stderr.includes('    at '), 'a stack');
    return said.stderr;
  }

  test('associations that are not one per packet are named with both numbers', async () => {
    const root = mcProject({ s1: [3, { shorter: 7 }] });
    assert.match(
      await refused(root),
      /raw\/s1\.h5: \/mc_packets_assn has 1 880 rows, \/packets 1 887: they go together row by row/,
    );
  });

  test('a track that is none is named with its row', async () => {
    const root = mcProject({ s1: [3, { track: 72 }] });
    // Where every packet is kept, so that the one in the middle is looked at.
    const words = [
      '--set',
      'charge/raw_events.nhit_cut=1',
      '--set',
      'charge/raw_events.event_builder_config.threshold=0',
    ];
    assert.match(
      await refused(root, words),
      /\/mc_packets_assn, row 943: track 72, \/tracks has 72 rows/,
    );
  });

  test('a missing table and a file of data are named with what there is', async () => {
    const without = mcProject({ s1: [3, { without: 'trajectories' }] });
    assert.match(await refused(without), /s1\.h5: no \/trajectories; it has .*\/tracks/);
    const data = simulatedProject({ r1: { seed: 4 } });
    const project = { libraries: ['tg:charge-mc'], sources: { packets: 'raw/{run}.h5' } };
    writeFileSync(join(data, 'tg.yaml'), JSON.stringify(project));
    assert.match(await refused(data), /error: raw\/\w+\.h5: no \/mc_packets_assn; it has/);
  });

  test('a source that hides a change of the truth is refused', async () => {
    const root = mcProject({ s1: [3] }, { sources: { packets: 'raw/{run}.h5::/packets' } });
    assert.match(await refused(root), /only \/packets counts, not the truth beside it/);
  });

  test('a file without tracks and trajectories has empty tables', async () => {
    const root = mcProject({ s1: [3, { empty: true }] }, { link: { refs: 'pairs' } });
    const { done } = await buildTold(root, ['mc_truth/packet_fraction']);
    assert.deepEqual(Object.values(done['mc_truth/events@s1']!.rows), [0, 0, 0]);
    const file = await openH5(flow(root));
    assert.deepEqual(pairsOf(file, 'charge/packets', 'mc_truth/tracks'), []);
    assert.deepEqual(file.dataset('mc_truth/packet_fraction/data').shape, [0]);
    file.close();
  });

  test('packets taken for data have no truth', async () => {
    const root = mcProject({ s1: [3] });
    const words = ['--set', 'charge/raw_events.mc=false'];
    assert.match(await refused(root, words), /do not say which packets of the input they were/);
  });
});

/** Upstream's conversions in numpy, and all pairs by h5py's own objects. */
const H5PY = `
raw, region, pairs = (h5py.File(path, 'r') for path in sys.argv[1:])
tracks, traj, assn = raw['tracks'][:], raw['trajectories'][:], raw['mc_packets_assn'][:]
want = tracks.copy()
for n in ('x_start', 'x', 'x_end', 'z_start', 'z', 'z_end', 'tran_diff', 'dx', 'long_diff'): want[n] = tracks[n] * 10
for n in ('y_start', 'y', 'y_end'): want[n] = (tracks[n] + 21.8236) * 10
want['dE'] = tracks['dE'] * 1000
want['dEdx'] = tracks['dEdx'] * (1000 / 10)
wantj = traj.copy()
for n in ('xyz_start', 'xyz_end'):
    wantj[n][:, 0], wantj[n][:, 1], wantj[n][:, 2] = traj[n][:, 2], traj[n][:, 1] + 218.236, traj[n][:, 0]
for n in ('pxyz_start', 'pxyz_end'):
    wantj[n][:, 0], wantj[n][:, 1], wantj[n][:, 2] = traj[n][:, 2] * 1000, traj[n][:, 1] * 1000, traj[n][:, 0] * 1000
for n in ('t_start', 't_end'): wantj[n] = traj[n] * 1e-3
for f in (region, pairs):
    assert f['mc_truth/tracks/data'].dtype == tracks.dtype and f['mc_truth/trajectories/data'].dtype == traj.dtype
    for n in tracks.dtype.names: assert np.array_equal(f['mc_truth/tracks/data'][n], want[n]), n
    for n in traj.dtype.names: assert np.array_equal(f['mc_truth/trajectories/data'][n], wantj[n]), n
    assert f['mc_truth/packet_fraction/data'].dtype == np.dtype('f8')
    events = np.intersect1d(traj['eventID'], tracks['eventID'])
    assert f['mc_truth/events/data'].dtype == np.dtype([('id', 'u8')])
    assert np.array_equal(f['mc_truth/events/data']['id'], events)
kept = region['charge/packets/data']['counter']
used = (assn['track_ids'] != -1) & (assn['fraction'] != 0)
def by_hand():
    yield 'mc_truth/trajectories', 'mc_truth/tracks', np.argwhere((traj['eventID'][:, None] == tracks['eventID']) & (traj['trackID'][:, None] == tracks['trackID']))
    yield 'mc_truth/events', 'mc_truth/trajectories', np.argwhere(events[:, None] == traj['eventID'])
    yield 'mc_truth/events', 'mc_truth/tracks', np.argwhere(events[:, None] == tracks['eventID'])
    refs = np.array([(p, t) for p, row in enumerate(kept) for t in assn['track_ids'][row][used[row]]])
    refs = np.unique(refs, axis=0)
    yield 'charge/packets', 'mc_truth/tracks', refs
    yield 'charge/packets', 'mc_truth/packet_fraction', np.c_[refs[:, 0], np.arange(len(refs))]
    ev = np.empty(len(kept), int)
    for i, r in enumerate(region['charge/raw_events/ref/charge/packets/ref']): ev[rows_of(r)] = i
    of = np.array([(ev[p], int(np.searchsorted(events, tracks['eventID'][t]))) for p, t in refs if tracks['eventID'][t] in events])
    yield 'charge/raw_events', 'mc_truth/events', np.unique(of, axis=0)
def rows_of(r):
    b = h5py.h5r.get_region(r, region.id).get_select_hyper_blocklist()
    return np.concatenate([np.arange(x[0][0], x[1][0] + 1) for x in b]).astype(int)
for parent, child, want in by_hand():
    ref = region[parent + '/ref/' + child + '/ref']
    valid = region[parent + '/ref/' + child + '/ref_valid'][:]
    assert region[region[parent + '/ref/' + child + '/ref'].attrs['child']].name == '/' + child + '/data'
    got = [(i, row) for i in np.flatnonzero(valid) for row in rows_of(ref[i])]
    assert all(bool(ref[i]) == bool(v) for i, v in enumerate(valid))
    assert len(got) == len(want) and np.array_equal(sorted(got), sorted(map(tuple, want))), (parent, child)
    both = pairs[parent + '/ref/' + child + '/ref'][:]
    assert np.array_equal(sorted(map(tuple, both)), sorted(map(tuple, want))), (parent, child)
    for column, place in ((0, parent + '/ref/' + child), (1, child + '/ref/' + parent)):
        look = pairs[place + '/ref_region']
        for row, (start, stop) in enumerate(look[:]):
            mine = np.flatnonzero(both[:, column] == row)
            assert (start, stop) == ((mine[0], mine[-1] + 1) if len(mine) else (0, 0))
back = region['mc_truth/trajectories/ref/mc_truth/events/ref']
for i, r in enumerate(back):
    rows = region['mc_truth/events/data'][r]['id'] if r else []
    assert list(rows) == [e for e in events if e == traj['eventID'][i]]
# The k-th fraction of a packet is that of its k-th track; a track twice has the sum.
fractions = region['mc_truth/packet_fraction/data'][:]
n = 0
for p, row in enumerate(kept):
    for t in np.unique(assn['track_ids'][row][used[row]]):
        share = sum(f for f, u, k in zip(assn['fraction'][row], used[row], assn['track_ids'][row]) if u and k == t)
        assert fractions[n] == share
        n += 1
assert n == len(fractions)
print(len(events), len(kept), n)
`;
