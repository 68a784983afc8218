/** Task type light/noise_filter: light/wvfm -> light/fwvfm, less the noise that repeats and the pedestal; and light/fwvfm_noise, that noise, where it is asked for. */
import { defineTask, TaskError, z } from 'tg';
import type { TaskContext } from 'tg';
import { compound, dtype, type H5Writer, rowByRow, type TableWriter } from 'tg/h5';
import {
  bytesOf,
  channelMask,
  lightBlocks,
  openLightTables,
  samplesShape,
  withOutput,
} from './light-tables.ts';
import type { Shape } from './light-tables.ts';
import { noiseFilter, wholeNumbers } from './noise-filter.ts';

const params = z.strictObject({
  filter_channels: z.array(z.int().nonnegative()),
  filter_samples: z.tuple([z.int().nonnegative(), z.int().positive()]).default([0, 80]),
  modulo_param: z.int().positive().default(10).describe('samples'),
  sample_unit: z.int().positive().default(64).describe('of the ADC: 64 for 10 bits, 4 for 14'),
  keep_noise: z.boolean().default(false),
});

export default defineTask({
  version: '2',
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
      const noiseTable = settings.keep_noise ? createNoise(context, output, shape) : undefined;
      const filter = noiseFilter(length, { samples, period, unit: settings.sample_unit });
      const hasCh = tables.events.dtype.fields.some(({ name }) => name === 'ch');
      let out = new Float32Array(0);
      for await (const { rows, events, of } of lightBlocks(context, tables)) {
        const raw = of('light/wvfm').column('samples') as Int16Array;
        const valid = events.column('wvfm_valid') as Uint8Array;
        // What the channel is called, where the events say so (2x2 does not).
        const ch = hasCh ? (events.column('ch') as Uint8Array) : undefined;
        if (out.length !== raw.length) out = new Float32Array(raw.length);
        const noise = noiseTable === undefined ? undefined : new Float32Array(raw.length);
        for (let i = 0; i < rows * adcs * channels; i++) {
          const isFiltered = valid[i] !== 0 && isListed[ch?.[i] ?? i % channels] !== 0;
          filter(raw, i * length, isFiltered, out, noise);
        }
        table.append(bytesOf(out));
        if (noise !== undefined) noiseTable!.append(bytesOf(wholeNumbers(noise)));
      }
      output.relation('light/events', 'light/fwvfm', rowByRow(tables.events.rows));
      if (noiseTable !== undefined)
        output.relation('light/events', 'light/fwvfm_noise', rowByRow(tables.events.rows));
      context.count('light events', tables.events.rows);
    });
  },
});

/** Upstream declares the noise as what the waveforms are, i2, and HDF5 cuts it to whole numbers. */
function createNoise(context: TaskContext, output: H5Writer, shape: Shape): TableWriter {
  try {
    context.output('light/fwvfm_noise');
  } catch {
    throw new TaskError('keep_noise makes light/fwvfm_noise, which is no output of light/fwvfm', {
      code: 'bad-value',
      try: 'libraries: [tg:light-noise]',
    });
  }
  return output.table('light/fwvfm_noise', compound([['samples', 'i2', [...shape]]]));
}
