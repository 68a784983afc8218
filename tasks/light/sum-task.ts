/** Task type light/waveform_sum: light/deconv and its alignment -> light/swvfm and light/swvfm/alignment, a waveform per detector. */
import { defineTask, TaskError, z, type Json } from 'tg';
import { compound, type Typed, rowByRow } from 'tg/h5';
import { detectorChannels } from './detector-channels.ts';
import { alignmentRows } from './alignment-task.ts';
import { sumDetectors, type ChannelOf } from './detector-sums.ts';
import {
  bytesOf,
  lightBlocks,
  openLightTables,
  samplesShape,
  withOutput,
  type Shape,
} from './light-tables.ts';

const byChannel = z.record(z.string().regex(/^\d+$/), z.number());
const params = z.strictObject({
  gain: z
    .record(z.string().regex(/^(default|\d+)$/), z.union([z.number(), byChannel]))
    .default({ default: 1 })
    .describe('by number of the ADC and channel'),
  lrs_geometry_file: z.string().nullable().default(null),
});
type Gain = z.infer<typeof params>['gain'];

const GAIN = compound([
  ['adc', 'i4'],
  ['chan', 'i4'],
  ['gain', 'f8'],
]);

export default defineTask({
  version: '1',
  params,
  configuration: ['lrs_geometry_file'],
  async run(context) {
    const { gain } = context.params as z.infer<typeof params>;
    const file = context.file('lrs_geometry_file');
    if (file === null)
      throw new TaskError(
        'light/swvfm has no lrs_geometry_file: which channel is of which detector',
        {
          code: 'bad-value',
          try: 'parameters: {light/swvfm: {lrs_geometry_file: FILE.yaml}}',
        },
      );
    const geometry = context.configuration('lrs_geometry_file');
    const tables = await openLightTables(context, ['light/deconv', 'light/deconv/alignment']);
    await withOutput(context, 'light/swvfm', tables, async (output) => {
      const shape = samplesShape(tables.tables.get('light/deconv')!, 'light/deconv');
      const [adcs, channels, samples] = shape;
      const { members, tpcs, dets } = membersOf(geometry, file, gain, shape);
      const places = tpcs * dets;
      const sums = output.table(
        'light/swvfm',
        compound([['samples', 'f4', [tpcs, dets, samples]]]),
        {
          attributes: {
            classname: 'WaveformSum',
            class_version: '1.0.0',
            source_dset: 'light/events',
            wvfm_dset: 'light/deconv',
            gain: gainAttribute(gain),
          },
        },
      );
      const alignment = output.table(
        'light/swvfm/alignment',
        compound([
          ['ns', 'f8'],
          ['sample_idx', 'f4', [tpcs, dets]],
        ]),
      );
      for await (const { rows, events, of } of lightBlocks(context, tables)) {
        const valid = events.column('wvfm_valid') as Uint8Array;
        const deconv = of('light/deconv').column('samples') as Float32Array;
        sums.append(bytesOf(sumDetectors(deconv, shape, valid, members, places)));
        const aligned = of('light/deconv/alignment');
        const times = aligned.column('ns') as Float64Array;
        const indices = aligned.column('sample_idx') as Float32Array;
        const ns = new Float64Array(rows);
        const sampleIdx = new Float32Array(rows * places);
        for (let row = 0; row < rows; row++)
          for (const { adc, channel, place } of members) {
            if (valid[(row * adcs + adc) * channels + channel] === 0) continue;
            ns[row] = times[row]!;
            sampleIdx[row * places + place] = indices[row * adcs + adc]!;
          }
        alignment.append(alignmentRows(ns, sampleIdx, rows, places));
      }
      const each = rowByRow(tables.events.rows);
      output.relation('light/events', 'light/swvfm', each);
      output.relation('light/events', 'light/swvfm/alignment', each);
      context.count('light events', tables.events.rows);
    });
  },
});

/** Channels with a detector, ADC by ADC. @throws TaskError for channels that the waveforms do not have */
function membersOf(
  geometry: Json,
  file: string,
  gain: Gain,
  [adcs, channels]: Shape,
): { members: ChannelOf[]; tpcs: number; dets: number } {
  const detectors = detectorChannels(geometry, file);
  const count = (of: 'tpc' | 'det'): number =>
    new Set(detectors.map((detector) => detector[of])).size;
  const [tpcs, dets] = [count('tpc'), count('det')];
  const members = detectors.flatMap(({ tpc, det, adc, channels: own }) =>
    own.map((channel): ChannelOf => {
      if (adc >= adcs || channel >= channels)
        throw new TaskError(
          `detector ${det} of TPC ${tpc} has channel ${channel} of ADC ${adc}, the waveforms have ${adcs} ADCs of ${channels} channels`,
          {
            code: 'bad-value',
            at: { file, keys: ['det_chan', String(tpc), String(det)] },
            try: 'the geometry of this detector',
          },
        );
      return { adc, channel, place: tpc * dets + det, gain: gainOf(gain, adc, channel) };
    }),
  );
  members.sort((a, b) => a.adc - b.adc || a.channel - b.channel);
  return { members, tpcs, dets };
}

function gainOf(gain: Gain, adc: number, channel: number): number {
  const own = gain[adc];
  const value = typeof own === 'object' ? own[channel] : own;
  return value ?? (typeof gain['default'] === 'number' ? gain['default'] : 1);
}

/** The gains that were given, by ADC and channel. */
function gainAttribute(gain: Gain): Typed {
  const values = Object.entries(gain).flatMap(([adc, own]) =>
    typeof own === 'number'
      ? []
      : Object.entries(own).map(([chan, value]) => ({
          adc: Number(adc),
          chan: Number(chan),
          gain: value,
        })),
  );
  return { dtype: GAIN, shape: [values.length], values };
}
