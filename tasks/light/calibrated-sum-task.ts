/** Task type light/calibrated_sum: light/cwvfm and its alignment -> light/swvfm and light/swvfm/alignment, a waveform per detector (2x2). */
import { defineTask, z } from 'tg';
import { sumWaveforms } from './summed-waveforms.ts';

export default defineTask({
  version: '1',
  params: z.strictObject({ lrs_geometry_file: z.string().nullable().default(null) }),
  configuration: ['lrs_geometry_file'],
  run: (context) => sumWaveforms(context, { from: 'light/cwvfm' }),
});
