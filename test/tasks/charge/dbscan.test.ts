/** DBSCAN: label by label what scikit-learn gives, and what its definition says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import fc from 'fast-check';
import { openH5, relationOf } from 'tg/h5';
import {
  clustersOf,
  dbscan,
  neighboursWithin,
  NOISE,
  OUTSIDE,
  type Points,
} from '../../../tasks/charge/dbscan.ts';
import { createRandom } from '../../../tasks/charge/random.ts';
import { inFolder, runChain } from './chain.ts';
import { sklearnLabels, withoutSklearn, type Sample } from './sklearn.ts';

const pointsOf = (rows: readonly (readonly number[])[]): Points => {
  const column = (k: number): Float64Array => Float64Array.from(rows, (row) => row[k]!);
  return { x: column(0), y: column(1), z: column(2) };
};

function labelsOf({ points, eps, minSamples }: Sample): number[] {
  const labels = new Int32Array(points.x.length).fill(OUTSIDE);
  const all = Uint32Array.from(labels.keys());
  dbscan(neighboursWithin(points, eps), all, minSamples, labels);
  return [...labels];
}

/** The definition, read plainly: all distances, cores, what is reached from the first core without a label. */
function plainLabels({ points: { x, y, z }, eps, minSamples }: Sample): number[] {
  const n = x.length;
  const near = Array.from({ length: n }, (_, i) =>
    [...Array(n).keys()].filter((j) => {
      const [a, b, c] = [x[i]! - x[j]!, y[i]! - y[j]!, z[i]! - z[j]!];
      return a * a + b * b + c * c <= eps * eps;
    }),
  );
  const labels = Array<number>(n).fill(-1);
  let next = 0;
  for (let seed = 0; seed < n; seed++) {
    if (labels[seed] !== -1 || near[seed]!.length < minSamples) continue;
    const reach = [seed];
    labels[seed] = next;
    for (const i of reach) {
      if (near[i]!.length < minSamples) continue;
      for (const j of near[i]!) {
        if (labels[j] !== -1) continue;
        labels[j] = next;
        reach.push(j);
      }
    }
    next++;
  }
  return labels;
}

/** Points of many kinds: clouds, lines, grids with equal distances, coinciding ones, far ones. */
function randomSample(seed: number): Sample {
  const random = createRandom(seed);
  const eps = [1, 5, 25, 80][random.below(4)]!;
  const minSamples = [1, 2, 5, 9][random.below(4)]!;
  const n = random.below(400);
  const rows: number[][] = [];
  const kind = random.below(5);
  const far = random.uniform() < 0.3 ? 1e6 : 0;
  while (rows.length < n) {
    if (kind === 0) rows.push([0, 1, 2].map(() => far + random.normal(0, 2 * eps)));
    else if (kind === 1) {
      const [from, way] = [0, 1].map(() => [0, 1, 2].map(() => random.between(-300, 300)));
      for (let k = 0; k < 60; k++)
        rows.push(from!.map((c, i) => far + c + (way![i]! * k) / 60 + random.normal(0, 1)));
    } else if (kind === 2) rows.push([0, 1, 2].map(() => far + random.below(12)));
    else if (kind === 3)
      rows.push([0, 1, 2].map((k) => -far + eps * (k < 2 ? random.below(6) : 0)));
    else
      rows.push(
        random.uniform() < 0.5 ? [far, far, far] : [0, 1, 2].map(() => random.between(0, 9 * eps)),
      );
  }
  return { points: pointsOf(rows.slice(0, n)), eps, minSamples };
}

test('labels are those of the definition, read plainly', () => {
  const many = new Set<number>();
  for (let seed = 0; seed < 300; seed++) {
    const sample = randomSample(seed);
    const want = plainLabels(sample);
    assert.deepEqual(labelsOf(sample), want, `seed ${seed}`);
    many.add(Math.max(0, ...want) + 1);
  }
  assert.ok(many.size > 10, 'few and many clusters');
});

test(
  'labels are those of scikit-learn: clouds, lines, grids, coinciding points',
  { skip: withoutSklearn() },
  () => {
    const samples = Array.from({ length: 300 }, (_, seed) => randomSample(1000 + seed)).filter(
      ({ points }) => points.x.length > 0,
    );
    assert.ok(samples.length > 250);
    const want = sklearnLabels(samples);
    let [noise, borders] = [0, 0];
    samples.forEach((sample, i) => {
      const labels = labelsOf(sample);
      assert.deepEqual(labels, want[i], `sample ${i}`);
      noise += labels.filter((label) => label === NOISE).length;
      const { offset } = neighboursWithin(sample.points, sample.eps);
      borders += labels.filter(
        (label, k) => label >= 0 && offset[k + 1]! - offset[k]! < sample.minSamples,
      ).length;
    });
    assert.ok(noise > 100 && borders > 100, `${noise} of noise, ${borders} at borders`);
  },
);

test(
  'labels are those of scikit-learn on every event of the example',
  { skip: withoutSklearn() },
  () =>
    inFolder(async (folder) => {
      const example = fileURLToPath(new URL('../../../../examples/charge', import.meta.url));
      const layout = join(example, 'cal/layout.yaml');
      const samples: Sample[] = [];
      for (const run of ['r41', 'r42', 'r43']) {
        const { files } = await runChain(
          folder,
          join(example, `raw/packets_${run}.h5`),
          {
            'charge/hits': { geometry_file: layout },
            'combined/hit_drift': { geometry_file: layout },
          },
          'combined/hit_drift',
        );
        const open = (table: string) => openH5(files[table]!);
        const [events, hits, drift] = [
          await open('charge/events'),
          await open('charge/hits'),
          await open('combined/hit_drift'),
        ];
        const { start, stop } = relationOf(events, 'charge/events', 'charge/hits');
        const [x, y] = ['px', 'py'].map((name) => hits.table('/charge/hits').column(name));
        const z = drift.table('/combined/hit_drift').column('z');
        start.forEach((from, i) => {
          const cut = (column: ArrayLike<number>): Float64Array =>
            Float64Array.from(column).slice(from, stop[i]);
          const points = {
            x: cut(x as Float64Array),
            y: cut(y as Float64Array),
            z: cut(z as Float64Array),
          };
          for (const eps of [5, 25]) samples.push({ points, eps, minSamples: 5 });
        });
        for (const file of [events, hits, drift]) file.close();
      }
      assert.equal(samples.length, 2 * 29);
      const want = sklearnLabels(samples);
      const clusters = want.map((labels) => Math.max(...labels) + 1);
      assert.deepEqual([...new Set(clusters)].sort(), [0, 1, 2, 3]);
      samples.forEach((sample, i) => assert.deepEqual(labelsOf(sample), want[i], `sample ${i}`));
    }),
);

test('clustering some of the points is clustering them alone', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.nat(1e6), (seed, choice) => {
      const { points, eps, minSamples } = randomSample(seed);
      const random = createRandom(choice);
      const among = Uint32Array.from(points.x.keys()).filter(() => random.uniform() < 0.6);
      const labels = new Int32Array(points.x.length).fill(OUTSIDE);
      const clusters = clustersOf(neighboursWithin(points, eps), among, minSamples, labels);
      assert.ok(
        labels.every((label) => label === OUTSIDE),
        'ready for the next one',
      );
      const pick = (column: Float64Array): Float64Array =>
        Float64Array.from(among, (i) => column[i]!);
      const alone = { x: pick(points.x), y: pick(points.y), z: pick(points.z) };
      const want = plainLabels({ points: alone, eps, minSamples });
      assert.deepEqual(
        clusters.map((cluster) => [...cluster]),
        clusters.map((_, label) => [...among].filter((__, k) => want[k] === label)),
      );
      assert.equal(clusters.length, Math.max(-1, ...want) + 1);
    }),
    { numRuns: 100 },
  );
});
