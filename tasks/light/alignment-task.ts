/** Task type light/alignment: light/deconv -> light/deconv/alignment, when and where in its waveforms each ADC was triggered. */
import { defineTask, TaskError, z } from 'tg';
import { compound, dtype, rowByRow } from 'tg/h5';
import { align, simulated } from './alignment.ts';
import { alignmentRows } from './alignment-rows.ts';
import { lightBlocks, openLightTables, samplesShape, withOutput } from './light-tables.ts';

const params = z.strictObject({
  busy_channel: z
    .record(z.string().regex(/^(All|\d+)$/), z.int().nonnegative())
    .default({ All: 0 })
    .describe('by number of the ADC, or All'),
  is_mc: z.boolean().default(false),
  sim_latency: z.number().nonnegative().default(100).describe('samples before the trigger'),
});

export default defineTask({
  version: '2',
  params,
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const { busy_channel: given, is_mc: isSimulated } = settings;
    const tables = await openLightTables(context, ['light/deconv']);
    await withOutput(context, 'light/deconv/alignment', tables, async (output) => {
      const shape = samplesShape(tables.tables.get('light/deconv')!, 'light/deconv');
      const [adcs, channels] = shape;
      const busy = Array.from({ length: adcs }, (_, adc) => given[adc] ?? given['All'] ?? 0);
      const absent = busy.find((channel) => channel >= channels);
      if (absent !== undefined)
        throw new TaskError(
          `busy_channel names channel ${absent}, the waveforms have ${channels}`,
          {
            code: 'bad-value',
            try: `a channel from 0 to ${channels - 1}`,
          },
        );
      const type = compound([
        ['ns', 'f8'],
        ['sample_idx', 'f4', [adcs]],
      ]);
      const table = output.table('light/deconv/alignment', type, {
        attributes: {
          classname: 'WaveformAlign',
          class_version: '0.0.0',
          source_dset: 'light/events',
          wvfm_dset: 'light/deconv',
          ...(isSimulated
            ? {}
            : { busy_channel: { dtype: dtype('i8'), shape: [adcs], values: busy } }),
        },
      });
      for await (const { rows, events, of } of lightBlocks(context, tables)) {
        const valid = events.column('wvfm_valid') as Uint8Array;
        const tai = events.column('tai_ns') as Float64Array;
        const samples = of('light/deconv').column('samples') as Float32Array;
        const { ns, sampleIdx } = isSimulated
          ? simulated(shape, valid, tai, settings.sim_latency)
          : align(samples, shape, valid, tai, busy);
        table.append(alignmentRows(ns, sampleIdx, rows, adcs));
      }
      output.relation('light/events', 'light/deconv/alignment', rowByRow(tables.events.rows));
      context.count('light events', tables.events.rows);
    });
  },
});
