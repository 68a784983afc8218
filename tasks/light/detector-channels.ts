/** Which channels of which ADC see which detector, from the description of a light readout. Knows the description as parsed, no files. */
import { TaskError, type Json } from 'tg';

export interface DetectorChannels {
  tpc: number;
  det: number;
  adc: number;
  channels: readonly number[];
}

const isMapping = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Detectors that have channels (format 0.0: tpc_center, det_center, det_adc, det_chan). @throws TaskError at `file` */
export function detectorChannels(root: Json, file: string): DetectorChannels[] {
  const at = (...keys: string[]): Json | undefined => {
    let value: Json | undefined = root;
    for (const key of keys) value = isMapping(value) ? value[key] : undefined;
    return value;
  };
  const fail = (keys: readonly string[], what: string): never => {
    throw new TaskError(`${keys.join('.')} ${what}`, {
      code: 'bad-input',
      at: { file, keys },
      try: 'a light geometry of format_version 0.0',
    });
  };
  const version = JSON.stringify(at('format_version') ?? null).replaceAll('"', '');
  if (!/^0\.0(\.|$)/.test(version)) fail(['format_version'], `is ${version}, not 0.0`);
  const keysOf = (name: string): string[] => {
    const value = at(name);
    return isMapping(value) ? Object.keys(value) : fail([name], 'is no mapping');
  };
  const isNumber = (value: Json | undefined): value is number => typeof value === 'number';
  return keysOf('tpc_center').flatMap((tpc) =>
    keysOf('det_center').flatMap((det): DetectorChannels[] => {
      const adc = at('det_adc', tpc, det);
      const channels = at('det_chan', tpc, det);
      if (!isNumber(adc)) return fail(['det_adc', tpc, det], 'is no number');
      if (!Array.isArray(channels) || !channels.every(isNumber))
        return fail(['det_chan', tpc, det], 'is no list of numbers');
      return channels.length === 0 ? [] : [{ tpc: Number(tpc), det: Number(det), adc, channels }];
    }),
  );
}
