/** Which simulated tracks, trajectories and events belong together, by their ids. Knows columns, no files. */
import type { Runs } from 'tg/h5';
import { createRuns } from './relation-lists.ts';

type Ids = ArrayLike<number>;

/** Rows by id: those of group g are `rows` from `start[g]` to `start[g + 1]`, ascending. */
interface Groups {
  group: Map<number, number>;
  start: Uint32Array;
  rows: Uint32Array;
}

function groupRows(ids: Ids): Groups {
  const group = new Map<number, number>();
  const of = new Uint32Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    let g = group.get(ids[row]!);
    if (g === undefined) group.set(ids[row]!, (g = group.size));
    of[row] = g;
  }
  const start = new Uint32Array(group.size + 1);
  for (const g of of) start[g + 1]!++;
  for (let g = 0; g < group.size; g++) start[g + 1]! += start[g]!;
  const next = start.slice();
  const rows = new Uint32Array(ids.length);
  for (let row = 0; row < ids.length; row++) rows[next[of[row]!]!++] = row;
  return { group, start, rows };
}

/** Rows of `children` with the id of each of `parents`. */
function sameId(parents: Ids, { group, start, rows }: Groups): Runs {
  const list = createRuns();
  for (let parent = 0; parent < parents.length; parent++) {
    const g = group.get(parents[parent]!);
    if (g === undefined) continue;
    for (let i = start[g]!; i < start[g + 1]!; i++) list.push(parent, rows[i]!);
  }
  return list.runs();
}

/** Columns that tracks and trajectories are joined by. */
export interface Ided {
  eventID: Ids;
  trackID: Ids;
}

export interface McTruth {
  /** Ids of the events that have both, ascending. */
  events: Float64Array;
  eventsToTracks: Runs;
  eventsToTrajectories: Runs;
  trajectoriesToEvents: Runs;
  /** Same eventID and trackID. */
  trajectoriesToTracks: Runs;
  /** Events with trajectories and no tracks, and the other way round. */
  withoutTracks: number;
  withoutTrajectories: number;
}

export function joinTruth(tracks: Ided, trajectories: Ided): McTruth {
  const tracksOf = groupRows(tracks.eventID);
  const trajectoriesOf = groupRows(trajectories.eventID);
  const common = [...tracksOf.group.keys()].filter((id) => trajectoriesOf.group.has(id));
  const events = Float64Array.from(common).sort();
  const [trackKeys, trajectoryKeys] = particleKeys(tracks, trajectories);
  return {
    events,
    eventsToTracks: sameId(events, tracksOf),
    eventsToTrajectories: sameId(events, trajectoriesOf),
    trajectoriesToEvents: sameId(trajectories.eventID, groupRows(events)),
    trajectoriesToTracks: sameId(trajectoryKeys, groupRows(trackKeys)),
    withoutTracks: trajectoriesOf.group.size - events.length,
    withoutTrajectories: tracksOf.group.size - events.length,
  };
}

/** One number per (eventID, trackID), the same in both tables. */
function particleKeys(a: Ided, b: Ided): [Float64Array, Float64Array] {
  const events = new Map<number, number>();
  const particles = new Map<number, number>();
  const placeIn = (places: Map<number, number>, id: number): number => {
    let place = places.get(id);
    if (place === undefined) places.set(id, (place = places.size));
    return place;
  };
  for (const { trackID } of [a, b])
    for (let row = 0; row < trackID.length; row++) placeIn(particles, trackID[row]!);
  const most = particles.size;
  const keys = ({ eventID, trackID }: Ided): Float64Array => {
    const out = new Float64Array(eventID.length);
    for (let row = 0; row < out.length; row++)
      out[row] = placeIn(events, eventID[row]!) * most + particles.get(trackID[row]!)!;
    return out;
  };
  return [keys(a), keys(b)];
}

/** Row of each track's event, -1 where the event is none of `events`. */
export function eventRows(eventID: Ids, events: Ids): Int32Array {
  const rows = new Map<number, number>();
  for (let row = 0; row < events.length; row++) rows.set(events[row]!, row);
  const out = new Int32Array(eventID.length);
  for (let track = 0; track < out.length; track++) out[track] = rows.get(eventID[track]!) ?? -1;
  return out;
}
