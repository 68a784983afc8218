/** Task type charge/hit_builder: packets and their corrected times -> hits with charge and place. */
import { basename } from 'node:path';
import { defineTask, TaskError, z, type TaskContext } from 'tg';
import { compound, createH5 } from 'tg/h5';
import type { CalibrationFile } from './calibration.ts';
import { buildHits, HIT_ROW } from './hits.ts';
import { readLayout } from './layout-file.ts';
import { isSimulated, mcSwitch } from './mc-switch.ts';
import { createPixelSurvey, type Lacking } from './pixel-survey.ts';
import { BLOCK_ROWS } from './packets-file.ts';
import { openRawEventPackets, packetBlocks } from './raw-event-packets.ts';
import { madeRuns, visitBlock } from './runs.ts';
import { spaced } from './spaced.ts';
import { createHitPackets } from './stretches.ts';
import { room } from './room.ts';

const params = z.strictObject({
  pedestal_file: z.string().nullable().default(null),
  configuration_file: z.string().nullable().default(null),
  geometry_file: z.string().nullable().default(null),
  pedestal_default: z.number().default(580).describe('mV'),
  vref_default: z.number().default(1300).describe('mV'),
  vcm_default: z.number().default(288).describe('mV'),
  compat: z.enum(['none', 'upstream']).default('none'),
  mc: mcSwitch,
});

const HIT = compound([
  ['id', 'u4'],
  ['px', 'f8'],
  ['py', 'f8'],
  ['ts', 'f8'],
  ['ts_raw', 'u8'],
  ['q', 'f8'],
  ['iogroup', 'i8'],
  ['iochannel', 'i8'],
  ['chipid', 'i8'],
  ['channelid', 'i8'],
  ['geom', 'i8'],
]);

const nameOf = (path: string | null): string => (path === null ? '' : basename(path));

export default defineTask({
  version: '3',
  params,
  configuration: ['pedestal_file', 'configuration_file'],
  files: ['geometry_file'],
  parts: 'each',
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const geometry = context.file('geometry_file');
    const packets = await openRawEventPackets(context, true);
    const output = createH5(context.output('charge/hits'));
    try {
      const simulated = isSimulated(settings.mc, packets.simulated);
      // What was simulated has the default calibration; files of it are not read.
      const calibration = (name: string): CalibrationFile =>
        simulated
          ? { content: null, path: null }
          : { content: context.configuration(name), path: context.file(name) };
      const pedestals = calibration('pedestal_file');
      const configurations = calibration('configuration_file');
      const survey = createPixelSurvey({
        pedestals,
        configurations,
        layout: geometry === null ? null : readLayout(geometry),
        upstream: settings.compat === 'upstream',
        defaults: {
          pedestal: settings.pedestal_default,
          vref: settings.vref_default,
          vcm: settings.vcm_default,
        },
      });
      const { pixels } = survey;
      const table = output.table('charge/hits', HIT, {
        attributes: {
          classname: 'HitBuilder',
          class_version: '0.0.0',
          source_dset: 'charge/raw_events',
          packets_dset: 'charge/packets',
          ts_dset: 'charge/packets_corr_ts',
          pedestal_file: nameOf(pedestals.path),
          configuration_file: nameOf(configurations.path),
          geometry_file: nameOf(geometry),
        },
      });
      const found = new Uint32Array(packets.walk.runs.start.length);
      const origin = createHitPackets(packets.fields);
      let hits = 0;
      const out = room('hits', BLOCK_ROWS * HIT_ROW);
      const view = new DataView(out.buffer);
      for (const { start, rows, bytes, times } of packetBlocks(context, packets)) {
        let place = 0;
        visitBlock(packets.walk, start, start + rows, (run, from, to) => {
          const id = hits + place;
          const n = buildHits(bytes, from, to, packets.fields, times, pixels, id, view, place);
          origin.add(bytes, from, to, start + from, id);
          found[run]! += n;
          place += n;
        });
        table.append(out.subarray(0, place * HIT_ROW));
        hits += place;
      }
      report(context, survey.lacking(), hits, geometry, settings, simulated);
      output.relation('charge/raw_events', 'charge/hits', madeRuns(packets.walk.runs, found));
      output.relation('charge/hits', 'charge/packets', origin.stretches(), { form: 'pairs' });
      context.count('hits', hits);
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      for (const file of packets.files) file.close();
    }
  },
});

/** Notes what the hits lack; a hit of a tile that the layout does not have fails the task unless upstream is asked for. */
function report(
  context: TaskContext,
  lacking: Lacking,
  hits: number,
  geometry: string | null,
  settings: z.infer<typeof params>,
  simulated: boolean,
): void {
  const { pixels, noPedestal, noConfiguration, unplaced } = lacking;
  const { pedestal_default: ped, vref_default: vref, vcm_default: vcm } = settings;
  if (simulated) {
    context.note(`simulated: pedestal ${ped} mV, vref ${vref} mV and vcm ${vcm} mV for all pixels`);
  } else if (noPedestal > 0)
    context.note(`pixels have no pedestal, ${ped} mV used`, noPedestal, pixels);
  if (noConfiguration > 0 && !simulated) {
    const text = `pixels have no configuration, vref ${vref} mV and vcm ${vcm} mV used`;
    context.note(text, noConfiguration, pixels, true);
  }
  if (lacking.mistake !== undefined) throw lacking.mistake;
  if (geometry === null) {
    if (hits > 0) context.note('hits at (0, 0), no geometry_file', hits, hits);
    return;
  }
  const lost = { 'no pixel': 0, 'no tile': 0 };
  const byTile = new Map<string, number>();
  for (const { address, why, hits: n } of unplaced) {
    lost[why] += n;
    const tile = `io_group ${address.ioGroup}, io_channel ${address.ioChannel}`;
    if (why === 'no tile') byTile.set(tile, (byTile.get(tile) ?? 0) + n);
  }
  const [worst] = [...byTile].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (worst !== undefined && settings.compat !== 'upstream') {
    throw new TaskError(`${geometry} has no tile of ${worst[0]} (${spaced(worst[1])} hits)`, {
      try: 'the layout of this detector in charge/hits.geometry_file',
    });
  }
  if (lost['no tile'] > 0) context.note('hits at (0, 0), no such tile', lost['no tile'], hits);
  if (lost['no pixel'] > 0) context.note('hits at (0, 0), no such pixel', lost['no pixel'], hits);
}
