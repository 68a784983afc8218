/** Which light events upstream tries for the triggers of a chunk of events, its last one left out. Knows columns of times, no tables. */
import type { Runs } from 'tg/h5';
import type { LightTimes } from './light-times.ts';
import type { Candidates, TriggerTimes } from './match.ts';

/**
 * For each chunk of `chunkSize` events: from the first light event that is not before the triggers less the window, to the last one
 * that is not after them plus the window, which is left out. Light events count in order of their rows, sorted or not.
 */
export function upstreamCandidates(
  events: Runs,
  triggers: TriggerTimes,
  light: LightTimes,
  window: number,
  chunkSize: number,
): Candidates {
  const from = new Uint32Array(triggers.ts.length);
  const to = new Uint32Array(triggers.ts.length);
  const chunkOf = (i: number): number => Math.floor(events.parent[i]! / chunkSize);
  const times = light.unix.filter((time) => !Number.isNaN(time));
  const earliest = times.reduce((a, b) => Math.min(a, b), Infinity);
  const latest = times.reduce((a, b) => Math.max(a, b), -Infinity);
  let first = 0;
  while (first < events.parent.length) {
    let [start, stop] = [Infinity, -Infinity];
    let end = first;
    for (; end < events.parent.length && chunkOf(end) === chunkOf(first); end++) {
      const unix = triggers.unix[events.start[end]!]!;
      start = Math.min(start, unix);
      stop = Math.max(stop, unix);
    }
    const isOver = earliest >= stop + window || latest <= start - window;
    const low = light.unix.findIndex((time) => time >= start - window);
    const high = isOver ? 0 : light.unix.findLastIndex((time) => time <= stop + window);
    for (; first < end; first++) {
      from.fill(Math.max(0, low), events.start[first], events.stop[first]);
      to.fill(Math.max(0, high), events.start[first], events.stop[first]);
    }
  }
  return { from, to };
}
