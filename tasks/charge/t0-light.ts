/** Task type charge/t0_light: events, their external triggers and the hits of their light events -> combined/t0, one row per event. */
import { defineTask, z, type TaskContext } from 'tg';
import { openH5, relationOf, type H5File, type Runs } from 'tg/h5';
import { BLOCK_ROWS } from './packets-file.ts';
import { tablePlace } from './raw-event-packets.ts';
import { visitBlock, walkRuns } from './runs.ts';
import { addHits, addLight, noHits, type LargestHits, type LightHits } from './t0.ts';
import { writeT0, type ChargeEvents } from './t0-tables.ts';

const HITS = 'light/hits';
const EVENT_LIGHT = 'charge/events/ref/light/events';

// Not part by part: light belongs to the events of a whole run.
export default defineTask({
  version: '1',
  params: z.strictObject({}),
  run: (context) =>
    writeT0(context, { hits: HITS, largest: (events) => largestOfEvents(context, events) }),
});

async function largestOfEvents(
  context: TaskContext,
  { file, rows }: ChargeEvents,
): Promise<LargestHits> {
  const ofLight = await withFile(context.input(HITS), (hits) => largestOfLight(context, hits));
  // A flow file that was given may have the relation itself.
  const made = context.inputs(EVENT_LIGHT)[0]?.path;
  const relation = (from: H5File): Runs => relationOf(from, 'charge/events', 'light/events');
  const runs = made === undefined ? relation(file) : await withFile(made, relation);
  const largest = noHits(rows);
  for (const [run, event] of runs.parent.entries())
    for (let light = runs.start[run]!; light < runs.stop[run]!; light++)
      addLight(largest, event, ofLight, light);
  return largest;
}

/** By row of light/events, as far as there are hits. */
function largestOfLight(context: TaskContext, file: H5File): LargestHits {
  const table = file.table(tablePlace(context, HITS));
  const walk = walkRuns(relationOf(file, 'light/events', HITS));
  const largest = noHits(walk.runs.parent.reduce((most, row) => Math.max(most, row + 1), 0));
  for (let start = 0; start < table.rows; start += BLOCK_ROWS) {
    context.signal.throwIfAborted();
    const block = table.read(start, Math.min(BLOCK_ROWS, table.rows - start));
    const column = (name: string): Float64Array => block.column(name) as Float64Array;
    const hits: LightHits = {
      ns: column('ns'),
      busy_ns: column('busy_ns'),
      rising_spline: column('rising_spline'),
      rising_err_spline: column('rising_err_spline'),
      sum_spline: column('sum_spline'),
    };
    visitBlock(walk, start, start + block.rows, (run, from, to) => {
      addHits(largest, walk.runs.parent[run]!, hits, from, to);
    });
  }
  return largest;
}

async function withFile<T>(path: string, work: (file: H5File) => T): Promise<T> {
  const file = await openH5(path);
  try {
    return work(file);
  } finally {
    file.close();
  }
}
