/** Events from ADC64 files, one file per ADC. Knows files and parameters, no bytes. */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { TaskError, type TaskContext } from 'tg';
import { dtype, type H5Writer } from 'tg/h5';
import { ADC64, type AdcRecord } from './adc64.ts';
import { adc64Groups, type Member, type Trigger } from './adc64-groups.ts';
import { ADCS, DEFAULTS, type Params } from './builder-params.ts';
import { samplesOf } from './device-block.ts';
import {
  commonest,
  firstRecords,
  openDevices,
  tellLosses,
  type DeviceFile,
} from './device-files.ts';
import { createRows, eventType, noLosses, taiNsOf, type Losses } from './event-rows.ts';
import { createTables } from './event-tables.ts';
import { checkTimes, createSpan, orderOf, shownAdc, widen } from './which-adc.ts';
import type { AdcOfFile, Span } from './which-adc.ts';

/** Events between two looks at the clock of others. */
const PAUSE = 64;

/** What the first records of a file tell. */
interface Head extends AdcOfFile {
  samples: number;
  /** Bytes of the file and of its first record. */
  size: number;
  recordLength: number;
}

interface AdcFile extends DeviceFile<AdcRecord> {
  serial: number;
  span: Span;
}

export async function buildFromAdc64(
  context: TaskContext,
  settings: Params,
  output: H5Writer,
): Promise<void> {
  const setup = setupOf(context, settings);
  const { heads, table, form, factor, pulse, from, to, isCapped } = setup;
  const tables = createTables(output, eventType(form), form, {
    ...attributesOf(setup, settings),
    input_filename: heads[0]!.name,
    input_filenames: heads.map(({ name }) => name),
  });
  const files: AdcFile[] = [];
  try {
    for (const { path, serial } of heads)
      files.push({ ...openDevices(path, ADC64), serial, span: createSpan() });
    const losses = noLosses();
    const seen = { bytes: 0, of: heads.reduce((sum, { size }) => sum + size, 0), empty: 0 };
    const streams = files.map((file) => triggersOf(file, losses, seen));
    const windows = { utimeMs: settings.utime_ms_window, ticks: settings.tai_ns_window / factor };
    const rows = createRows(form, losses);
    const append = (): void => {
      const { events, samples } = rows.take();
      tables.append(events, samples);
    };
    let [groups, placed, partial, unsynced] = [0, 0, 0, 0];
    for (const group of adc64Groups(streams, pulse, windows, settings.compat === 'upstream')) {
      const at = groups++;
      if (at % PAUSE === 0) {
        context.progress(seen.bytes, seen.of, 'bytes');
        await setImmediate();
        context.signal.throwIfAborted();
      }
      if (at < from) continue;
      if (at >= to) {
        if (!isCapped) break;
        for (const { record } of group)
          losses['after the end that upstream computes'] += record.device.blocks.length;
        continue;
      }
      rows.begin();
      for (const { stream, record, since } of group) {
        const tai = taiNsOf(since.s, since.ticks, factor);
        const adc = table.indexOf(files[stream]!.serial);
        rows.place(adc, record.device, record.event, record.unixMs, tai);
      }
      if (rows.waveforms === 0) continue;
      if (rows.keep()) append();
      placed += rows.waveforms;
      if (rows.adcs < table.length) partial++;
      if (group.some(isUnsynced)) unsynced++;
    }
    checkTimes(files, settings.utime_ms_window);
    append();
    const events = tables.rows;
    tellMissing(context, setup);
    if (partial > 0) context.note('light events lack an ADC', partial, events);
    if (unsynced > 0)
      context.note(
        'light events are before the first sync pulse: tai_ns of its own clock',
        unsynced,
        events,
      );
    if (seen.empty > 0) context.note('records are empty devices', seen.empty);
    output.attribute('light/events', 'end_position', isCapped ? to : from + events);
    tables.end(tellLosses(context, files, losses, placed));
    context.count('light events', events);
    context.count('waveforms', placed);
  } finally {
    for (const { window } of files) window.close();
  }
}

const isUnsynced = ({ isSynced }: Member): boolean => !isSynced;

/** The records that are triggers of the ADC of the file. */
function* triggersOf(
  { stream, serial, span }: AdcFile,
  losses: Losses,
  seen: { bytes: number; empty: number },
): Generator<Trigger> {
  for (const record of stream) {
    seen.bytes += record.length;
    const { device } = record;
    if (device === undefined) seen.empty++;
    else if (device.serial !== serial)
      losses['of another ADC than the file'] += device.blocks.length;
    else {
      widen(span, Number(record.unixMs));
      yield { ...record, device };
    }
  }
}

function headOf(path: string): Head | undefined {
  const { size, found } = firstRecords(path, ADC64, ({ device, length }) => ({
    serial: device?.serial,
    samples: device?.blocks.length ? samplesOf(device, device.blocks[0]!) : undefined,
    length,
  }));
  const serial = commonest(found.flatMap((one) => one.serial ?? []));
  const samples = commonest(found.flatMap((one) => one.samples ?? []));
  if (serial === undefined || samples === undefined) return undefined;
  return { name: basename(path), path, serial, samples, size, recordLength: found[0]!.length };
}

/** What is to be built, and from where. @throws TaskError when files, table and parameters do not agree */
function setupOf(context: TaskContext, settings: Params) {
  const paths = context.inputs('raw').map(({ path }) => path);
  const all = paths.map(headOf);
  const heads = all.filter((head) => head !== undefined);
  const names = paths.map((path) => basename(path));
  if (heads.length === 0)
    throw new TaskError(`no ADC64 record in ${names.join(', ')}`, { try: 'another file' });
  const table = orderOf(heads, settings.sn_table);
  const least = settings.sn_table === null ? ADCS.adc64 : 0;
  const adcs = settings.n_adcs ?? Math.max(table.length, least);
  if (table.length > adcs)
    throw new TaskError(
      `n_adcs is ${adcs}, there are ${table.length}: ${table.map(shownAdc).join(', ')}`,
      { try: `n_adcs: ${table.length}` },
    );
  heads.sort((a, b) => table.indexOf(a.serial) - table.indexOf(b.serial));
  const defaults = DEFAULTS.adc64;
  const isUpstream = settings.compat === 'upstream';
  // Upstream takes the first file for as many events as its size has room for.
  const cap = isUpstream ? Math.floor(heads[0]!.size / heads[0]!.recordLength) : Infinity;
  return {
    heads,
    /** Files without any record. */
    silent: names.filter((_, i) => all[i] === undefined),
    table,
    form: {
      adcs,
      channels: settings.n_channels,
      samples: settings.n_samples ?? heads[0]!.samples,
      times: settings.times ?? ('channel' as const),
      ch: true,
    },
    factor: settings.clock_timestamp_factor ?? defaults.clock_timestamp_factor,
    pulse: {
      channel: settings.sync_channel ?? defaults.sync_channel,
      threshold: settings.sync_threshold ?? defaults.sync_threshold,
    },
    from: settings.start_position,
    to: Math.min(settings.end_position ?? Infinity, cap),
    isCapped: cap <= (settings.end_position ?? Infinity) && isUpstream,
  };
}

type Setup = ReturnType<typeof setupOf>;

function attributesOf({ table, form, factor, pulse, from }: Setup, settings: Params) {
  return {
    classname: 'LightADC64EventGenerator',
    class_version: '0.0.0',
    start_position: from,
    n_adcs: form.adcs,
    n_channels: form.channels,
    n_samples: form.samples,
    batch_size: settings.batch_size ?? DEFAULTS.adc64.batch_size,
    sync_channel: pulse.channel,
    sync_threshold: pulse.threshold,
    sync_buffer: settings.sync_buffer,
    clock_timestamp_factor: { dtype: dtype('f8'), shape: [], values: [factor] },
    utime_ms_window: settings.utime_ms_window,
    tai_ns_window: settings.tai_ns_window,
    sn_table: table,
  };
}

/** Files without a record, and ADCs without a file, or with such a one. */
function tellMissing(context: TaskContext, { heads, silent, table }: Setup): void {
  for (const name of silent) context.note(`${name} has no record`);
  for (const serial of table)
    if (!heads.some((head) => head.serial === serial))
      context.note(`${shownAdc(serial)} of sn_table has no records: missing in all events`);
}
