/** Where detectors and SiPMs of the 2x2 are, from the descriptions of the light readout and of the detector. Knows them as parsed, no tables. */
import type { Json } from 'tg';
import { channelMap, lightGeometry, type ChannelMap } from './detector-channels.ts';
import { geometryFile, type GeometryFile } from './geometry-file.ts';
import type { Shape } from './light-tables.ts';

/** A description and the file it is of. */
export interface Described {
  root: Json;
  file: string;
}

/** A SiPM in its TPC. */
export interface SipmPlace {
  adc: number;
  channel: number;
  tpc: number;
  det: number;
  /** 0: towards -z, 1: towards +z. */
  side: number;
  /** From the bottom, from 0. */
  bin: number;
}

/** SiPMs with a detector (det_side, ch_to_vert_bin), ADC by ADC. @throws TaskError */
export function sipmPlaces(light: Described, map: ChannelMap): SipmPlace[] {
  const geometry = lightGeometry(light.root, light.file);
  return map.channels.map(({ adc, channel, tpc, det }) => {
    const side = geometry.number('det_side', String(det));
    const bin = geometry.number('ch_to_vert_bin', String(adc), String(channel));
    if (bin < 0) geometry.fail(['ch_to_vert_bin', String(adc), String(channel)], `is ${bin}`);
    return { adc, channel, tpc, det, side, bin };
  });
}

/** Centre of a TPC, cm: tpc_offsets of its module and tpc_center_offset. */
function centreOf(
  tpc: number,
  light: GeometryFile,
  detector: GeometryFile,
): [number, number, number] {
  const modules = detector.keysOf('module_to_tpcs');
  const at = modules.findIndex((name) => detector.numbers(['module_to_tpcs', name]).includes(tpc));
  if (at < 0) return detector.fail(['module_to_tpcs'], `has no module of TPC ${tpc}`);
  const module = detector.numbers(['tpc_offsets', String(at)], 3);
  const own = light.numbers(['tpc_center_offset', String(tpc)], 3);
  return [0, 1, 2].map((i) => own[i]! + module[i]!) as [number, number, number];
}

const describe = (light: Described, detector: Described): [GeometryFile, GeometryFile] => [
  lightGeometry(light.root, light.file),
  geometryFile(detector.root, detector.file, 'the description of the 2x2, with tpc_offsets'),
];

/**
 * Lowest and highest corner of each detector, cm: centre of the TPC + det_center + min and max of its geom.
 * (ndlar_flow proto_nd_flow Geometry det_bounds.) @returns (TPCs, detectors, 2, 3)
 */
export function detectorBounds(
  light: Described,
  detector: Described,
  { channels, tpcs, dets }: ChannelMap,
): Float32Array {
  const [geometry, modules] = describe(light, detector);
  const bounds = new Float32Array(tpcs * dets * 6);
  for (const { tpc, det } of channels) {
    const tpcCentre = centreOf(tpc, geometry, modules);
    const centre = geometry.numbers(['det_center', String(det)], 3);
    const kind = String(geometry.number('det_geom', String(det)));
    ['min', 'max'].forEach((end, j) => {
      const corner = geometry.numbers(['geom', kind, end], 3);
      for (let i = 0; i < 3; i++)
        bounds[(tpc * dets + det) * 6 + 3 * j + i] = tpcCentre[i]! + centre[i]! + corner[i]!;
    });
  }
  return bounds;
}

/**
 * Centre of each SiPM, cm: centre of the TPC and sipm_center of its side and height, x mirrored in odd TPCs; -1, -1, -1 for channels without a
 * detector, which `without` lists. (ndlar_flow proto_nd_flow Geometry sipm_abs_pos.) @returns (ADCs, channels, 3)
 */
export function sipmPositions(
  light: Described,
  detector: Described,
  shape: Shape,
): { values: Float32Array; without: Set<number> } {
  const [geometry, modules] = describe(light, detector);
  const [adcs, channels] = shape;
  const values = new Float32Array(adcs * channels * 3).fill(-1);
  const without = new Set(Array(adcs * channels).keys());
  const half = Math.floor(geometry.keysOf('sipm_center').length / 2);
  for (const place of sipmPlaces(light, channelMap(light.root, light.file, shape))) {
    const { adc, channel, tpc, side, bin } = place;
    const centre = centreOf(tpc, geometry, modules);
    const own = geometry.numbers(['sipm_center', String(bin + side * half)], 3);
    const mirror = [tpc % 2 === 0 ? 1 : -1, 1, 1];
    const slot = adc * channels + channel;
    without.delete(slot);
    for (let i = 0; i < 3; i++) values[slot * 3 + i] = centre[i]! + mirror[i]! * own[i]!;
  }
  return { values, without };
}
