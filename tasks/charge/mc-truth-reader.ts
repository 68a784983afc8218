/** Task type charge/mc_truth: tracks and trajectories of a larnd-sim file, in the units of the charge chain, and the events that have both. */
import { defineTask, z, type TaskContext } from 'tg';
import { compound, createH5, openH5, type Compound, type H5Writer, type Table } from 'tg/h5';
import { mcFile, truthPath } from './mc-file.ts';
import { joinTruth, type Ided } from './mc-truth.ts';
import { convertTracks, convertTrajectories } from './mc-units.ts';

const EVENT = compound([['id', 'u8']]);

export default defineTask({
  version: '1',
  params: z.strictObject({}),
  async run(context) {
    const file = await openH5(truthPath(context));
    const output = createH5(context.output('mc_truth/events'));
    try {
      const { tracks, trajectories } = mcFile(file);
      const truth = joinTruth(idsOf(tracks), idsOf(trajectories));
      const ids = BigUint64Array.from(truth.events, (id) => BigInt.asUintN(64, BigInt(id)));
      const { withoutTracks, withoutTrajectories } = truth;
      const lost = { 'no track': withoutTracks, 'no trajectory': withoutTrajectories };
      const all = ids.length + withoutTracks + withoutTrajectories;
      if (withoutTracks > 0)
        context.note('simulated events have trajectories and no track', withoutTracks, all);
      if (withoutTrajectories > 0)
        context.note('simulated events have tracks and no trajectory', withoutTrajectories, all);
      output
        .table('mc_truth/events', EVENT, { attributes: { lost: JSON.stringify(lost) } })
        .append(ids);
      copy(context, output, tracks, 'mc_truth/tracks', convertTracks);
      copy(context, output, trajectories, 'mc_truth/trajectories', convertTrajectories);
      output.relation('mc_truth/events', 'mc_truth/tracks', truth.eventsToTracks);
      output.relation('mc_truth/events', 'mc_truth/trajectories', truth.eventsToTrajectories);
      output.relation('mc_truth/trajectories', 'mc_truth/tracks', truth.trajectoriesToTracks);
      // Pairs lead both ways; regions need the way back.
      const back = { form: 'region' } as const;
      output.relation('mc_truth/trajectories', 'mc_truth/events', truth.trajectoriesToEvents, back);
      context.count('simulated events', ids.length);
      context.count('tracks', tracks.rows);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      file.close();
    }
  },
});

const idsOf = (table: Table): Ided => ({
  eventID: table.column('eventID') as Float64Array,
  trackID: table.column('trackID') as Float64Array,
});

/** Copies a table block by block, each changed on its way. */
function copy(
  context: TaskContext,
  output: H5Writer,
  table: Table,
  name: string,
  convert: (bytes: Uint8Array, type: Compound) => void,
): void {
  const out = output.table(name, table.dtype);
  for (const { bytes } of table.blocks()) {
    context.signal.throwIfAborted();
    convert(bytes, table.dtype);
    out.append(bytes);
    context.progress(out.rows, table.rows, name === 'mc_truth/tracks' ? 'tracks' : 'trajectories');
  }
}
