/** light/swvfm and its alignment, a waveform per detector, of waveforms of channels with or without gains. Knows neither detector nor task. */
import type { TaskContext } from 'tg';
import { compound, rowByRow } from 'tg/h5';
import { placesAligned } from './alignment-rows.ts';
import { gainAttribute, strangersIn, valueOf, type ByPlace } from './by-place.ts';
import { channelMap } from './detector-channels.ts';
import { sumDetectors, type Member } from './detector-sums.ts';
import { bytesOf, lightBlocks, openLightTables, samplesShape, withOutput } from './light-tables.ts';
import { neededFile } from './needed-file.ts';

export interface SumKind {
  /** Table of the waveforms; its alignment is `FROM/alignment`, per ADC or per channel. */
  from: string;
  /** Undefined: waveforms that are scaled already. */
  gain?: ByPlace;
}

/** Tells of gains for ADCs that there are not. */
export function noteStrangers(context: TaskContext, strangers: readonly number[]): void {
  if (strangers.length > 0)
    context.note('ADCs have gains and no waveforms', strangers.length, undefined, true);
}

/** @throws TaskError */
export async function sumWaveforms(context: TaskContext, { from, gain }: SumKind): Promise<void> {
  const file = neededFile(
    context,
    'light/swvfm',
    'lrs_geometry_file',
    'which channel is of which detector',
  );
  const geometry = context.configuration('lrs_geometry_file');
  const tables = await openLightTables(context, [from, `${from}/alignment`]);
  await withOutput(context, 'light/swvfm', tables, async (output) => {
    const shape = samplesShape(tables.tables.get(from)!, from);
    const samples = shape[2];
    if (gain !== undefined)
      noteStrangers(context, strangersIn(gain, shape, 'gain', ['ADC', 'channel']));
    const map = channelMap(geometry, file, shape);
    const { tpcs, dets } = map;
    const places = tpcs * dets;
    if (map.twice > 0)
      context.note('channels stand in several detectors, the last one has them', map.twice);
    const members = map.channels.map(({ adc, channel, tpc, det }): Member => {
      const own = gain === undefined ? 1 : valueOf(gain, adc, channel, 1);
      return { adc, channel, place: tpc * dets + det, gain: own };
    });
    const sums = output.table('light/swvfm', compound([['samples', 'f4', [tpcs, dets, samples]]]), {
      attributes: {
        classname: 'WaveformSum',
        class_version: '1.0.0',
        source_dset: 'light/events',
        wvfm_dset: from,
        ...(gain === undefined ? {} : { gain: gainAttribute(gain) }),
      },
    });
    const alignment = output.table(
      'light/swvfm/alignment',
      compound([
        ['ns', 'f8'],
        ['sample_idx', 'f4', [tpcs, dets]],
      ]),
    );
    for await (const { events, of } of lightBlocks(context, tables)) {
      const valid = events.column('wvfm_valid') as Uint8Array;
      const waveforms = of(from).column('samples') as Float32Array;
      sums.append(bytesOf(sumDetectors(waveforms, shape, valid, members, places)));
      const aligned = of(`${from}/alignment`);
      alignment.append(placesAligned(aligned, shape, valid, members, places));
    }
    const each = rowByRow(tables.events.rows);
    output.relation('light/events', 'light/swvfm', each);
    output.relation('light/events', 'light/swvfm/alignment', each);
    context.count('light events', tables.events.rows);
  });
}
