/** The packets of raw events as later tasks read them: blocks of rows with their corrected times, and the runs of the events. */
import type { TaskContext } from 'tg';
import { openH5, relationOf, type H5File, type Table } from 'tg/h5';
import { checkClass } from './class-version.ts';
import type { PacketFields } from './packet-fields.ts';
import { BLOCK_ROWS, packetTable } from './packets-file.ts';
import { walkRuns, type Runs, type RunWalk } from './runs.ts';
import { room } from './room.ts';

/** Packets, their events, and their times where these were asked for. */
export interface RawEventPackets {
  table: Table;
  fields: PacketFields;
  /** charge/raw_events -> charge/packets. */
  runs: Runs;
  walk: RunWalk;
  files: H5File[];
  times: Table | undefined;
  /** Whether charge/raw_events took them for simulated. */
  simulated: boolean;
}

/** Where a table stands in its file: where the source says, or under its own name. */
export function tablePlace(context: TaskContext, table: string): string {
  return context.place(table) || `/${table}`;
}

/** Opens charge/packets with charge/raw_events -> charge/packets, and charge/packets_corr_ts when `withTimes`. */
export async function openRawEventPackets(
  context: TaskContext,
  withTimes: boolean,
): Promise<RawEventPackets> {
  const files: H5File[] = [];
  try {
    const file = await openH5(context.input('charge/packets'));
    files.push(file);
    const place = tablePlace(context, 'charge/packets');
    const { table, fields } = packetTable(file, place);
    const simulated = file.attributes(place)['is_mc'] === true;
    const runs = relationOf(file, 'charge/raw_events', 'charge/packets');
    let times: Table | undefined;
    if (withTimes) {
      const timesFile = await openH5(context.input('charge/packets_corr_ts'));
      files.push(timesFile);
      const timesPlace = tablePlace(context, 'charge/packets_corr_ts');
      checkClass(timesFile, 'charge/packets_corr_ts', timesPlace);
      times = timesFile.table(timesPlace);
    }
    return { table, fields, runs, walk: walkRuns(runs), files, times, simulated };
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  }
}

/** One block: rows [start, start + rows), valid until the next. `times` are the corrected times, ticks. */
export interface PacketBlock {
  start: number;
  rows: number;
  bytes: Uint8Array;
  times: Float64Array;
}

/** The rows in blocks, reporting progress. */
export function* packetBlocks(
  context: TaskContext,
  { table, times }: RawEventPackets,
): Generator<PacketBlock> {
  // One room for all blocks: a block is gone when the next one comes.
  const most = Math.min(BLOCK_ROWS, table.rows);
  const packets = room('packets', most * table.rowSize);
  const timesRoom = room('times', times === undefined ? 0 : most * times.rowSize);
  for (let start = 0; start < table.rows; start += BLOCK_ROWS) {
    context.signal.throwIfAborted();
    const rows = Math.min(BLOCK_ROWS, table.rows - start);
    const { bytes } = table.read(start, rows, packets.subarray(0, rows * table.rowSize));
    const column = times
      ?.read(start, rows, timesRoom.subarray(0, rows * times.rowSize))
      .column('ts');
    yield { start, rows, bytes, times: (column ?? NONE) as Float64Array };
    context.progress(start + rows, table.rows, 'packets');
  }
}

const NONE = new Float64Array(0);
