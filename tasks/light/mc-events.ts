/** Task type light/mc_events: light of a larnd-sim file -> light/events and light/wvfm as an ADC would have them, and mc_truth/light. */
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { defineTask, TaskError, type TaskContext } from 'tg';
import { createH5, dtype, extract, itemSize, openH5, type H5Writer } from 'tg/h5';
import { mapSamples, mapTruth, simulatedTai, type ChannelMap } from './channel-map.ts';
import { eventType } from './event-rows.ts';
import { createTables } from './event-tables.ts';
import { bytesOf } from './light-tables.ts';
import { mcLightFile, photonsIn, type McLightFile, type TruthPart } from './mc-light-file.ts';
import { layoutOf, params, type Layout, type Params } from './mc-params.ts';

/** Bytes that are read at a time. */
const BLOCK = 4e6;

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as unknown as Params;
    const layout = layoutOf(settings);
    const place = context.place('packets');
    if (place !== '')
      throw new TaskError(`of the source packets only ${place} counts, not the light beside it`, {
        code: 'bad-value',
        try: `the source without ::${place}`,
      });
    const path = context.input('packets');
    const file = await openH5(path);
    const output = createH5(context.output('light/events'));
    try {
      const light = mcLightFile(file);
      checkDetectors(layout, light, settings, path);
      await writeEvents(context, settings, layout, light, output);
      await writeTruth(context, settings, layout.map, light.truth, output);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      file.close();
    }
  },
});

/** @throws TaskError for a detector of the map that the file does not have */
function checkDetectors(
  { map, detectors: room }: Layout,
  { waveforms, truth }: McLightFile,
  { n_modules: modules, n_sipms_per_module: sipms }: Params,
  path: string,
): void {
  const most = map.detectors.reduce((a, b) => Math.max(a, b), -1);
  const columns = truth.reduce((sum, { data }) => sum + data.shape[1]!, 0);
  const has = Math.min(room ?? waveforms.shape[1]!, columns);
  if (most < has) return;
  const of = modules === null ? '' : ` (n_modules ${modules} of ${sipms}, light_dat ${columns})`;
  throw new TaskError(
    `channel_map names detector ${most}, ${basename(path)} has ${has} of them${of}`,
    { code: 'bad-value', at: { file: path }, try: `detectors from 0 to ${has - 1}, or -1` },
  );
}

async function writeEvents(
  context: TaskContext,
  settings: Params,
  layout: Layout,
  { triggers, waveforms }: McLightFile,
  output: H5Writer,
): Promise<void> {
  const { map, valid, sn, times } = layout;
  const { adcs, channels } = map;
  const [rows, detectors, samples] = waveforms.shape as [number, number, number];
  const [from, to] = [Math.min(settings.start_position, rows), settings.end_position ?? rows];
  const end = Math.max(from, Math.min(to, rows));
  const isPerChannel = times === 'channel';
  const form = { adcs, channels, samples, times, ch: isPerChannel };
  const type = eventType(form);
  const tables = createTables(
    output,
    type,
    form,
    attributesOf(context, settings, layout, samples, end),
  );
  const rules = {
    map,
    samples,
    first: 0,
    busy: { slots: layout.busy, delay: settings.busy_delay, height: settings.busy_ampl },
    disabled: layout.disabled,
  };
  const own = new Int16Array(adcs * channels * samples);
  const size = itemSize(waveforms.dtype);
  const most = Math.max(1, Math.floor(BLOCK / (detectors * samples * size)));
  for (let start = from; start < end; start += most) {
    context.signal.throwIfAborted();
    const n = Math.min(most, end - start);
    const bytes = waveforms.readRaw(start, n);
    const values = extract(bytes, bytes.length / size, size, 0, waveforms.dtype);
    const block = triggers.read(start, n);
    const column = (name: string): ArrayLike<number> => block.column(name) as Float64Array;
    const [seconds, sync, op] = [column('ts_s'), column('ts_sync'), column('op_channel')];
    for (let i = 0; i < n; i++) {
      const first = layout.detectors === undefined ? 0 : op[(i * op.length) / n]!;
      if (layout.detectors !== undefined && (first < 0 || first + detectors > layout.detectors))
        throw new TaskError(
          `trigger ${start + i} has detectors ${first} to ${first + detectors - 1}, n_modules and n_sipms_per_module make ${layout.detectors}`,
          { code: 'bad-input', try: 'n_modules and n_sipms_per_module of the simulation' },
        );
      mapSamples(
        values as Float64Array,
        i * detectors * samples,
        detectors,
        { ...rules, first },
        own,
      );
      const row = new DataView(new ArrayBuffer(type.size));
      row.setBigUint64(0, BigInt(tables.rows), true);
      row.setInt32(8, start + i, true);
      sn.forEach((serial, adc) => row.setInt32(12 + 4 * adc, serial, true));
      let at = 12 + 4 * adcs;
      if (isPerChannel)
        for (let slot = 0; slot < adcs * channels; slot++) row.setUint8(at++, slot % channels);
      const utime = Math.trunc((seconds[i]! * 1e6) / 1e3);
      for (const time of [utime, simulatedTai(sync[i]!, seconds[i]!, settings.crs_ticks)])
        for (let k = 0; k < (isPerChannel ? adcs * channels : adcs); k++, at += 8)
          row.setBigUint64(at, BigInt(time), true);
      new Uint8Array(row.buffer).set(valid, at);
      tables.append(new Uint8Array(row.buffer), own);
    }
    context.progress(start + n - from, end - from, 'triggers');
    await setImmediate();
  }
  tables.end({});
  context.count('light events', tables.rows);
}

function attributesOf(
  context: TaskContext,
  settings: Params,
  { map, sn }: Layout,
  samples: number,
  end: number,
): Parameters<typeof createTables>[3] {
  const { adcs, channels, detectors } = map;
  const whole = (shape: number[], values: ArrayLike<number>) => ({
    dtype: dtype('i8'),
    shape,
    values: Array.from(values),
  });
  const { busy_channel: busy, disabled_channels: disabled } = settings;
  return {
    classname: 'LightEventGeneratorMC',
    class_version: '0.0.0',
    n_adcs: adcs,
    n_channels: channels,
    n_samples: samples,
    ...(settings.n_modules === null
      ? { busy_channel: whole([adcs], busy ?? new Array<number>(adcs).fill(0)) }
      : { n_modules: settings.n_modules, n_sipms_per_module: settings.n_sipms_per_module }),
    chunk_size: settings.chunk_size,
    busy_delay: settings.busy_delay,
    adc_sn: whole([adcs], sn),
    channel_map: whole([adcs, channels], detectors),
    disabled_channels: whole(disabled.length === 0 ? [0] : [disabled.length, 2], disabled.flat()),
    start_position: settings.start_position,
    end_position: end,
    input_filename: basename(context.input('packets')),
    mc_truth_dset_name: 'mc_truth/light',
  };
}

/** mc_truth/light (tracks, ADCs, channels): what of each track reached the detector of each channel. */
async function writeTruth(
  context: TaskContext,
  { compat }: Params,
  map: ChannelMap,
  parts: readonly TruthPart[],
  output: H5Writer,
): Promise<void> {
  const { dtype: type } = parts[0]!.data;
  output.group('mc_truth/light');
  const table = output.stream('mc_truth/light/data', type, [map.adcs, map.channels]);
  const all = parts.reduce((sum, { data }) => sum + data.shape[1]!, 0);
  let first = 0;
  for (const { data, module } of parts) {
    const [rows, columns] = data.shape as [number, number];
    const size = itemSize(data.dtype);
    const of = {
      size,
      photons: photonsIn(data.dtype),
      columns,
      first,
      isWhole: module === undefined,
    };
    const most = Math.max(1, Math.floor(BLOCK / (columns * size)));
    for (let start = 0; start < rows; start += most) {
      context.signal.throwIfAborted();
      const bytes = data.readRaw(start, Math.min(most, rows - start));
      table.append(bytesOf(mapTruth(bytes, map, of, compat === 'upstream' ? all - 1 : undefined)));
      await setImmediate();
    }
    first += columns;
  }
  context.count('tracks', table.rows);
}
