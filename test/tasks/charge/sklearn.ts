/** scikit-learn for the tests: python3 with numpy and sklearn, points given as raw doubles. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Points } from '../../../tasks/charge/dbscan.ts';

let python: string | null | undefined;

/** A python with sklearn, or null. Missing is an error under TG_REQUIRE_SKLEARN=1. */
function findPython(): string | null {
  for (const name of ['/usr/bin/python3', 'python3'])
    if (spawnSync(name, ['-c', 'import numpy, sklearn.cluster']).status === 0) return name;
  if (process.env['TG_REQUIRE_SKLEARN'] === '1')
    throw new Error('TG_REQUIRE_SKLEARN=1 and no sklearn');
  return null;
}

/** Why tests against scikit-learn are skipped; false when they run. */
export function withoutSklearn(): string | false {
  python ??= findPython();
  return python === null && 'no python3 with sklearn (apt install python3-sklearn)';
}

export interface Sample {
  points: Points;
  eps: number;
  minSamples: number;
}

/** The labels that sklearn.cluster.DBSCAN gives, sample by sample. */
export function sklearnLabels(samples: readonly Sample[]): number[][] {
  const folder = mkdtempSync(join(tmpdir(), 'tg-sklearn-'));
  try {
    const path = join(folder, 'points');
    const columns = samples.flatMap(({ points: { x, y, z } }) => [x, y, z]);
    writeFileSync(path, Buffer.concat(columns.map((c) => new Uint8Array(c.buffer.slice(0)))));
    const settings = samples.map(({ points, eps, minSamples }) => [
      points.x.length,
      eps,
      minSamples,
    ]);
    const code = `
import sys, json, numpy as np
from sklearn.cluster import DBSCAN
values = np.fromfile(sys.argv[1])
labels, at = [], 0
for n, eps, min_samples in json.load(sys.stdin):
    points = values[at:at + 3 * n].reshape(3, n).T
    at += 3 * n
    labels.append(DBSCAN(eps=eps, min_samples=min_samples).fit(points).labels_.tolist())
assert at == len(values)
json.dump(labels, sys.stdout)
`;
    const { status, stdout, stderr } = spawnSync(python!, ['-c', code, path], {
      encoding: 'utf8',
      input: JSON.stringify(settings),
      maxBuffer: 2 ** 30,
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as number[][];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
