/** Which channels of which ADC see which detector, from the description of a light readout. Knows the description as parsed, no files. */
import { TaskError, type Json } from 'tg';
import { geometryFile, type GeometryFile } from './geometry-file.ts';
import type { Shape } from './light-tables.ts';

export interface DetectorChannels {
  tpc: number;
  det: number;
  adc: number;
  channels: readonly number[];
}

/** The description of a light readout. @throws TaskError at `file` */
export const lightGeometry = (root: Json, file: string): GeometryFile =>
  geometryFile(root, file, 'a light geometry of format_version 0.0 or 0.2');

/** Detectors that have channels (format 0.0, or 0.2 of the 2x2: det_center, det_adc, det_chan). @throws TaskError at `file` */
export function detectorChannels(root: Json, file: string): DetectorChannels[] {
  const geometry = lightGeometry(root, file);
  const version = geometry.text('format_version');
  if (!/^0\.[02](\.|$)/.test(version))
    geometry.fail(['format_version'], `is ${version}, not 0.0 or 0.2`);
  const tpcs = geometry.keysOf(version.startsWith('0.0') ? 'tpc_center' : 'tpc_center_offset');
  return tpcs.flatMap((tpc) =>
    geometry.keysOf('det_center').flatMap((det): DetectorChannels[] => {
      const adc = geometry.number('det_adc', tpc, det);
      const channels = geometry.numbers(['det_chan', tpc, det]);
      return channels.length === 0 ? [] : [{ tpc: Number(tpc), det: Number(det), adc, channels }];
    }),
  );
}

/** A channel that belongs to a detector. */
export interface ChannelOf {
  adc: number;
  channel: number;
  tpc: number;
  det: number;
}

export interface ChannelMap {
  /** ADC by ADC, channel by channel. */
  channels: ChannelOf[];
  /** Numbers of TPCs and of detectors in each. */
  tpcs: number;
  dets: number;
  /** Channels that stand in several detectors: the last one has them (module0_flow). */
  twice: number;
}

/**
 * @param shape of the waveforms, which must have all channels; undefined: whatever they have
 * @throws TaskError for channels that waveforms of this shape do not have
 */
export function channelMap(root: Json, file: string, shape?: Shape): ChannelMap {
  const detectors = detectorChannels(root, file);
  const [adcs, channels] = shape ?? [Infinity, Infinity];
  const found = new Map<string, ChannelOf>();
  let twice = 0;
  for (const { tpc, det, adc, channels: own } of detectors)
    for (const channel of own) {
      if (adc >= adcs || channel >= channels)
        throw new TaskError(
          `detector ${det} of TPC ${tpc} has channel ${channel} of ADC ${adc}, the waveforms have ${adcs} ADCs of ${channels} channels`,
          {
            code: 'bad-value',
            at: { file, keys: ['det_chan', String(tpc), String(det)] },
            try: 'the geometry of this detector',
          },
        );
      const slot = `${adc} ${channel}`;
      if (found.has(slot)) twice++;
      found.set(slot, { adc, channel, tpc, det });
    }
  const most = (of: 'tpc' | 'det'): number => Math.max(0, ...detectors.map((one) => one[of] + 1));
  return {
    channels: [...found.values()].sort((a, b) => a.adc - b.adc || a.channel - b.channel),
    tpcs: most('tpc'),
    dets: most('det'),
    twice,
  };
}
