/** Light events and what belongs to them row by row, read together in blocks. Knows tables, no algorithms. */
import { setImmediate } from 'node:timers/promises';
import { TaskError, type TaskContext } from 'tg';
import { createH5, openH5, type H5File, type H5Writer, type Rows, type Table } from 'tg/h5';

/** [ADCs or TPCs, channels or detectors, samples]. */
export type Shape = readonly [number, number, number];

/** Tables of one run, with as many rows as there are light events. */
export interface LightTables {
  events: Table;
  /** By name: `light/fwvfm`. */
  tables: ReadonlyMap<string, Table>;
  close(): void;
}

/** Opens light/events and other inputs of the task. @throws TaskError when they are not of the same events */
export async function openLightTables(
  context: TaskContext,
  names: readonly string[],
): Promise<LightTables> {
  const files: H5File[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  const open = async (name: string): Promise<Table> => {
    const file = await openH5(context.input(name));
    files.push(file);
    return file.table(context.place(name) || `/${name}`);
  };
  try {
    const events = await open('light/events');
    const tables = new Map<string, Table>();
    for (const name of names) {
      const table = await open(name);
      if (table.rows !== events.rows)
        throw new TaskError(
          `${name} has ${table.rows} rows, light/events ${events.rows}: not of the same events`,
          { code: 'bad-input', try: 'build both' },
        );
      tables.set(name, table);
    }
    return { events, tables, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Shape of the member `samples` of a table. @throws TaskError when it has none of three axes */
export function samplesShape(table: Table, name: string): Shape {
  const type = table.dtype.fields.find((field) => field.name === 'samples')?.type;
  if (type?.kind !== 'array' || type.shape.length !== 3)
    throw new TaskError(`${name} has no samples of [ADCs, channels, samples]`, {
      code: 'bad-input',
      at: { file: table.path },
      try: 'a table that tg or module0_flow made',
    });
  return type.shape as unknown as Shape;
}

export interface Block {
  start: number;
  rows: number;
  events: Rows;
  of: (name: string) => Rows;
}

/** Rows of all tables, block by block, so that memory does not grow with the run: a block is gone when the next one comes. */
export async function* lightBlocks(
  context: TaskContext,
  { events, tables }: LightTables,
): AsyncGenerator<Block> {
  const widest = [...tables.values()].reduce(
    (size, { rowSize }) => Math.max(size, rowSize),
    events.rowSize,
  );
  const most = Math.max(1, Math.floor(4e6 / widest));
  const rooms = new Map(
    [...tables].map(([name, { rowSize }]) => [name, new Uint8Array(most * rowSize)]),
  );
  for (let start = 0; start < events.rows; start += most) {
    context.signal.throwIfAborted();
    const rows = Math.min(most, events.rows - start);
    const read = new Map(
      [...tables].map(([name, table]) => {
        const room = rooms.get(name)!.subarray(0, rows * table.rowSize);
        return [name, table.read(start, rows, room)];
      }),
    );
    yield { start, rows, events: events.read(start, rows), of: (name) => read.get(name)! };
    context.progress(start + rows, events.rows, 'light events');
    await setImmediate();
  }
}

/** A file for the outputs of the task; aborted when `work` throws, closed when it ends. */
export async function withOutput(
  context: TaskContext,
  target: string,
  tables: LightTables,
  work: (output: H5Writer) => Promise<void>,
): Promise<void> {
  const output = createH5(context.output(target));
  try {
    await work(output);
    output.close();
  } catch (error) {
    output.abort();
    throw error;
  } finally {
    tables.close();
  }
}

/** Values of a typed array as the bytes of rows. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Which channels, by their number (u1), are listed. @throws TaskError for one that the waveforms do not have */
export function channelMask(listed: readonly number[], channels: number, name: string): Uint8Array {
  const mask = new Uint8Array(256);
  for (const channel of listed) {
    if (channel >= channels)
      throw new TaskError(`${name} names channel ${channel}, the waveforms have ${channels}`, {
        code: 'bad-value',
        try: `channels from 0 to ${channels - 1}`,
      });
    mask[channel] = 1;
  }
  return mask;
}
