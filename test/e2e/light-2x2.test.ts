/** The light chain of the 2x2: from an MPD file to flashes, table by table what ndlar_flow's own classes made of the same file. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openH5 } from 'tg/h5';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { folder, run } from '../helpers/cli.ts';

const CASE = fileURLToPath(new URL('../../../test/fixtures/light-2x2', import.meta.url));
const EXPECTED = join(CASE, 'expected.h5');
const SERIALS = 'light/events.sn_table=[0xcd94138,0xcd8d648,0x2650b3ff,0xcd913fb]';
const UPSTREAM = ['light/sum_hits.compat=upstream', 'light/sipm_hits.compat=upstream'];

/** The case in a folder of its own, with other files. */
function project(files: Record<string, string> = {}): string {
  const root = folder();
  for (const name of readdirSync(CASE).filter((name) => !/^(expected|README)/.test(name)))
    cpSync(join(CASE, name), join(root, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

const words = (out: string, set: readonly string[], workflow: string): string[] => [
  ...['build', '-c', workflow, '-i', 'mpd_synthetic.data', '-o', out, '--refs', 'pairs'],
  ...[SERIALS, ...set].flatMap((one) => ['--set', one]),
];

async function build(
  root: string,
  out: string,
  set: readonly string[] = [],
  workflow = 'reco.yaml',
): Promise<string> {
  const { code, stderr } = await run(words(out, set, workflow), { cwd: root });
  assert.equal(code, 0, stderr);
  return stderr;
}

/** Prints {compared: rows and pairs, worst: member -> greatest difference in parts of the greatest value, told: what else is otherwise}. */
const COMPARE = `
USED = [0, 4, 5, 6, 7, 20, 21, 22, 23, 32]
worst, told, compared = {}, [], 0
def same(name, a, b):
    global compared
    compared += len(a)
    if a.dtype.base != b.dtype.base or a.shape != b.shape: told.append('%s: %s %s, %s %s' % (name, a.dtype, a.shape, b.dtype, b.shape)); return
    if b.dtype.kind != 'f':
        if not (a == b).all(): told.append(name + ' values')
        return
    x, y = a.astype('f8'), b.astype('f8')
    worst[name] = float(np.abs(x - y).max() / max(np.abs(y).max(), 1e-300))
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    tables = sys.argv[3].split(',')
    for t in tables:
        if 'used' in u[t]:
            a = f[t + '/data']['samples']
            same(t, a[:, :, USED], u[t + '/used'][:])
            if np.delete(a, USED, axis=2).any(): told.append(t + ' has more')
        else:
            a, b = f[t + '/data'][:], u[t + '/data'][:]
            # Upstream's name of that field in the class that ran; later ones have tg's.
            names = [n.replace('idx_range', 'sample_range') for n in b.dtype.names]
            if list(a.dtype.names) != names: told.append('%s has %s' % (t, a.dtype.names))
            if a.dtype.itemsize != b.dtype.itemsize: told.append(t + ' is %d bytes, %d' % (a.dtype.itemsize, b.dtype.itemsize))
            for n, m in zip(names, b.dtype.names): same(t + '.' + n, a[n], b[m])
        for k in u[t].attrs:
            x, y = f[t].attrs.get(k), u[t].attrs[k]
            if x is None or np.asarray(x).dtype != np.asarray(y).dtype or not np.array_equal(x, y): told.append('%s @%s: %r, %r' % (t, k, x, y))
    for name in u['refs']:
        a, b = (x.replace(':', '/') for x in name.split(' '))
        if b not in tables: continue
        got, want = f[a + '/ref/' + b + '/ref'][:], u['refs'][name][:]
        if not np.array_equal(got[np.lexsort(got.T[::-1])], want): told.append(name + ' pairs')
        compared += len(want)
print(json.dumps(dict(worst=worst, told=told, compared=compared)))
`;

interface Compared {
  worst: Record<string, number>;
  told: string[];
  compared: number;
}

const TABLES = [
  ...['events', 'wvfm', 't_ns', 'fwvfm', 'deconv', 'deconv/alignment', 'cwvfm', 'cwvfm/alignment'],
  ...['swvfm', 'swvfm/alignment', 'sum_hits', 'sipm_hits', 'flash'],
].map((name) => `light/${name}`);

const compare = (ours: string, tables: readonly string[]): Compared =>
  JSON.parse(runPython(COMPARE, ours, EXPECTED, tables.join(','))) as Compared;

const skip = withoutH5py();
const root = skip === false ? project() : '';

describe('the 2x2', { skip }, () => {
  test("upstream's workflow file gives upstream's tables, attributes and references", async () => {
    const said = await build(root, 'out.h5', UPSTREAM);
    assert.match(said, /procedures tg:light-2x2\n/);
    const { worst, told, compared } = compare(join(root, 'out.h5'), TABLES);
    assert.deepEqual(told, []);
    // 10 tables of 6 events, 107 and 1065 hits, 47 flashes; their fields, and pairs.
    assert.ok(compared > 20_000, String(compared));
    assert.equal(Object.keys(worst).length, 43);
    for (const [name, most] of Object.entries(worst)) assert.ok(most <= 1e-6, `${name}: ${most}`);
    for (const exact of ['light/fwvfm', 'light/t_ns.t_ns', 'light/sum_hits.boundary'])
      assert.equal(worst[exact], 0, exact);
  });

  test('by default flanks and widths are in ns, and channels of no SiPM have no hits', async () => {
    await build(root, 'default.h5');
    const script = `
from scipy.interpolate import CubicSpline
out = {}
xs = np.linspace(-4, 4, 256)
def keep(x):
    if len(x) == 0: return x
    m = np.median(x); d = np.abs(x - m); return x[d <= np.median(d) + 1e-12 * (np.median(d) + abs(m))]
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    for t in ('sum_hits', 'sipm_hits'):
        h, v = f['light/' + t + '/data'][:], u['light/' + t + '/data'][:]
        if t == 'sipm_hits': v = v[(v['pos'] != -1).any(axis=1)]
        want = []
        for s in h['samples'].astype('f8'):
            c = CubicSpline(np.arange(-4, 5), s); y, d = c(xs), c(xs, 1); top = xs[y.argmax()]
            with np.errstate(all='ignore'): zero, half = xs - y / d, xs + (y.max() / 2 - y) / d
            rise, low, up = keep(zero[xs < top]), keep(half[xs < top]), keep(half[xs > top])
            m = lambda x: x.mean() if len(x) else 0.
            want.append((16 * m(rise), 16 * (rise.std() if len(rise) else 0.), 16 * (m(up) - m(low)) if len(up) else 0., s.sum()))
        got = np.stack([h[n] for n in ('rising_spline', 'rising_err_spline', 'fwhm_spline', 'sum')], axis=1)
        want = np.array(want)
        fields = [n for n in h.dtype.names if n not in ('id', 'sum', 'rising_spline', 'rising_err_spline', 'fwhm_spline')]
        out[t] = dict(rows=len(h), all=len(v), worst=float((np.abs(got - want) / np.maximum(np.abs(want), 1)).max()),
            other=[n for n in fields if not np.allclose(h[n], v[n], rtol=1e-6, atol=1e-6 * float(np.abs(v[n]).max()))])
print(json.dumps(out))`;
    const told = JSON.parse(runPython(script, join(root, 'default.h5'), EXPECTED)) as Record<
      string,
      { rows: number; all: number; worst: number; other: string[] }
    >;
    for (const [name, { rows, all, worst, other }] of Object.entries(told)) {
      assert.equal(rows, all, name);
      assert.ok(worst < 1e-5, `${name}: ${worst}`);
      assert.deepEqual(other, [], name);
    }
    assert.equal(told['sum_hits']!.rows, 107);
    assert.ok(told['sipm_hits']!.rows > 500 && told['sipm_hits']!.rows < 1065);
  });

  test('simulated events have the gains and the latency of the simulation', async () => {
    const simulated = readFileSync(join(CASE, 'reco.yaml'), 'utf8').replace(
      'is_mc: false',
      'is_mc: true',
    );
    writeFileSync(join(root, 'mc.yaml'), simulated);
    await build(root, 'mc.h5', [], 'mc.yaml');
    const script = `
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    a, b = f['light/deconv/alignment/data'][:], u['simulated/alignment/data'][:]
    d, c = f['light/deconv/data']['samples'], f['light/cwvfm/data']['samples']
    gain = np.zeros((4, 64), 'f4'); gain[0, 4] = 0.022857
    print(json.dumps(dict(idx=bool((a['sample_idx'] == b['sample_idx']).all()), ns=(a['ns'] - b['ns']).tolist(), true=float(a['ns'][3]),
        tai=[float(x) for x in u['light/events/data']['tai_ns'][3]], calib=bool((c == d * gain[None, :, :, None]).all()), busy='busy_channel' in f['light/deconv/alignment'].attrs)))`;
    const {
      idx,
      ns,
      true: found,
      tai,
      calib,
      busy,
    } = JSON.parse(runPython(script, join(root, 'mc.h5'), EXPECTED)) as {
      idx: boolean;
      ns: number[];
      true: number;
      tai: number[];
      calib: boolean;
      busy: boolean;
    };
    assert.deepEqual([idx, calib, busy], [true, true, false]);
    // Upstream counts the ADC that is absent from event 3 with its time 0.
    assert.deepEqual(
      ns.map((difference) => difference === 0),
      [true, true, true, false, true, true],
    );
    const there = tai.filter((time) => time > 0).sort((a, b) => a - b);
    assert.equal(there.length, 3);
    assert.equal(found, there[1]);
  });

  test('light/wvfm_summ is that of module0_flow', async () => {
    const yaml = `
libraries: [tg:light]
sources: {light_raw: "mpd_{run}.data"}
link: {refs: pairs}
parameters: {light/events: {sn_table: [0xcd94138, 0xcd8d648, 0x2650b3ff, 0xcd913fb]}}
`;
    const own = project({ 'tg.yaml': yaml });
    const said = await run(['build', 'light/wvfm_summ'], { cwd: own });
    assert.equal(said.code, 0, said.stderr);
    assert.match(said.stderr, /light\/wvfm_summ@synthetic: 230 waveforms/);
    const { worst, told } = compare(join(own, 'build/synthetic.h5'), ['light/wvfm_summ']);
    assert.deepEqual(told, []);
    assert.equal(Object.keys(worst).length, 5);
    for (const [name, most] of Object.entries(worst)) assert.ok(most <= 1e-12, `${name}: ${most}`);
    assert.equal(worst['light/wvfm_summ.post_rising'], 0);
    const wrong = await run(
      ['build', 'light/wvfm_summ', '--set', 'light/wvfm_summ.pretrigger_window=[0, 199]'],
      { cwd: own },
    );
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /pretrigger_window is \[0, 199\], of 200 samples/);
  });

  test('tg:light-2x2 in a tg.yaml, with its own values; the libraries of light are told apart', async () => {
    const files = `lrs_geometry_file: light_module_desc.yaml`;
    const both = `{${files}, det_geometry_file: detector.yaml}`;
    const yaml = (library: string): string => `
libraries: [${library}]
sources: {light_raw: "mpd_{run}.data"}
parameters:
  light/events: {sn_table: [0xcd94138, 0xcd8d648, 0x2650b3ff, 0xcd913fb]}
  light/deconv: {noise_spectrum_filename: noise_power.npz, signal_spectrum_filename: signal_power.npz, signal_impulse_filename: signal_impulse.npz}
`;
    const geometry = `  light/swvfm: {${files}}
  light/sum_hits: ${both.replace('{', '{threshold: 250, ')}
  light/sipm_hits: ${both}
  light/flash: {${files}, nchantpc: 8}
`;
    const own = project({ 'tg.yaml': yaml('tg:light-2x2') + geometry });
    const said = await run(['build'], { cwd: own });
    assert.equal(said.code, 0, said.stderr);
    assert.match(said.stderr, /11 tasks: 11 done/);
    const rows = async (): Promise<number[]> => {
      const file = await openH5(join(own, 'build/synthetic.h5'));
      const found = ['light/sum_hits', 'light/flash'].map((name) => file.table(name).rows);
      file.close();
      return found;
    };
    const [hits, flashes] = await rows();
    assert.ok(flashes! > 0 && hits! > flashes!, `${hits} hits, ${flashes} flashes`);
    const none = await run(['build', '--set', 'light/sum_hits.threshold=1e9'], { cwd: own });
    assert.equal(none.code, 0, none.stderr);
    assert.deepEqual(await rows(), [0, 0]);
    for (const [library, name, from] of [
      ['tg:light', 'light/sum_hits', 'tg:light-2x2'],
      ['tg:charge', 'light/events', 'tg:light'],
    ] as const) {
      const other = project({ 'tg.yaml': yaml(library).replace(/parameters[^]*/, '') });
      const refused = await run(['build', name], { cwd: other });
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, new RegExp(`${from}(?![-\\w])`));
    }
  });

  test('what is wrong is told with names; a threshold reruns its hits and what stands on them', async () => {
    const refused = async (set: readonly string[], message: RegExp, code = 1): Promise<void> => {
      const said = await run(words('bad.h5', set, 'reco.yaml'), { cwd: root });
      assert.equal(said.code, code, said.stderr);
      assert.match(said.stderr, message);
    };
    await refused(
      ['light/sipm_hits.threshold={0: {70: 5}}'],
      /threshold names channel 70 of ADC 0, there are 4 ADCs of 64\n/,
    );
    await refused(
      ['light/sum_hits.threshold={7: {0: 5}}'],
      /threshold names detector 0 of TPC 7, there are 4 TPCs of 4\n/,
    );
    await refused(
      ['light/sum_hits.threshold={default: {9: 5}}'],
      /threshold names detector 9, there are 4 TPCs of 4\n/,
    );
    await refused(['light/cwvfm.gain={1: {64: 1}}'], /gain names channel 64 of ADC 1, there are/);
    await refused(
      ['light/flash.nchantpc=6'],
      /channel \d+ of ADC 1 is SiPM 3 of its side of TPC \d, nchantpc 6 has 3 on a side\n/,
    );
    await refused(['light/flash.nchantpc=7'], /an even number/, 2);
    await refused(
      ['light/flash.lrs_geometry_file=null'],
      /light\/flash has no lrs_geometry_file: which SiPM is where in its TPC\n/,
    );
    await refused(
      ['light/sipm_hits.det_geometry_file=null'],
      /light\/sipm_hits has no det_geometry_file: where SiPMs are\n/,
    );
    const again = await build(root, 'default.h5', ['light/sum_hits.threshold=900']);
    assert.match(again, /10 tasks: 3 done, 7 fresh|11 tasks: 3 done, 8 fresh/);
  });

  test('a geometry with a mistake is told at its place', async () => {
    const geometry = readFileSync(join(CASE, 'light_module_desc.yaml'), 'utf8');
    const detector = readFileSync(join(CASE, 'detector.yaml'), 'utf8');
    const own = project();
    const refused = async (file: string, text: string, message: RegExp): Promise<void> => {
      const before = file === 'detector.yaml' ? detector : geometry;
      assert.notEqual(text, before);
      writeFileSync(join(own, file), text);
      const said = await run(words('bad.h5', [], 'reco.yaml'), { cwd: own });
      assert.equal(said.code, 1, said.stdout);
      assert.match(said.stderr, message);
      writeFileSync(join(own, file), before);
    };
    const light = (from: string | RegExp, to: string, message: RegExp) =>
      refused('light_module_desc.yaml', geometry.replace(from, to), message);
    await light(
      '0: [4, 5]',
      '0: [4, 99]',
      /detector 0 of TPC 0 has channel 99 of ADC 0, the waveforms have 4 ADCs of 64 channels\n/,
    );
    await light('0.2.0', '1.2.0', /format_version is 1\.2\.0, not 0\.0 or 0\.2\n/);
    await light(/det_side: \{0: 0/, 'det_side: {0: x', /det_side\.0 is no number\n/);
    await light(/-15\.14, -15\.51, 0/, '-15.14, -15.51', /geom\.0\.min has 2 numbers, not 3\n/);
    await refused(
      'detector.yaml',
      detector.replace('[2, 3]', '[2]'),
      /module_to_tpcs has no module of TPC 3\n/,
    );
  });
});
