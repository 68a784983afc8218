/** What combined/t0 is made of and how it is written, with light or without. Knows tables, no rule of its own. */
import type { TaskContext } from 'tg';
import { compound, createH5, relationOf, type H5File, type Table } from 'tg/h5';
import { inputFiles } from './input-files.ts';
import { BLOCK_ROWS } from './packets-file.ts';
import { tablePlace } from './raw-event-packets.ts';
import { rowByRow, visitBlock, walkRuns } from './runs.ts';
import { addEarliest, T0_TYPE, t0Rows, type LargestHits } from './t0.ts';

const T0 = compound([
  ['id', 'u4'],
  ['ts', 'f8'],
  ['ts_err', 'f8'],
  ['type', 'u1'],
]);

const TYPES = compound([
  ['NONE', 'u1'],
  ['EXT_TRIG', 'u1'],
  ['LIGHT_MATCHED', 'u1'],
]);

/** The file of charge/events, and how many there are. */
export interface ChargeEvents {
  file: H5File;
  rows: number;
}

/** Light of charge events, where it has a part. */
export interface LightOfEvents {
  hits: string;
  largest(events: ChargeEvents): Promise<LargestHits>;
}

/** Writes combined/t0 of the events of the task. */
export async function writeT0(context: TaskContext, light?: LightOfEvents): Promise<void> {
  const files = inputFiles(context);
  const output = createH5(context.output('combined/t0'));
  try {
    const file = await files.open('charge/events');
    const events = file.table(tablePlace(context, 'charge/events'));
    const triggers = (await files.open('charge/ext_trigs')).table(
      tablePlace(context, 'charge/ext_trigs'),
    );
    const earliest = earliestTriggers(context, file, triggers, events.rows);
    const largest = await light?.largest({ file, rows: events.rows });
    output
      .table('combined/t0', T0, {
        attributes: {
          classname: 'T0Reconstruction',
          class_version: '0.0.1',
          source_dset: 'charge/events',
          light_hits_dset: light?.hits ?? '',
          ext_trigs_dset: 'charge/ext_trigs',
          type_lookup: { dtype: TYPES, shape: [1], values: [{ ...T0_TYPE }] },
        },
      })
      .append(t0Rows(earliest, events.column('ts_start') as Float64Array, largest));
    output.relation('charge/events', 'combined/t0', rowByRow(events.rows));
    const known = (times: Float64Array): number =>
      times.reduce((n, time) => n + (Number.isNaN(time) ? 0 : 1), 0);
    context.count('events', events.rows);
    context.count('triggered', known(earliest));
    if (largest !== undefined) context.count('with light', known(largest.sum));
    output.close();
  } catch (error) {
    output.abort();
    throw error;
  } finally {
    files.close();
  }
}

/** NaN for events without a trigger. */
function earliestTriggers(
  context: TaskContext,
  file: H5File,
  triggers: Table,
  events: number,
): Float64Array {
  const walk = walkRuns(relationOf(file, 'charge/events', 'charge/ext_trigs'));
  const earliest = new Float64Array(events).fill(NaN);
  for (let start = 0; start < triggers.rows; start += BLOCK_ROWS) {
    context.signal.throwIfAborted();
    const block = triggers.read(start, Math.min(BLOCK_ROWS, triggers.rows - start));
    const ts = block.column('ts') as Float64Array;
    visitBlock(walk, start, start + block.rows, (run, from, to) => {
      addEarliest(earliest, walk.runs.parent[run]!, ts, from, to);
    });
  }
  return earliest;
}
