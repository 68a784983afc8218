/** Task type charge/raw_event_builder: packets of a run -> raw events with their packets, batch by batch. */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { defineTask, z, type TaskContext } from 'tg';
import { compound, createH5, openH5, rowsId, type H5Writer, type TableWriter } from 'tg/h5';
import { readCarry, writeCarry } from './carry.ts';
import {
  type Attribute,
  builderClass,
  builderConfig,
  builderName,
  chooseBuilder,
} from './choose-builder.ts';
import { isSimulated, mcAttributes, mcSwitch } from './mc-switch.ts';
import { BLOCK_ROWS, firstUnixTime, larpixPackets, type Packets } from './packets-file.ts';
import {
  batchesOf,
  partOf,
  proven,
  stillThere,
  writeParts,
  type Batches,
  type Part,
} from './parts.ts';
import {
  builderRoom,
  createRawEventBuilder,
  startOfFile,
  type Carried,
  type RawEventBuilder,
  type RawEvents,
} from './raw-events.ts';
import { consecutiveRuns } from './runs.ts';
import { spaced } from './spaced.ts';
import { createStretches, type StretchList } from './relation-lists.ts';

const ticks = 'ticks of 0.1 us';

const fields = z.strictObject({
  buffer_size: z.int().positive().default(384_000).describe('packets'),
  start_position: z.int().nonnegative().default(0).describe('packets'),
  end_position: z.int().nonnegative().nullable().default(null).describe('packets'),
  nhit_cut: z.int().positive().default(100).describe('packets'),
  sync_noise_cut: z.tuple([z.int(), z.int()]).default([1_000_000, 11_000_000]).describe(ticks),
  sync_noise_cut_enabled: z.boolean().default(true),
  event_builder_class: builderClass,
  event_builder_config: builderConfig,
  flush_at_end: z.boolean().default(true),
  compat: z.enum(['none', 'upstream']).default('none'),
  mc: mcSwitch,
});

type Params = z.infer<typeof fields>;

const params = fields
  .refine(
    ({ compat, event_builder_class: name }) =>
      compat === 'none' || builderName(name) === 'SymmetricWindow',
    {
      path: ['compat'],
      error: 'upstream is for SymmetricWindow alone, other builders have no reference',
    },
  )
  .refine(({ start_position: start, end_position: end }) => end === null || end >= start, {
    path: ['end_position'],
    error: 'must not lie before start_position',
  });

const RAW_EVENT = compound([
  ['id', 'u4'],
  ['unix_ts', 'u8'],
]);

export default defineTask({
  version: '4',
  params,
  parts: {
    of: 'packets',
    list: 'charge/parts',
    carry: 'charge/carry',
    scan: (context) =>
      writeParts(context, ({ table: { rows } }) => rangeOf(context.params as Params, rows)),
  },
  async run(context) {
    const settings = context.params as Params;
    const path = context.input('packets');
    const file = await openH5(path);
    const output = createH5(context.output('charge/raw_events'));
    try {
      const packets = larpixPackets(file, context.place('packets') || '/packets');
      const upstream = settings.compat === 'upstream';
      const part = partOf(context);
      const isMc = part === undefined ? packets.simulated : part.simulated === true;
      const simulated = isSimulated(settings.mc, isMc);
      const name = builderName(settings.event_builder_class);
      const chosen = chooseBuilder(name, settings.event_builder_config, {
        fields: packets.fields,
        upstream,
        flushAtEnd: settings.flush_at_end,
      });
      const [low, high] = settings.sync_noise_cut;
      const builder = createRawEventBuilder(
        {
          fields: packets.fields,
          nhitCut: settings.nhit_cut,
          syncNoiseCut: settings.sync_noise_cut_enabled ? [low, high] : null,
          finder: chosen.finder,
          rolloverTicks: chosen.rolloverTicks,
          upstream,
          flushAtEnd: settings.flush_at_end,
          simulated,
          origins: simulated,
        },
        await stateBefore(
          context,
          part,
          packets,
          path,
          chosen.rolloverTicks,
          settings.start_position,
        ),
        Math.min(settings.buffer_size, packets.table.rows),
        memory,
      );
      const range = rangeOf(settings, packets.table.rows);
      if (range.start > 0 && range.start >= packets.table.rows)
        context.note(`start_position ${spaced(range.start)} is behind the last packet`);
      const batches = part === undefined ? batchesOf(range) : [[part.from, part.to] as const];
      const tables = createTables(output, packets, settings, path, {
        // What is known of the end when a part is made is where the part ends.
        end_position: settings.end_position ?? part?.to ?? packets.table.rows,
        event_builder_class: `${name}RawEventBuilder`,
        ...chosen.attributes,
        ...(simulated ? mcAttributes : {}),
      });
      if (simulated) tables.origins = createStretches();
      await buildAll(context, packets, builder, tables, { batches, part, path });
      const last = part?.last !== false;
      if (last) write(tables, builder.finish(), packets.fields.rowSize);
      if (part !== undefined)
        writeCarry(output, packets.table.dtype, last ? NOTHING : builder.carried());
      output.attribute('charge/packets', 'lost', account(context, builder, last));
      if (chosen.finder.overlaps) {
        const { kept, repeated } = builder;
        output.attribute('charge/packets', 'repeated', repeated);
        const text = 'packets of charge/packets stand in another event, too';
        if (repeated > 0) context.note(text, repeated, kept + repeated);
      }
      output.relation('charge/raw_events', 'charge/packets', consecutiveRuns(tables.lengths));
      if (tables.origins !== undefined) {
        output.attribute('charge/packets', 'is_mc', true);
        output.relation('charge/packets', 'packets', tables.origins.stretches());
      }
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      file.close();
    }
  },
});

/** Parts of a run follow each other in a thread. */
const memory = builderRoom();

/** Behind the last part nothing goes on. */
const NOTHING = startOfFile(0, 1);

function rangeOf(settings: Params, rows: number): Batches {
  const { buffer_size: size, start_position: start, end_position, compat } = settings;
  const end = Math.min(end_position ?? rows, rows);
  return { start, end, size, rows, upstream: compat === 'upstream' };
}

/** The start of the file, or what the part before has left. */
async function stateBefore(
  context: TaskContext,
  part: Part | undefined,
  packets: Packets,
  path: string,
  rolloverTicks: number,
  first: number,
): Promise<Carried> {
  if (part === undefined) return startOfFile(firstUnixTime(packets, path), rolloverTicks, first);
  if (part.unix !== undefined) return startOfFile(part.unix, rolloverTicks, first);
  const before = await openH5(context.input('carry'));
  try {
    return readCarry(before, rolloverTicks);
  } finally {
    before.close();
  }
}

interface Tables {
  rawEvents: TableWriter;
  packets: TableWriter;
  /** Packets of each event. */
  lengths: number[];
  /** Simulated files: which row of the input each packet is, for their truth. */
  origins?: StretchList;
}

function createTables(
  output: H5Writer,
  packets: Packets,
  settings: Params,
  path: string,
  builder: Readonly<Record<string, Attribute>>,
): Tables {
  const attributes = {
    classname: 'RawEventGenerator',
    class_version: '0.0.0',
    input_filename: basename(path),
    start_position: settings.start_position,
    buffer_size: settings.buffer_size,
    nhit_cut: settings.nhit_cut,
    sync_noise_cut: BigInt64Array.from(settings.sync_noise_cut, BigInt),
    sync_noise_cut_enabled: settings.sync_noise_cut_enabled,
    ...builder,
  };
  return {
    rawEvents: output.table('charge/raw_events', RAW_EVENT, { attributes }),
    packets: output.table('charge/packets', packets.table.dtype),
    lengths: [],
  };
}

/** Reads batch by batch, block by block, and writes what each batch gives. */
async function buildAll(
  context: TaskContext,
  { table, fields }: Packets,
  builder: RawEventBuilder,
  tables: Tables,
  {
    batches,
    part,
    path,
  }: {
    batches: readonly (readonly [number, number])[];
    part: Part | undefined;
    path: string;
  },
): Promise<void> {
  const [first, end] = [batches[0]![0], batches.at(-1)![1]];
  for (const [from, to] of batches) {
    for (const { ioGroup, seconds } of builder.jumps()) {
      const off = Math.abs(seconds);
      context.note(
        `io_group ${ioGroup}: ${off} s of SYNC packets too ${seconds > 0 ? 'few' : 'many'} before row ${spaced(from)}, corrected by unix time`,
      );
    }
    if (part !== undefined) stillThere(part, table.rows, path);
    const read = part === undefined ? undefined : rowsId(table.dtype);
    for (let row = from; row < to; row += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, to - row);
      const { bytes } = table.read(row, rows, builder.room(rows));
      read?.add(bytes);
      builder.scan(rows);
    }
    if (part !== undefined) proven(part, read!, path);
    write(tables, builder.close(), fields.rowSize);
    if (end > first) context.progress(to - first, end - first, 'packets');
    await setImmediate();
    context.signal.throwIfAborted();
  }
}

function write(tables: Tables, events: RawEvents, rowSize: number): void {
  if (events.lengths.length === 0) return;
  const firstId = tables.lengths.length;
  const rows = new DataView(new ArrayBuffer(12 * events.lengths.length));
  events.lengths.forEach((length, i) => {
    rows.setUint32(12 * i, firstId + i, true);
    rows.setBigUint64(12 * i + 4, BigInt(events.unix[i]!), true);
    tables.lengths.push(length);
  });
  events.origins?.forEach((row, i) => {
    tables.origins?.push(tables.packets.rows + i, row);
  });
  tables.rawEvents.append(new Uint8Array(rows.buffer));
  tables.packets.append(events.packets.subarray(0, events.rows * rowSize));
}

/**
 * Tells what became of the packets; returns the losses as the attribute holds them. What a part leaves to the next is that
 * one's to tell.
 */
function account(context: TaskContext, builder: RawEventBuilder, last: boolean): string {
  const { fates, kept, before } = builder;
  const open = last ? 0 : builder.carried().times.length;
  const packets = fates.rows - fates.timestamps - fates.other + before - open;
  const inNoEvent = packets - fates.parity - fates.syncCut - kept;
  const { parity, syncCut } = fates;
  const told: [string, number][] = [
    ['in no event', inNoEvent],
    ['sync cut', syncCut],
    ['parity', parity],
  ];
  for (const [reason, n] of told) {
    if (n > 0) context.lost(n, packets, reason);
  }
  context.count('packets', kept + builder.repeated);
  return JSON.stringify({ 'in no event': inNoEvent, parity, 'sync cut': syncCut });
}
