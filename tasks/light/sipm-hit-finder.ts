/** Task type light/sipm_hit_finder: light/cwvfm -> light/sipm_hits, one row per pulse of a SiPM with its place (2x2). */
import { defineTask, z } from 'tg';
import { describedPlaces, PLACE_FILES, placeParams } from './described.ts';
import { findHits, hitParams } from './found-hits.ts';
import { sipmPositions } from './light-places.ts';

const params = z.strictObject({ ...hitParams, ...placeParams });

export default defineTask({
  version: '1',
  params,
  configuration: [...PLACE_FILES],
  run(context) {
    const settings = context.params as z.infer<typeof params>;
    const { light, detector } = describedPlaces(context, 'light/sipm_hits', 'where SiPMs are');
    return findHits(context, settings, {
      hits: 'light/sipm_hits',
      waveforms: 'light/cwvfm',
      words: ['ADC', 'channel'],
      counted: 'SiPM hits',
      attributes: { hit_level: 'sipm' },
      place: (shape) => {
        const { values, without } = sipmPositions(light, detector, shape);
        return {
          numbers: ['adc', 'chan'],
          more: { name: 'pos', shape: [3], values },
          // Upstream finds hits in channels of no SiPM (busy, PPS), and places them.
          ...(settings.compat === 'upstream' ? {} : { without }),
        };
      },
    });
  },
});
