/** TimeDelta: events are what no gap divides. Knows sorted times, nothing of packets. */
import type { EventFinder } from './event-finder.ts';

type Span = readonly [from: number, to: number];

/** Groups of the first `n` ascending times: a gap of more than `eventDt` ticks divides two. */
export function groupsByGap(times: Float64Array, n: number, eventDt: number): Span[] {
  const groups: Span[] = [];
  let from = 0;
  for (let i = 1; i <= n; i++) {
    if (i < n && times[i]! - times[i - 1]! <= eventDt) continue;
    groups.push([from, i]);
    from = i;
  }
  return groups;
}

/** A group in pieces: each ends before the first time that is more than `maxEventDt` ticks after its own start. */
export function cutGroup(times: Float64Array, [from, to]: Span, maxEventDt: number): Span[] {
  const pieces: Span[] = [];
  let start = from;
  for (let i = from; i < to; i++) {
    if (times[i]! <= times[start]! + maxEventDt) continue;
    pieces.push([start, i]);
    start = i;
  }
  pieces.push([start, to]);
  return pieces;
}

/** The last group of a batch may go on in the next one: it is carried whole and cut when it is closed. */
export function timeDeltaFinder(eventDt: number, maxEventDt: number): EventFinder {
  return {
    rawTime: true,
    overlaps: false,
    find(sorted, n, order) {
      const groups = groupsByGap(sorted, n, eventDt);
      const [openFrom] = groups.pop() ?? [n];
      return {
        order,
        spans: groups.flatMap((group) => cutGroup(sorted, group, maxEventDt)),
        openFrom,
      };
    },
    flush: (times, n) =>
      groupsByGap(times, n, eventDt).flatMap((group) => cutGroup(times, group, maxEventDt)),
  };
}
