/** Task type charge/event_builder: raw events, hits and external triggers -> events, one per raw event. */
import { defineTask, z, type TaskContext } from 'tg';
import { compound, createH5, relationOf, type H5File, type Table, rowByRow } from 'tg/h5';
import { inputFiles } from './input-files.ts';
import { addHits, addTriggers, createEventSums, type EventSums } from './events.ts';
import { BLOCK_ROWS } from './packets-file.ts';
import { tablePlace } from './raw-event-packets.ts';
import { visitBlock, walkRuns, type Runs } from './runs.ts';
import { room } from './room.ts';

const EVENT = compound([
  ['id', 'u4'],
  ['nhit', 'u4'],
  ['q', 'f8'],
  ['ts_start', 'f8'],
  ['ts_end', 'f8'],
  ['n_ext_trigs', 'u4'],
  ['unix_ts', 'u8'],
]);

/** Bytes of a row of charge/events. */
const EVENT_ROW = 44;

export default defineTask({
  version: '2',
  params: z.strictObject({}),
  parts: 'each',
  async run(context) {
    const files = inputFiles(context);
    const { open } = files;
    const output = createH5(context.output('charge/events'));
    try {
      const rawEvents = (await open('charge/raw_events')).table(
        tablePlace(context, 'charge/raw_events'),
      );
      const hits = childOf(await open('charge/hits'), context, 'charge/hits');
      const triggers = childOf(await open('charge/ext_trigs'), context, 'charge/ext_trigs');

      const sums = createEventSums(rawEvents.rows);
      sumHits(context, hits, sums);
      sumTriggers(triggers, sums);
      output
        .table('charge/events', EVENT, {
          attributes: {
            classname: 'EventBuilder',
            class_version: '0.0.0',
            source_dset: 'charge/raw_events',
            hits_dset: 'charge/hits',
            ext_trigs_dset: 'charge/ext_trigs',
          },
        })
        .append(eventRows(rawEvents, sums));
      const same = rowByRow(rawEvents.rows);
      output.relation('charge/raw_events', 'charge/events', same, { form: 'pairs' });
      output.relation('charge/events', 'charge/hits', hits.runs);
      output.relation('charge/events', 'charge/ext_trigs', triggers.runs);
      context.count('events', rawEvents.rows);
      context.count('hits', hits.table.rows);
      context.count('triggers', triggers.table.rows);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      files.close();
    }
  },
});

/** A table whose rows belong to raw events. */
interface Child {
  table: Table;
  runs: Runs;
}

function childOf(file: H5File, context: TaskContext, name: string): Child {
  const runs = relationOf(file, 'charge/raw_events', name);
  return { table: file.table(tablePlace(context, name)), runs };
}

function sumHits(context: TaskContext, { table, runs }: Child, sums: EventSums): void {
  const walk = walkRuns(runs);
  const space = room('hits read', Math.min(BLOCK_ROWS, table.rows) * table.rowSize);
  for (let start = 0; start < table.rows; start += BLOCK_ROWS) {
    context.signal.throwIfAborted();
    const rows = Math.min(BLOCK_ROWS, table.rows - start);
    const block = table.read(start, rows, space.subarray(0, rows * table.rowSize));
    const q = block.column('q') as Float64Array;
    const ts = block.column('ts') as Float64Array;
    visitBlock(walk, start, start + block.rows, (run, from, to) => {
      addHits(sums, walk.runs.parent[run]!, q, ts, from, to);
    });
    context.progress(start + block.rows, table.rows, 'hits');
  }
}

function sumTriggers({ table, runs }: Child, sums: EventSums): void {
  const walk = walkRuns(runs);
  for (let start = 0; start < table.rows; start += BLOCK_ROWS) {
    const block = table.read(start, Math.min(BLOCK_ROWS, table.rows - start));
    const ts = block.column('ts') as Float64Array;
    visitBlock(walk, start, start + block.rows, (run, from, to) => {
      addTriggers(sums, walk.runs.parent[run]!, ts, from, to);
    });
  }
}

function eventRows(rawEvents: Table, sums: EventSums): Uint8Array {
  const ids = rawEvents.column('id');
  const unix = rawEvents.column('unix_ts');
  const rows = new DataView(new ArrayBuffer(EVENT_ROW * rawEvents.rows));
  for (let event = 0; event < rawEvents.rows; event++) {
    const at = EVENT_ROW * event;
    rows.setUint32(at, Number(ids[event]!), true);
    rows.setUint32(at + 4, sums.nhit[event]!, true);
    rows.setFloat64(at + 8, sums.q[event]!, true);
    rows.setFloat64(at + 16, sums.tsStart[event]!, true);
    rows.setFloat64(at + 24, sums.tsEnd[event]!, true);
    rows.setUint32(at + 32, sums.nExtTrigs[event]!, true);
    rows.setBigUint64(at + 36, BigInt(unix[event]!), true);
  }
  return new Uint8Array(rows.buffer);
}
