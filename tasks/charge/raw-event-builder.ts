/** Task type charge/raw_event_builder: packets of a run -> raw events with their packets, batch by batch. */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { defineTask, z, type TaskContext } from 'tg';
import { compound, createH5, openH5, type H5Writer, type TableWriter } from 'tg/h5';
import {
  type Attribute,
  builderClass,
  builderConfig,
  builderName,
  chooseBuilder,
} from './choose-builder.ts';
import { isSimulated, mcAttributes, mcSwitch } from './mc-switch.ts';
import { BLOCK_ROWS, firstUnixTime, larpixPackets, type Packets } from './packets-file.ts';
import { createRawEventBuilder, type RawEventBuilder, type RawEvents } from './raw-events.ts';
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

const params = fields.refine(
  ({ compat, event_builder_class: name }) =>
    compat === 'none' || builderName(name) === 'SymmetricWindow',
  {
    path: ['compat'],
    error: 'upstream is for SymmetricWindow alone, other builders have no reference',
  },
);

const RAW_EVENT = compound([
  ['id', 'u4'],
  ['unix_ts', 'u8'],
]);

export default defineTask({
  version: '3',
  params,
  async run(context) {
    const settings = context.params as Params;
    const path = context.input('packets');
    const file = await openH5(path);
    const output = createH5(context.output('charge/raw_events'));
    try {
      const packets = larpixPackets(file, context.place('packets') || '/packets');
      const upstream = settings.compat === 'upstream';
      const simulated = isSimulated(settings.mc, packets.simulated);
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
        firstUnixTime(packets, path),
        Math.min(settings.buffer_size, packets.table.rows),
      );
      const tables = createTables(output, packets, settings, path, {
        event_builder_class: `${name}RawEventBuilder`,
        ...chosen.attributes,
        ...(simulated ? mcAttributes : {}),
      });
      if (simulated) tables.origins = createStretches();
      await buildAll(context, settings, packets, builder, tables);
      output.attribute('charge/packets', 'lost', account(context, builder));
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
    end_position: settings.end_position ?? packets.table.rows,
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
  settings: Params,
  { table, fields }: Packets,
  builder: RawEventBuilder,
  tables: Tables,
): Promise<void> {
  const { buffer_size: batchRows, start_position: start } = settings;
  const end = Math.min(settings.end_position ?? table.rows, table.rows);
  for (let from = start; from < end; from += batchRows) {
    // Upstream reads its last batch to the end of the batch, whatever end_position says.
    const limit = settings.compat === 'upstream' ? table.rows : end;
    const to = Math.min(from + batchRows, limit);
    for (const { ioGroup, seconds } of builder.jumps()) {
      const off = Math.abs(seconds);
      context.note(
        `io_group ${ioGroup}: ${off} s of SYNC packets too ${seconds > 0 ? 'few' : 'many'} before row ${spaced(from)}, corrected by unix time`,
      );
    }
    for (let row = from; row < to; row += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, to - row);
      table.read(row, rows, builder.room(rows));
      builder.scan(rows);
    }
    write(tables, builder.close(), fields.rowSize, start);
    context.progress(to - start, end - start, 'packets');
    await setImmediate();
    context.signal.throwIfAborted();
  }
  write(tables, builder.finish(), fields.rowSize, start);
}

function write(tables: Tables, events: RawEvents, rowSize: number, firstRow: number): void {
  if (events.lengths.length === 0) return;
  const firstId = tables.lengths.length;
  const rows = new DataView(new ArrayBuffer(12 * events.lengths.length));
  events.lengths.forEach((length, i) => {
    rows.setUint32(12 * i, firstId + i, true);
    rows.setBigUint64(12 * i + 4, BigInt(events.unix[i]!), true);
    tables.lengths.push(length);
  });
  events.origins?.forEach((row, i) => {
    tables.origins?.push(tables.packets.rows + i, firstRow + row);
  });
  tables.rawEvents.append(new Uint8Array(rows.buffer));
  tables.packets.append(events.packets.subarray(0, events.rows * rowSize));
}

/** Tells what became of the packets; returns the losses as the attribute holds them. */
function account(context: TaskContext, builder: RawEventBuilder): string {
  const { fates, kept } = builder;
  const packets = fates.rows - fates.timestamps - fates.other;
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
