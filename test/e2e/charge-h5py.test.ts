/** The module0_flow README's Python session, h5dump, h5repack and h5py appending, on flow files that the real command line made. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { hashTree, openH5 } from 'tg/h5';
import { fixture, withoutFixtures } from '../helpers/cli.ts';
import { runPython, runTool, withoutH5py } from '../h5/peers.ts';
import { RELATIONS } from '../tasks/charge/cases.ts';
import { built, casesProject, simulatedProject, WHOLE_CASES } from './charge-project.ts';

/** The session of the README on one file; `walk` visits every row of every relation. */
const SESSION = `
def listing(f):
    names = []
    def my_func(name, dset):
        if isinstance(dset, h5py.Dataset): names.append(name)
    f.visititems(my_func)
    return names

def rows_of(f, parent, child):
    """For each row of the parent: None, or the rows that its reference leads to."""
    ref = f[parent + '/ref/' + child + '/ref']
    ref_valid = f[parent + '/ref/' + child + '/ref_valid']
    assert h5py.check_ref_dtype(ref.dtype) is h5py.RegionReference, ref.dtype
    assert ref_valid.dtype == np.dtype('u1'), ref_valid.dtype
    assert len(ref) == len(ref_valid)
    dset = f[child + '/data']
    found = []
    for i in range(len(ref)):
        assert bool(ref[i]) == bool(ref_valid[i]), (parent, child, i)
        if not ref_valid[i]:
            found.append(None)
            try: f[ref[i]]
            except ValueError: continue
            raise AssertionError('a null reference leads somewhere')
        assert f[ref[i]].name == '/' + child + '/data', f[ref[i]].name
        rows = dset[ref[i]]
        assert np.array_equal(rows, f[ref[i]][ref[i]]), (parent, child, i)
        assert len(rows) > 0
        found.append(rows)
    return found

def object_references(f, parent, child):
    a = f[parent + '/ref'].attrs['parent']
    assert isinstance(a, h5py.Reference) and not isinstance(a, h5py.RegionReference), type(a)
    assert f[a] == f[parent + '/data'], f[a].name
    for part in ('ref', 'ref_valid'):
        c = f[parent + '/ref/' + child + '/' + part].attrs['child']
        assert isinstance(c, h5py.Reference) and not isinstance(c, h5py.RegionReference), type(c)
        assert f[c] == f[child + '/data'], f[c].name
`;

/** Compares our file with upstream's: as the user sees them, not as bytes. */
const COMPARE = `
def ordered(rows):
    """Rows as a multiset: sorted, whole numbers first; row numbers left out."""
    names = [n for n in rows.dtype.names if n != 'id']
    kept = np.zeros(len(rows), [(n, rows.dtype[n]) for n in names])
    for n in names: kept[n] = rows[n]
    whole = [n for n in names if kept.dtype[n].kind != 'f']
    return np.sort(kept, order=whole + [n for n in names if n not in whole])

def same(a, b, where):
    assert a.dtype == b.dtype, (where, a.dtype, b.dtype)
    assert len(a) == len(b), (where, len(a), len(b))
    for n in a.dtype.names:
        if a.dtype[n].kind != 'f': ok = np.array_equal(a[n], b[n])
        elif n in ('px', 'py'): ok = np.allclose(a[n], b[n], rtol=0, atol=1e-4, equal_nan=True)
        else: ok = np.allclose(a[n], b[n], rtol=1e-6, atol=0, equal_nan=True)
        assert ok, (where, n)

def same_attributes(a, b, where):
    skip = {'input_filename', 'lost', 'larpix_trigger_channels', 'light_event_dset'}
    names = lambda o: {n for n in o.attrs if n not in skip and not n.startswith('charge_to_light')}
    assert names(a) == names(b), (where, names(a) ^ names(b))
    for n in names(b):
        x, y = a.attrs[n], b.attrs[n]
        assert type(x) is type(y), (where, n, type(x), type(y))
        assert np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y, (where, n, x, y)
        if isinstance(x, np.ndarray): assert x.dtype == y.dtype, (where, n)

relations = json.loads(sys.argv[1])
dereferenced = 0
for ours, theirs in json.loads(sys.argv[2]):
    with h5py.File(ours, 'r') as f, h5py.File(theirs, 'r') as u:
        # Light is added by later stages.
        assert set(listing(f)) == {n for n in listing(u) if 'light' not in n}, set(listing(f)) ^ set(listing(u))
        for name in listing(f):
            assert f[name].dtype == u[name].dtype, name
            assert f[name].maxshape == u[name].maxshape == (None,), name
            assert f[name].shape == u[name].shape, (name, f[name].shape, u[name].shape)
        same(f['charge/events/data'][:], u['charge/events/data'][:], 'events')
        same(f['charge/raw_events/data'][:], u['charge/raw_events/data'][:], 'raw_events')
        for group in f['charge']: same_attributes(f['charge'][group], u['charge'][group], group)
        for parent, child in relations:
            where = ours + ' ' + parent + ' ' + child
            object_references(f, parent, child); object_references(u, parent, child)
            a, b = rows_of(f, parent, child), rows_of(u, parent, child)
            assert len(a) == len(b) == len(f[parent + '/data']), where
            for i, (x, y) in enumerate(zip(a, b)):
                assert (x is None) == (y is None), (where, i)
                if x is not None: same(ordered(x), ordered(y), (where, i)); dereferenced += 1
print(dereferenced)
`;

describe('h5py on the flow files of the cases', { skip: withoutFixtures || withoutH5py() }, () => {
  const root = casesProject(WHOLE_CASES);
  const flow = (name: string): string => join(root, 'build', `${name}.h5`);
  before(() => built(root, ['charge/events', '-q']));

  test("the README's session gives what it gives on upstream's files, row by row", () => {
    const pairs = WHOLE_CASES.map((name) => [flow(name), fixture(name, 'regref.h5')]);
    const said = runPython(SESSION + COMPARE, JSON.stringify(RELATIONS), JSON.stringify(pairs));
    assert.ok(Number(said) > 1000, `${said} references`);
    const others = [[flow('cosmic10k'), fixture('cosmic10k_b2048', 'regref.h5')]];
    const compare = (): string =>
      runPython(SESSION + COMPARE, JSON.stringify(RELATIONS), JSON.stringify(others));
    assert.throws(compare, /AssertionError/, 'the comparison can fail');
  });

  test('h5dump shows the structure and the references', () => {
    const head = runTool('h5dump', '-H', flow('cosmic10k'));
    for (const [parent, child] of RELATIONS)
      assert.ok(head.includes(`GROUP "${parent.split('/')[1]!}"`) && head.includes(child.slice(7)));
    const refs = runTool('h5dump', '-d', '/charge/events/ref/charge/hits/ref', flow('cosmic10k'));
    assert.match(refs, /H5T_REFERENCE \{ H5T_STD_REF_DSETREG \}/);
    assert.equal(
      refs.match(/DATASET "\/charge\/hits\/data" +\{\s+REGION_TYPE BLOCK {2}\(\d+\)-/g)?.length,
      46,
    );
    assert.match(refs, /ATTRIBUTE "child"/);
    const whole = runTool('h5dump', flow('one_second'));
    assert.match(whole, /GROUP "events"/);
    assert.doesNotMatch(whole, /unknown|unable/i);
  });
});

describe('a flow file of a simulated run', { skip: withoutH5py() }, () => {
  const root = simulatedProject({ r1: { seconds: 3, events_per_s: 12 } });
  const flow = join(root, 'build/r1.h5');
  before(() => built(root, ['charge/events', '-q']));

  test('the session of the README runs', () => {
    const code = `
f = h5py.File(sys.argv[1], 'r')
names = listing(f)
for table in ('raw_events', 'packets', 'packets_corr_ts', 'ext_trigs', 'hits', 'events'):
    assert 'charge/' + table + '/data' in names
events = f['charge/events/data']
hits = rows_of(f, 'charge/events', 'charge/hits')
triggers = rows_of(f, 'charge/events', 'charge/ext_trigs')
for parent, child in json.loads(sys.argv[2]): object_references(f, parent, child)
for i, event in enumerate(events):
    mine = hits[i] if hits[i] is not None else []
    assert event['nhit'] == len(mine), i
    assert event['n_ext_trigs'] == (0 if triggers[i] is None else len(triggers[i])), i
    assert np.isclose(event['q'], np.sum(mine['q']), rtol=1e-9), i
assert len(events) > 10 and events[:]['nhit'].sum() == len(f['charge/hits/data'])
assert any(t is None for t in triggers) or len(f['charge/ext_trigs/data']) > 0
print(f['charge/events'].attrs['classname'])
`;
    const said = runPython(SESSION + code, flow, JSON.stringify(RELATIONS));
    assert.equal(said, 'EventBuilder\n');
  });

  test('h5repack keeps content, references and attributes', async () => {
    const packed = join(root, 'packed.h5');
    runTool('h5repack', '-f', 'GZIP=1', flow, packed);
    assert.deepEqual(await hashTree(packed), await hashTree(flow));
    runTool('h5diff', flow, packed);
    const code = `
a, b = (h5py.File(p, 'r') for p in sys.argv[1:3])
everything = ['/']; a.visit(everything.append)
for name in everything:
    assert set(a[name].attrs) == set(b[name].attrs), name
    assert len(a[name].attrs) == len(b[name].attrs)
assert a.attrs['tg'] == b.attrs['tg']
for parent, child in json.loads(sys.argv[3]):
    object_references(b, parent, child)
    for x, y in zip(rows_of(a, parent, child), rows_of(b, parent, child)):
        assert (x is None) == (y is None) and (x is None or np.array_equal(x, y))
print('same')
`;
    assert.equal(runPython(SESSION + code, flow, packed, JSON.stringify(RELATIONS)), 'same\n');
  });

  test('h5py appends rows, references and a light table beside the charge', async () => {
    const grown = join(root, 'grown.h5');
    copyFileSync(flow, grown);
    const code = `
f = h5py.File(sys.argv[1], 'a')
before = rows_of(f, 'charge/events', 'charge/hits')
hits, events = f['charge/hits/data'], f['charge/events/data']
n, m = len(hits), len(events)
hits.resize((n + 3,)); hits[n:] = hits[:3]
events.resize((m + 2,)); events[m:] = events[:2]
r, v = (f['charge/events/ref/charge/hits/' + part] for part in ('ref', 'ref_valid'))
r.resize((m + 2,)); v.resize((m + 2,))
r[m] = hits.regionref[[1, n]]; v[m] = 1
light = f.create_dataset('light/events/data', data=np.zeros(4, [('id', 'u4')]), maxshape=(None,))
g = f.create_dataset('charge/events/ref/light/events/ref', (m + 2,), h5py.regionref_dtype)
g[0] = light.regionref[1:3]
f['charge/events'].attrs['light_event_dset'] = 'light/events'
f.close()
f = h5py.File(sys.argv[1], 'r')
after = rows_of(f, 'charge/events', 'charge/hits')
assert len(after) == m + 2 and after[m + 1] is None and len(after[m]) == 2
assert all(np.array_equal(x, y) for x, y in zip(before, after))
print(m)
`;
    const events = Number(runPython(SESSION + code, grown));
    const file = await openH5(grown);
    assert.equal(file.table('/charge/events').rows, events + 2);
    assert.equal(file.attributes('/charge/events')['light_event_dset'], 'light/events');
    assert.equal(file.table('/light/events').rows, 4);
    file.close();
    runTool('h5dump', '-H', grown);
  });
});
