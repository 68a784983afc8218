/** Light reconstruction: upstream's workflow file on upstream's events gives upstream's file, object by object and value by value. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { folder, run, withoutFixtures } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { compareFiles, unexplained, unseen } from './whole-file.ts';
import type { Known } from './whole-file.ts';

const CASE = join(process.env['TG_FIXTURES'] ?? '', 'light/reco-small');
const THEIRS = join(CASE, 'expected/light_reco.h5');
const GEOMETRY = 'light_module_desc-0.0.0.yaml';

/** A folder as upstream was run in. */
function project(): string {
  const root = folder();
  for (const part of ['tmpl', 'data/proto_nd_flow'])
    mkdirSync(join(root, part), { recursive: true });
  for (const name of ['light_events.h5', 'reco.yaml'])
    cpSync(join(CASE, 'input', name), join(root, name));
  for (const name of ['noise_power', 'signal_power', 'signal_impulse'])
    cpSync(join(CASE, 'input', `${name}.clean.npz`), join(root, 'tmpl', `${name}.clean.npz`));
  cpSync(join(CASE, 'input', GEOMETRY), join(root, 'data/proto_nd_flow', GEOMETRY));
  return root;
}

const build = async (root: string, ...words: string[]): Promise<string> => {
  const { code, stderr } = await run(
    ['build', '-c', 'reco.yaml', '-i', 'light_events.h5', ...words],
    { cwd: root },
  );
  assert.equal(code, 0, stderr);
  return stderr;
};

const KNOWN: readonly Known[] = [
  {
    line: /^light\/deconv\/\w+_spectrum rows: 1 of 1, 1$/,
    why: 'the last digits of a spline; values are compared by themselves',
  },
  {
    line: /^(?:geometry_info|run_info)(?:\/\w+)*(?: @\w+)?: not ours$/,
    why: 'resources: tg:charge-resources makes them',
  },
  {
    line: /\/(?:data|ref_region) chunks: /,
    why: "rows per chunk: about 128 KiB in tg, h5py's guess upstream",
  },
  { line: /^light\/deconv\/\w+ @filename: /, why: 'the base name of the file' },
  {
    line: /^light\/(?:wvfm|events\/ref\/light\/wvfm|wvfm\/.*)(?:\/\w+)*: ours$/,
    why: 'upstream dropped the waveforms of this file',
  },
];

/** Greatest difference of each member from upstream's, in parts of its greatest value; what is no float must be equal. */
const VALUES = `
out = {}
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    for t in ['t_ns', 'fwvfm', 'deconv', 'deconv/noise_spectrum', 'deconv/signal_spectrum', 'deconv/signal_impulse', 'deconv/alignment', 'swvfm', 'swvfm/alignment', 'hits']:
        a, b = f['light/' + t + '/data'][:], u['light/' + t + '/data'][:]
        assert a.dtype == b.dtype and a.shape == b.shape, (t, a.dtype, b.dtype)
        for n in b.dtype.names:
            if b[n].dtype.kind != 'f':
                assert (a[n] == b[n]).all(), (t, n)
            x, y = a[n].astype('f8'), b[n].astype('f8')
            out[t + '.' + n] = float(np.abs(x - y).max() / max(np.abs(y).max(), 1e-300))
print(json.dumps(out))
`;

const root = withoutFixtures ? '' : project();

describe('on the reference case', { skip: withoutFixtures || withoutH5py() }, () => {
  test('compat: upstream gives the file of upstream', async () => {
    const told = await build(root, '-o', 'reco.h5', '--set', 'light/hits.compat=upstream');
    assert.match(told, /light\/hits light\/t_ns|light\/t_ns light\/fwvfm light\/deconv/);
    const files = [{ case: 'reco-small', ours: join(root, 'reco.h5'), theirs: THEIRS }];
    const { differences, compared } = compareFiles(files);
    assert.deepEqual(unexplained(differences, KNOWN), []);
    assert.deepEqual(unseen(differences, KNOWN), []);
    // 10 tables of 8 events, 53 hits, and their relations.
    assert.ok(compared > 200, `${compared} rows and pairs`);
    const values = JSON.parse(runPython(VALUES, join(root, 'reco.h5'), THEIRS)) as Record<
      string,
      number
    >;
    assert.equal(Object.keys(values).length, 26);
    for (const [name, most] of Object.entries(values)) assert.ok(most <= 1e-6, `${name}: ${most}`);
    for (const exact of [
      't_ns.t_ns',
      'fwvfm.samples',
      'deconv/alignment.ns',
      'hits.sum',
      'hits.max',
    ])
      assert.equal(values[exact], 0, exact);
  });

  test('by default rising edges and widths are in ns, told by scipy with the flanks as they are', async () => {
    await build(root, '-o', 'default.h5');
    const script = `
from scipy.interpolate import CubicSpline
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    h, v = f['light/hits/data'][:], u['light/hits/data'][:]
xs = np.linspace(-2, 2, 256)
def keep(x):
    if len(x) == 0: return x
    d = np.abs(x - np.median(x)); return x[d <= np.median(d)]
want = []
for s in v['samples'].astype('f8'):
    c = CubicSpline(np.arange(-2, 3), s); y, d = c(xs), c(xs, 1); top = xs[y.argmax()]
    with np.errstate(all='ignore'): zero, half = xs - y / d, xs + (y.max() / 2 - y) / d
    rise, low, up = keep(zero[xs < top]), keep(half[xs < top]), keep(half[xs > top])
    m = lambda x: x.mean() if len(x) else 0.
    want.append((10 * m(rise), 10 * (rise.std() if len(rise) else 0.), 10 * (m(up) - m(low)) if len(up) else 0., s.sum()))
want = np.array(want)
got = np.stack([h[n] for n in ('rising_spline', 'rising_err_spline', 'fwhm_spline', 'sum')], axis=1)
same = [n for n in v.dtype.names if (h[n] == v[n]).all()]
print(json.dumps(dict(worst=float((np.abs(got - want) / np.maximum(np.abs(want), 1)).max()), same=same, lost=int((v['rising_spline'] == 0).sum()), mine=int((h['rising_spline'] == 0).sum()))))`;
    const { worst, same, lost, mine } = JSON.parse(
      runPython(script, join(root, 'default.h5'), THEIRS),
    ) as {
      worst: number;
      same: string[];
      lost: number;
      mine: number;
    };
    assert.ok(worst < 1e-5, String(worst));
    for (const name of [
      'sample_idx',
      'ns',
      'busy_ns',
      'samples',
      'max',
      'sum_spline',
      'max_spline',
      'ns_spline',
    ])
      assert.ok(same.includes(name), name);
    assert.ok(lost > 0 && mine < lost, `${mine} of ${lost} without a rising edge`);
  });

  test("the workflow that comes with tg makes the same of the user's own files", async () => {
    for (const name of ['noise_power', 'signal_power', 'signal_impulse'])
      cpSync(join(root, 'tmpl', `${name}.clean.npz`), join(root, `${name}.npz`));
    cpSync(join(root, 'data/proto_nd_flow', GEOMETRY), join(root, GEOMETRY));
    const { code, stderr } = await run(
      ['build', '-c', 'light_event_reconstruction.yaml', '-i', 'light_events.h5', '-o', 'own.h5'],
      { cwd: root },
    );
    assert.equal(code, 0, stderr);
    const script = `
with h5py.File(sys.argv[1]) as a, h5py.File(sys.argv[2]) as b:
    for t in ['t_ns', 'fwvfm', 'deconv', 'deconv/alignment']:
        assert (a['light/' + t + '/data'][:] == b['light/' + t + '/data'][:]).all(), t
    x, y = a['light/swvfm/data']['samples'], b['light/swvfm/data']['samples']
    print(int(a['light/hits/data']['max'].min() >= 2000), int((x != y).sum() > 0))`;
    // Gains and threshold are those of Module 0, not those of the case.
    assert.equal(runPython(script, join(root, 'own.h5'), join(root, 'default.h5')), '1 1\n');
  });

  test('what is changed is made again, and what is wrong is told with names', async () => {
    const refused = async (more: string, message: RegExp): Promise<void> => {
      const said = await run(
        ['build', '-c', 'reco.yaml', '-i', 'light_events.h5', '-o', 'reco.h5', '--set', more],
        { cwd: root },
      );
      assert.equal(said.code, 1, said.stdout);
      assert.match(said.stderr, message);
    };
    await refused(
      'light/fwvfm.filter_channels=[2,64]',
      /filter_channels names channel 64, the waveforms have 64\n/,
    );
    await refused(
      'light/deconv/alignment.busy_channel={All: 70}',
      /busy_channel names channel 70, the waveforms have 64\n/,
    );
    await refused(
      'light/fwvfm.filter_samples=[0, 300]',
      /filter_samples is \[0, 300\], of 256 samples/,
    );
    await refused(
      'light/hits.threshold={3: {0: 10}}',
      /threshold names detector 0 of TPC 3, there are 2 TPCs of 16\n/,
    );
    await refused('light/deconv.noise_spectrum_filename=reco.yaml', /reco\.yaml: no \.npz: /);
    await refused(
      'light/deconv.noise_spectrum_filename=tmpl/signal_impulse.clean.npz',
      /signal_impulse\.clean\.npz: no array spectrum\n/,
    );
    await refused(
      'light/deconv.noise_spectrum_filename=null',
      /light\/deconv has no noise_spectrum_filename\n/,
    );
    const geometry = join(root, 'data/proto_nd_flow', GEOMETRY);
    const fine = readFileSync(geometry, 'utf8');
    writeFileSync(geometry, fine.replace('[2,3,4,5,6,7]', '[2,3,4,5,6,99]'));
    await refused(
      'light/hits.near_samples=2',
      /detector 0 of TPC 0 has channel 99 of ADC 0, the waveforms have 2 ADCs of 64 channels\n/,
    );
    writeFileSync(geometry, fine);
    const again = await build(root, '-o', 'default.h5', '--set', 'light/hits.threshold=12000');
    assert.match(again, /7 tasks: 2 done, 5 fresh/);
  });
});
