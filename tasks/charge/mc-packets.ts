/** What the kept packets of a simulated file are of: their tracks, the fraction of each, and the simulated events of raw events. Knows columns, no files. */
import type { Runs, Stretches } from 'tg/h5';
import { createRuns } from './relation-lists.ts';

/** Kept packets in order of the row of the input that each was. */
export interface Origins {
  /** Rows of the input, ascending. */
  input: Uint32Array;
  /** Which packet each of them is. */
  packet: Uint32Array;
}

/** charge/packets -> rows of the input, turned round. A row may be several packets, where events share rows. */
export function originsOf({ parent, child, rows }: Stretches): Origins {
  const n = rows.reduce((sum, k) => sum + k, 0);
  // One 64-bit key each, sorted natively: row of the input in the high word, packet in the low one.
  const keys = new BigUint64Array(n);
  const words = new Uint32Array(keys.buffer);
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < rows[i]!; k++) {
      words[at++] = parent[i]! + k;
      words[at++] = child[i]! + k;
    }
  }
  keys.sort();
  const word = (k: 0 | 1): Uint32Array => Uint32Array.from(keys, (_, i) => words[2 * i + k]!);
  return { packet: word(0), input: word(1) };
}

/** Tracks of packets: those of packet p are `track` and `fraction` from `first[p]` to `first[p + 1]`, tracks ascending. */
export interface PacketTracks {
  first: Float64Array;
  track: Uint32Array;
  fraction: Float64Array;
  /** Packets that have a track in two slots; its fractions are added. */
  doubled: number;
}

/** Takes rows of mc_packets_assn in order of the input; tells of a track that is none. */
export interface TrackCollector {
  /** Rows [start, start + n) with `slots` entries each. Returns the first impossible (row, track). */
  add(
    start: number,
    n: number,
    slots: number,
    ids: ArrayLike<number>,
    fractions: ArrayLike<number>,
  ): { row: number; track: number } | undefined;
  finish(): PacketTracks;
}

/** Slots count that have a track (not -1) and a fraction other than 0. */
export function collectTracks(
  { input, packet }: Origins,
  packets: number,
  tracks: number,
): TrackCollector {
  let next = 0;
  let used = 0;
  let doubled = 0;
  let track = new Uint32Array(1024);
  let fraction = new Float64Array(1024);
  /** Where the tracks of each packet stand in these, in order of the input. */
  const place = new Float64Array(packets);
  const count = new Uint32Array(packets);

  const grow = (): void => {
    const wider = new Uint32Array(2 * track.length);
    wider.set(track);
    track = wider;
    const more = new Float64Array(2 * fraction.length);
    more.set(fraction);
    fraction = more;
  };
  /** Into the ascending tracks from `from` on. Returns whether it was there. */
  const insert = (from: number, id: number, share: number): boolean => {
    let at = used;
    while (at > from && track[at - 1]! > id) at--;
    if (at > from && track[at - 1] === id) {
      fraction[at - 1]! += share;
      return true;
    }
    if (used === track.length) grow();
    track.copyWithin(at + 1, at, used);
    fraction.copyWithin(at + 1, at, used);
    track[at] = id;
    fraction[at] = share;
    used++;
    return false;
  };

  return {
    add(start, n, slots, ids, fractions) {
      for (; next < input.length && input[next]! < start + n; next++) {
        const row = input[next]! - start;
        const from = used;
        let again = false;
        for (let slot = row * slots; slot < (row + 1) * slots; slot++) {
          const id = ids[slot]!;
          if (id === -1 || fractions[slot] === 0) continue;
          if (!(id >= 0 && id < tracks)) return { row: input[next]!, track: id };
          again = insert(from, id, fractions[slot]!) || again;
        }
        if (again) doubled++;
        place[packet[next]!] = from;
        count[packet[next]!] = used - from;
      }
      return undefined;
    },
    finish() {
      const first = new Float64Array(packets + 1);
      for (let p = 0; p < packets; p++) first[p + 1] = first[p]! + count[p]!;
      const found = {
        first,
        track: new Uint32Array(used),
        fraction: new Float64Array(used),
        doubled,
      };
      for (let p = 0; p < packets; p++) {
        const [from, to] = [place[p]!, place[p]! + count[p]!];
        found.track.set(track.subarray(from, to), first[p]);
        found.fraction.set(fraction.subarray(from, to), first[p]);
      }
      return found;
    },
  };
}

/** charge/packets -> mc_truth/tracks. */
export function trackRuns({ first, track }: PacketTracks): Runs {
  const list = createRuns();
  for (let p = 0; p + 1 < first.length; p++)
    for (let i = first[p]!; i < first[p + 1]!; i++) list.push(p, track[i]!);
  return list.runs();
}

/** charge/packets -> mc_truth/packet_fraction: the k-th fraction of a packet is that of its k-th track. */
export function fractionRuns({ first }: PacketTracks): Runs {
  const list = createRuns();
  for (let p = 0; p + 1 < first.length; p++)
    for (let i = first[p]!; i < first[p + 1]!; i++) list.push(p, i);
  return list.runs();
}

/** charge/raw_events -> mc_truth/events: the events (`eventOf` a track, -1 = none) of all tracks of their packets. */
export function eventRuns(
  rawEvents: Runs,
  { first, track }: PacketTracks,
  eventOf: Int32Array,
): Runs {
  const list = createRuns();
  const { parent, start, stop } = rawEvents;
  for (let run = 0; run < parent.length;) {
    const rawEvent = parent[run]!;
    const found = new Set<number>();
    for (; run < parent.length && parent[run] === rawEvent; run++)
      for (let i = first[start[run]!]!; i < first[stop[run]!]!; i++) found.add(eventOf[track[i]!]!);
    found.delete(-1);
    for (const event of Uint32Array.from(found).sort()) list.push(rawEvent, event);
  }
  return list.runs();
}
