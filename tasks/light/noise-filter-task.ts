/** Task type light/noise_filter: light/wvfm -> light/fwvfm, less the noise that repeats and the pedestal. */
import { defineTask, TaskError, z } from 'tg';
import { compound, dtype, rowByRow } from 'tg/h5';
import {
  bytesOf,
  channelMask,
  lightBlocks,
  openLightTables,
  samplesShape,
  withOutput,
} from './light-tables.ts';
import { filterNoise } from './noise-filter.ts';

const params = z.strictObject({
  filter_channels: z.array(z.int().nonnegative()),
  filter_samples: z.tuple([z.int().nonnegative(), z.int().positive()]).default([0, 80]),
  modulo_param: z.int().positive().default(10).describe('samples'),
  sample_unit: z.int().positive().default(64).describe('of the ADC: 64 for 10 bits, 4 for 14'),
});

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const { filter_channels: listed, filter_samples: samples, modulo_param: period } = settings;
    const tables = await openLightTables(context, ['light/wvfm']);
    await withOutput(context, 'light/fwvfm', tables, async (output) => {
      const shape = samplesShape(tables.tables.get('light/wvfm')!, 'light/wvfm');
      const [adcs, channels, length] = shape;
      const [from, to] = samples;
      if (to > length || to - from < period)
        throw new TaskError(
          `filter_samples is [${from}, ${to}], of ${length} samples; at least ${period} (modulo_param) are needed`,
          {
            code: 'bad-value',
            try: `filter_samples: [0, ${Math.min(length, Math.max(period, 80))}]`,
          },
        );
      const isListed = channelMask(listed, channels, 'filter_channels');
      const table = output.table('light/fwvfm', compound([['samples', 'f4', [...shape]]]), {
        attributes: {
          classname: 'WaveformNoiseFilter',
          class_version: '1.0.0',
          source_dset: 'light/events',
          wvfm_dset: 'light/wvfm',
          filter_channels: { dtype: dtype('i8'), shape: [listed.length], values: [...listed] },
          modulo_param: period,
        },
      });
      const rules = { samples, period, unit: settings.sample_unit };
      const hasCh = tables.events.dtype.fields.some(({ name }) => name === 'ch');
      for await (const { rows, events, of } of lightBlocks(context, tables)) {
        const raw = of('light/wvfm').column('samples') as Int16Array;
        const valid = events.column('wvfm_valid') as Uint8Array;
        // What the channel is called, where the events say so (2x2 does not).
        const ch = hasCh ? (events.column('ch') as Uint8Array) : undefined;
        const out = new Float32Array(raw.length);
        for (let i = 0; i < rows * adcs * channels; i++) {
          const isFiltered = valid[i] !== 0 && isListed[ch?.[i] ?? i % channels] !== 0;
          filterNoise(raw, i * length, length, isFiltered, rules, out);
        }
        table.append(bytesOf(out));
      }
      output.relation('light/events', 'light/fwvfm', rowByRow(tables.events.rows));
      context.count('light events', tables.events.rows);
    });
  },
});
