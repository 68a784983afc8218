/** Triggers and light events that happened at the same time. Knows columns of times, no tables. */
import type { Runs } from 'tg/h5';
import type { LightTimes } from './light-times.ts';

/** Half the width of what counts as the same time, both ends included. */
export interface Windows {
  /** s. */
  unix: number;
  /** Ticks of 0.1 us. */
  ts: number;
}

/** Times of the triggers: `unix` [s] of their event (NaN: in no event), corrected `ts` [ticks]. */
export interface TriggerTimes {
  unix: Float64Array;
  ts: Float64Array;
}

/** Rows [from, to) of the light events that a trigger may be matched with. */
export interface Candidates {
  from: Uint32Array;
  to: Uint32Array;
}

/** Rows in order of a time, those without one left out. */
interface Sorted {
  order: Uint32Array;
  values: Float64Array;
}

function sorted(values: Float64Array): Sorted {
  const rows = Uint32Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]!));
  const order = rows.sort((a, b) => values[a]! - values[b]! || a - b);
  return { order, values: Float64Array.from(order, (row) => values[row]!) };
}

/** The first place where `holds`, which is false and then true. */
function firstWhere(n: number, holds: (i: number) => boolean): number {
  let [low, high] = [0, n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Places [first, end) of the sorted times that are within `window` of `time`; asked by the same differences as the match itself. */
function within({ values }: Sorted, time: number, window: number): [number, number] {
  const first = firstWhere(values.length, (i) => time - values[i]! <= window);
  return [first, firstWhere(values.length, (i) => values[i]! - time > window)];
}

/** Is there a light event within the window of unix time of some trigger? */
export function meets(triggers: TriggerTimes, light: LightTimes, window: number): boolean {
  const byUnix = sorted(light.unix);
  return triggers.unix.some((unix) => {
    const [first, end] = within(byUnix, unix, window);
    return end > first;
  });
}

/**
 * Trigger -> light events with |U - unix| <= windows.unix and |T - ts| <= windows.ts. Every light event that fits is a match: there
 * is no nearest one. Of the light events in either window, found by bisection, the fewer are looked at.
 */
export function matchTriggers(
  triggers: TriggerTimes,
  light: LightTimes,
  windows: Windows,
  candidates?: Candidates,
): Runs {
  const byUnix = sorted(light.unix);
  const byTs = sorted(light.ts);
  const list = createRuns();
  for (let trigger = 0; trigger < triggers.ts.length; trigger++) {
    const unix = triggers.unix[trigger]!;
    const ts = triggers.ts[trigger]!;
    const inUnix = within(byUnix, unix, windows.unix);
    const inTs = within(byTs, ts, windows.ts);
    const fewer = inUnix[1] - inUnix[0] < inTs[1] - inTs[0];
    const [first, end] = fewer ? inUnix : inTs;
    const { order } = fewer ? byUnix : byTs;
    const found: number[] = [];
    for (let i = first; i < end; i++) {
      const row = order[i]!;
      if (
        Math.abs(light.unix[row]! - unix) <= windows.unix &&
        Math.abs(light.ts[row]! - ts) <= windows.ts &&
        (!candidates || (row >= candidates.from[trigger]! && row < candidates.to[trigger]!))
      )
        found.push(row);
    }
    list.add(trigger, found);
  }
  return list.runs();
}

/** Parent -> grandchildren by way of its children, each once. */
export function through(parents: Runs, children: Runs): Runs {
  const list = createRuns();
  let found: number[] = [];
  for (let i = 0; i < parents.parent.length; i++) {
    let at = firstWhere(children.parent.length, (k) => children.parent[k]! >= parents.start[i]!);
    for (; at < children.parent.length && children.parent[at]! < parents.stop[i]!; at++)
      for (let row = children.start[at]!; row < children.stop[at]!; row++) found.push(row);
    if (parents.parent[i + 1] === parents.parent[i]) continue;
    list.add(parents.parent[i]!, found);
    found = [];
  }
  return list.runs();
}

/** Runs of rows, given parent by parent in any order of rows. */
function createRuns(): { add(parent: number, rows: number[]): void; runs(): Runs } {
  const parents: number[] = [];
  const starts: number[] = [];
  const stops: number[] = [];
  return {
    add(parent, rows) {
      rows.sort((a, b) => a - b);
      let last = -1;
      for (const row of rows) {
        if (last >= 0 && row <= stops[last]!) stops[last] = Math.max(stops[last]!, row + 1);
        else {
          last = parents.push(parent) - 1;
          starts.push(row);
          stops.push(row + 1);
        }
      }
    },
    runs: () => ({
      parent: Uint32Array.from(parents),
      start: Uint32Array.from(starts),
      stop: Uint32Array.from(stops),
    }),
  };
}
