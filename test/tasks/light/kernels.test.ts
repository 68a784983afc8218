/** Splines, Fourier transforms and .npz files of the light chain, against scipy, numpy and sums written out. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { integral, slopeAt, splineMaker, valueAt } from '../../../tasks/light/cubic-spline.ts';
import { deconvolver, resampled } from '../../../tasks/light/deconvolution.ts';
import { realFourier } from '../../../tasks/light/fourier.ts';
import { readNpz, writeNpz } from '../../../tasks/light/npz.ts';
import { findPeaks } from '../../../tasks/light/peaks.ts';
import { folder } from '../../helpers/cli.ts';
import { runPython, withoutH5py } from '../../h5/peers.ts';

const near = (a: ArrayLike<number>, b: ArrayLike<number>, most: number): void => {
  assert.equal(a.length, b.length);
  const scale = Math.max(1e-300, ...Array.from(b, Math.abs));
  for (let i = 0; i < a.length; i++)
    assert.ok(Math.abs(a[i]! - b[i]!) <= most * scale, `${i}: ${a[i]}, ${b[i]}`);
};

/** Deterministic numbers between -1 and 1. */
const wave = (n: number, seed: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.sin(seed + i * i * 0.7 + i));

test('a transform of any length is the sum it stands for, and comes back', () => {
  for (const n of [2, 3, 6, 7, 8, 30, 33, 64, 100, 101, 254]) {
    const x = wave(n, n);
    const fourier = realFourier(n);
    const spectrum = fourier.forward(x).slice();
    const wanted = new Float64Array(2 * (Math.floor(n / 2) + 1));
    for (let k = 0; k <= n / 2; k++)
      for (let j = 0; j < n; j++) {
        wanted[2 * k]! += x[j]! * Math.cos((2 * Math.PI * j * k) / n);
        wanted[2 * k + 1]! -= x[j]! * Math.sin((2 * Math.PI * j * k) / n);
      }
    near(spectrum, wanted, 1e-12);
    near(fourier.inverse(spectrum), x, 1e-12);
  }
  assert.throws(() => realFourier(1), /two numbers/);
});

test('splines are those of scipy, from two points on', { skip: withoutH5py() }, () => {
  const script = `
from scipy.interpolate import CubicSpline
out = []
for n, seed in json.loads(sys.argv[1]):
    i = np.arange(n); y = np.sin(seed + i * i * .7 + i)
    c = CubicSpline(-3 + .5 * i, y); x = np.linspace(-4, -2.5 + .5 * n, 57)
    out.append([c(x).tolist(), c(x, 1).tolist(), float(c.integrate(-3, -3 + .5 * (n - 1)))])
print(json.dumps(out))`;
  const cases = [2, 3, 4, 5, 7, 9, 40].map((n) => [n, n + 0.25] as const);
  const all = JSON.parse(runPython(script, JSON.stringify(cases))) as [
    number[],
    number[],
    number,
  ][];
  cases.forEach(([n, seed], k) => {
    const spline = splineMaker(n, -3, 0.5).through(wave(n, seed));
    const x = Array.from({ length: 57 }, (_, i) => -4 + (i * (1.5 + 0.5 * n)) / 56);
    near(
      x.map((at) => valueAt(spline, at)),
      all[k]![0],
      1e-12,
    );
    near(
      x.map((at) => slopeAt(spline, at)),
      all[k]![1],
      1e-12,
    );
    near([integral(spline)], [all[k]![2]], 1e-11);
  });
  assert.throws(() => splineMaker(1, 0, 1), /two points/);
});

test('a flash that the electronics has smeared is found where it was, by all three filters', () => {
  const [n, at] = [250, 60];
  const impulse = Float64Array.from({ length: 2 * n }, (_, i) =>
    i < 40 ? Math.exp(-i / 6) - Math.exp(-i / 2) : 0,
  );
  const samples = Float32Array.from({ length: n }, (_, i) =>
    i >= at ? 500 * impulse[i - at]! : 0,
  );
  const template = {
    noise: new Float64Array(n + 1).fill(1e-6),
    signal: new Float64Array(n + 1).fill(1e4),
    impulse,
  };
  for (const type of ['wiener', 'inverse', 'matched'] as const)
    for (const width of [0, 1]) {
      const machine = deconvolver(n, type, width);
      const out = new Float32Array(2 * n);
      machine.apply([machine.filterOf(template)], Uint8Array.of(1), samples, out);
      const found = out.indexOf(Math.max(...out));
      // A matched filter does not undo the impulse: it peaks where the two overlap most.
      assert.equal(found, at, `${type} ${width}`);
      if (type !== 'matched' && width === 0)
        assert.ok(Math.abs(out[at]! - 500) < 1, String(out[at]));
      assert.equal(out[n], 0, 'what is beyond its waveform is left alone');
    }
  const nothing = deconvolver(n, 'wiener', 0).filterOf({
    ...template,
    noise: new Float64Array(n + 1),
    impulse: new Float64Array(2 * n),
  });
  assert.ok(
    nothing.factors.every((factor) => factor === 0),
    'no template, no signal',
  );
});

test('a spectrum of the right size is left alone', () => {
  const spectrum = wave(65, 1);
  assert.equal(resampled(spectrum, 65), spectrum);
  assert.equal(resampled(spectrum, 129).length, 129);
});

test('arrays of numpy are read, and what is written numpy reads', { skip: withoutH5py() }, () => {
  const root = folder();
  const [theirs, ours] = [join(root, 'theirs.npz'), join(root, 'ours.npz')];
  runPython(
    `np.savez_compressed(sys.argv[1], a=np.arange(24.).reshape(2, 3, 4) / 7, b=np.array([[-5, 2**40]]), c=np.float32([1.5]), d=np.int16([-3, 4]))`,
    theirs,
  );
  const read = readNpz(readFileSync(theirs));
  assert.deepEqual([...read.keys()], ['a', 'b', 'c', 'd']);
  assert.deepEqual(read.get('a')!.shape, [2, 3, 4]);
  assert.deepEqual(
    read.get('a')!.values,
    Float64Array.from({ length: 24 }, (_, i) => i / 7),
  );
  assert.deepEqual([...read.get('b')!.values], [-5, 2 ** 40]);
  assert.deepEqual([...read.get('c')!.values, ...read.get('d')!.values], [1.5, -3, 4]);
  writeFileSync(ours, writeNpz(new Map([...read].slice(0, 3))));
  const back = runPython(
    `z = np.load(sys.argv[1]); t = np.load(sys.argv[2]); print(json.dumps([bool((z[k] == t[k]).all() and z[k].shape == t[k].shape and z[k].dtype == 'f8') for k in 'abc']))`,
    ours,
    theirs,
  );
  assert.deepEqual(JSON.parse(back), [true, true, true]);
  const counts = new Map([
    ['n', { shape: [3, 1], values: Float64Array.of(0, -7, 2 ** 40), isWhole: true }],
  ]);
  writeFileSync(ours, writeNpz(counts));
  const told = runPython(`n = np.load(sys.argv[1])['n']; print(n.dtype.str, n.tolist())`, ours);
  assert.equal(told.trim(), '<i8 [[0], [-7], [1099511627776]]');
  assert.deepEqual([...readNpz(readFileSync(ours)).get('n')!.values], [0, -7, 2 ** 40]);
  assert.deepEqual(writeNpz(read), writeNpz(read));
  const bytes = readFileSync(theirs);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const broken = Uint8Array.from(bytes);
      broken[at] = value;
      // A sentence or numbers, never anything else.
      try {
        for (const { shape, values } of readNpz(broken).values())
          assert.equal(
            shape.reduce((a, b) => a * b, 1),
            values.length,
          );
      } catch (error) {
        assert.ok(error instanceof Error && error.message.length > 0);
        assert.notEqual(error.name, 'AssertionError');
      }
    }),
    { numRuns: 300 },
  );
});

test('a peak is higher than both neighbours and reaches the threshold', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 4 }),
      (list, threshold) => {
        const wanted = list.flatMap((value, p) =>
          p > 0 &&
          p + 1 < list.length &&
          value >= threshold &&
          list[p - 1]! < value &&
          list[p + 1]! < value
            ? [p]
            : [],
        );
        const padded = Float32Array.from([9, ...list, 9]);
        assert.deepEqual(findPeaks(padded, 1, list.length, threshold), wanted);
      },
    ),
  );
});
