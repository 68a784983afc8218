/** Finds the straight pieces of tracks among the hits of an event. Knows coordinates, no files and no rows. */
import { clustersOf, neighboursWithin, OUTSIDE, type Points } from './dbscan.ts';
import { ransacLine, type RansacSettings } from './line-fit.ts';
import { createRandom, type Random } from './random.ts';

export interface FindSettings {
  /** mm. */
  eps: number;
  /** Hits within eps that make a core, itself included. */
  minSamples: number;
  ransac: RansacSettings;
  iterations: number;
}

/**
 * Random numbers of an event, seeded by where its hits are: they depend neither on other events nor on which of them, of a run or of
 * a part of it, this one is.
 */
export function randomOf(seed: number, { x, y, z }: Points): Random {
  let state = seed | 0;
  for (const column of [x, y, z]) {
    const words = new Int32Array(column.buffer, column.byteOffset, 2 * column.length);
    for (let i = 0; i < words.length; i++) {
      state = Math.imul(state ^ words[i]!, 0x9e3779b1);
      state ^= state >>> 15;
    }
  }
  return createRandom(state >>> 0);
}

/**
 * The hits of each tracklet, ascending, in the order in which they were found. Clusters of the free hits are searched for
 * the line with most hits; clusters of these are tracklets, whose hits are free no more; again, until there is no cluster
 * or after `iterations`.
 */
export function findTracklets(
  points: Points,
  settings: FindSettings,
  random: Random,
): Uint32Array[] {
  const { eps, minSamples, ransac, iterations } = settings;
  const near = neighboursWithin(points, eps);
  const labels = new Int32Array(points.x.length).fill(OUTSIDE);
  const isTaken = new Uint8Array(points.x.length);
  const found: Uint32Array[] = [];
  let free = new Uint32Array(isTaken.length).map((_, hit) => hit);
  for (let i = 0; i < iterations && free.length > 0; i++) {
    const clusters = clustersOf(near, free, minSamples, labels);
    if (clusters.length === 0) break;
    for (const cluster of clusters) {
      if (cluster.length <= ransac.minSamples) continue;
      const inliers = ransacLine(points, cluster, ransac, random);
      for (const piece of clustersOf(near, inliers, minSamples, labels)) {
        found.push(piece);
        for (const hit of piece) isTaken[hit] = 1;
      }
    }
    free = free.filter((hit) => isTaken[hit] === 0);
  }
  return found;
}
