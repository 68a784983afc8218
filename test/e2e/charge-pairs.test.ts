/** `link: {refs: pairs}`: the flow file as h5flow 0.2 and later write it, against upstream's pairs files, by h5flow's own recipe. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Json } from 'tg';
import { describe as describeType, hashTree, openH5 } from 'tg/h5';
import eventBuilder from '../../tasks/charge/event-builder.ts';
import timestampCorrector from '../../tasks/charge/timestamp-corrector.ts';
import { fixture, folder, withoutFixtures } from '../helpers/cli.ts';
import { runPython, runTool, withoutH5py } from '../h5/peers.ts';
import { runTask } from '../tasks/charge/chain.ts';
import { childRows } from '../tasks/charge/flow-file.ts';
import {
  built,
  buildTold,
  casesProject,
  contents,
  EDGE_CASES,
  made,
  simulatedProject,
  WHOLE_CASES,
} from './charge-project.ts';

/** Makes `link.refs` of a project so. */
function linkAs(root: string, refs: 'region' | 'pairs'): void {
  const path = join(root, 'tg.yaml');
  const project = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Json>;
  writeFileSync(path, JSON.stringify({ ...project, link: { refs } }));
}

const flow = (root: string, name: string): string => join(root, 'build', `${name}.h5`);

const TABLES = ['raw_events', 'packets', 'packets_corr_ts', 'ext_trigs', 'hits', 'events'].map(
  (name) => `/charge/${name}`,
);

/** Upstream's relations up to events, parents first. */
const PAIRS = [
  ['charge/raw_events', 'charge/packets'],
  ['charge/packets', 'charge/packets_corr_ts'],
  ['charge/raw_events', 'charge/ext_trigs'],
  ['charge/raw_events', 'charge/hits'],
  ['charge/hits', 'charge/packets'],
  ['charge/raw_events', 'charge/events'],
  ['charge/events', 'charge/hits'],
  ['charge/events', 'charge/ext_trigs'],
] as const;

/**
 * What stands in the tables otherwise than in upstream's pairs files: they are those of upstream's region version, with its
 * integer widths and class versions, the base names of files, and what tg adds.
 */
const OTHERWISE = [
  'events class_version: value',
  'events.id: u4, u8',
  'ext_trigs class_version: value',
  'ext_trigs.id: u4, u8',
  'ext_trigs.ts_raw: i8, u8',
  'hits class_version: value',
  'hits configuration_file: value',
  'hits geometry_file: ours',
  'hits pedestal_file: value',
  'hits.channelid: i8, u1',
  'hits.chipid: i8, u1',
  'hits.iochannel: i8, u1',
  'hits.iogroup: i8, u1',
  'packets lost: ours',
  'packets_corr_ts class_version: value',
  'packets_corr_ts.id: u4, u8',
  'raw_events class_version: value',
  'raw_events input_filename: value',
  'raw_events packets_dset_name: not ours',
  'raw_events.id: u4, u8',
];

/** What belongs to relations in a file, and what the bytes of each object say: types as HDF5 compares them. */
const RELATION_OBJECTS = `
def objects(f, ours):
    names = []
    f.visit(names.append)
    later = ('light', 'combined', 'mc_truth')
    return sorted(n for n in names if '/ref' in n and (ours or not any(w in n for w in later)))

def attribute(o, name):
    a = o.attrs.get_id(name)
    return a.get_type(), a.shape, o.attrs[name]

def lookup(pairs, column, rows):
    """The look-up table by h5flow's rule: first and last + 1 place of each row."""
    table = np.zeros(rows, [('start', '<i4'), ('stop', '<i4')])
    for place, row in enumerate(pairs[:, column]):
        if table['stop'][row] == 0: table['start'][row] = place
        table['stop'][row] = place + 1
    return table
`;

/** Compares our files with upstream's. Each: [ours, theirs, whether upstream holds only the first events]. */
const COMPARE = `
KEYS = {
    'raw_events': ['id', 'unix_ts'],
    'events': ['id', 'nhit', 'n_ext_trigs', 'unix_ts'],
    'ext_trigs': ['ts_raw', 'type', 'iogroup', 'ts'],
    'hits': ['ts_raw', 'iogroup', 'iochannel', 'chipid', 'channelid', 'ts', 'q'],
    'packets_corr_ts': ['ts'],
}
def text(rows, table, mc):
    """Each row as text that does not name its place; a simulated run has other times and charges in upstream's pairs."""
    names = KEYS.get(table) or list(rows.dtype.names)
    if mc: names = [n for n in names if rows.dtype[n].kind != 'f']
    columns = [rows[n] if rows.dtype[n].kind != 'f' else ['%.9g' % x for x in rows[n]] for n in names]
    return [' '.join(map(str, cells)) for cells in zip(*columns)] if names else [''] * len(rows)

counted = {}
for ours, theirs, cut in json.loads(sys.argv[1]):
    with h5py.File(ours, 'r') as f, h5py.File(theirs, 'r') as u:
        mc = 'larndsim' in ours
        mine, other = objects(f, True), objects(u, False)
        if len(u['charge']) == 6: assert mine == other, set(mine) ^ set(other)
        else: assert set(other) <= set(mine), set(other) - set(mine)
        for name in other:
            a, b = f[name], u[name]
            assert type(a) is type(b), name
            assert set(a.attrs) == set(b.attrs), (name, list(a.attrs), list(b.attrs))
            for key in b.attrs:
                (ta, sa, va), (tb, sb, vb) = attribute(a, key), attribute(b, key)
                assert ta == tb and sa == sb and va == vb, (name, key, va, vb)
            if not isinstance(b, h5py.Dataset): continue
            assert a.id.get_type() == b.id.get_type() and a.dtype == b.dtype, name
            assert a.maxshape == b.maxshape, (name, a.maxshape, b.maxshape)
            # A look-up table that began with rows has h5py's guess.
            assert a.chunks == ((1024, 2) if name.endswith('/ref') else (1024,)), (name, a.chunks)
            if name.endswith('/ref'): assert b.chunks == a.chunks, (name, b.chunks)
            if not cut: assert a.shape == b.shape, (name, a.shape, b.shape)
        for parent, child in json.loads(sys.argv[2]):
            at = parent + '/ref/' + child
            if at not in u: continue
            p, c = parent[7:], child[7:]
            pairs, theirs_pairs = f[at + '/ref'][:], u[at + '/ref'][:]
            rows = [(x[parent + '/data'][:], x[child + '/data'][:]) for x in (f, u)]
            back = child + '/ref/' + parent + '/ref_region'
            for column, place in ((0, at + '/ref_region'), (1, back)):
                want = lookup(pairs, column, len(rows[0][column]))
                assert np.array_equal(f[place][:], want), place
                assert np.array_equal(u[place][:], lookup(theirs_pairs, column, len(rows[1][column])))
            if cut: pairs = pairs[pairs[:, 0] < len(rows[1][0])]
            found = []
            for list_, (above, below) in ((pairs, rows[0]), (theirs_pairs, rows[1])):
                x, y = text(above, p, mc), text(below, c, mc)
                found.append(sorted(x[i] + ' | ' + y[j] for i, j in list_))
            assert found[0] == found[1], (ours, at)
            counted[at] = counted.get(at, 0) + len(found[0])
print(json.dumps(counted))
`;

/** How h5flow dereferences: the range of the row in the look-up table, the pairs in it that name the row, the other column. */
const RECIPE = `
def dereference(f, parent, child, row):
    forward = parent + '/ref/' + child + '/ref'
    if forward in f: ref, column = f[forward], 0
    else: ref, column = f[child + '/ref/' + parent + '/ref'], 1
    start, stop = f[parent + '/ref/' + child + '/ref_region'][row]
    if start == stop: return np.zeros(0, int)
    block = ref[int(start):int(stop)]
    return np.sort(block[block[:, column] == row][:, 1 - column].astype(int))
`;

describe('pairs files of the cases', { skip: withoutFixtures || withoutH5py() }, () => {
  const cases = [...WHOLE_CASES, 'edge_empty', 'edge_nodata'];
  const root = casesProject([...WHOLE_CASES, ...EDGE_CASES.slice(0, 2)]);
  const regions = folder();
  let first: Record<string, string>;
  before(async () => {
    await built(root, ['charge/events', '-q']);
    for (const name of cases) copyFileSync(flow(root, name), join(regions, `${name}.h5`));
    first = contents(root, 'build');
    linkAs(root, 'pairs');
  });

  test('another form runs the linking and nothing else, and back again gives the bytes from before', async () => {
    const flows = cases.map((name) => `flow@${name}`).sort();
    const artifacts = contents(root, '.tg/artifacts');
    const there = await buildTold(root, ['charge/events']);
    assert.deepEqual(there.ran, flows);
    const pairs = contents(root, 'build');
    linkAs(root, 'region');
    assert.deepEqual((await buildTold(root, ['charge/events'])).ran, flows);
    assert.deepEqual(contents(root, 'build'), first);
    linkAs(root, 'pairs');
    assert.deepEqual((await buildTold(root, ['charge/events'])).ran, flows);
    assert.deepEqual(contents(root, 'build'), pairs);
    assert.deepEqual(contents(root, '.tg/artifacts'), artifacts);
    assert.deepEqual((await buildTold(root, ['charge/events'])).ran, []);
  });

  test('relations: objects, types, attributes, look-ups and pairs of rows are those of upstream', () => {
    // Upstream's pairs version loses all after the first batch without an event: 5 of 25 events.
    const files = cases.map((name) => [
      flow(root, name),
      fixture(name, 'pairs.h5'),
      name === 'quiet_gap_b300',
    ]);
    const said = runPython(
      RELATION_OBJECTS + COMPARE,
      JSON.stringify(files),
      JSON.stringify(PAIRS),
    );
    const counted = JSON.parse(said) as Record<string, number>;
    assert.deepEqual(
      Object.keys(counted).sort(),
      PAIRS.map(([parent, child]) => `${parent}/ref/${child}`).sort(),
    );
    // All hits of the cases: 2 * 10 679 - 2, 6 556, 964, 665, 12 005.
    assert.equal(counted['charge/hits/ref/charge/packets'], 41_546);
    assert.equal(counted['charge/events/ref/charge/hits'], 41_546);
    const others = [[flow(root, 'cosmic10k_b2048'), fixture('cosmic10k', 'pairs.h5'), false]];
    assert.throws(
      () => runPython(RELATION_OBJECTS + COMPARE, JSON.stringify(others), JSON.stringify(PAIRS)),
      /AssertionError/,
      'the comparison can fail',
    );
  });

  test('the tables are those of the region form; what they say otherwise than upstream is known', async () => {
    const differ = new Set<string>();
    for (const name of cases) {
      const ours = await openH5(flow(root, name));
      const region = await openH5(join(regions, `${name}.h5`));
      const upstream = await openH5(fixture(name, 'pairs.h5'));
      for (const table of TABLES) {
        const attributes = ours.typedAttributes(table);
        assert.deepEqual(attributes, region.typedAttributes(table), table);
        const [a, b] = [ours.table(table), region.table(table)];
        assert.deepEqual(a.read(0, a.rows).bytes, b.read(0, b.rows).bytes, table);
        if (!upstream.has(table)) continue;
        for (const [k, field] of a.dtype.fields.entries()) {
          const other = upstream.table(table).dtype.fields[k]!;
          assert.equal(field.name, other.name);
          const [mine, theirs] = [describeType(field.type), describeType(other.type)];
          if (mine !== theirs) differ.add(`${table.slice(8)}.${field.name}: ${mine}, ${theirs}`);
        }
        const theirs = upstream.typedAttributes(table);
        for (const key of new Set([...Object.keys(attributes), ...Object.keys(theirs)])) {
          const [mine, other] = [attributes[key], theirs[key]];
          const what = mine === undefined ? 'not ours' : other === undefined ? 'ours' : 'value';
          if (mine && other) assert.deepEqual(mine.dtype, other.dtype, `${table} ${key}`);
          const same = isDeepStrictEqual(mine, other);
          if (!/light/.test(key) && !same) differ.add(`${table.slice(8)} ${key}: ${what}`);
        }
      }
      for (const file of [ours, region, upstream]) file.close();
    }
    assert.deepEqual([...differ].sort(), OTHERWISE);
  });

  test("h5flow's recipe leads from events to the hits that the region form has, and back", () => {
    const code = `
total = 0
for ours, regions in json.loads(sys.argv[1]):
    with h5py.File(ours, 'r') as f, h5py.File(regions, 'r') as r:
        for parent, child in (('charge/events', 'charge/hits'), ('charge/events', 'charge/ext_trigs'),
                              ('charge/raw_events', 'charge/packets'), ('charge/raw_events', 'charge/hits')):
            ref = r[parent + '/ref/' + child + '/ref']
            a, b = f[child + '/data'], r[child + '/data']
            for row in range(len(ref)):
                rows = dereference(f, parent, child, row)
                theirs = b[ref[row]] if ref[row] else b[:0]
                assert np.array_equal(a[rows] if len(rows) else a[:0], theirs), (ours, parent, child, row)
                total += len(rows)
        for hit in range(0, len(f['charge/hits/data']), 97):
            [event] = dereference(f, 'charge/hits', 'charge/events', hit)
            assert hit in dereference(f, 'charge/events', 'charge/hits', event)
            [raw] = dereference(f, 'charge/events', 'charge/raw_events', event)
            assert raw == event
            [packet] = dereference(f, 'charge/hits', 'charge/packets', hit)
            [time] = dereference(f, 'charge/packets', 'charge/packets_corr_ts', packet)
            assert time == packet
            h, p = f['charge/hits/data'][hit], f['charge/packets/data'][packet]
            assert p['packet_type'] == 0 and h['ts_raw'] == p['timestamp'] and h['channelid'] == p['channel_id']
            assert h['ts'] == f['charge/packets_corr_ts/data'][time]['ts']
print(total)
`;
    const files = cases.map((name) => [flow(root, name), join(regions, `${name}.h5`)]);
    assert.ok(Number(runPython(RECIPE + code, JSON.stringify(files))) > 100_000);
  });

  test('the recipe of docs/hdf5.md gives the hits of an event', () => {
    const text = readFileSync(new URL('../../../docs/hdf5.md', import.meta.url), 'utf8');
    const recipe = /(?:^ {4}.*\n)+/m.exec(text)![0];
    const code = `
f, r = (h5py.File(p, 'r') for p in sys.argv[1:3])
for i in range(len(f['charge/events/data'])):
${recipe}
    assert np.array_equal(hits, r['charge/hits/data'][r['charge/events/ref/charge/hits/ref'][i]])
print(i + 1)
`;
    const files = [flow(root, 'cosmic10k'), join(regions, 'cosmic10k.h5')];
    assert.equal(runPython(code, ...files), '46\n');
  });

  test('its tables are inputs as those of the region form are', async () => {
    const path = flow(root, 'cosmic10k');
    const place = { path, place: '' };
    const steps = [
      { module: eventBuilder, makes: 'charge/events' },
      { module: timestampCorrector, makes: 'charge/packets_corr_ts' },
    ];
    const ours = await openH5(path);
    const needs = ['charge/raw_events', 'charge/packets', 'charge/hits', 'charge/ext_trigs'];
    const inputs = Object.fromEntries(needs.map((need) => [need, place]));
    for (const { module, makes } of steps) {
      const output = join(folder(), 'made.h5');
      await runTask(module, { inputs, output, params: {} });
      const again = await openH5(output);
      assert.deepEqual(childRows(again, makes, 0, -1), childRows(ours, makes, 0, -1));
      again.close();
    }
    ours.close();
  });

  test('h5dump shows the pairs', () => {
    const refs = runTool(
      'h5dump',
      '-d',
      '/charge/events/ref/charge/hits/ref',
      flow(root, 'one_second'),
    );
    assert.match(refs, /DATATYPE {2}H5T_STD_U32LE/);
    assert.match(refs, /SIMPLE \{ \( 665, 2 \) \/ \( H5S_UNLIMITED, 2 \) \}/);
    assert.match(refs, /"\/charge\/hits\/ref\/charge\/events\/ref_region"/);
    const whole = runTool('h5dump', flow(root, 'one_second'));
    assert.doesNotMatch(whole, /unknown|unable/i);
  });
});

/** Runs with SYNCs crossed, without triggers, with nothing in them. */
const RUNS = {
  r1: { seed: 1, seconds: 3, rollover_events: 2 },
  r2: { seed: 2, seconds: 2, triggers: false },
  r3: { seed: 3, seconds: 1, events_per_s: 0 },
};

test('pairs files: one worker, eight, and once more give the same bytes', async () => {
  const one = simulatedProject(RUNS);
  const eight = simulatedProject(RUNS);
  for (const root of [one, eight]) linkAs(root, 'pairs');
  await built(one, ['charge/events', '-q', '--workers', '1']);
  await built(eight, ['charge/events', '-q', '--workers', '8']);
  const files = made(one);
  assert.equal(Object.keys(files).length, 18);
  assert.deepEqual(made(eight), files);
  const forced = await buildTold(one, ['charge/events', '--force-all']);
  assert.equal(forced.ran.length, 18);
  assert.deepEqual(made(one), files);
});

test(
  'h5repack and h5py keep a pairs file; h5py appends to it',
  { skip: withoutH5py() },
  async () => {
    const root = simulatedProject({ r1: RUNS.r1 });
    linkAs(root, 'pairs');
    await built(root, ['charge/events', '-q']);
    const packed = join(root, 'packed.h5');
    runTool('h5repack', '-f', 'GZIP=1', flow(root, 'r1'), packed);
    assert.deepEqual(await hashTree(packed), await hashTree(flow(root, 'r1')));
    runTool('h5diff', flow(root, 'r1'), packed);
    mkdirSync(join(root, 'grown'));
    const grown = join(root, 'grown/r1.h5');
    copyFileSync(flow(root, 'r1'), grown);
    // As h5flow writes more: rows, their pairs, and both look-up tables as long as their tables.
    const code = `
with h5py.File(sys.argv[1], 'a') as f:
    hits, events = f['charge/hits/data'], f['charge/events/data']
    n, m = len(hits), len(events)
    hits.resize((n + 2,)); hits[n:] = hits[:2]
    ref = f['charge/events/ref/charge/hits/ref']
    k = len(ref)
    ref.resize(k + 2, axis=0); ref[k:] = [[m - 1, n], [m - 1, n + 1]]
    for name, dset in (('charge/events/ref/charge/hits', events), ('charge/hits/ref/charge/events', hits)):
        f[name + '/ref_region'].resize((len(dset),))
    above, below = f['charge/events/ref/charge/hits/ref_region'], f['charge/hits/ref/charge/events/ref_region']
    row = above[m - 1]; row['stop'] = k + 2; above[m - 1] = row
    below[n:] = np.array([(k, k + 1), (k + 1, k + 2)], below.dtype)
with h5py.File(sys.argv[1], 'r') as f:
    rows = dereference(f, 'charge/events', 'charge/hits', m - 1)
    assert list(rows[-2:]) == [n, n + 1] and list(dereference(f, 'charge/hits', 'charge/events', n)) == [m - 1]
print(m)
`;
    assert.ok(Number(runPython(RECIPE + code, grown)) > 0);
    runTool('h5dump', '-H', grown);
  },
);
