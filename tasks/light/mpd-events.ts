/** Events from an MPD file: all ADCs of a trigger stand in one record. Knows the file and its parameters, no bytes. */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { TaskError, type TaskContext } from 'tg';
import { dtype, type H5Writer } from 'tg/h5';
import { ADCS, DEFAULTS, type Params } from './builder-params.ts';
import { samplesOf } from './device-block.ts';
import { commonest, firstRecords, openDevices, tellLosses } from './device-files.ts';
import { createRows, eventType, noLosses, taiNsOf } from './event-rows.ts';
import { createTables } from './event-tables.ts';
import { openWindow } from './byte-window.ts';
import { isMpd, isMpdEvent, MPD } from './mpd.ts';
import { shownAdc } from './which-adc.ts';

/** Events between two looks at the clock of others. */
const PAUSE = 64;

export async function buildFromMpd(
  context: TaskContext,
  settings: Params,
  output: H5Writer,
): Promise<void> {
  const setup = setupOf(context, settings);
  const { path, table, form, factor, from, to, isCapped } = setup;
  const tables = createTables(output, eventType(form), form, {
    ...attributesOf(setup, settings),
    input_filename: basename(path),
  });
  const file = openDevices(path, MPD);
  try {
    const losses = noLosses();
    const rows = createRows(form, losses);
    const append = (): void => {
      const { events, samples } = rows.take();
      tables.append(events, samples);
    };
    const without = new Set<number>();
    let [at, placed, partial, empty, bytes] = [0, 0, 0, 0, 0];
    for (const { devices, empty: hollow, event, unixMs, length } of file.stream) {
      const position = at++;
      bytes += length;
      if (position % PAUSE === 0) {
        context.progress(bytes, file.window.size, 'bytes');
        await setImmediate();
        context.signal.throwIfAborted();
      }
      if (position < from) continue;
      if (position >= to) {
        if (!isCapped) break;
        for (const { blocks } of devices)
          losses['after the end that upstream computes'] += blocks.length;
        continue;
      }
      empty += hollow;
      rows.begin();
      for (const device of devices) {
        const adc = table.indexOf(device.serial);
        if (adc < 0) {
          losses['of an ADC that is not in sn_table'] += device.blocks.length;
          without.add(device.serial);
        } else rows.place(adc, device, event, unixMs, taiNsOf(device.taiS, device.taiNs, factor));
      }
      if (rows.waveforms === 0) continue;
      if (rows.keep()) append();
      placed += rows.waveforms;
      if (rows.adcs < table.length) partial++;
    }
    append();
    const events = tables.rows;
    if (events === 0 && without.size > 0)
      throw new TaskError(
        `${file.name} is of ${[...without].map(shownAdc).join(', ')}; sn_table has ${table.map(shownAdc).join(', ')}`,
        { try: `sn_table: [${[...without].join(', ')}]` },
      );
    if (partial > 0) context.note('light events lack an ADC', partial, events);
    if (empty > 0) context.note('devices are empty', empty);
    if (without.size > 0) context.note(`not in sn_table: ${[...without].map(shownAdc).join(', ')}`);
    output.attribute('light/events', 'end_position', isCapped ? to : from + events);
    tables.end(tellLosses(context, [file], losses, placed));
    context.count('light events', events);
    context.count('waveforms', placed);
  } finally {
    file.window.close();
  }
}

/** What is to be built, and from where. @throws TaskError when file, table and parameters do not agree */
function setupOf(context: TaskContext, settings: Params) {
  const [{ path } = { path: '' }, second] = context.inputs('raw');
  const name = basename(path);
  if (second !== undefined)
    throw new TaskError(
      `${name} and ${basename(second.path)} are both MPD: one file holds all ADCs of a run`,
      { try: 'a source with one file a run' },
    );
  const { size, found } = firstRecords(path, MPD, ({ devices, length }) => ({
    serials: devices.map(({ serial }) => serial),
    samples: devices.flatMap((device) => [...device.blocks].map((at) => samplesOf(device, at))),
    length,
  }));
  const samples = settings.n_samples ?? commonest(found.flatMap((event) => event.samples));
  if (samples === undefined)
    throw new TaskError(`no MPD event with waveforms in ${name}`, {
      try: 'another file',
    });
  const table = settings.sn_table === null ? serialsOf(found) : [...settings.sn_table];
  const least = settings.sn_table === null ? ADCS.mpd : 0;
  const adcs = settings.n_adcs ?? Math.max(table.length, least);
  if (table.length > adcs)
    throw new TaskError(
      `n_adcs is ${adcs}, there are ${table.length}: ${table.map(shownAdc).join(', ')}`,
      { try: `n_adcs: ${table.length}` },
    );
  const isUpstream = settings.compat === 'upstream';
  // Upstream takes the file for as many events as there would be of the size of the first.
  const cap = isUpstream ? Math.floor((size - beginningOf(path)) / found[0]!.length) : Infinity;
  return {
    path,
    table,
    form: {
      adcs,
      channels: settings.n_channels,
      samples,
      times: settings.times ?? ('adc' as const),
      ch: false,
    },
    factor: settings.clock_timestamp_factor ?? DEFAULTS.mpd.clock_timestamp_factor,
    from: settings.start_position,
    to: Math.min(settings.end_position ?? Infinity, cap),
    isCapped: isUpstream && cap <= (settings.end_position ?? Infinity),
  };
}

/** Serial numbers in the order in which the first events have them; one that only one of several has is damage. */
function serialsOf(events: readonly { serials: number[] }[]): number[] {
  const counts = new Map<number, number>();
  for (const { serials } of events)
    for (const serial of serials) counts.set(serial, (counts.get(serial) ?? 0) + 1);
  const least = Math.min(2, events.length);
  return [...counts].flatMap(([serial, n]) => (n < least ? [] : [serial]));
}

/** Bytes of the block that begins the run, which upstream does not count. */
function beginningOf(path: string): number {
  const window = openWindow(path, 8);
  try {
    const head = window.at(0, 8);
    return isMpd(head) && !isMpdEvent(head) ? 8 + head.readUInt32LE(4) : 0;
  } finally {
    window.close();
  }
}

type Setup = ReturnType<typeof setupOf>;

function attributesOf({ table, form, factor, from }: Setup, settings: Params) {
  return {
    classname: 'LightMPDEventGenerator',
    class_version: '0.0.0',
    start_position: from,
    n_adcs: form.adcs,
    n_channels: form.channels,
    n_samples: form.samples,
    batch_size: settings.batch_size ?? DEFAULTS.mpd.batch_size,
    sync_channel: settings.sync_channel ?? DEFAULTS.mpd.sync_channel,
    sync_threshold: settings.sync_threshold ?? DEFAULTS.mpd.sync_threshold,
    sync_buffer: settings.sync_buffer,
    clock_timestamp_factor: { dtype: dtype('f8'), shape: [], values: [factor] },
    utime_ms_window: settings.utime_ms_window,
    tai_ns_window: settings.tai_ns_window,
    sn_table: table,
  };
}
