/** Events: sums over the hits and triggers of raw events. Knows columns, no files. */

/** Sums of each event, in order of the raw events. */
export interface EventSums {
  /** mV. */
  q: Float64Array;
  /** Earliest and latest time of hits and triggers, ticks of 0.1 us; NaN when there are none. */
  tsStart: Float64Array;
  tsEnd: Float64Array;
  nhit: Uint32Array;
  nExtTrigs: Uint32Array;
}

export function createEventSums(events: number): EventSums {
  return {
    q: new Float64Array(events),
    tsStart: new Float64Array(events).fill(NaN),
    tsEnd: new Float64Array(events).fill(NaN),
    nhit: new Uint32Array(events),
    nExtTrigs: new Uint32Array(events),
  };
}

/** Adds hits [from, to) of the columns to an event. */
export function addHits(
  sums: EventSums,
  event: number,
  q: Float64Array,
  ts: Float64Array,
  from: number,
  to: number,
): void {
  let sum = sums.q[event]!;
  for (let i = from; i < to; i++) sum += q[i]!;
  sums.q[event] = sum;
  sums.nhit[event]! += to - from;
  addTimes(sums, event, ts, from, to);
}

/** Adds triggers [from, to) of the column to an event. */
export function addTriggers(
  sums: EventSums,
  event: number,
  ts: Float64Array,
  from: number,
  to: number,
): void {
  sums.nExtTrigs[event]! += to - from;
  addTimes(sums, event, ts, from, to);
}

function addTimes(
  sums: EventSums,
  event: number,
  ts: Float64Array,
  from: number,
  to: number,
): void {
  let start = sums.tsStart[event]!;
  let end = sums.tsEnd[event]!;
  for (let i = from; i < to; i++) {
    const t = ts[i]!;
    // Not below, rather than above: the first time replaces NaN.
    if (!(t >= start)) start = t;
    if (!(t <= end)) end = t;
  }
  sums.tsStart[event] = start;
  sums.tsEnd[event] = end;
}
