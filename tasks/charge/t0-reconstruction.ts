/** Task type charge/t0: events and their external triggers -> combined/t0, one row per event. */
import { defineTask, z } from 'tg';
import { compound, createH5, relationOf } from 'tg/h5';
import { inputFiles } from './input-files.ts';
import { BLOCK_ROWS } from './packets-file.ts';
import { tablePlace } from './raw-event-packets.ts';
import { rowByRow, visitBlock, walkRuns } from './runs.ts';
import { addEarliest, T0_TYPE, t0Rows } from './t0.ts';

const T0 = compound([
  ['id', 'u4'],
  ['ts', 'f8'],
  ['ts_err', 'f8'],
  ['type', 'u1'],
]);

const TYPES = compound([
  ['NONE', 'u1'],
  ['EXT_TRIG', 'u1'],
  ['LIGHT_MATCHED', 'u1'],
]);

export default defineTask({
  version: '1',
  params: z.strictObject({}),
  parts: 'each',
  async run(context) {
    const files = inputFiles(context);
    const { open } = files;
    const output = createH5(context.output('combined/t0'));
    try {
      const holder = await open('charge/events');
      const events = holder.table(tablePlace(context, 'charge/events'));
      const triggers = (await open('charge/ext_trigs')).table(
        tablePlace(context, 'charge/ext_trigs'),
      );
      const walk = walkRuns(relationOf(holder, 'charge/events', 'charge/ext_trigs'));
      const earliest = new Float64Array(events.rows).fill(NaN);
      for (let start = 0; start < triggers.rows; start += BLOCK_ROWS) {
        context.signal.throwIfAborted();
        const block = triggers.read(start, Math.min(BLOCK_ROWS, triggers.rows - start));
        const ts = block.column('ts') as Float64Array;
        visitBlock(walk, start, start + block.rows, (run, from, to) => {
          addEarliest(earliest, walk.runs.parent[run]!, ts, from, to);
        });
      }
      output
        .table('combined/t0', T0, {
          attributes: {
            classname: 'T0Reconstruction',
            class_version: '0.0.1',
            source_dset: 'charge/events',
            light_hits_dset: '',
            ext_trigs_dset: 'charge/ext_trigs',
            type_lookup: { dtype: TYPES, shape: [1], values: [{ ...T0_TYPE }] },
          },
        })
        .append(t0Rows(earliest, events.column('ts_start') as Float64Array));
      output.relation('charge/events', 'combined/t0', rowByRow(events.rows));
      context.count('events', events.rows);
      context.count(
        'triggered',
        earliest.reduce((n, ts) => n + (Number.isNaN(ts) ? 0 : 1), 0),
      );
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      files.close();
    }
  },
});
