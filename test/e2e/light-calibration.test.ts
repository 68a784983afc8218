/** Templates and noise of the light chain: upstream's workflow gives upstream's templates, deconvolution takes what is built, and the noise is a table. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { folder, run, withoutFixtures } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';

const CASE = join(process.env['TG_FIXTURES'] ?? '', 'light/reco-small');
const NAMES = ['noise_power', 'signal_power', 'signal_impulse'] as const;

/** A folder with files of the case, and others. */
function place(names: readonly string[], files: Record<string, string> = {}): string {
  const root = folder(files);
  for (const name of names) cpSync(join(CASE, 'input', name), join(root, name));
  return root;
}

const tg = async (root: string, words: string, code = 0): Promise<string> => {
  const said = await run(words.split(' '), { cwd: root });
  assert.equal(said.code, code, said.stderr);
  return said.stderr;
};

/**
 * Of each template: greatest difference from upstream's in parts of the greatest value of its channel, whether what upstream has as NaN is 0, and of how many
 * channels with a waveform, and of how many without, `n` differs.
 */
const AGAINST = `
out = {}
ev = h5py.File(sys.argv[3])['light/events/data']['wvfm_valid'].any(axis=0)[..., None]
for name in ['noise_power', 'signal_power', 'signal_impulse']:
    a, u = np.load(sys.argv[1] + '/' + name + '.npz'), np.load(sys.argv[2] + '/' + name + '.npz')
    k = 'impulse' if name == 'signal_impulse' else 'spectrum'
    x, y = a[k], u[k]; fine = np.isfinite(y)
    assert x.dtype == y.dtype and x.shape == y.shape and a['n'].dtype == u['n'].dtype and a['n'].shape == u['n'].shape
    most = np.abs(np.where(fine, y, 0)).max(axis=-1, keepdims=True)
    odd = a['n'] != u['n']
    out[name] = dict(worst=float((np.abs(x - y) / np.where(most > 0, most, 1))[fine].max()), zero=bool((x[~fine] == 0).all()), filled=int(fine.any(axis=-1).sum()), n=[int((odd & ev).sum()), int((odd & ~ev).sum())])
print(json.dumps(out))
`;
type Against = Record<
  (typeof NAMES)[number],
  { worst: number; zero: boolean; filled: number; n: [number, number] }
>;

const against = (root: string, ours: string): Against =>
  JSON.parse(
    runPython(AGAINST, join(root, ours), join(CASE, 'expected'), join(root, 'light_events.h5')),
  ) as Against;

describe('on the reference case', { skip: withoutFixtures || withoutH5py() }, () => {
  test("upstream's extraction workflow writes upstream's templates under the names it gives, 0 for NaN", async () => {
    const root = place(['light_events.h5', 'extract.yaml']);
    const words = 'build -c extract.yaml -i light_events.h5 -o out.h5';
    const told = await tg(root, words);
    assert.match(told, /2 stages as light\/fwvfm light\/templates\n/);
    // 22 channels have waveforms, of which the PPS is no signal.
    assert.match(told, /84 of 128 channels have no waveform for noise_power, 0 in it\n/);
    assert.match(told, /86 of 128 channels have no waveform for signal_impulse, 0 in it\n/);
    const is = against(root, 'tmpl');
    for (const name of NAMES) {
      assert.ok(is[name].worst < 1e-6, `${name}: ${is[name].worst}`);
      assert.ok(is[name].zero, name);
    }
    assert.deepEqual(
      NAMES.map((name) => [is[name].filled, ...is[name].n]),
      // Upstream counts events for the noise of channels that have no waveform.
      [
        [128, 0, 84],
        [42, 0, 0],
        [42, 0, 0],
      ],
    );
    // The flow file is the input: fwvfm is dropped, and there is no light/deconv.
    const tables = runPython(
      `print(sorted(h5py.File(sys.argv[1])['light']))`,
      join(root, 'out.h5'),
    );
    assert.equal(tables.trim(), "['events', 'wvfm']");
    assert.match(await tg(root, words), /3 fresh, nothing to do/);
    // compat: upstream: the same counts, too.
    await tg(root, `${words} --set light/templates.compat=upstream`);
    const same = against(root, 'tmpl');
    for (const name of NAMES) {
      assert.ok(same[name].worst < 1e-6, name);
      assert.deepEqual(same[name].n, [0, 0], name);
    }
  });

  test("a workflow may ask for some of them, under upstream's own names; what others made is not overwritten", async () => {
    const root = place(['light_events.h5', 'extract.yaml']);
    const text = readFileSync(join(root, 'extract.yaml'), 'utf8');
    const some = text
      .replace('gen_noise_spectrum: true', 'gen_noise_spectrum: false')
      .replace(/signal_amplitude: .*/, 'signal_amplitude: [1000, .inf]')
      .replace(/ +noise_strategy: .*\n| +signal_spectrum_filename: .*\n/g, '');
    writeFileSync(join(root, 'some.yaml'), some);
    const words = 'build -c some.yaml -i light_events.h5 -o out.h5';
    await tg(root, words);
    assert.ok(existsSync(join(root, 'wvfm_deconv_signal_power.npz')));
    assert.ok(existsSync(join(root, 'tmpl/signal_impulse.npz')));
    assert.ok(!existsSync(join(root, 'tmpl/noise_power.npz')));
    const own = join(root, 'wvfm_deconv_signal_power.npz');
    rmSync(`${own}.tg.json`);
    const before = readFileSync(own);
    assert.match(
      await tg(root, words, 2),
      /wvfm_deconv_signal_power\.npz exists and was not made by tg\n/,
    );
    assert.deepEqual(readFileSync(own), before);
    const none = some.replace(/gen_signal_(\w+): true/g, 'gen_signal_$1: false');
    writeFileSync(join(root, 'none.yaml'), none);
    assert.match(
      await tg(root, 'build -c none.yaml -i light_events.h5 -o none.h5', 2),
      /none\.yaml:\d+:\d+: wvfm_extract makes nothing: /,
    );
    const both = text.replace('do_filtering: false', 'do_filtering: true');
    writeFileSync(join(root, 'both.yaml'), both);
    assert.match(
      await tg(root, 'build -c both.yaml -i light_events.h5 -o both.h5', 2),
      /both\.yaml:\d+:\d+: gen_noise_spectrum must be false, not true/,
    );
  });

  test('what cannot be extracted is told with names', async () => {
    const root = place(['light_events.h5', 'extract.yaml']);
    const words = 'build -c extract.yaml -i light_events.h5 -o out.h5 --set light/templates.';
    for (const [value, message] of [
      ['pps_channel=64', /pps_channel is 64, the waveforms have 64 channels\n/],
      [
        'noise_slice=[-1,null]',
        /noise_slice \[-1, null\] holds 1 of 256 samples, two are needed\n/,
      ],
      ['noise_slice=[300,400]', /noise_slice \[300, 400\] holds 0 of 256 samples/],
    ] as const)
      assert.match(await tg(root, `${words}${value}`, 1), message);
  });

  test('a project whose deconvolution takes templates that are built: they come first, and a change of theirs is seen', async () => {
    const root = place([], {
      'tg.yaml': `libraries: [tg:light, tg:light-templates]
sources:
  light/events: "raw/{run}.h5::/light/events"
  light/wvfm: "raw/{run}.h5::/light/wvfm"
parameters:
  light/templates: {noise_strategy: slice, noise_slice: [0, 64], pps_threshold: 10000, signal_amplitude: [1000, 30000]}
  light/deconv:
    noise_spectrum_filename: build/templates/r1/noise_power.npz
    signal_spectrum_filename: build/templates/r1/signal_power.npz
    signal_impulse_filename: build/templates/r1/signal_impulse.npz
`,
    });
    mkdirSync(join(root, 'raw'));
    for (const run of ['r1', 'r2'])
      cpSync(join(CASE, 'input/light_events.h5'), join(root, 'raw', `${run}.h5`));
    // r2 is deconvolved with what r1 gives.
    const told = await tg(root, 'build light/deconv@r2');
    const at = (what: string): number => told.indexOf(`${what}: done`);
    assert.ok(at('light/templates@r1') > 0, told);
    assert.ok(at('light/templates@r1') < at('light/deconv@r2'), told);
    assert.ok(!told.includes('light/templates@r2'), told);
    const values = runPython(
      `f = h5py.File(sys.argv[1]); z = np.load(sys.argv[2]); d = f['light/deconv/data']['samples']; i = f['light/deconv/signal_impulse/data'][0]['impulse']
print(bool(np.isfinite(d).all()), int((np.abs(d).max(axis=(0, 3)) > 0).sum()), bool((i[..., :256] == z['impulse'].astype('f4')).all()))`,
      join(root, 'build/r2.h5'),
      join(root, 'build/templates/r1/signal_impulse.npz'),
    );
    // 22 channels of each ADC.
    assert.equal(values.trim(), 'True 44 True');
    assert.match(await tg(root, 'build light/deconv@r2'), /nothing to do/);
    const same = 'build light/deconv@r2 --set light/templates.signal_amplitude=[1000,20000]';
    assert.match(await tg(root, same), /5 tasks: 1 done, 4 fresh .*made the same content/);
    const changed = await tg(
      root,
      'build light/deconv@r2 --set light/templates.noise_slice=[0,50]',
    );
    assert.match(changed, /light\/deconv@r2: done/);
  });

  test('keep_noise gives upstream the noise that was taken off, in whole numbers', async () => {
    const root = place(['light_events.h5', 'extract.yaml']);
    const text = readFileSync(join(root, 'extract.yaml'), 'utf8')
      .replace('[wvfm_filt, wvfm_extract]', '[wvfm_filt]')
      .replace(/ {2}drop: .*\n/, '')
      .replace('keep_noise: false', 'keep_noise: true');
    writeFileSync(join(root, 'noise.yaml'), text);
    await tg(root, 'build -c noise.yaml -i light_events.h5 -o out.h5 --refs pairs');
    const noise = `
with h5py.File(sys.argv[1]) as f:
    e, w = f['light/events/data'][:], f['light/wvfm/data']['samples']
    n = f['light/fwvfm_noise/data']; assert n.dtype == f['light/wvfm/data'].dtype
    assert (f['light/events/ref/light/fwvfm_noise/ref'][:] == np.arange(len(e))[:, None]).all()
    n = n['samples'][:]; listed = [*range(2, 32), *range(34, 64)]; want = np.zeros_like(n); n_noise = 0
    for i, a, c in zip(*np.nonzero(e['wvfm_valid'])):
        if c not in listed: continue
        s = w[i, a, c].astype(int); s = (s - s % 64)[:80].reshape(8, 10)
        t = (s - s.mean(axis=1, keepdims=True)).mean(axis=0)
        want[i, a, c] = np.trunc(np.resize(t, w.shape[-1]).astype('f4')).astype('i2'); n_noise += np.abs(t).max() > 1
    print(bool((n == want).all()), int(n_noise) > 100, int(np.abs(n).max()) > 10)`;
    assert.equal(runPython(noise, join(root, 'out.h5')).trim(), 'True True True');
    // In tg.yaml it is a library; without it the task says so.
    const lone = await tg(
      root,
      'build light/fwvfm -i light_events.h5 -o x.h5 --set light/fwvfm.keep_noise=true',
      1,
    );
    assert.match(lone, /keep_noise makes light\/fwvfm_noise, which is no output of light\/fwvfm\n/);
    assert.match(lone, /try: libraries: \[tg:light-noise\]/);
    const asked = await tg(
      root,
      'build light/fwvfm_noise -c tg:light-noise -i light_events.h5 -o y.h5',
    );
    assert.match(asked, /light\/fwvfm: done/);
  });
});

test('who asks for light without its library is told the plain one, for what only another has that one', async () => {
  const root = folder({
    'tg.yaml': 'libraries: [tg:charge]\nsources: {packets: "raw/{run}.h5"}\n',
  });
  for (const [target, library] of [
    ['light/events', 'tg:light'],
    ['light/fwvfm', 'tg:light'],
    ['light/fwvfm_noise', 'tg:light-noise'],
    ['light/templates/noise_power', 'tg:light-templates'],
    ['mc_truth/light', 'tg:light-mc'],
  ] as const)
    assert.match(
      await tg(root, `build ${target}`, 2),
      new RegExp(`nothing makes "${target}": tg.yaml does not use ${library}\n`),
    );
});
