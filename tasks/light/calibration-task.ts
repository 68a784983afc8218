/** Task type light/waveform_calibration: light/deconv and its alignment -> light/cwvfm and light/cwvfm/alignment, each channel scaled by its gain (2x2). */
import { defineTask, z } from 'tg';
import { compound, rowByRow } from 'tg/h5';
import { placesAligned } from './alignment-rows.ts';
import { byPlace, gainAttribute, strangersIn, valueOf } from './by-place.ts';
import { scaleChannels } from './detector-sums.ts';
import { bytesOf, lightBlocks, openLightTables, samplesShape, withOutput } from './light-tables.ts';
import { noteStrangers } from './summed-waveforms.ts';

const params = z.strictObject({
  gain: byPlace.default({ default: 1 }).describe('by number of the ADC and channel'),
  gain_mc: byPlace.default({ default: 1 }).describe('by number of the ADC and channel'),
  is_mc: z.boolean().default(false),
});

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const name = settings.is_mc ? 'gain_mc' : 'gain';
    const gain = settings[name];
    const tables = await openLightTables(context, ['light/deconv', 'light/deconv/alignment']);
    await withOutput(context, 'light/cwvfm', tables, async (output) => {
      const shape = samplesShape(tables.tables.get('light/deconv')!, 'light/deconv');
      const [adcs, channels, samples] = shape;
      const slots = adcs * channels;
      noteStrangers(context, strangersIn(gain, shape, name, ['ADC', 'channel']));
      const gains = Float32Array.from({ length: slots }, (_, i) =>
        valueOf(gain, Math.floor(i / channels), i % channels, 1),
      );
      // Each channel is a place of its own.
      const own = Array.from({ length: slots }, (_, place) => {
        return { adc: Math.floor(place / channels), channel: place % channels, place };
      });
      const table = output.table('light/cwvfm', compound([['samples', 'f4', [...shape]]]), {
        attributes: {
          classname: 'WaveformCalib',
          class_version: '1.0.0',
          source_dset: 'light/events',
          wvfm_dset: 'light/deconv',
          gain: gainAttribute(gain),
        },
      });
      const alignment = output.table(
        'light/cwvfm/alignment',
        compound([
          ['ns', 'f8'],
          ['sample_idx', 'f4', [adcs, channels]],
        ]),
      );
      for await (const { events, of } of lightBlocks(context, tables)) {
        const valid = events.column('wvfm_valid') as Uint8Array;
        const deconv = of('light/deconv').column('samples') as Float32Array;
        table.append(bytesOf(scaleChannels(deconv, samples, valid, gains)));
        const aligned = of('light/deconv/alignment');
        alignment.append(placesAligned(aligned, shape, valid, own, slots));
      }
      const each = rowByRow(tables.events.rows);
      output.relation('light/events', 'light/cwvfm', each);
      output.relation('light/events', 'light/cwvfm/alignment', each);
      context.count('light events', tables.events.rows);
    });
  },
});
