/** Look-up tables of the light geometry: which detector a channel is of, and where it is. Knows the description as parsed, no files. */
import { TaskError, type Json } from 'tg';
import { isCompatible } from './class-version.ts';
import { createLookUp, fill, rangeOf, type LookUpTable } from './look-up-table.ts';

type Mapping = Readonly<Record<string, Json>>;

/** One detector of a TPC. */
interface Detector {
  tpc: number;
  det: number;
  adc: number;
  channels: number[];
  /** mm: smallest x, y, z, then largest. */
  bounds: number[];
}

/** The description of the light detectors (format 0.0). @throws TaskError at `file` */
export function detectorsOf(root: Json, file: string): Detector[] {
  const fail = (keys: readonly string[], what: string): never => {
    throw new TaskError(`${keys.join('.')} ${what}`, {
      code: 'bad-input',
      at: { file, keys },
      try: 'a light geometry of format_version 0.0',
    });
  };
  const at = (keys: readonly string[]): Json => {
    let value: Json | undefined = root;
    for (const key of keys) value = isMapping(value) ? value[key] : undefined;
    return value ?? fail(keys, 'is missing');
  };
  const mapping = (...keys: string[]): Mapping => {
    const value = at(keys);
    return isMapping(value) ? value : fail(keys, 'is no mapping');
  };
  const number = (...keys: string[]): number => {
    const value = at(keys);
    return typeof value === 'number' ? value : fail(keys, 'is no number');
  };
  const numbers = (length: number | undefined, ...keys: string[]): number[] => {
    const value = at(keys);
    const fits =
      Array.isArray(value) &&
      (length === undefined || value.length === length) &&
      value.every((item) => typeof item === 'number');
    return fits ? value : fail(keys, `is no list of ${length ?? ''} numbers`);
  };
  const version = at(['format_version']);
  const text = typeof version === 'string' || typeof version === 'number' ? String(version) : '';
  if (!isCompatible(text, '0.0')) fail(['format_version'], `is ${text}, not 0.0`);
  const found: Detector[] = [];
  for (const tpc of Object.keys(mapping('tpc_center'))) {
    for (const det of Object.keys(mapping('det_center'))) {
      const channels = numbers(undefined, 'det_chan', tpc, det);
      const shape = String(number('det_geom', det));
      const center = numbers(3, 'tpc_center', tpc);
      const middle = numbers(3, 'det_center', det);
      const corner = (which: 'min' | 'max'): number[] =>
        numbers(3, 'geom', shape, which).map((edge, i) => center[i]! + middle[i]! + edge);
      found.push({
        tpc: Number(tpc),
        det: Number(det),
        adc: number('det_adc', tpc, det),
        channels,
        bounds: [...corner('min'), ...corner('max')],
      });
    }
  }
  return found.filter(({ channels }) => channels.length > 0);
}

const isMapping = (value: Json | undefined): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** By ADC and channel: a number of the detector, -1 = none. */
function byChannel(detectors: readonly Detector[], of: 'tpc' | 'det'): LookUpTable {
  const keys = [
    rangeOf(detectors.map(({ adc }) => adc)),
    rangeOf(detectors.flatMap(({ channels }) => channels)),
  ];
  const table = createLookUp(keys, 'i4', [], -1);
  for (const detector of detectors)
    for (const channel of detector.channels) fill(table, [detector.adc, channel], [detector[of]]);
  return table;
}

/** By TPC and detector: its corners, mm. */
function boundsTable(detectors: readonly Detector[]): LookUpTable {
  const keys = [rangeOf(detectors.map(({ tpc }) => tpc)), rangeOf(detectors.map(({ det }) => det))];
  const table = createLookUp(keys, 'f4', [2, 3], 0);
  for (const { tpc, det, bounds } of detectors) fill(table, [tpc, det], bounds);
  return table;
}

/** The tables by name. */
export const LIGHT_TABLES: Readonly<Record<string, (detectors: Detector[]) => LookUpTable>> = {
  tpc_id: (detectors) => byChannel(detectors, 'tpc'),
  det_id: (detectors) => byChannel(detectors, 'det'),
  det_bounds: boundsTable,
};
