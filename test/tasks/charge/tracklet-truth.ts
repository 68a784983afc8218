/** Tracklets of a simulated run beside the tracks that it was made of. Knows the chain, states no expectation. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from 'tg';
import { openH5, relationOf, type Rows } from 'tg/h5';
import { driftVelocity } from '../../../tasks/charge/drift.ts';
import {
  anodeOf,
  packetsOf,
  pixelJson,
  simulateParams,
  writePackets,
} from '../../../tasks/charge/simulate.ts';
import { simulatedPedestals } from '../../../tasks/charge/simulated-anode.ts';
import type { SimulatedTrack } from '../../../tasks/charge/simulated-packets.ts';
import { runChain, type Told } from './chain.ts';

type Place = readonly [number, number, number];

/** A track of an event whose time is known, and the tracklet that is it. */
export interface Seen {
  hits: number;
  /** Tracks of the event. */
  tracks: number;
  found?: {
    nhit: number;
    /** Degrees. */
    angle: number;
    /** Upper end, lower end: distance from the place above the first, the last pixel, mm. */
    ends: [number, number];
  };
}

export interface Comparison {
  seen: Seen[];
  /** Tracklets of these events, and those beside no track. */
  tracklets: number;
  strange: number;
  told: Told;
}

/** The simulator's electrons drift 1.587 mm/us; the field that gives it, kV/cm. */
function simulatedField(): number {
  let [low, high] = [0.1, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (driftVelocity(middle, 87.17) < 1.587) low = middle;
    else high = middle;
  }
  return low;
}

/** Simulates, reconstructs and compares the events that have a trigger: of the others nobody knows where along the drift they were. */
export async function compareWithTruth(
  folder: string,
  simulated: Parameters<typeof simulateParams>[0],
  tracklets: Record<string, Json> = {},
): Promise<Comparison> {
  const settings = simulateParams({ rollover_events: 0, ...simulated });
  const anode = anodeOf(settings);
  const truth: SimulatedTrack[] = [];
  const packets = join(folder, 'packets.h5');
  const rows = packetsOf(settings, anode, (track) => truth.push(track));
  writePackets(packets, rows, settings.unix_start);
  const layout = join(folder, 'layout.yaml');
  const pedestals = join(folder, 'ped.json');
  writeFileSync(layout, anode.text);
  writeFileSync(pedestals, pixelJson(simulatedPedestals(anode, 1)));
  const params = {
    'charge/raw_events': { nhit_cut: 40 },
    'charge/hits': { geometry_file: layout, pedestal_file: pedestals },
    'combined/hit_drift': { geometry_file: layout, e_field: simulatedField() },
    'combined/tracklets': tracklets,
  };
  const { files, told } = await runChain(folder, packets, params, 'combined/tracklets');
  const tableOf = async (name: string): Promise<Rows> => {
    const file = await openH5(files[name]!);
    const table = file.table(`/${name}`).read();
    file.close();
    return table;
  };
  const events = await tableOf('charge/events');
  const t0 = await tableOf('combined/t0');
  const found = await tableOf('combined/tracklets');
  const made = await openH5(files['combined/tracklets']!);
  const runs = relationOf(made, 'charge/events', 'combined/tracklets');
  made.close();
  const ofEvent = new Map<number, number[]>();
  runs.parent.forEach((event, i) => {
    const list = ofEvent.get(event) ?? [];
    for (let id = runs.start[i]!; id < runs.stop[i]!; id++) list.push(id);
    ofEvent.set(event, list);
  });

  const comparison: Comparison = {
    seen: [],
    tracklets: 0,
    strange: 0,
    told: told['combined/tracklets']!,
  };
  for (let event = 0; event < events.rows; event++) {
    if (t0.column('type')[event] !== 1) continue;
    const tracks = truth.filter(({ t }) => {
      const unix = settings.unix_start + Math.floor((t + 0.3e7) / 1e7);
      const isSecond = Math.abs(Number(events.column('unix_ts')[event]) - unix) <= 1;
      return isSecond && Math.abs(Number(t0.column('ts')[event]) - (t % 1e7)) < 20;
    });
    const near = ofEvent.get(event) ?? [];
    const isMatched = new Set<number>();
    for (const track of tracks) {
      const pieces = near.filter((id) => liesAt(found, id, track));
      for (const id of pieces) isMatched.add(id);
      const nhit = (id: number): number => Number(found.column('nhit')[id]);
      const best = pieces.sort((a, b) => nhit(b) - nhit(a))[0];
      const { hits } = track;
      const entry: Seen = { hits, tracks: tracks.length };
      if (best !== undefined) {
        entry.found = {
          nhit: nhit(best),
          angle: angleOf(found, best, track),
          ends: [
            distance(vector(found, 'start', best), track.first),
            distance(vector(found, 'end', best), track.last),
          ],
        };
      }
      comparison.seen.push(entry);
    }
    comparison.tracklets += near.length;
    comparison.strange += near.length - isMatched.size;
  }
  return comparison;
}

const vector = (rows: Rows, name: string, row: number): Place => {
  const column = rows.column(name);
  return [0, 1, 2].map((k) => Number(column[3 * row + k])) as unknown as Place;
};

const minus = (a: Place, b: Place): Place => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const times = (a: Place, b: Place): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const distance = (a: Place, b: Place): number => Math.sqrt(times(minus(a, b), minus(a, b)));

/** Angle between tracklet and track, degrees. */
function angleOf(rows: Rows, row: number, { first, last }: SimulatedTrack): number {
  const [theta, phi] = ['theta', 'phi'].map((name) => Number(rows.column(name)[row]));
  const axis: Place = [
    Math.sin(theta!) * Math.cos(phi!),
    Math.sin(theta!) * Math.sin(phi!),
    Math.cos(theta!),
  ];
  const way = minus(last, first);
  return (Math.acos(Math.min(1, times(axis, way) / distance(last, first))) * 180) / Math.PI;
}

/** Both ends of a tracklet lie within a pixel and a half of the line of the track. */
function liesAt(rows: Rows, row: number, { first, last }: SimulatedTrack): boolean {
  const length = distance(first, last);
  if (length === 0) return false;
  const way = minus(last, first);
  return ['start', 'end'].every((name) => {
    const from = minus(vector(rows, name, row), first);
    const along = times(from, way) / length;
    return Math.sqrt(Math.max(times(from, from) - along * along, 0)) < 6.6;
  });
}
