/** Events from a flat `rwf` dataset, through either builder. Knows the file and its parameters. */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { TaskError, type TaskContext } from 'tg';
import { compound, openH5, type H5Writer } from 'tg/h5';
import { ADCS, type Params } from './builder-params.ts';
import { createTables } from './event-tables.ts';
import { eventRow } from './light-event.ts';
import { rwfFile, rwfWaveforms, type RwfFile } from './rwf-file.ts';
import { upstreamEvents } from './upstream-events.ts';
import { waveformEvents } from './waveform-events.ts';

/** Waveforms between two looks at the clock of others. */
const PAUSE = 4096;

export async function buildFromRwf(
  context: TaskContext,
  settings: Params,
  output: H5Writer,
): Promise<void> {
  const path = context.input('raw');
  const file = await openH5(path);
  try {
    const raw = rwfFile(file, context.place('raw') || '/rwf');
    const { rows } = raw.table;
    const to = Math.min(settings.end_position ?? rows, rows);
    const from = Math.min(settings.start_position, to);
    const first = settings.compat === 'none' && settings.skip_underflow ? 1 : 0;
    const samples = samplesOf(raw, settings, first);
    const adcs = settings.n_adcs ?? settings.sn_table?.length ?? ADCS.rwf;
    const shape = { adcs, channels: settings.n_channels, samples };
    const slots = [adcs, settings.n_channels];
    const type = compound([
      ['id', 'u4'],
      ['event', 'i4'],
      ['sn', 'i4', [adcs]],
      ['ch', 'u1', slots],
      ['utime_ms', 'u8', slots],
      ['tai_ns', 'u8', slots],
      ['wvfm_valid', 'u1', slots],
    ]);
    const tables = createTables(output, type, shape, {
      classname: 'LightEventGenerator',
      class_version: '0.0.0',
      n_adcs: adcs,
      n_channels: settings.n_channels,
      n_samples: samples,
      chunk_size: settings.chunk_size,
      utime_ms_window: settings.utime_ms_window,
      tai_ns_window: settings.tai_ns_window,
      start_position: settings.start_position,
      end_position: to,
      input_filename: basename(path),
    });
    const build = settings.compat === 'upstream' ? upstreamEvents : waveformEvents;
    const windows = { utimeMs: settings.utime_ms_window, taiNs: settings.tai_ns_window };
    const builder = build(shape, windows, adcIndex(settings, adcs), (event) =>
      tables.append(eventRow(event, tables.rows), event.samples),
    );
    let n = 0;
    for (const waveform of rwfWaveforms(raw, { from, to, samples, first })) {
      builder.add(waveform);
      if (++n % PAUSE !== 0) continue;
      context.progress(n, to - from, 'waveforms');
      await setImmediate();
      context.signal.throwIfAborted();
    }
    builder.end();
    // What upstream leaves behind at the end of the file.
    const { lost } = builder;
    const reason = 'open at the end';
    if (lost > 0) context.lost(lost, to - from, reason);
    tables.end({ [reason]: lost });
    context.count('light events', tables.rows);
    context.count('waveforms', to - from - lost);
  } finally {
    file.close();
  }
}

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
function adcIndex({ sn_table: table, compat }: Params, adcs: number): (sn: number) => number {
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
