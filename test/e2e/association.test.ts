/** Charge events and light events in one flow file: `tg build charge/light_assoc` on the fixtures, in both forms, as h5py sees them. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Json } from 'tg';
import { fixture, folder, run, withoutFixtures } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { caseOf, paramsOf } from '../tasks/charge/cases.ts';
import { built, buildTold, place } from './charge-project.ts';

const CASES = ['cosmic10k', 'cosmic10k_b2048', 'quiet_gap_b300', 'one_second'];

const FORMS = { region: 'regref', pairs: 'pairs' } as const;

/** The cases with their synthetic light events as a source. */
function lightProject(refs: 'region' | 'pairs', more: Record<string, Json> = {}): string {
  const overrides = CASES.map((name) => ({
    runs: name,
    parameters: paramsOf(caseOf(name), 'upstream'),
  }));
  const root = folder({
    'tg.yaml': JSON.stringify({
      libraries: ['tg:charge', 'tg:association'],
      sources: { packets: 'raw/{run}.h5', 'light/events': 'light/{run}.h5::/light/events' },
      parameters: { 'charge/light_assoc': { compat: 'upstream' } },
      link: { refs },
      overrides,
      ...more,
    }),
  });
  for (const name of CASES) {
    place(fixture(name, 'packets.h5'), join(root, 'raw', `${name}.h5`));
    place(fixture(name, `${FORMS[refs]}.h5`), join(root, 'light', `${name}.h5`));
  }
  return root;
}

/** Each: [ours, theirs]. Triggers are told by what they are: their order within an event is not upstream's. */
const COMPARE = `
def attrs(o):
    return {k: (o.attrs.get_id(k).get_type(), o.attrs.get_id(k).shape, o.attrs[k]) for k in o.attrs}
def rows(f, parent, form):
    at = f[parent + '/ref/light/events']
    if form == 'pairs': return [tuple(map(int, x)) for x in at['ref'][:]]
    ids = f['light/events/data']
    found = []
    for i, (ref, valid) in enumerate(zip(at['ref'][:], at['ref_valid'][:])):
        assert bool(ref) == bool(valid)
        if valid: found += [(i, int(x)) for x in ids[ref]['id']]
    return found
form = sys.argv[2]
total = 0
for ours, theirs in json.loads(sys.argv[1]):
    with h5py.File(ours, 'r') as f, h5py.File(theirs, 'r') as u:
        cut = len(u['charge/events/data'])
        for parent in ('charge/events', 'charge/ext_trigs'):
            a, b = f[parent + '/ref/light/events'], u[parent + '/ref/light/events']
            assert sorted(a) == sorted(b), (list(a), list(b))
            for name in b:
                assert a[name].id.get_type() == b[name].id.get_type() and a[name].maxshape == b[name].maxshape
                if name != 'ref_region': assert a[name].chunks == b[name].chunks
                if form == 'region' or name == 'ref_region': assert len(a[name]) == len(f[parent + '/data'])
                if form == 'region':
                    for k in b[name].attrs: assert f[a[name].attrs[k]].name == u[b[name].attrs[k]].name
                    assert list(a[name].attrs) == list(b[name].attrs)
                else: assert attrs(a[name]) == attrs(b[name])
            if form == 'pairs':
                back = 'light/events/ref/' + parent
                assert list(f[back]) == list(u[back]) and attrs(f[back + '/ref_region']) == attrs(u[back + '/ref_region'])
                assert len(f[back + '/ref_region']) == len(f['light/events/data'])
        assert np.array_equal(f['light/events/data'][:], u['light/events/data'][:])
        assert attrs(f['light/events']) == attrs(u['light/events'])
        mine, other = rows(f, 'charge/events', form), rows(u, 'charge/events', form)
        mine = [p for p in mine if p[0] < cut]
        assert sorted(mine) == sorted(other), (ours, mine, other)
        def told(x):
            t = x['charge/ext_trigs/data'][:]
            return sorted((int(t['ts_raw'][i]), int(t['type'][i]), int(t['iogroup'][i]), j) for i, j in rows(x, 'charge/ext_trigs', form))
        mine, other = told(f), told(u)
        if form == 'region' or cut == len(f['charge/events/data']): assert mine == other, (ours, mine, other)
        else: assert set(other) <= set(mine)
        total += len(other)
        want = attrs(u['charge/events'])
        got = attrs(f['charge/events'])
        assert set(want) == set(got), (set(want) ^ set(got))
        for k in want:
            if not k.endswith('class_version'): assert got[k] == want[k], k
print(total)
`;

const flow = (root: string, name: string): string => join(root, 'build', `${name}.h5`);

describe('charge/light_assoc', { skip: withoutFixtures || withoutH5py() }, () => {
  const roots: Record<string, string> = Object.fromEntries(
    (['region', 'pairs'] as const).map((refs) => [refs, lightProject(refs)]),
  );
  before(async () => {
    for (const root of Object.values(roots)) await built(root, ['charge/light_assoc', '-q']);
  });

  for (const [refs, file] of Object.entries(FORMS))
    test(`${refs}: references, light events and attributes are those of upstream`, () => {
      const files = CASES.map((name) => [flow(roots[refs]!, name), fixture(name, `${file}.h5`)]);
      const total = Number(runPython(COMPARE, JSON.stringify(files), refs));
      assert.ok(total > 100, `${total} triggers with light`);
    });

  test('another window changes the attributes of the flow file, also where the pairs stay', async () => {
    const root = lightProject('region');
    await built(root, ['charge/light_assoc@one_second', '-q']);
    const project = JSON.parse(readFileSync(join(root, 'tg.yaml'), 'utf8')) as Record<string, Json>;
    const parameters = { 'charge/light_assoc': { compat: 'upstream', ts_window: 10.5 } };
    writeFileSync(join(root, 'tg.yaml'), JSON.stringify({ ...project, parameters }));
    const told = await buildTold(root, ['charge/light_assoc@one_second']);
    assert.deepEqual(told.ran, ['charge/light_assoc@one_second', 'flow@one_second']);
    const code = `
with h5py.File(sys.argv[1], 'r') as f: print(f['charge/events'].attrs['charge_to_light_assoc_ts_window'])`;
    assert.equal(runPython(code, flow(root, 'one_second')), '10.5\n');
    const size = 'chunk_size of no meaning here';
    const other = { 'charge/light_assoc': { compat: 'none', ts_window: 10.5, chunk_size: 3 } };
    writeFileSync(join(root, 'tg.yaml'), JSON.stringify({ ...project, parameters: other }));
    await built(root, ['charge/light_assoc@one_second', '-q']);
    other['charge/light_assoc'].chunk_size = 4;
    writeFileSync(join(root, 'tg.yaml'), JSON.stringify({ ...project, parameters: other }));
    assert.deepEqual((await buildTold(root, ['charge/light_assoc@one_second'])).ran, [], size);
  });

  test('an irregular set of light events is exactly the rows that h5py dereferences', async () => {
    // Windows so wide that most light events belong to most triggers: sets with holes.
    const root = lightProject('region', {
      parameters: { 'charge/light_assoc': { unix_ts_window: 2, ts_window: 2_500_000 } },
    });
    await built(root, ['charge/light_assoc@cosmic10k', '-q']);
    const code = `
with h5py.File(sys.argv[1], 'r') as f:
    light, trig, ev = (f[n + '/data'][:] for n in ('light/events', 'charge/ext_trigs', 'charge/events'))
    import numpy.ma as ma
    mask = light['wvfm_valid'] == 0
    U = ma.array(light['utime_ms'], mask=mask).mean(-1).mean(-1) * 0.001
    T = ma.array(light['tai_ns'], mask=mask).mean(-1).mean(-1) * 0.01
    holes = 0
    for i in range(len(ev)):
        ref = f['charge/events/ref/charge/ext_trigs/ref'][i]
        want = set()
        for t in (f['charge/ext_trigs/data'][ref] if ref else []):
            want |= set(np.flatnonzero((abs(U - float(ev['unix_ts'][i])) <= 2) & (abs(T - t['ts']) <= 2500000)))
        got = f['charge/events/ref/light/events/ref'][i]
        rows = list(f['light/events/data'][got]['id']) if got else []
        assert rows == sorted(want), (i, rows, sorted(want))
        if len(rows) > 2 and len(set(np.diff(rows))) > 1: holes += 1
print(holes)
`;
    assert.ok(Number(runPython(code, flow(root, 'cosmic10k'))) > 10);
  });

  test('windows are those of the detector, of a workflow without any those of its class', async () => {
    const root = lightProject('region', {
      parameters: { 'charge/light_assoc': { detector: 'module1' } },
    });
    const windows = `
names = ['charge_to_light_assoc_unix_ts_window', 'charge_to_light_assoc_ts_window']
with h5py.File(sys.argv[1], 'r') as f: print(json.dumps([int(f['charge/events'].attrs[n]) for n in names]))`;
    await built(root, ['charge/light_assoc@one_second', '-q']);
    assert.equal(runPython(windows, flow(root, 'one_second')), '[1, 20]\n');
    writeFileSync(
      join(root, 'flow.yaml'),
      'flow: {source: charge/events, stages: [match]}\nmatch: {classname: Charge2LightAssociation}\n',
    );
    const words = ['build', '-c', 'flow.yaml', '-i', flow(root, 'one_second'), '-o', 'out.h5'];
    const said = await run(words, { cwd: root });
    assert.equal(said.code, 0, said.stderr);
    assert.equal(runPython(windows, join(root, 'out.h5')), '[1, 1000]\n');
  });

  test('light of another day is told with both times, and the other runs are built', async () => {
    const root = lightProject('region');
    copyFileSync(
      join(fixture(), '..', 'light', 'rwf-small', 'expected', 'light_events.h5'),
      join(root, 'light', 'one_second.h5'),
    );
    const said = await run(['build', 'charge/light_assoc', '--keep-going'], { cwd: root });
    assert.equal(said.code, 1);
    assert.match(said.stderr, /charge\/light_assoc@one_second: failed/);
    assert.match(
      said.stderr,
      /error: no light event within 3 s: light 20\S+ \S+ to .*, charge .* \(UTC\)\n.*try: unix_ts_window, or the right files/,
    );
  });
});
