/** Lines through points, and RANSAC on points of which the line is known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Points } from '../../../tasks/charge/dbscan.ts';
import { findTracklets, randomOf } from '../../../tasks/charge/find-tracklets.ts';
import { draw, principalAxis, ransacLine } from '../../../tasks/charge/line-fit.ts';
import { createRandom, type Random } from '../../../tasks/charge/random.ts';

/** `on` points within 2 mm of a line of 300 mm, then `off` points of a cube of 400 mm. */
function lineInNoise(random: Random, on: number, off: number): Points {
  const way = [random.normal(0, 1), random.normal(0, 1), random.normal(0, 1)];
  const norm = Math.sqrt(way.reduce((sum, c) => sum + c * c, 0));
  const rows = Array.from({ length: on + off }, (_, i) => {
    const s = random.between(-150, 150);
    return way.map((c) =>
      i < on ? (c / norm) * s + random.between(-1.1, 1.1) : random.between(-200, 200),
    );
  });
  const column = (k: number): Float64Array => Float64Array.from(rows, (row) => row[k]!);
  return { x: column(0), y: column(1), z: column(2) };
}

const all = (points: Points): Uint32Array => Uint32Array.from(points.x.keys());

test('the principal axis is the direction of the largest spread', () => {
  // Diagonal: spreads 1, 3, 2; then the same turned by 30 degrees about z.
  const spread = [1, 3, 2];
  const rows = [0, 1, 2].flatMap((k) =>
    [-1, 1].map((sign) => [0, 1, 2].map((i) => (i === k ? sign * spread[k]! : 0))),
  );
  const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
  for (const [turn, want] of [
    [false, [0, 1, 0]],
    [true, [-s, c, 0]],
  ] as const) {
    const turned = rows.map(([x, y, z]) =>
      turn ? [c * x! - s * y!, s * x! + c * y!, z!] : [x!, y!, z!],
    );
    const column = (k: number): Float64Array => Float64Array.from(turned, (row) => row[k]! + 100);
    const points = { x: column(0), y: column(1), z: column(2) };
    const { centre, axis } = principalAxis(points, all(points));
    centre.forEach((value) => assert.ok(Math.abs(value - 100) < 1e-12));
    const cosine = axis.reduce((sum, value, k) => sum + value * want[k]!, 0);
    assert.ok(Math.abs(Math.abs(cosine) - 1) < 1e-14, axis.join(' '));
  }
});

test('points in one place have an axis of length 1 all the same', () => {
  const column = Float64Array.of(5, 5, 5);
  const { axis } = principalAxis({ x: column, y: column, z: column }, Uint32Array.of(0, 1, 2));
  assert.equal(
    axis.reduce((sum, value) => sum + value * value, 0),
    1,
  );
});

test('RANSAC finds the points of the line, whatever their places, and hardly others', () => {
  const settings = { minSamples: 2, threshold: 8, trials: 60 };
  for (let seed = 0; seed < 50; seed++) {
    const points = lineInNoise(createRandom(seed), 60, 60);
    const found = ransacLine(points, all(points), settings, createRandom(1000 + seed));
    const on = found.filter((i) => i < 60).length;
    assert.ok(on >= 58, `seed ${seed}: ${on} of 60`);
    assert.ok(found.length - on < 10, `seed ${seed}: ${found.length - on} of the others`);
    assert.deepEqual(
      [...found],
      [...found].sort((a, b) => a - b),
    );
  }
});

test('every choice of some of the points is drawn as often as any other', () => {
  const rows = Uint32Array.of(3, 5, 6, 8, 9);
  const random = createRandom(4);
  for (const [size, ways] of [
    [2, 10],
    [3, 10],
    [4, 5],
    [5, 1],
  ] as const) {
    const drawn = new Map<string, number>();
    const sample = new Uint32Array(size);
    for (let i = 0; i < 5000; i++) {
      draw(rows, sample, random);
      assert.ok(new Set(sample).size === size && sample.every((row) => rows.includes(row)));
      const key = [...sample].sort().join();
      drawn.set(key, (drawn.get(key) ?? 0) + 1);
    }
    assert.equal(drawn.size, ways);
    for (const n of drawn.values())
      assert.ok(Math.abs(n - 5000 / ways) < 5 * Math.sqrt(5000 / ways));
  }
});

test('with two points on a line through them, no threshold is too small for a trial of two', () => {
  const points = {
    x: Float64Array.of(0, 3, 90),
    y: Float64Array.of(0, 0, 7),
    z: Float64Array.of(0, 0, 1),
  };
  const settings = { minSamples: 2, threshold: 1e-6, trials: 1 };
  for (let seed = 0; seed < 20; seed++)
    assert.equal(ransacLine(points, all(points), settings, createRandom(seed)).length, 2);
});

test('two crossing lines become tracklets of their own, the same for the same seed', () => {
  const find = {
    eps: 25,
    minSamples: 5,
    ransac: { minSamples: 2, threshold: 8, trials: 10 },
    iterations: 100,
  };
  const rows = Array.from({ length: 120 }, (_, i) => {
    const s = 4 * ((i % 60) - 30) + 2;
    return i < 60 ? [s, 0, 0] : [0.3 * s, s, 0.2 * s];
  });
  const column = (k: number): Float64Array => Float64Array.from(rows, (row) => row[k]!);
  const points = { x: column(0), y: column(1), z: column(2) };
  const found = findTracklets(points, find, randomOf(7, points));
  const pure = found.filter((hits) => {
    const first = hits.filter((i) => i < 60).length;
    return hits.length > 40 && (first < 8 || first > hits.length - 8);
  });
  // The second is cut where the first took its hits.
  assert.ok(
    pure.length >= 1 && found.length >= 2 && found.length <= 4,
    found.map((f) => f.length).join(),
  );
  assert.equal(
    new Set(found.flatMap((hits) => [...hits])).size,
    found.flatMap((h) => [...h]).length,
  );
  assert.deepEqual(findTracklets(points, find, randomOf(7, points)), found);
});

test('events have random numbers of their own, by the seed and the places of their hits', () => {
  const first = (seed: number, event: number): number => {
    const x = Float64Array.of(event, 1, 2);
    return randomOf(seed, { x, y: x.subarray(1), z: x.subarray(2) }).uniform();
  };
  const many = new Set<number>();
  for (let event = 0; event < 1000; event++)
    for (const seed of [0, 1, 2 ** 32 - 1]) many.add(first(seed, event));
  assert.equal(many.size, 3000);
  assert.equal(first(5, 6), first(5, 6));
});
