/** Clusters of points in space (DBSCAN), with the labels that scikit-learn gives. Knows coordinates, no hits. */

/** Points in space, mm. */
export interface Points {
  x: Float64Array;
  y: Float64Array;
  z: Float64Array;
}

/** For point i the points within eps, itself included, in no order: `list[offset[i]]` to before `list[offset[i + 1]]`. */
export interface Neighbours {
  offset: Uint32Array;
  list: Uint32Array;
}

/** A point in no cluster. */
export const NOISE = -1;
/** A point that does not take part. */
export const OUTSIDE = -2;

/**
 * Neighbours within `eps` (included) of all points; coordinates must be finite. Points are put into cells of that width,
 * so that the work grows with the points and their neighbours alone.
 */
export function neighboursWithin(points: Points, eps: number): Neighbours {
  const { x, y, z } = points;
  const n = x.length;
  const cells = cellsOf(points, eps);
  const { first, next, cellOf, around } = cells;
  const most = eps * eps;
  const offset = new Uint32Array(n + 1);
  let list = new Uint32Array(16 * n + 64);
  let size = 0;
  for (let i = 0; i < n; i++) {
    offset[i] = size;
    const px = x[i]!;
    const py = y[i]!;
    const pz = z[i]!;
    const end = 27 * (cellOf[i]! + 1);
    for (let c = 27 * cellOf[i]!; c < end && around[c]! >= 0; c++) {
      for (let j = first[around[c]!]!; j >= 0; j = next[j]!) {
        const dx = px - x[j]!;
        const dy = py - y[j]!;
        const dz = pz - z[j]!;
        if (dx * dx + dy * dy + dz * dz > most) continue;
        if (size === list.length) list = wider(list);
        list[size++] = j;
      }
    }
  }
  offset[n] = size;
  return { offset, list };
}

function wider(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(2 * list.length);
  twice.set(list);
  return twice;
}

interface Cells {
  /** First point of a cell, and the point after a point in its cell; -1 = none. */
  first: Int32Array;
  next: Int32Array;
  cellOf: Int32Array;
  /** The occupied ones of the 27 cells around a cell, itself included, then -1. */
  around: Int32Array;
}

function cellsOf({ x, y, z }: Points, eps: number): Cells {
  const n = x.length;
  // A little wider than eps: rounding must not put two neighbours two cells apart.
  const width = eps * 1.000001;
  const cx = new Float64Array(n);
  const cy = new Float64Array(n);
  const cz = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    cx[i] = Math.floor(x[i]! / width);
    cy[i] = Math.floor(y[i]! / width);
    cz[i] = Math.floor(z[i]! / width);
  }
  const slots = 2 ** Math.ceil(Math.log2(2 * n + 2));
  const table = new Int32Array(slots).fill(-1);
  const firstSlot = (a: number, b: number, c: number): number =>
    (Math.imul(a | 0, 0x9e3779b1) ^ Math.imul(b | 0, 0x85ebca6b) ^ Math.imul(c | 0, 0xc2b2ae35)) &
    (slots - 1);
  const first = new Int32Array(n);
  const next = new Int32Array(n);
  const cellOf = new Int32Array(n);
  let count = 0;
  /** Slot of a cell, or the free one where it would stand. */
  const find = (a: number, b: number, c: number): number => {
    for (let slot = firstSlot(a, b, c); ; slot = (slot + 1) & (slots - 1)) {
      const cell = table[slot]!;
      if (cell < 0) return slot;
      const i = first[cell]!;
      if (cx[i] === a && cy[i] === b && cz[i] === c) return slot;
    }
  };
  for (let i = 0; i < n; i++) {
    const slot = find(cx[i]!, cy[i]!, cz[i]!);
    let cell = table[slot]!;
    if (cell < 0) {
      cell = count++;
      table[slot] = cell;
      next[i] = -1;
    } else next[i] = first[cell]!;
    first[cell] = i;
    cellOf[i] = cell;
  }
  const around = new Int32Array(27 * count).fill(-1);
  for (let cell = 0; cell < count; cell++) {
    const i = first[cell]!;
    let at = 27 * cell;
    for (let k = 0; k < 27; k++) {
      const a = cx[i]! + (k % 3) - 1;
      const b = cy[i]! + (Math.floor(k / 3) % 3) - 1;
      const c = cz[i]! + Math.floor(k / 9) - 1;
      const near = table[find(a, b, c)]!;
      if (near >= 0) around[at++] = near;
    }
  }
  return { first, next, cellOf, around };
}

/**
 * Clusters `among` (ascending), all of whose other points are OUTSIDE in `labels`; returns how many clusters there are and
 * leaves 0, 1, ... or NOISE in `labels`. A point with `minSamples` neighbours (itself included) is a core; cores within
 * eps are one cluster, numbered by its first core; a point within eps of cores of several clusters joins the first.
 */
export function dbscan(
  { offset, list }: Neighbours,
  among: Uint32Array,
  minSamples: number,
  labels: Int32Array,
): number {
  for (let k = 0; k < among.length; k++) labels[among[k]!] = NOISE;
  const isCore = (i: number): boolean => {
    let n = 0;
    const end = offset[i + 1]!;
    for (let e = offset[i]!; e < end; e++) {
      if (labels[list[e]!] !== OUTSIDE && ++n >= minSamples) return true;
    }
    return false;
  };
  const stack = new Uint32Array(among.length);
  let clusters = 0;
  for (let k = 0; k < among.length; k++) {
    const seed = among[k]!;
    if (labels[seed] !== NOISE || !isCore(seed)) continue;
    labels[seed] = clusters;
    stack[0] = seed;
    for (let top = 1; top > 0;) {
      const i = stack[--top]!;
      if (i !== seed && !isCore(i)) continue;
      const end = offset[i + 1]!;
      for (let e = offset[i]!; e < end; e++) {
        const j = list[e]!;
        if (labels[j] !== NOISE) continue;
        labels[j] = clusters;
        stack[top++] = j;
      }
    }
    clusters++;
  }
  return clusters;
}

/** Clusters `among` and gives the points of each, ascending; `labels` are OUTSIDE before and after. */
export function clustersOf(
  neighbours: Neighbours,
  among: Uint32Array,
  minSamples: number,
  labels: Int32Array,
): Uint32Array[] {
  const sizes = new Uint32Array(dbscan(neighbours, among, minSamples, labels));
  for (let k = 0; k < among.length; k++) {
    const label = labels[among[k]!]!;
    if (label >= 0) sizes[label]!++;
  }
  const clusters = Array.from(sizes, (size) => new Uint32Array(size));
  sizes.fill(0);
  for (let k = 0; k < among.length; k++) {
    const i = among[k]!;
    const label = labels[i]!;
    if (label >= 0) clusters[label]![sizes[label]!++] = i;
    labels[i] = OUTSIDE;
  }
  return clusters;
}
