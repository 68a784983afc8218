/** Task type light/waveform_sum: light/deconv and its alignment -> light/swvfm and light/swvfm/alignment, a waveform per detector of scaled channels. */
import { defineTask, z } from 'tg';
import { byPlace } from './by-place.ts';
import { sumWaveforms } from './summed-waveforms.ts';

const params = z.strictObject({
  gain: byPlace.default({ default: 1 }).describe('by number of the ADC and channel'),
  lrs_geometry_file: z.string().nullable().default(null),
});

export default defineTask({
  version: '2',
  params,
  configuration: ['lrs_geometry_file'],
  run(context) {
    const { gain } = context.params as z.infer<typeof params>;
    return sumWaveforms(context, { from: 'light/deconv', gain });
  },
});
