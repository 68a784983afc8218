/** Task type light/event_builder: raw light waveforms -> light/events and light/wvfm, one row of each per event. */
import { defineTask } from 'tg';
import { createH5 } from 'tg/h5';
import { buildFromAdc64 } from './adc64-events.ts';
import { params, type Params } from './builder-params.ts';
import { buildFromMpd } from './mpd-events.ts';
import { formatOfAll } from './raw-format.ts';
import { buildFromRwf } from './rwf-events.ts';

const BUILD = { rwf: buildFromRwf, adc64: buildFromAdc64, mpd: buildFromMpd };

export default defineTask({
  version: '2',
  params,
  async run(context) {
    const settings = context.params as unknown as Params;
    const paths = context.inputs('raw').map(({ path }) => path);
    const format = settings.format === 'auto' ? formatOfAll(paths) : settings.format;
    const output = createH5(context.output('light/events'));
    try {
      await BUILD[format](context, settings, output);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    }
  },
});
