/** The parts of a packet file: one per batch, each with the id of its rows, so that a part is the same as long as they are. Knows files, no events. */
import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { TaskError, z, type TaskContext } from 'tg';
import { openH5, rowsId, type RowsId } from 'tg/h5';
import { BLOCK_ROWS, firstUnixTime, larpixPackets, type Packets } from './packets-file.ts';
import { room } from './room.ts';
import { spaced } from './spaced.ts';

/** An entry of the part table. */
const part = z.strictObject({
  name: z.string(),
  /** Rows [from, to) of the packets. */
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
  /** What they are: of their type and bytes. */
  id: z.string(),
  /** The file ends here: what is open is closed. */
  last: z.boolean(),
  /** Of the first part: unix time of the first timestamp packet of the file, s. */
  unix: z.number().optional(),
  /** larnd-sim wrote the file. */
  simulated: z.boolean().optional(),
});

export type Part = z.infer<typeof part>;

/** The part that a task makes; undefined when it makes all of the run. */
export function partOf(context: TaskContext): Part | undefined {
  const { part: value } = context.params;
  return value === undefined ? undefined : part.parse(value);
}

/** Which rows are the batches: upstream reads its last one beyond `end`. */
export interface Batches {
  start: number;
  end: number;
  size: number;
  /** Rows of the file. */
  rows: number;
  upstream: boolean;
}

/** Half-open ranges of rows; a file without rows has one, which is empty. */
export function batchesOf({ start, end, size, rows, upstream }: Batches): [number, number][] {
  const found: [number, number][] = [];
  for (let from = start; from < end; from += size)
    found.push([from, Math.min(from + size, upstream ? rows : end)]);
  return found.length === 0 ? [[start, start]] : found;
}

/** Writes the part table of the input `packets`. */
export async function writeParts(
  context: TaskContext,
  batches: (packets: Packets) => Batches,
): Promise<void> {
  const path = context.input('packets');
  const file = await openH5(path);
  try {
    const packets = larpixPackets(file, context.place('packets') || '/packets');
    const { table, simulated } = packets;
    const space = room('packets', Math.min(BLOCK_ROWS, table.rows) * table.rowSize);
    const parts: Part[] = [];
    const ranges = batchesOf(batches(packets));
    for (const [from, to] of ranges) {
      const id = rowsId(table.dtype);
      for (let row = from; row < to; row += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, to - row);
        id.add(table.read(row, rows, space.subarray(0, rows * table.rowSize)).bytes);
      }
      const first = from === ranges[0]![0] ? { unix: firstUnixTime(packets, path) } : {};
      const last = parts.length === ranges.length - 1;
      const told = { name: String(parts.length), from, to, id: id.id(), last, ...first };
      parts.push(simulated ? { ...told, simulated } : told);
      context.progress(to, table.rows, 'packets');
      await setImmediate();
      context.signal.throwIfAborted();
    }
    const lines = parts.map((told) => JSON.stringify(told));
    writeFileSync(context.output('charge/parts'), `[\n${lines.join(',\n')}\n]\n`);
  } finally {
    file.close();
  }
}

/** The rows that were read are those that the part table tells of. */
export function proven(part: Part, read: RowsId, path: string): void {
  if (read.id() !== part.id) throw changed(part, 'are not what they were', path);
}

/** The rows that the part table tells of are there. */
export function stillThere(part: Part, rows: number, path: string): void {
  if (part.to > part.from && part.to > rows)
    throw changed(part, `are gone, the file ends at ${spaced(rows)}`, path);
}

const changed = ({ from, to }: Part, what: string, path: string): TaskError =>
  new TaskError(`packets ${spaced(from)} to ${spaced(to)} ${what}`, {
    code: 'input-changed',
    at: { file: path },
    try: 'build again when they are written',
  });
