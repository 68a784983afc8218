/** Task type light/sum_hit_finder: light/swvfm -> light/sum_hits, one row per pulse of a detector with its corners (2x2). */
import { defineTask, TaskError, z } from 'tg';
import { describedPlaces, PLACE_FILES, placeParams } from './described.ts';
import { channelMap, type ChannelMap } from './detector-channels.ts';
import { findHits, hitParams } from './found-hits.ts';
import { detectorBounds, type Described } from './light-places.ts';
import type { Shape } from './light-tables.ts';

const params = z.strictObject({ ...hitParams, ...placeParams });

export default defineTask({
  version: '1',
  params,
  configuration: [...PLACE_FILES],
  run(context) {
    const { light, detector } = describedPlaces(context, 'light/sum_hits', 'where detectors are');
    return findHits(context, context.params as z.infer<typeof params>, {
      hits: 'light/sum_hits',
      waveforms: 'light/swvfm',
      words: ['TPC', 'detector'],
      counted: 'detector hits',
      attributes: { hit_level: 'sum' },
      place: (shape) => {
        const values = detectorBounds(light, detector, mapOf(light, shape));
        return { numbers: ['tpc', 'det'], more: { name: 'boundary', shape: [2, 3], values } };
      },
    });
  },
});

/** @throws TaskError when the sums are of another geometry */
function mapOf({ root, file }: Described, [tpcs, dets]: Shape): ChannelMap {
  const map = channelMap(root, file);
  if (map.tpcs === tpcs && map.dets === dets) return map;
  throw new TaskError(
    `light/swvfm has ${tpcs} TPCs of ${dets} detectors, lrs_geometry_file ${map.tpcs} of ${map.dets}`,
    { code: 'bad-value', at: { file, keys: ['det_chan'] }, try: 'the geometry of light/swvfm' },
  );
}
