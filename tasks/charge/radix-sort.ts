/** Stable sort of times by a radix of 11 bits; knows nothing of packets. */

const DIGITS = 2048;

/** Memory of a sort, kept between batches. `order` holds the answer of `sortTimes`. */
export interface SortRoom {
  order: Uint32Array;
  keys: Uint32Array;
  otherOrder: Uint32Array;
  otherKeys: Uint32Array;
  counts: Uint32Array;
}

/** Room for `n` rows. */
export function sortRoom(n: number): SortRoom {
  return {
    order: new Uint32Array(n),
    keys: new Uint32Array(n),
    otherOrder: new Uint32Array(n),
    otherKeys: new Uint32Array(n),
    counts: new Uint32Array(3 * DIGITS),
  };
}

/**
 * Order of the first `n` values of `times` (whole ticks, none below `first`), stable: `order[i]` is the row at place i.
 * Spans of 2^32 ticks and more (429 s) take a second sort over the high words.
 */
export function sortTimes(
  times: Float64Array,
  n: number,
  first: number,
  last: number,
  room: SortRoom,
): Uint32Array {
  const { keys, order } = room;
  for (let i = 0; i < n; i++) {
    keys[i] = (times[i]! - first) >>> 0; // modulo 2^32: the low word
    order[i] = i;
  }
  radix(n, room);
  if (last - first >= 2 ** 32) {
    for (let i = 0; i < n; i++) {
      room.keys[i] = Math.floor((times[room.order[i]!]! - first) / 2 ** 32);
    }
    radix(n, room);
  }
  return room.order;
}

/** Sorts `keys` with `order` beside it, least digit first; a digit that all keys share is left out. */
function radix(n: number, room: SortRoom): void {
  const { counts } = room;
  counts.fill(0);
  const all = room.keys;
  for (let i = 0; i < n; i++) {
    const key = all[i]!;
    counts[key & 2047]!++;
    counts[DIGITS + ((key >>> 11) & 2047)]!++;
    counts[2 * DIGITS + (key >>> 22)]!++;
  }
  for (let digit = 0; digit < 3; digit++) {
    const base = digit * DIGITS;
    const shift = digit * 11;
    const { keys, order, otherKeys, otherOrder } = room;
    if (n === 0 || counts[base + ((keys[0]! >>> shift) & 2047)] === n) continue;
    let place = 0;
    for (let value = base; value < base + DIGITS; value++) {
      const count = counts[value]!;
      counts[value] = place;
      place += count;
    }
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      const slot = counts[base + ((key >>> shift) & 2047)]!++;
      otherKeys[slot] = key;
      otherOrder[slot] = order[i]!;
    }
    room.keys = otherKeys;
    room.order = otherOrder;
    room.otherKeys = keys;
    room.otherOrder = order;
  }
}
