/** Task type light/timestamp_corrector: times of light events -> light/t_ns, the drift of the ADC clocks taken out. */
import { defineTask, z } from 'tg';
import { compound, dtype, rowByRow } from 'tg/h5';
import { bytesOf, lightBlocks, openLightTables, withOutput } from './light-tables.ts';

const params = z.strictObject({
  slope: z
    .record(z.string().regex(/^\d+$/), z.number().gt(-1))
    .default({ 0: -1.18e-7, 1: 1.18e-7 })
    .describe('by number of the ADC; 0 where it has none'),
});

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const { slope } = context.params as z.infer<typeof params>;
    const tables = await openLightTables(context, []);
    await withOutput(context, 'light/t_ns', tables, async (output) => {
      const type = tables.events.dtype.fields.find(({ name }) => name === 'tai_ns')!.type;
      // Per channel, or (2x2) per ADC.
      const shape = type.kind === 'array' ? type.shape : [1];
      const [adcs = 1, channels = 1] = shape;
      const slopes = Float64Array.from(
        { length: adcs * channels },
        (_, i) => slope[Math.floor(i / channels)] ?? 0,
      );
      const table = output.table('light/t_ns', compound([['t_ns', 'f8', [...shape]]]), {
        attributes: {
          classname: 'LightTimestampCorrector',
          class_version: '0.0.0',
          source_dset: 'light/events',
          slope: { dtype: dtype('f8'), shape: [...shape], values: [...slopes] },
        },
      });
      for await (const { events } of lightBlocks(context, tables)) {
        const times = Float64Array.from(events.column('tai_ns') as Float64Array);
        for (let i = 0; i < times.length; i++)
          times[i] = times[i]! / (1 + slopes[i % slopes.length]!);
        table.append(bytesOf(times));
      }
      output.relation('light/events', 'light/t_ns', rowByRow(tables.events.rows));
      context.count('light events', tables.events.rows);
    });
  },
});
