/** Task type charge/mc_packets: of each kept packet of a simulated file its tracks and their fractions, and the simulated events of each raw event. */
import { defineTask, TaskError, z } from 'tg';
import {
  createH5,
  relationOf,
  storedRelation,
  type Dtype,
  type H5File,
  type Stretches,
} from 'tg/h5';
import { inputFiles } from './input-files.ts';
import { mcFile, truthPath, typeOf } from './mc-file.ts';
import {
  collectTracks,
  eventRuns,
  fractionRuns,
  originsOf,
  trackRuns,
  type PacketTracks,
} from './mc-packets.ts';
import { eventRows } from './mc-truth.ts';
import { BLOCK_ROWS } from './packets-file.ts';
import { tablePlace } from './raw-event-packets.ts';
import { spaced } from './spaced.ts';

export default defineTask({
  version: '1',
  params: z.strictObject({}),
  async run(context) {
    const path = truthPath(context);
    const files = inputFiles(context);
    const output = createH5(context.output('mc_truth/packet_fraction'));
    try {
      const kept = await files.open('charge/packets');
      const packets = kept.table(tablePlace(context, 'charge/packets')).rows;
      const { assn, tracks } = mcFile(await files.open('packets'));
      const truth = (name: string): Promise<H5File> => files.open(name);
      const eventID = (await truth('mc_truth/tracks'))
        .table(tablePlace(context, 'mc_truth/tracks'))
        .column('eventID') as Float64Array;
      const ids = (await truth('mc_truth/events'))
        .table(tablePlace(context, 'mc_truth/events'))
        .column('id') as Float64Array;

      const collector = collectTracks(originsOf(originRows(kept)), packets, tracks.rows);
      const [idType, fractionType] = [typeOf(assn, 'track_ids'), typeOf(assn, 'fraction')];
      const slots = idType.kind === 'array' ? idType.shape.reduce((a, b) => a * b, 1) : 1;
      for (let start = 0; start < assn.rows; start += BLOCK_ROWS) {
        context.signal.throwIfAborted();
        const rows = Math.min(BLOCK_ROWS, assn.rows - start);
        const block = assn.read(start, rows);
        const column = (name: string): ArrayLike<number> => block.column(name) as Float64Array;
        const wrong = collector.add(start, rows, slots, column('track_ids'), column('fraction'));
        if (wrong !== undefined) {
          const { row, track } = wrong;
          const text = `/mc_packets_assn, row ${spaced(row)}: track ${track}, /tracks has ${spaced(tracks.rows)} rows`;
          throw new TaskError(text, { at: { file: path }, try: 'simulate the file again' });
        }
        context.progress(start + rows, assn.rows, 'packets');
      }
      const found = collector.finish();
      writeFractions(output, found, fractionType);
      output.relation('charge/packets', 'mc_truth/tracks', trackRuns(found));
      output.relation('charge/packets', 'mc_truth/packet_fraction', fractionRuns(found));
      const rawEvents = relationOf(kept, 'charge/raw_events', 'charge/packets');
      const eventOf = eventRows(eventID, ids);
      output.relation('charge/raw_events', 'mc_truth/events', eventRuns(rawEvents, found, eventOf));
      if (found.doubled > 0)
        context.note('packets have a track twice, fractions added', found.doubled, packets);
      const homeless = found.track.reduce((n, track) => n + (eventOf[track]! < 0 ? 1 : 0), 0);
      if (homeless > 0)
        context.note('tracks of packets are of no event', homeless, found.track.length);
      context.count('tracks of packets', found.track.length);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      files.close();
    }
  },
});

/** Which row of the input each packet was. */
function originRows(file: H5File): Stretches {
  const links = storedRelation(file, 'charge/packets', 'packets')?.links;
  if (links !== undefined && 'child' in links) return links;
  throw new TaskError('charge/packets do not say which packets of the input they were', {
    at: { file: file.path },
    try: 'charge/raw_events made from the same file, with mc: auto or true',
  });
}

/** mc_truth/packet_fraction/data, plain floats of the width that the file has. */
function writeFractions(
  output: ReturnType<typeof createH5>,
  { fraction }: PacketTracks,
  type: Dtype,
): void {
  const base = type.kind === 'array' ? type.base : type;
  const values = base.kind === 'float' && base.size === 4 ? Float32Array.from(fraction) : fraction;
  output.group('mc_truth/packet_fraction');
  const stream = output.stream(
    'mc_truth/packet_fraction/data',
    values instanceof Float32Array ? 'f4' : 'f8',
    [],
  );
  stream.append(values);
}
