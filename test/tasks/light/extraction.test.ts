/** Templates from waveforms, against numpy and scipy over the same waveforms, one by one. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { ZodType } from 'zod';
import { extraction } from '../../../tasks/light/extraction.ts';
import type { ExtractionRules, Means } from '../../../tasks/light/extraction.ts';
import extractionTask from '../../../tasks/light/extraction-task.ts';
import { edgeAligner } from '../../../tasks/light/impulse.ts';
import noiseFilter from '../../../tasks/light/noise-filter-task.ts';
import { folder } from '../../helpers/cli.ts';
import { runPython, withoutH5py } from '../../h5/peers.ts';

const [ROWS, ADCS, CHANNELS] = [12, 2, 6];
const PPS = 2;

/** Deterministic numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Pulses of all heights and places, some waveforms flat or only falling, channel 2 a PPS in some events; missing ones are 0. */
function waveforms(n: number): { samples: Float32Array; valid: Uint8Array } {
  const next = numbers(n);
  const samples = new Float32Array(ROWS * ADCS * CHANNELS * n);
  const valid = new Uint8Array(ROWS * ADCS * CHANNELS);
  for (let i = 0; i < valid.length; i++) {
    const [channel, adc] = [i % CHANNELS, Math.floor(i / CHANNELS)];
    const isMissing = adc === 3 || channel === 5 || next() < 0.2;
    valid[i] = isMissing ? 0 : 1;
    if (isMissing) continue;
    const [at, height] = [next() * n * 0.8, 200 * Math.exp(4 * next())];
    for (let k = 0; k < n; k++) {
      const t = k - at;
      let value = (next() - 0.5) * 100;
      if (channel === PPS) value += adc % 3 === 0 && t > 0 ? 9000 : 0;
      else if (channel === 3) value = -5 * k;
      else if (channel === 4 && adc % 2 === 0) value = 0;
      else if (t > 0) value += height * (Math.exp(-t / 9) - Math.exp(-t / 2));
      samples[i * n + k] = value;
    }
  }
  return { samples, valid };
}

const ORACLE = `
from scipy.interpolate import CubicSpline
c = json.load(open(sys.argv[1])); n = c['n']
w = np.fromfile(sys.argv[2], '<f4').reshape(${ROWS}, ${ADCS}, ${CHANNELS}, n).astype('f8')
v = np.fromfile(sys.argv[3], 'u1').reshape(w.shape[:3]) != 0
bins = n // 2 + 1
def put(store, key, x): store.setdefault(key, []).append(x)
noise, signal, impulse = {}, {}, {}
for e in range(w.shape[0]):
    for a in range(w.shape[1]):
        pps = v[e, a, ${PPS}] and (w[e, a, ${PPS}] > c['ppsThreshold']).any()
        for ch in range(w.shape[2]):
            x = w[e, a, ch]
            there = v[e, a].any() if c['upstream'] else v[e, a, ch]
            if there and (c['slice'] or pps):
                y = x[slice(*c['slice'])] if c['slice'] else x
                put(noise, (a, ch), np.abs(np.fft.rfft(y)) ** 2)
            lo, hi = [-np.inf if b is None else b for b in c['amplitude'][:1]] + [np.inf if b is None else b for b in c['amplitude'][1:]]
            if pps or not v[e, a, ch] or not ((x > lo) & (x < hi)).any(): continue
            put(signal, (a, ch), np.abs(np.fft.rfft(x)) ** 2)
            over = c['oversampling']; pts = np.linspace(0, n, n * over)
            s = CubicSpline(np.arange(n), x, extrapolate=False)
            y, d = np.nan_to_num(s(pts)), np.nan_to_num(s(pts, 1))
            r = int(d.argmax())
            with np.errstate(all='ignore'): at = r - over * y[r] / d[r]
            at = int(np.clip(at, 0, n * over - 1)) if np.isfinite(at) else r
            z = np.zeros(n * over); z[:n * over - at] = y[at:]
            put(impulse, (a, ch), z[::over])
def means(store, m, change=lambda x: x):
    out, k = np.zeros(w.shape[1:3] + (m,)), np.zeros(w.shape[1:3])
    for key, rows in store.items(): out[key], k[key] = change(np.mean(rows, axis=0)), len(rows)
    return dict(values=np.nan_to_num(out, posinf=0, neginf=0).ravel().tolist(), n=k.ravel().tolist())
def wide(x):
    return CubicSpline(np.linspace(0, bins, len(x)), x / len(x))(np.arange(bins)) * bins if c['slice'] else x
with np.errstate(all='ignore'):
    print(json.dumps(dict(noise=means(noise, bins, wide), signal=means(signal, bins), impulse=means(impulse, n, lambda x: x / x.sum()))))
`;

const RULES: ExtractionRules = {
  noise: 'pps',
  ppsChannel: PPS,
  ppsThreshold: 5000,
  amplitude: [1000, 5000],
  oversampling: 10,
  upstream: false,
};

test(
  'means of noise, signal and impulse are those of numpy and scipy, waveform by waveform',
  { skip: withoutH5py() },
  () => {
    const root = folder();
    const cases: [n: number, rules: Partial<ExtractionRules>][] = [
      [64, {}],
      [64, { upstream: true }],
      [50, { noise: { from: 0, to: 20 }, oversampling: 7 }],
      [50, { noise: { from: 3, to: 50 }, upstream: true }],
      [33, { noise: { from: 5, to: 7 }, amplitude: [-Infinity, Infinity], oversampling: 1 }],
      [33, { amplitude: [300, Infinity] }],
    ];
    let [channels, pulses] = [0, 0];
    for (const [n, more] of cases) {
      const rules = { ...RULES, ...more };
      const { samples, valid } = waveforms(n);
      // In blocks, as they come from a file.
      const found = extraction([ADCS, CHANNELS, n], rules);
      const each = ADCS * CHANNELS;
      for (const [from, to] of [
        [0, 3],
        [3, 3],
        [3, ROWS],
      ] as const)
        found.add(
          samples.subarray(from * each * n, to * each * n),
          valid.subarray(from * each, to * each),
          to - from,
        );
      const { noise } = rules;
      const slice = noise === 'pps' ? null : [noise.from, noise.to];
      writeFileSync(join(root, 'rules.json'), JSON.stringify({ ...rules, n, slice }));
      writeFileSync(join(root, 'samples'), samples);
      writeFileSync(join(root, 'valid'), valid);
      const files = ['rules.json', 'samples', 'valid'].map((name) => join(root, name));
      const wanted = JSON.parse(runPython(ORACLE, ...files)) as Record<
        'noise' | 'signal' | 'impulse',
        { values: number[]; n: number[] }
      >;
      for (const name of ['noise', 'signal', 'impulse'] as const) {
        const means: Means = found[name]();
        const said = `${name} of ${n} samples`;
        assert.deepEqual([...means.n], wanted[name].n, said);
        assert.equal(means.values.length, wanted[name].values.length, said);
        for (let row = 0; row < each; row++) {
          const part = (values: ArrayLike<number>): number[] =>
            Array.from({ length: means.length }, (_, i) => values[row * means.length + i]!);
          const [is, be] = [part(means.values), part(wanted[name].values)];
          const most = Math.max(...be.map(Math.abs));
          is.forEach((value, i) => {
            assert.ok(
              Math.abs(value - be[i]!) <= 1e-9 * most,
              `${said}, ${row}: ${value}, ${be[i]}`,
            );
          });
        }
        channels += wanted[name].n.filter((count) => count > 0).length;
      }
      pulses += wanted.impulse.n.reduce((a, b) => a + b, 0);
    }
    // The cases hold something of everything.
    assert.ok(channels > 100 && pulses > 100, `${channels} channels, ${pulses} pulses`);
  },
);

test('a pulse begins where a line through its steepest point is 0', () => {
  const [n, width, height] = [60, 4, 1000];
  // Of a Gaussian that is two widths before its middle.
  const pulse = (at: number): number => height * Math.exp(-0.5 * (at / width) ** 2);
  for (const middle of [15, 20, 31.3]) {
    const wave = Float32Array.from({ length: n }, (_, i) => pulse(i - middle));
    const shifted = edgeAligner(n, 10).of(wave, 0);
    // A point is about a tenth of a sample.
    const most = (0.15 * height * Math.exp(-0.5)) / width;
    for (let i = 0; i < 20; i++) {
      const wanted = pulse(i - 2 * width);
      assert.ok(Math.abs(shifted[i]! - wanted) < most, `${middle}, ${i}: ${shifted[i]}, ${wanted}`);
    }
  }
  // Nothing rises: it stays 0, and is no NaN.
  assert.deepEqual([...edgeAligner(4, 10).of(new Float32Array(4), 0)], [0, 0, 0, 0]);
});

interface Entry {
  name: string;
  outputs?: unknown;
  parameters: Record<string, unknown>;
}

const entriesOf = (library: string): Entry[] => {
  const url = new URL(`../../../../procedures/${library}.yaml`, import.meta.url);
  const root = parse(readFileSync(url, 'utf8')) as Entry[] | { procedures: Entry[] };
  return Array.isArray(root) ? root : root.procedures;
};

test('tg:light-noise is light/fwvfm of tg:light with keep_noise, and all parameters are written out', () => {
  const fwvfm = entriesOf('light').find(({ name }) => name === 'light/fwvfm')!;
  const [noise, ...others] = entriesOf('light-noise');
  assert.deepEqual(others, []);
  assert.deepEqual(noise!.parameters, { ...fwvfm.parameters, keep_noise: true });
  const parsed = (module: { params?: unknown }, values: object): unknown =>
    (module.params as ZodType).parse(values);
  assert.deepEqual(parsed(noiseFilter, noise!.parameters), noise!.parameters);
  const [templates] = entriesOf('light-templates');
  assert.deepEqual(parsed(extractionTask, templates!.parameters), templates!.parameters);
  const bad = (values: object, message: RegExp): void =>
    void assert.throws(() => parsed(extractionTask, values), message);
  bad({ noise_strategy: 'all' }, /noise_strategy/);
  bad({ noise_slice: [0] }, /noise_slice/);
  bad({ impulse_alignment_oversampling: 0 }, /impulse_alignment_oversampling/);
});
