/** combined/tracklets: against the simulator's own tracks, against numpy given the same hits, and what holds without them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TaskError, type Json } from 'tg';
import { compound, createH5, openH5, relationOf, type H5File } from 'tg/h5';
import { eventBlocks } from '../../../tasks/charge/hit-places.ts';
import { createRandom } from '../../../tasks/charge/random.ts';
import trackletReconstruction from '../../../tasks/charge/tracklet-reconstruction.ts';
import { runPython, withoutH5py } from '../../h5/peers.ts';
import { inFolder, runTask, type Told } from './chain.ts';
import { perEvent, rowsOf } from './flow-file.ts';
import { compareWithTruth } from './tracklet-truth.ts';

/** The value below which a share of a list lies. */
const quantile = (list: readonly number[], share: number): number =>
  list.toSorted((a, b) => a - b)[Math.floor(share * (list.length - 1))]!;

test('simulated tracks of 30 pixels and more are found, their directions and ends are right', () =>
  inFolder(async (folder) => {
    const { seen, tracklets, strange, told } = await compareWithTruth(folder, {
      seconds: 20,
      seed: 1,
    });
    const long = seen.filter(({ hits }) => hits >= 30);
    assert.ok(long.length > 150 && long.filter((track) => track.tracks > 1).length > 60);
    // Measured: all of them with nine tenths of their pixels (seeds 1 to 3, 590 tracks).
    const whole = long.filter(({ hits, found }) => found !== undefined && found.nhit > 0.9 * hits);
    assert.ok(whole.length >= 0.99 * long.length, `${whole.length} of ${long.length}`);
    const found = whole.map((track) => track.found!);
    // Measured: median 0.04 degrees, 90 % below 0.21.
    const angles = found.map(({ angle }) => angle);
    assert.ok(quantile(angles, 0.5) < 0.06, `median ${quantile(angles, 0.5)}`);
    assert.ok(quantile(angles, 0.9) < 0.3, `90 % ${quantile(angles, 0.9)}`);
    assert.ok(quantile(angles, 1) < 1.5, `largest ${quantile(angles, 1)}`);
    // Measured: median 1.3 mm, 90 % below 2.2 mm: a pixel is 4.434 mm wide.
    const ends = found.flatMap((track) => track.ends);
    assert.ok(quantile(ends, 0.5) < 1.6, `median ${quantile(ends, 0.5)}`);
    assert.ok(quantile(ends, 0.9) < 2.6, `90 % ${quantile(ends, 0.9)}`);
    // What is no track is noise, of which five hits rarely lie together.
    assert.ok(tracklets < 1.2 * seen.length && strange <= 0.02 * tracklets, `${strange} strange`);
    const [alone] = told.lost;
    assert.equal(alone?.reason, 'in no tracklet');
    assert.ok(alone.n < 0.01 * alone.of, `${alone.n} of ${alone.of}`);
  }));

test('a threshold below the width of a pixel tears tracks apart: the comparison can fail', () =>
  inFolder(async (folder) => {
    const { seen } = await compareWithTruth(
      folder,
      { seconds: 6, seed: 2 },
      { ransac_residual_threshold: 1 },
    );
    const whole = seen.filter(({ hits, found }) => found !== undefined && found.nhit > 0.9 * hits);
    assert.ok(seen.length > 30 && whole.length < 0.5 * seen.length, `${whole.length}`);
  }));

const HIT = compound([
  ['px', 'f8'],
  ['py', 'f8'],
  ['ts', 'f8'],
  ['q', 'f8'],
]);

interface Hit {
  event: number;
  place: readonly [number, number, number];
  q: number;
  ts: number;
}

/** Hits, drift and events of one file; their events ascend. */
function writeHits(path: string, hits: readonly Hit[], name = 'combined/hit_drift'): void {
  const file = createH5(path);
  const column = (of: (hit: Hit) => number): number[] => hits.map(of);
  file.table('charge/hits', HIT).appendColumns({
    px: column((hit) => hit.place[0]),
    py: column((hit) => hit.place[1]),
    ts: column((hit) => hit.ts),
    q: column((hit) => hit.q),
  });
  file.table(name, compound([['z', 'f8']])).appendColumns({ z: column((hit) => hit.place[2]) });
  const events = [...new Set(column((hit) => hit.event))];
  const stops = (start: number[]): number[] => [...start, hits.length].slice(1);
  const start = events.map((event) => hits.findIndex((hit) => hit.event === event));
  file.relation('charge/events', 'charge/hits', {
    parent: Uint32Array.from(events),
    start: Uint32Array.from(start),
    stop: Uint32Array.from(stops(start)),
  });
  file.close();
}

/** The task over a file of hits. */
async function reconstruct(
  input: string,
  output: string,
  params: Record<string, Json> = {},
): Promise<Told> {
  const place = { path: input, place: '' };
  const inputs = { 'charge/hits': place, 'charge/events': place, 'combined/hit_drift': place };
  return runTask(trackletReconstruction, { inputs, output, params });
}

/** Events of tracks with a kink, in a cloud of single hits; some charges are below zero. */
function kinkedEvents(seed: number, events: number): Hit[] {
  const random = createRandom(seed);
  const hits: Hit[] = [];
  const add = (event: number, place: number[]): void => {
    const [q, ts] = [random.normal(12, 9), random.between(0, 1e7)];
    hits.push({ event, place: place as unknown as Hit['place'], q, ts });
  };
  for (let event = 0; event < events; event++) {
    const tracks = 1 + random.below(3);
    for (let track = 0; track < tracks; track++) {
      const place = [0, 1, 2].map(() => random.between(-250, 250));
      let way = [0, 1, 2].map(() => random.normal(0, 3));
      const n = 8 + random.below(120);
      for (let i = 0; i < n; i++) {
        if (i === n >> 1) way = way.map((c) => c + random.normal(0, 0.4));
        way.forEach((c, k) => (place[k]! += c));
        add(
          event,
          place.map((c) => c + random.normal(0, 1.5)),
        );
      }
    }
    for (let i = random.below(40); i > 0; i--)
      add(
        event,
        [0, 1, 2].map(() => random.between(-300, 300)),
      );
  }
  return hits;
}

/** Every column of combined/tracklets again, in numpy, from the hits that the relation names. */
const NUMPY = `
def between(points, a, b):
    way = b - a
    length = way @ way
    t = (points - a) @ way
    inside = points - a - np.outer(t / length if length > 0 else t, way)
    off = np.where((t <= 0)[:, None], points - a, np.where((t >= length)[:, None], points - b, inside))
    return np.sqrt((off * off).sum(axis=1))

def to_segments(points, path):
    if upstream: return np.array([np.linalg.norm(points - a, axis=1) for a in path[:-1]])
    return np.array([between(points, a, b) for a, b in zip(path[:-1], path[1:])])

def mean_around(points, q, hit):
    near = np.linalg.norm(points - hit, axis=1) <= reach
    w = q.copy()
    if not upstream and (near & (q > 0)).any(): near &= q > 0
    elif not upstream or q[near].sum() == 0: w[:] = 1
    return (points[near] * w[near, None]).sum(axis=0) / w[near].sum()

def path_of(points, q, centre, axis):
    s = (points - centre) @ axis
    path = [mean_around(points, q, points[s.argmin()])] + [mean_around(points, q, points[s.argmax()])] * (corners - 1)
    order = [s.min()] + [s.max()] * (corners - 1)
    dividing = False
    for i in range(1, corners - 1):
        d = to_segments(points, np.array(path)).min(axis=0)
        if upstream and not (d >= reach).any(): d[0] = np.inf
        dividing = dividing or not (d >= reach).any()
        if dividing: d = np.array([np.linalg.norm(points - a, axis=1) for a in path]).min(axis=0)
        if not (d >= reach).any(): break
        path[i] = mean_around(points, q, points[d.argmax()])
        order[i] = (path[i] - centre) @ axis
        by = np.argsort(order, kind='stable')
        path, order = [path[k] for k in by], [order[k] for k in by]
    return np.array(path)

source, made = h5py.File(sys.argv[1], 'r'), h5py.File(sys.argv[2], 'r')
upstream = sys.argv[3] == 'upstream'
rows = made['combined/tracklets/data'][:]
settings = made['combined/tracklets'].attrs
corners, reach = int(settings['trajectory_pts']), float(settings['trajectory_dx'])
hits, z = source['charge/hits/data'][:], source['combined/hit_drift/data']['z']
runs = made['combined/tracklets/ref/charge/hits/runs'][:]
worst = {}
for i, row in enumerate(rows):
    mine = np.concatenate([np.arange(a, b) for p, a, b in runs if p == i])
    points, q, ts = np.c_[hits['px'], hits['py'], z][mine], hits['q'][mine], hits['ts'][mine]
    centre = points.mean(axis=0)
    axis = np.linalg.svd(points - centre)[2][0]
    if axis[1] > 0: axis = -axis
    s = (points - centre) @ axis
    ends = [np.clip(centre + axis * t, points.min(axis=0), points.max(axis=0)) for t in (s.min(), s.max())]
    path = path_of(points, q, centre, axis)
    d = to_segments(points, path)
    # A hit at a corner is as near to two segments: rounding must not choose.
    of = d.argmin(axis=0) if upstream else (d * d <= (d * d).min(axis=0) * (1 + 1e-12) + 1e-12).argmax(axis=0)
    want = {
        'id': i, 'nhit': len(mine), 'q': q.sum(), 'ts_start': ts.min(), 'ts_end': ts.max(),
        'theta': np.arccos(axis[2]), 'phi': np.arctan2(axis[1], axis[0]),
        'xp': centre[0] - axis[0] / axis[2] * centre[2], 'yp': centre[1] - axis[1] / axis[2] * centre[2],
        'residual': np.abs(points - centre - np.outer(s, axis)).mean(axis=0),
        'length': np.linalg.norm(ends[1] - ends[0]), 'start': ends[0], 'end': ends[1],
        'trajectory': path, 'dx': path[1:] - path[:-1],
        'dn': [(of == k).sum() for k in range(corners - 1)],
        'dq': [q[of == k].sum() for k in range(corners - 1)],
        'trajectory_residual': [d[k][of == k].mean() if (of == k).any() else 0 for k in range(corners - 1)],
    }
    assert set(want) == set(rows.dtype.names), rows.dtype.names
    for name in want:
        scale = 1 + np.abs(want[name]).max() if name in ('xp', 'yp') else 1
        worst[name] = max(worst.get(name, 0.0), float(np.abs(row[name] - want[name]).max() / scale))
json.dump({'rows': len(rows), 'worst': worst}, sys.stdout)
`;

for (const [compat, corners] of [
  ['none', 16],
  ['none', 2],
  ['upstream', 16],
  ['upstream', 5],
] as const) {
  test(
    `compat ${compat}, ${corners} points: every column is what numpy makes of the same hits`,
    { skip: withoutH5py() },
    () =>
      inFolder(async (folder) => {
        const [input, output] = ['in.h5', 'out.h5'].map((name) => join(folder, name));
        writeHits(input!, kinkedEvents(corners, 60));
        await reconstruct(input!, output!, { compat, trajectory_pts: corners });
        const { rows, worst } = JSON.parse(runPython(NUMPY, input!, output!, compat)) as {
          rows: number;
          worst: Record<string, number>;
        };
        assert.ok(rows > 100, `${rows} tracklets`);
        assert.equal(Object.keys(worst).length, 18);
        // mm, mV, radians; counts and ids are exact.
        for (const [name, off] of Object.entries(worst))
          assert.ok(off <= (['id', 'nhit', 'dn'].includes(name) ? 0 : 1e-7), `${name}: ${off}`);
      }),
  );
}

/** The hits of each tracklet, and the tracklets of each event. */
function relationsOf(file: H5File): { hits: Map<number, number[]>; events: Map<number, number[]> } {
  const numbers = [...Array(100_000).keys()];
  return {
    hits: perEvent(relationOf(file, 'combined/tracklets', 'charge/hits'), numbers),
    events: perEvent(relationOf(file, 'charge/events', 'combined/tracklets'), numbers),
  };
}

test('a hit is in one tracklet of its own event, or counted; segments share the hits and the charge of their tracklet', () =>
  inFolder(async (folder) => {
    const [input, output] = ['in.h5', 'out.h5'].map((name) => join(folder, name));
    const hits = kinkedEvents(9, 80);
    writeHits(input!, hits);
    const told = await reconstruct(input!, output!);
    const file = await openH5(output!);
    const relations = relationsOf(file);
    const rows = rowsOf(file, 'combined/tracklets');
    const table = file.table('/combined/tracklets');
    const [dn, dq] = ['dn', 'dq'].map((name) => Array.from(table.column(name), Number));
    assert.deepEqual([...relations.events.values()].flat(), [...rows.keys()]);
    for (const [event, ids] of relations.events)
      for (const id of ids)
        for (const hit of relations.hits.get(id)!) assert.equal(hits[hit]!.event, event);
    const all = [...relations.hits.values()].flat();
    assert.equal(new Set(all).size, all.length);
    const lost = JSON.parse(file.attributes('/combined/tracklets')['lost'] as string) as object;
    assert.deepEqual(lost, {
      'event above max_nhit': 0,
      'in no tracklet': hits.length - all.length,
      'no place': 0,
    });
    assert.deepEqual(told.lost, [
      { n: hits.length - all.length, of: hits.length, reason: 'in no tracklet' },
    ]);
    rows.forEach((row, id) => {
      const mine = relations.hits.get(id)!;
      assert.equal(row['nhit'], mine.length);
      const sum = (list: number[]): number =>
        list.slice(15 * id, 15 * id + 15).reduce((a, b) => a + b, 0);
      assert.equal(sum(dn!), mine.length);
      assert.ok(Math.abs(sum(dq!) - row['q']!) < 1e-9);
    });
    file.close();
  }));

test('what stands in an event says nothing of the tracklets of another', () =>
  inFolder(async (folder) => {
    const hits = kinkedEvents(11, 40);
    const without = hits.filter(({ event }) => event % 2 === 1 || event > 30);
    const events: Map<number, string[]>[] = [];
    for (const [name, list] of Object.entries({ hits, without })) {
      const [input, output] = [join(folder, `${name}.h5`), join(folder, `${name}-out.h5`)];
      writeHits(input, list);
      await reconstruct(input, output);
      const file = await openH5(output);
      const told = rowsOf(file, 'combined/tracklets').map(({ theta, phi, q, nhit }) =>
        JSON.stringify([theta, phi, q, nhit]),
      );
      events.push(perEvent(relationOf(file, 'charge/events', 'combined/tracklets'), told));
      file.close();
    }
    const [all, some] = events;
    assert.ok(some!.size > 10 && some!.size < all!.size);
    for (const [event, rows] of some!) assert.deepEqual(rows, all!.get(event), `event ${event}`);
  }));

test('a straight track is divided into even segments, a kinked one has a corner at its kink', () =>
  inFolder(async (folder) => {
    const [input, output] = ['in.h5', 'out.h5'].map((name) => join(folder, name));
    const line = (event: number, bend: number): Hit[] =>
      Array.from({ length: 101 }, (_, i) => ({
        event,
        place: [4 * (i - 50), -4 * i, bend * Math.abs(i - 50)],
        q: 5,
        ts: i,
      }));
    writeHits(input!, [...line(0, 0), ...line(1, 0.7)]);
    // A threshold above the sagitta keeps the bent track in one piece.
    await reconstruct(input!, output!, { ransac_residual_threshold: 40, ransac_max_trials: 50 });
    const file = await openH5(output!);
    const table = file.table('/combined/tracklets');
    assert.equal(table.rows, 2);
    const dx = table.column('dx') as Float64Array;
    const lengths = Array.from({ length: 15 }, (_, k) => Math.hypot(...dx.slice(3 * k, 3 * k + 3)));
    assert.ok(Math.min(...lengths) > 20 && Math.max(...lengths) < 80, lengths.join(' '));
    const path = table.column('trajectory') as Float64Array;
    const corners = Array.from({ length: 16 }, (_, k) => path.slice(48 + 3 * k, 51 + 3 * k));
    const nearest = Math.min(...corners.map(([x, y, z]) => Math.hypot(x!, y! + 200, z!)));
    assert.ok(nearest < 6, `${nearest} mm from the kink`);
    file.close();
  }));

test('events above max_nhit and hits without z are left out, and counted', () =>
  inFolder(async (folder) => {
    const [input, output] = ['in.h5', 'out.h5'].map((name) => join(folder, name));
    const line = (event: number, n: number, z: (i: number) => number): Hit[] =>
      Array.from({ length: n }, (_, i) => ({ event, place: [i, 4 * i, z(i)], q: 1, ts: i }));
    const hits = [
      ...line(0, 20, () => 3),
      ...line(1, 21, () => 3),
      ...line(2, 20, (i) => (i < 4 ? NaN : i === 4 ? Infinity : 3)),
    ];
    writeHits(input!, hits);
    const told = await reconstruct(input!, output!, { max_nhit: 20 });
    assert.deepEqual(told.lost, [
      { n: 21, of: 61, reason: 'event above max_nhit' },
      { n: 5, of: 61, reason: 'no place' },
    ]);
    assert.deepEqual(told.notes, [{ text: 'events above max_nhit 20', n: 1, of: 3, quiet: false }]);
    const file = await openH5(output!);
    assert.deepEqual(
      rowsOf(file, 'combined/tracklets').map((row) => row['nhit']),
      [20, 15],
    );
    assert.equal(
      file.attributes('/combined/tracklets')['lost'],
      '{"event above max_nhit":21,"in no tracklet":0,"no place":5}',
    );
    assert.deepEqual([...relationsOf(file).events.keys()], [0, 2]);
    file.close();
    const none = await reconstruct(input!, output!, { max_nhit: null });
    assert.deepEqual(none.counts, { tracklets: 3 });
    const all = await openH5(output!);
    assert.equal(all.attributes('/combined/tracklets')['max_nhit'], null);
    all.close();
  }));

test('no hits make no tracklets', () =>
  inFolder(async (folder) => {
    const [input, output] = ['in.h5', 'out.h5'].map((name) => join(folder, name));
    writeHits(input!, []);
    const told = await reconstruct(input!, output!);
    assert.deepEqual([told.counts, told.lost], [{ tracklets: 0 }, []]);
    const file = await openH5(output!);
    assert.equal(file.table('/combined/tracklets').rows, 0);
    file.close();
  }));

test('the seed is all that is random: another one may give others, the same gives the same bytes', () =>
  inFolder(async (folder) => {
    const input = join(folder, 'in.h5');
    writeHits(input, kinkedEvents(5, 60));
    const bytes: Buffer[] = [];
    for (const seed of [1, 1, 2]) {
      const output = join(folder, 'out.h5');
      const place = { path: input, place: '' };
      const inputs = { 'charge/hits': place, 'charge/events': place, 'combined/hit_drift': place };
      await runTask(trackletReconstruction, { inputs, output, params: { seed } });
      const file = await openH5(output);
      bytes.push(Buffer.from(file.table('/combined/tracklets').read().bytes));
      file.close();
    }
    assert.ok(bytes[0]!.equals(bytes[1]!));
    assert.ok(!bytes[0]!.equals(bytes[2]!));
  }));

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof TaskError && message.test(error.message) && error.try !== undefined;

test('hits without drift, of another run, or without places are refused with a sentence', () =>
  inFolder(async (folder) => {
    const [input, output] = ['in.h5', 'out.h5'].map((name) => join(folder, name));
    const line = (z: number, x = 1): Hit[] =>
      Array.from({ length: 12 }, (_, i) => ({ event: 0, place: [x * i, x * i, z], q: 1, ts: i }));
    const fails = async (message: RegExp): Promise<void> =>
      assert.rejects(reconstruct(input!, output!), refused(message));
    writeHits(input!, line(1), 'combined/other');
    await fails(/in\.h5 has no \/combined\/hit_drift$/);
    writeHits(input!, line(NaN));
    await fails(/^none of 12 hits has a z$/);
    writeHits(input!, line(1, 0));
    await fails(/^all 12 hits are at \(0, 0\)$/);

    const other = join(folder, 'other.h5');
    writeHits(input!, line(1));
    writeHits(other, line(1).slice(3));
    const place = (path: string) => ({ path, place: '' });
    const inputs = {
      'charge/hits': place(input!),
      'charge/events': place(input!),
      'combined/hit_drift': place(other),
    };
    const work = { inputs, output: output!, params: {} };
    const run = runTask(trackletReconstruction, work);
    await assert.rejects(run, refused(/^combined\/hit_drift has 9 rows, charge\/hits 12$/));
    const both = { ...inputs, 'charge/hits': place(other) };
    await assert.rejects(
      runTask(trackletReconstruction, { ...work, inputs: both }),
      refused(/^charge\/events has hit 11, charge\/hits 9 rows$/),
    );
    const swapped = { ...inputs, 'combined/hit_drift': { path: input!, place: '/charge/hits' } };
    await assert.rejects(
      runTask(trackletReconstruction, { ...work, inputs: swapped }),
      refused(/has no column z$/),
    );
  }));

test('events are read together up to a number of rows, never cut, whatever the order of their rows', () => {
  const runs = (list: [number, number, number][]) => ({
    parent: Uint32Array.from(list, ([parent]) => parent),
    start: Uint32Array.from(list, ([, start]) => start),
    stop: Uint32Array.from(list, ([, , stop]) => stop),
  });
  const blocks = (list: [number, number, number][], most: number): number[][] =>
    [...eventBlocks(runs(list), most)].map(({ first, end, start, stop }) => [
      first,
      end,
      start,
      stop,
    ]);
  assert.deepEqual(blocks([], 10), []);
  const list: [number, number, number][] = [
    [0, 0, 4],
    [1, 4, 9],
    [3, 9, 40],
    [4, 41, 44],
    [4, 46, 48],
    [5, 44, 46],
  ];
  assert.deepEqual(blocks(list, 10), [
    [0, 2, 0, 9],
    [2, 3, 9, 40],
    [3, 6, 41, 48],
  ]);
  assert.deepEqual(blocks(list, 1), [
    [0, 1, 0, 4],
    [1, 2, 4, 9],
    [2, 3, 9, 40],
    [3, 5, 41, 48],
    [5, 6, 44, 46],
  ]);
  assert.deepEqual(blocks(list, 100), [[0, 6, 0, 48]]);
});
