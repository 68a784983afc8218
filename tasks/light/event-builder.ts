/** Task type light/event_builder: raw light waveforms -> light/events and light/wvfm, one row of each per event. */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { defineTask, TaskError, z, type TaskContext } from 'tg';
import { compound, createH5, openH5, type H5Writer, type Runs, type TableWriter } from 'tg/h5';
import { eventRow, type EventShape, type LightEvent } from './light-event.ts';
import { rwfFile, rwfWaveforms, type RwfFile } from './rwf-file.ts';
import { upstreamEvents } from './upstream-events.ts';
import { waveformEvents } from './waveform-events.ts';

const serial = z.int().nonnegative();

const params = z.strictObject({
  format: z.enum(['auto', 'rwf']).default('auto'),
  sn_table: z.array(serial).min(1).nullable().default(null),
  n_adcs: z.int().positive().default(2),
  n_channels: z.int().positive().max(256).default(64),
  n_samples: z.int().positive().nullable().default(null).describe('samples'),
  skip_underflow: z.boolean().default(true),
  utime_ms_window: z.number().nonnegative().default(1000).describe('ms'),
  tai_ns_window: z.number().nonnegative().default(1000).describe('ns'),
  chunk_size: z.int().positive().default(128).describe('events'),
  start_position: z.int().nonnegative().default(0).describe('waveforms'),
  end_position: z.int().nonnegative().nullable().default(null).describe('waveforms'),
  compat: z.enum(['none', 'upstream']).default('none'),
});

type Params = z.infer<typeof params>;

/** Waveforms between two looks at the clock of others. */
const PAUSE = 4096;

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as Params;
    const path = context.input('raw');
    const file = await openH5(path);
    const output = createH5(context.output('light/events'));
    try {
      const raw = rwfFile(file, context.place('raw') || '/rwf');
      const { rows } = raw.table;
      const to = Math.min(settings.end_position ?? rows, rows);
      const from = Math.min(settings.start_position, to);
      const first = settings.compat === 'none' && settings.skip_underflow ? 1 : 0;
      const samples = samplesOf(raw, settings, first);
      const shape = { adcs: settings.n_adcs, channels: settings.n_channels, samples };
      const tables = createTables(output, shape, settings, {
        start_position: settings.start_position,
        end_position: to,
        input_filename: basename(path),
      });
      const build = settings.compat === 'upstream' ? upstreamEvents : waveformEvents;
      const windows = { utimeMs: settings.utime_ms_window, taiNs: settings.tai_ns_window };
      const builder = build(shape, windows, adcIndex(settings), tables.append);
      let n = 0;
      for (const waveform of rwfWaveforms(raw, { from, to, samples, first })) {
        builder.add(waveform);
        if (++n % PAUSE !== 0) continue;
        context.progress(n, to - from, 'waveforms');
        await setImmediate();
        context.signal.throwIfAborted();
      }
      builder.end();
      account(context, output, builder.lost, to - from);
      const events = tables.rows();
      output.relation('light/events', 'light/wvfm', rowByRow(events));
      context.count('light events', events);
      context.count('waveforms', to - from - builder.lost);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      file.close();
    }
  },
});

function samplesOf(raw: RwfFile, { n_samples: asked }: Params, first: number): number {
  // Upstream reads from the underflow on, so that it can take one more.
  const most = raw.bins + 1 - first;
  if (asked !== null && asked > most)
    throw new TaskError(`n_samples is ${asked}, the waveforms have ${raw.bins}`, {
      try: `n_samples: ${raw.bins}`,
    });
  return asked ?? raw.bins;
}

/** Which ADC a serial number is: its place in the table, or what is left of it. @throws TaskError */
function adcIndex({ sn_table: table, n_adcs: adcs, compat }: Params): (sn: number) => number {
  const serials = new Map<number, number>();
  const taken = new Map<number, number>();
  const find = (sn: number): number => {
    if (table === null || compat === 'upstream') {
      const adc = sn % adcs;
      const other = taken.get(adc);
      if (other !== undefined && compat === 'none')
        throw new TaskError(`ADCs ${other} and ${sn} are both number ${adc} (of ${adcs})`, {
          try: `sn_table: [${[other, sn].join(', ')}]`,
        });
      taken.set(adc, sn);
      return adc;
    }
    const adc = table.indexOf(sn);
    if (adc < 0 || adc >= adcs)
      throw new TaskError(
        adc < 0
          ? `ADC ${sn} is not in sn_table (${table.join(', ')})`
          : `ADC ${sn} is number ${adc} of sn_table, n_adcs is ${adcs}`,
        { try: adc < 0 ? `sn_table: [${[...table, sn].join(', ')}]` : `n_adcs: ${adc + 1}` },
      );
    return adc;
  };
  return (sn) => {
    let adc = serials.get(sn);
    if (adc === undefined) serials.set(sn, (adc = find(sn)));
    return adc;
  };
}

interface Tables {
  append(event: LightEvent): void;
  rows(): number;
}

function createTables(
  output: H5Writer,
  { adcs, channels, samples }: EventShape,
  settings: Params,
  places: Record<string, number | string>,
): Tables {
  const slots = [adcs, channels];
  const event = compound([
    ['id', 'u4'],
    ['event', 'i4'],
    ['sn', 'i4', [adcs]],
    ['ch', 'u1', slots],
    ['utime_ms', 'u8', slots],
    ['tai_ns', 'u8', slots],
    ['wvfm_valid', 'u1', slots],
  ]);
  const events: TableWriter = output.table('light/events', event, {
    attributes: {
      classname: 'LightEventGenerator',
      class_version: '0.0.0',
      n_adcs: adcs,
      n_channels: channels,
      n_samples: samples,
      chunk_size: settings.chunk_size,
      utime_ms_window: settings.utime_ms_window,
      tai_ns_window: settings.tai_ns_window,
      wvfm_dset_name: 'light/wvfm',
      ...places,
    },
  });
  const waveforms = output.table(
    'light/wvfm',
    compound([['samples', 'i2', [adcs, channels, samples]]]),
  );
  return {
    append(one) {
      events.append(eventRow(one, events.rows));
      waveforms.append(one.samples);
    },
    rows: () => events.rows,
  };
}

/** What upstream leaves behind at the end of the file. */
function account(context: TaskContext, output: H5Writer, lost: number, of: number): void {
  const reason = 'open at the end';
  output.attribute('light/events', 'lost', JSON.stringify(lost > 0 ? { [reason]: lost } : {}));
  if (lost > 0) context.lost(lost, of, reason);
}

/** Each row belongs to the row of the same number. */
function rowByRow(rows: number): Runs {
  const parent = Uint32Array.from({ length: rows }, (_, row) => row);
  return { parent, start: parent, stop: parent.map((row) => row + 1) };
}
