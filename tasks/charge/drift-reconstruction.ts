/** Task type charge/drift: hits, the events they belong to and their t0 -> combined/hit_drift, one row per hit. */
import { basename } from 'node:path';
import { defineTask, TaskError, z, type TaskContext } from 'tg';
import { compound, createH5, relationOf, type Table } from 'tg/h5';
import { inputFiles } from './input-files.ts';
import { anodesOf, DRIFT_ROW, driftHits, driftVelocity, type HitColumns } from './drift.ts';
import { readLayout } from './layout-file.ts';
import { BLOCK_ROWS } from './packets-file.ts';
import { tablePlace } from './raw-event-packets.ts';
import { rowByRow, visitBlock, walkRuns, type Runs } from './runs.ts';
import { spaced } from './spaced.ts';
import { room } from './room.ts';

const params = z.strictObject({
  geometry_file: z.string().nullable().default(null),
  e_field: z.number().positive().default(0.5).describe('kV/cm'),
  temperature: z.number().positive().default(87.17).describe('K'),
  compat: z.enum(['none', 'upstream']).default('none'),
});

const DRIFT = compound([
  ['id', 'u4'],
  ['t_drift', 'f8'],
  ['d_drift', 'f8'],
  ['z', 'f8'],
]);

const TICK = 0.1; // us

export default defineTask({
  version: '1',
  params,
  files: ['geometry_file'],
  parts: 'each',
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const geometry = context.file('geometry_file');
    const upstream = settings.compat === 'upstream';
    const layout = geometry === null ? null : readLayout(geometry);
    const anodes = anodesOf(layout, upstream ? 0 : NaN);
    const velocity = driftVelocity(settings.e_field, settings.temperature);
    const files = inputFiles(context);
    const { open } = files;
    const output = createH5(context.output('combined/hit_drift'));
    try {
      const hits = (await open('charge/hits')).table(tablePlace(context, 'charge/hits'));
      const runs = relationOf(await open('charge/events'), 'charge/events', 'charge/hits');
      const t0 = (await open('combined/t0'))
        .table(tablePlace(context, 'combined/t0'))
        .column('ts') as Float64Array;
      checkEvents(runs, hits.rows, t0.length);
      const table = output.table('combined/hit_drift', DRIFT, {
        attributes: {
          classname: 'DriftReconstruction',
          class_version: '0.0.0',
          source_dset: 'charge/events',
          hits_dset: 'charge/hits',
          t0_dset: 'combined/t0',
          e_field: settings.e_field,
          temperature: settings.temperature,
          v_drift: velocity,
          geometry_file: geometry === null ? '' : basename(geometry),
        },
      });
      const misses = new Uint32Array(65536);
      const out = room('drift', BLOCK_ROWS * DRIFT_ROW);
      const view = new DataView(out.buffer);
      for (const { start, rows, columns, visit } of hitBlocks(context, hits, runs)) {
        visit((event, from, to) => {
          const ts = t0[event]!;
          driftHits(columns, from, to, ts, velocity * TICK, anodes, misses, start, view);
        });
        table.append(out.subarray(0, rows * DRIFT_ROW));
      }
      report(context, misses, hits.rows, geometry, upstream);
      output.relation('charge/hits', 'combined/hit_drift', rowByRow(hits.rows));
      context.count('hits', hits.rows);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      files.close();
    }
  },
});

/** Every hit is in one event, and the event has its t0: what tg made is so, other files may not be. */
function checkEvents({ parent, start, stop }: Runs, hits: number, events: number): void {
  const inEvents = stop.reduce((n, to, i) => n + to - start[i]!, 0);
  const last = parent.reduce((a, b) => Math.max(a, b), -1);
  if (inEvents === hits && last < events) return;
  throw new TaskError(
    inEvents === hits
      ? `combined/t0 has ${spaced(events)} rows, event ${spaced(last)} has hits`
      : `${spaced(hits)} hits, ${spaced(inEvents)} in events`,
    { try: 'hits, events and t0 of the same run' },
  );
}

/** Visits the events of a block: rows [from, to) of it belong to `event`. */
type VisitEvents = (of: (event: number, from: number, to: number) => void) => void;

/** The hits in blocks, with the events they belong to. */
function* hitBlocks(
  context: TaskContext,
  hits: Table,
  runs: Runs,
): Generator<{ start: number; rows: number; columns: HitColumns; visit: VisitEvents }> {
  const walk = walkRuns(runs);
  const space = room('hits read', Math.min(BLOCK_ROWS, hits.rows) * hits.rowSize);
  for (let start = 0; start < hits.rows; start += BLOCK_ROWS) {
    context.signal.throwIfAborted();
    const rows = Math.min(BLOCK_ROWS, hits.rows - start);
    const block = hits.read(start, rows, space.subarray(0, rows * hits.rowSize));
    const columns = {
      ts: block.column('ts') as Float64Array,
      iogroup: block.column('iogroup') as Float64Array,
      iochannel: block.column('iochannel') as Float64Array,
    };
    const visit: VisitEvents = (of) => {
      visitBlock(walk, start, start + rows, (run, from, to) => {
        of(walk.runs.parent[run]!, from, to);
      });
    };
    yield { start, rows, columns, visit };
    context.progress(start + rows, hits.rows, 'hits');
  }
}

/** Notes the hits without z; a layout without their tile fails the task unless upstream is asked for. */
function report(
  context: TaskContext,
  misses: Uint32Array,
  hits: number,
  geometry: string | null,
  upstream: boolean,
): void {
  const missed = misses.reduce((a, b) => a + b, 0);
  if (missed === 0) return;
  const without = upstream ? 'hits at z = 0' : 'hits have no z';
  if (geometry === null) {
    context.note(`${without}, no geometry_file`, missed, hits);
    return;
  }
  const most = misses.reduce((a, b) => Math.max(a, b));
  const io = misses.indexOf(most);
  if (!upstream) {
    const tile = `io_group ${io >> 8}, io_channel ${io & 255}`;
    throw new TaskError(`${geometry} has no tile of ${tile} (${spaced(most)} hits)`, {
      try: 'the layout of this detector in combined/hit_drift.geometry_file',
    });
  }
  context.note(`${without}, no such tile`, missed, hits);
}
