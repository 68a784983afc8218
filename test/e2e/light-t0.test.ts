/** combined/t0 from light: charge events of the fixtures, light events and hits built from their ADC64 files, and the rule written out over the flow file with h5py. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Json } from 'tg';
import { folder, run, withoutFixtures } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';

const LIGHT = join(process.env['TG_FIXTURES'] ?? '', 'light');
const RUN = '20210404_004206';

/** Charge tables as sources; everything of light from raw files, templates included. */
const PROJECT = {
  libraries: ['tg:light-t0', 'tg:light-templates'],
  sources: {
    light_raw: 'raw/rwf_{run}_{adc}.data',
    'charge/events': 'raw/charge_{run}.h5::/charge/events',
    'charge/ext_trigs': 'raw/charge_{run}.h5::/charge/ext_trigs',
  },
  parameters: {
    'light/fwvfm': { filter_samples: [0, 20] },
    'light/templates': {
      noise_strategy: 'slice',
      noise_slice: [0, 30],
      pps_threshold: 10000,
      signal_amplitude: [500, 30000],
    },
    'light/deconv': Object.fromEntries(
      ['noise_spectrum', 'signal_spectrum', 'signal_impulse'].map((name) => [
        `${name}_filename`,
        `build/templates/${RUN}/${name.replace('spectrum', 'power')}.npz`,
      ]),
    ),
    'light/swvfm': { lrs_geometry_file: 'geometry.yaml' },
    'light/hits': { threshold: 1000 },
  },
  link: { refs: 'pairs' },
};

function project(more: Record<string, Json> = {}): string {
  const root = folder({ 'tg.yaml': JSON.stringify({ ...PROJECT, ...more }) });
  mkdirSync(join(root, 'raw'));
  for (const adc of ['0a7a314c', '0a7b54bd'])
    cpSync(
      join(LIGHT, 'adc64-small/input', `rwf_${RUN}_${adc}.data`),
      join(root, 'raw', `rwf_${RUN}_${adc}.data`),
    );
  cpSync(join(LIGHT, 'adc64-small/input/charge.h5'), join(root, 'raw', `charge_${RUN}.h5`));
  cpSync(join(LIGHT, 'reco-small/input/light_module_desc-0.0.0.yaml'), join(root, 'geometry.yaml'));
  return root;
}

const tg = async (root: string, words: string, code = 0): Promise<string> => {
  const said = await run(words.split(' '), { cwd: root });
  assert.equal(said.code, code, said.stderr);
  return said.stderr;
};

/** Rows of combined/t0 as the rule has them, and how many of each type, and of events with several light events. */
const RULE = `
with h5py.File(sys.argv[1]) as f:
    ev, tr, hits, t0 = (f[t + '/data'][:] for t in ('charge/events', 'charge/ext_trigs', 'light/hits', 'combined/t0'))
    def pairs(a, b):
        at = '%s/ref/%s/ref' % (a, b)
        return f[at][:] if at in f else f['%s/ref/%s/ref' % (b, a)][:][:, ::-1]
    to_trig, to_light, to_hit = pairs('charge/events', 'charge/ext_trigs'), pairs('charge/events', 'light/events'), pairs('light/events', 'light/hits')
    assert dict(f['combined/t0'].attrs)['light_hits_dset'] == 'light/hits'
types, several, worst, odd = [0, 0, 0], 0, 0., 0
for i in range(len(ev)):
    mine = [h for l in to_light[to_light[:, 0] == i, 1] for h in to_hit[to_hit[:, 0] == l, 1]]
    several += len(to_light[to_light[:, 0] == i]) > 1
    trig = to_trig[to_trig[:, 0] == i, 1]
    if mine:
        h = hits[mine][np.argmax(hits[mine]['sum_spline'])]
        want = ((h['ns'] + h['busy_ns'] + h['rising_spline']) * .01, h['rising_err_spline'] * .01, 2)
    elif len(trig): want = (tr['ts'][trig].min() - 2, 1 / np.sqrt(12), 1)
    else: want = (ev['ts_start'][i], 0, 0)
    row = t0[i]
    types[want[2]] += 1
    odd += row['id'] != i or row['type'] != want[2]
    worst = max(worst, abs(row['ts'] - want[0]) / max(1, abs(want[0])), abs(row['ts_err'] - want[1]) / max(1, want[1]))
print(json.dumps(dict(types=types, several=int(several), worst=float(worst), odd=int(odd), ts=[float(t) for t in t0['ts']])))`;

interface Told {
  types: [number, number, number];
  several: number;
  worst: number;
  odd: number;
  ts: number[];
}

const rule = (path: string): Told => JSON.parse(runPython(RULE, path)) as Told;

const WORKFLOW = (hits: string): string => `flow:
  source: events
  stages: [t0_reco]
events: {classname: H5FlowDatasetLoopGenerator, dset_name: charge/events, params: {chunk_size: 32}}
t0_reco:
  classname: T0Reconstruction
  path: module0_flow.reco.combined.t0_reco
  requires:
    - charge/ext_trigs
    - {name: light/hits, path: [light/events, light/hits]}
  params: {t0_dset_name: combined/t0, ext_trigs_dset_name: charge/ext_trigs, light_hits_dset_name: ${hits}}
`;

describe('t0 from light', { skip: withoutFixtures || withoutH5py() }, () => {
  test('the largest hit of all light events of an event tells when it was, else its trigger, else its start', async () => {
    const root = project();
    const flow = join(root, 'build', `${RUN}.h5`);
    assert.match(await tg(root, 'build combined/t0'), /31 events, 29 triggered, 23 with light\n/);
    const { types, several, worst, odd } = rule(flow);
    assert.equal(odd, 0);
    // The product of 4-byte numbers differs in their last digit.
    assert.ok(worst < 1e-7, String(worst));
    assert.ok(Math.min(...types) > 0, String(types));
    assert.equal(types[2], 23);
    // Within 3 s the light of two seconds is of one time.
    assert.ok(several > 0);
  });

  test('a flow file has its own association; a workflow that names the hits uses them, one that does not is as before', async () => {
    // A window so narrow that some pairs are lost: what is matched anew would be other light.
    const parameters = { ...PROJECT.parameters, 'charge/light_assoc': { ts_window: 1 } };
    const root = project({ parameters });
    const flow = `build/${RUN}.h5`;
    assert.match(await tg(root, 'build combined/t0 flow'), /29 triggered, \d+ with light\n/);
    const narrow = rule(join(root, flow));
    assert.ok(narrow.types[2] > 0 && narrow.types[2] < 23, String(narrow.types));
    const write = (name: string, hits: string): void =>
      writeFileSync(join(root, name), WORKFLOW(hits));
    write('light.yaml', 'light/hits');
    const told = await tg(root, `build -c light.yaml -i ${flow} -o light.h5`);
    assert.match(told, /1 stage as combined\/t0\n/);
    assert.ok(!told.includes('light_assoc'), told);
    assert.deepEqual(rule(join(root, 'light.h5')), narrow);
    for (const none of ["''", 'null']) {
      write('none.yaml', none);
      await tg(root, `build -c none.yaml -i ${flow} -o none.h5`);
      const code = `
with h5py.File(sys.argv[1]) as f:
    t = f['combined/t0/data'][:]; print(repr(f['combined/t0'].attrs['light_hits_dset']), int((t['type'] == 1).sum()), int((t['type'] == 2).sum()))`;
      assert.equal(runPython(code, join(root, 'none.h5')).trim(), "'' 29 0");
    }
    write('other.yaml', 'light/sum_hits');
    assert.match(
      await tg(root, `build -c other.yaml -i ${flow} -o other.h5`, 2),
      /light_hits_dset_name must be light\/hits, not "light\/sum_hits"/,
    );
    // Asked for by name it is made anew.
    const anew = await tg(
      root,
      `build charge/light_assoc combined/t0 -i ${flow} -o anew.h5 -c tg:light-t0`,
    );
    assert.match(anew, /23 with light\n/);
  });

  test('charge part by part and light whole end in the same t0 and drift', async () => {
    const cases = join(process.env['TG_FIXTURES'] ?? '', 'charge');
    const root = folder({
      'tg.yaml': JSON.stringify({
        libraries: ['tg:light-t0'],
        sources: {
          packets: 'raw/{run}.h5::/packets',
          'light/events': 'light/{run}.h5::/light/events',
          'light/hits': 'light/{run}.h5::/light/hits',
        },
        parameters: { 'charge/raw_events': { buffer_size: 2048, nhit_cut: 100 } },
        link: { refs: 'pairs' },
      }),
    });
    for (const name of ['raw', 'light']) mkdirSync(join(root, name));
    cpSync(join(cases, 'cosmic10k/packets.h5'), join(root, 'raw/r.h5'));
    // Hits of the light events of the case, a few for each, of the same form.
    runPython(
      `
rng = np.random.default_rng(5)
t = np.dtype([('id', 'u4'), ('tpc', 'u1'), ('det', 'u1'), ('sample_idx', 'u2'), ('ns', 'f8'), ('busy_ns', 'f8'), ('samples', 'f4', (5,))] + [(n, 'f4') for n in ('sum', 'max', 'sum_spline', 'max_spline', 'ns_spline', 'rising_spline', 'rising_err_spline', 'fwhm_spline')])
with h5py.File(sys.argv[1]) as u, h5py.File(sys.argv[2], 'w') as f:
    u.copy('light/events', f, name='light/events', shallow=False)
    for n in list(f['light/events']):
        if n != 'data': del f['light/events'][n]
    e = f['light/events/data'][:]; n = rng.integers(0, 4, len(e)); h = np.zeros(n.sum(), t)
    h['id'] = np.arange(len(h)); h['ns'] = np.repeat(e['tai_ns'].reshape(len(e), -1).max(axis=1), n)
    for c in ('busy_ns', 'sum_spline', 'rising_spline', 'rising_err_spline'): h[c] = rng.random(len(h)) * 100
    f.create_dataset('light/hits/data', data=h)
    pairs = np.c_[np.repeat(np.arange(len(e)), n), np.arange(len(h))].astype('u4')
    f.create_dataset('light/events/ref/light/hits/ref', data=pairs)
`,
      join(cases, 'cosmic10k/pairs.h5'),
      join(root, 'light/r.h5'),
    );
    await tg(root, 'build combined/hit_drift');
    const drift = (): string =>
      runPython(
        `print(*h5py.File(sys.argv[1])['combined/hit_drift/data']['t_drift'].tolist())`,
        join(root, 'build/r.h5'),
      );
    const whole = rule(join(root, 'build/r.h5'));
    const drifted = drift();
    assert.equal(whole.odd, 0);
    assert.ok(whole.worst < 1e-7 && whole.types[2] > 10, JSON.stringify(whole));
    // From nothing: what joins the parts is what one pass made, and would be fresh.
    for (const made of ['.tg', 'build']) rmSync(join(root, made), { recursive: true });
    const text = readFileSync(join(root, 'tg.yaml'), 'utf8');
    writeFileSync(join(root, 'tg.yaml'), text.replace('{', '{"parts": true, '));
    const told = await tg(root, 'build combined/hit_drift -v');
    assert.match(told, /charge\/events@r,part=2: done/);
    // Its t0 is counted through the run, and so are its rows.
    assert.match(told, /combined\/hit_drift@r: done/);
    assert.deepEqual(rule(join(root, 'build/r.h5')), whole);
    assert.ok(drifted.length > 1000);
    assert.equal(drift(), drifted);
  });
});
