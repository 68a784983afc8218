/** Task type light/hit_finder: light/swvfm -> light/hits, one row per pulse of a detector. */
import { defineTask, z } from 'tg';
import { findHits, hitParams } from './found-hits.ts';

const params = z.strictObject(hitParams);

export default defineTask({
  version: '2',
  params,
  run: (context) =>
    findHits(context, context.params as z.infer<typeof params>, {
      hits: 'light/hits',
      waveforms: 'light/swvfm',
      words: ['TPC', 'detector'],
      counted: 'light hits',
      place: () => ({ numbers: ['tpc', 'det'] }),
    }),
});
