/** Task type light/waveform_summary: light/wvfm -> light/wvfm_summ, one row per valid waveform. */
import { defineTask, TaskError, z } from 'tg';
import { compound, dtype } from 'tg/h5';
import { lightBlocks, openLightTables, samplesShape, withOutput } from './light-tables.ts';
import { summaryOf } from './waveform-summary.ts';

const params = z.strictObject({
  pretrigger_window: z
    .tuple([z.int().nonnegative(), z.int().positive()])
    .default([0, 80])
    .describe('samples before the light comes'),
});

const SUMMARY = compound([
  ['id', 'u8'],
  ['event_id', 'i8'],
  ['pre_std', 'f8'],
  ['pre_mean', 'f8'],
  ['post_sum', 'f8'],
  ['post_max', 'f8'],
  ['post_rising', 'f8'],
  ['ch', 'u4'],
  ['sn', 'u4'],
  ['adc', 'u4'],
]);

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const { pretrigger_window: window } = context.params as z.infer<typeof params>;
    const tables = await openLightTables(context, ['light/wvfm']);
    await withOutput(context, 'light/wvfm_summ', tables, async (output) => {
      const [adcs, channels, length] = samplesShape(tables.tables.get('light/wvfm')!, 'light/wvfm');
      const [from, to] = window;
      if (to <= from || to + 2 > length)
        throw new TaskError(
          `pretrigger_window is [${from}, ${to}], of ${length} samples; at least 1 before and 2 after are needed`,
          { code: 'bad-value', try: `pretrigger_window: [0, ${Math.min(80, length - 2)}]` },
        );
      const table = output.table('light/wvfm_summ', SUMMARY, {
        attributes: {
          classname: 'WaveformSummary',
          class_version: '0.0.0',
          source_dset: 'light/events',
          wvfm_dset: 'light/wvfm',
          pretrigger_window: { dtype: dtype('i8'), shape: [2], values: [from, to] },
        },
      });
      const hasCh = tables.events.dtype.fields.some(({ name }) => name === 'ch');
      const runs = { parent: [] as number[], start: [] as number[], stop: [] as number[] };
      for await (const { start, rows, events, of } of lightBlocks(context, tables)) {
        const samples = of('light/wvfm').column('samples') as Int16Array;
        const valid = events.column('wvfm_valid') as Uint8Array;
        const ids = events.column('id') as Float64Array;
        const sn = events.column('sn') as Int32Array;
        // What the channel is called, where the events say so (2x2 does not).
        const ch = hasCh ? (events.column('ch') as Uint8Array) : undefined;
        const bytes = new Uint8Array(rows * adcs * channels * SUMMARY.size);
        const view = new DataView(bytes.buffer);
        let at = 0;
        let next = table.rows;
        for (let row = 0; row < rows; row++) {
          const before = next;
          for (let slot = row * adcs * channels; slot < (row + 1) * adcs * channels; slot++) {
            if (valid[slot] === 0) continue;
            const adc = Math.floor(slot / channels) % adcs;
            const made = summaryOf(samples, slot * length, length, window);
            view.setBigUint64(at, BigInt(next++), true);
            view.setBigInt64(at + 8, BigInt(ids[row]!), true);
            view.setFloat64(at + 16, made.preStd, true);
            view.setFloat64(at + 24, made.preMean, true);
            view.setFloat64(at + 32, made.postSum, true);
            view.setFloat64(at + 40, made.postMax, true);
            view.setFloat64(at + 48, made.postRising, true);
            view.setUint32(at + 56, ch?.[slot] ?? slot % channels, true);
            view.setUint32(at + 60, sn[row * adcs + adc]!, true);
            view.setUint32(at + 64, adc, true);
            at += SUMMARY.size;
          }
          if (next === before) continue;
          runs.parent.push(start + row);
          runs.start.push(before);
          runs.stop.push(next);
        }
        table.append(bytes.subarray(0, at));
      }
      output.relation('light/events', 'light/wvfm_summ', {
        parent: Uint32Array.from(runs.parent),
        start: Uint32Array.from(runs.start),
        stop: Uint32Array.from(runs.stop),
      });
      context.count('waveforms', table.rows);
    });
  },
});
