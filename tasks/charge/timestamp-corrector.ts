/** Task type charge/timestamp_corrector: packets -> packets_corr_ts, one row per packet. */
import { defineTask, z } from 'tg';
import { compound, createH5, rowByRow } from 'tg/h5';
import { isSimulated, mcSwitch } from './mc-switch.ts';
import { BLOCK_ROWS } from './packets-file.ts';
import { openRawEventPackets, packetBlocks } from './raw-event-packets.ts';
import { CORRECTED_ROW, correctTimes, denseCorrection } from './timestamp.ts';
import { room } from './room.ts';

const params = z.strictObject({
  correction: z
    .record(
      z.string().regex(/^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/),
      z.tuple([z.number(), z.number()]),
    )
    .default({ 1: [-9.597, 4.0021e-6], 2: [-9.329, 1.177e-6] })
    .describe('offset in ticks of 0.1 us, slope'),
  mc: mcSwitch,
});

const CORRECTED = compound([
  ['id', 'u4'],
  ['ts', 'f8'],
]);

const CORRECTION = compound([
  ['iogroup', 'u1'],
  ['offset', 'f8'],
  ['slope', 'f8'],
]);

export default defineTask({
  version: '3',
  params,
  parts: 'each',
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const packets = await openRawEventPackets(context, false);
    // Simulated clocks are right; upstream's pairs version leaves them alone, too.
    const correction = isSimulated(settings.mc, packets.simulated) ? {} : settings.correction;
    const groups = Object.entries(correction);
    const dense = denseCorrection(correction);
    const output = createH5(context.output('charge/packets_corr_ts'));
    try {
      const attributes = {
        classname: 'TimestampCorrector',
        class_version: '0.0.0',
        source_dset: 'charge/raw_events',
        packets_dset: 'charge/packets',
        correction: {
          dtype: CORRECTION,
          shape: [groups.length],
          values: groups.map(([iogroup, [offset, slope]]) => ({
            iogroup: Number(iogroup),
            offset,
            slope,
          })),
        },
      };
      const table = output.table('charge/packets_corr_ts', CORRECTED, { attributes });
      const out = room('corrected times', BLOCK_ROWS * CORRECTED_ROW);
      const view = new DataView(out.buffer);
      for (const { start, rows, bytes } of packetBlocks(context, packets)) {
        correctTimes(bytes, rows, packets.fields, dense, start, view);
        table.append(out.subarray(0, rows * CORRECTED_ROW));
      }
      const made = 'charge/packets_corr_ts';
      output.relation('charge/raw_events', made, packets.runs, { form: 'region' });
      output.relation('charge/packets', made, rowByRow(packets.table.rows), { form: 'pairs' });
      context.count('packets', packets.table.rows);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      for (const file of packets.files) file.close();
    }
  },
});
