/** Task type charge/tracklets: hits, their drift and their events -> combined/tracklets, straight pieces of tracks. */
import { defineTask, TaskError, z, type TaskContext } from 'tg';
import { createH5, relationOf, type H5File, type Table } from 'tg/h5';
import { findTracklets, randomOf, type FindSettings } from './find-tracklets.ts';
import { checkTables, placedEvents, type PlacedEvent } from './hit-places.ts';
import { inputFiles } from './input-files.ts';
import { tablePlace } from './raw-event-packets.ts';
import type { Runs } from './runs.ts';
import { spaced } from './spaced.ts';
import { trackletRow, trackletType } from './tracklets.ts';
import type { TrajectorySettings } from './trajectory.ts';

const params = z.strictObject({
  dbscan_eps: z.number().positive().default(25).describe('mm'),
  dbscan_min_samples: z.int().min(1).default(5).describe('hits'),
  ransac_min_samples: z.int().min(2).default(2).describe('hits'),
  ransac_residual_threshold: z.number().positive().default(8).describe('mm'),
  ransac_max_trials: z.int().min(1).default(10),
  max_iterations: z.int().min(1).default(100),
  max_nhit: z.int().min(1).nullable().default(3000).describe('hits'),
  trajectory_pts: z.int().min(2).max(1000).default(16).describe('points'),
  trajectory_dx: z.number().positive().default(10).describe('mm'),
  seed: z.int().min(0).max(0xffffffff).default(0),
  compat: z.enum(['none', 'upstream']).default('none'),
});

type Settings = z.infer<typeof params>;

const TABLE = 'combined/tracklets';

export default defineTask({
  version: '1',
  params,
  parts: 'each',
  async run(context) {
    const settings = context.params as Settings;
    const files = inputFiles(context);
    const output = createH5(context.output(TABLE));
    try {
      const events = await files.open('charge/events');
      const runs = relationOf(events, 'charge/events', 'charge/hits');
      const hits = tableOf(context, await files.open('charge/hits'), 'charge/hits');
      const drift = tableOf(context, await files.open('combined/hit_drift'), 'combined/hit_drift');
      checkTables(hits, drift, runs);
      const { compat, seed, ...given } = settings;
      const type = trackletType(settings.trajectory_pts);
      const table = output.table(TABLE, type, {
        attributes: {
          classname: 'TrackletReconstruction',
          class_version: '1.0.0',
          hits_dset: 'charge/hits',
          hit_drift_dset: 'combined/hit_drift',
          ...given,
        },
      });
      const find = findSettings(settings);
      const trajectory: TrajectorySettings = {
        corners: settings.trajectory_pts,
        reach: settings.trajectory_dx,
        upstream: compat === 'upstream',
      };
      const ofEvents = createRelation();
      const ofTracklets = createRelation();
      const fates: Fates = {
        events: 0,
        crowds: 0,
        crowded: 0,
        placeless: 0,
        alone: 0,
        placed: 0,
        origin: 0,
      };
      for await (const placed of placedEvents(context, hits, drift, runs)) {
        const { event, row } = placed;
        if (!isTaken(placed, settings.max_nhit, fates)) continue;
        const before = table.rows;
        let inTracklets = 0;
        for (const members of findTracklets(placed.hits, find, randomOf(seed, placed.hits))) {
          // One hit is no line (dbscan_min_samples: 1).
          if (members.length < 2) continue;
          for (const hit of members) ofTracklets.add(table.rows, row[hit]!);
          table.append(trackletRow(table.rows, placed.hits, members, trajectory));
          inTracklets += members.length;
        }
        for (let id = before; id < table.rows; id++) ofEvents.add(event, id);
        fates.alone += row.length - inTracklets;
      }
      checkPlaces(fates);
      output.attribute(TABLE, 'lost', account(context, fates, hits.rows));
      if (fates.crowds > 0) {
        const text = `events above max_nhit ${settings.max_nhit}`;
        context.note(text, fates.crowds, fates.events);
      }
      output.relation('charge/events', TABLE, ofEvents.runs());
      output.relation(TABLE, 'charge/hits', ofTracklets.runs());
      context.count('tracklets', table.rows);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      files.close();
    }
  },
});

const findSettings = (settings: Settings): FindSettings => ({
  eps: settings.dbscan_eps,
  minSamples: settings.dbscan_min_samples,
  ransac: {
    minSamples: settings.ransac_min_samples,
    threshold: settings.ransac_residual_threshold,
    trials: settings.ransac_max_trials,
  },
  iterations: settings.max_iterations,
});

/** A table that may not be there; a file of hits without their drift has none. */
function tableOf(context: TaskContext, file: H5File, name: string): Table {
  const place = tablePlace(context, name);
  if (file.has(place)) return file.table(place);
  throw new TaskError(`${file.path} has no ${place}`, {
    try: `tg build ${name}, or a file that has it`,
  });
}

/** Hits by what became of them. */
interface Fates {
  /** Events with hits; those above max_nhit, and their hits. */
  events: number;
  crowds: number;
  crowded: number;
  /** Without x, y or z. */
  placeless: number;
  /** In no tracklet. */
  alone: number;
  placed: number;
  /** Of those placed: at (0, 0), where hits without a pixel are. */
  origin: number;
}

/** Whether an event is searched; counts those of its hits that are not. */
function isTaken(
  { nhit, row, hits: { x, y } }: PlacedEvent,
  most: number | null,
  fates: Fates,
): boolean {
  fates.events++;
  if (most !== null && nhit > most) {
    fates.crowds++;
    fates.crowded += nhit;
    return false;
  }
  fates.placeless += nhit - row.length;
  fates.placed += row.length;
  for (let i = 0; i < row.length; i++) if (x[i] === 0 && y[i] === 0) fates.origin++;
  return true;
}

/** Hits without places make no tracklets, or false ones: then a layout is missing. */
function checkPlaces({ placed, placeless, origin }: Fates): void {
  if (placed === 0 && placeless > 0) {
    throw new TaskError(`none of ${spaced(placeless)} hits has a z`, {
      try: 'the layout of this detector in combined/hit_drift.geometry_file',
    });
  }
  if (placed > 0 && origin === placed) {
    throw new TaskError(`all ${spaced(placed)} hits are at (0, 0)`, {
      try: 'the layout of this detector in charge/hits.geometry_file',
    });
  }
}

/** Tells what became of the hits; returns the losses as the attribute holds them. */
function account(context: TaskContext, fates: Fates, hits: number): string {
  const lost = {
    'event above max_nhit': fates.crowded,
    'in no tracklet': fates.alone,
    'no place': fates.placeless,
  };
  for (const [reason, n] of Object.entries(lost)) if (n > 0) context.lost(n, hits, reason);
  return JSON.stringify(lost);
}

/** A relation that grows row by row, both in order. */
function createRelation(): { add(parent: number, child: number): void; runs(): Runs } {
  const parents: number[] = [];
  const starts: number[] = [];
  const stops: number[] = [];
  return {
    add(parent, child) {
      const last = parents.length - 1;
      if (parents[last] === parent && stops[last] === child) stops[last]++;
      else {
        parents.push(parent);
        starts.push(child);
        stops.push(child + 1);
      }
    },
    runs: () => ({
      parent: Uint32Array.from(parents),
      start: Uint32Array.from(starts),
      stop: Uint32Array.from(stops),
    }),
  };
}
