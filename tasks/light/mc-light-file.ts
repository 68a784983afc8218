/** What larnd-sim writes of light: triggers, waveforms, and the light of each track at each detector. Knows files, no events. */
import { TaskError } from 'tg';
import { itemSize, type Dtype, type H5Dataset, type H5File, type Table } from 'tg/h5';

const FORM = "a file of larnd-sim's with light: light_trig, light_wvfm, light_dat";

/** Light of tracks: of all detectors, or of those of a module. */
export interface TruthPart {
  /** (tracks, detectors) of {n_photons_det, t0_det, ..}. */
  data: H5Dataset;
  /** Number of the module; undefined: all detectors. */
  module: number | undefined;
}

export interface McLightFile {
  /** One row per trigger: op_channel, ts_s [s], ts_sync [ticks]. */
  triggers: Table;
  /** (triggers, detectors, samples). */
  waveforms: H5Dataset;
  truth: TruthPart[];
}

/** @throws TaskError when a dataset is missing or not of that form */
export function mcLightFile(file: H5File): McLightFile {
  const refuse = (message: string): TaskError =>
    new TaskError(message, { at: { file: file.path }, try: FORM });
  const dataset = (name: string, axes: number): H5Dataset => {
    if (file.kind(`/${name}`) !== 'dataset') {
      const names = file.members('/').map((member) => `/${member}`);
      throw refuse(`no dataset /${name}; it has ${names.join(', ')}`);
    }
    const found = file.dataset(`/${name}`);
    if (found.shape.length !== axes)
      throw refuse(`/${name} has ${found.shape.length} axes, not ${axes}`);
    return found;
  };
  const fields = ({ path, dtype }: H5Dataset, names: readonly string[]): void => {
    const has = dtype.kind === 'compound' ? dtype.fields.map(({ name }) => name) : [];
    const missing = names.filter((name) => !has.includes(name));
    if (missing.length > 0) throw refuse(`${path} has no ${missing.join(', ')}`);
  };
  fields(dataset('light_trig', 1), ['op_channel', 'ts_s', 'ts_sync']);
  const triggers = file.table('/light_trig');
  const waveforms = dataset('light_wvfm', 3);
  if (!['int', 'float'].includes(waveforms.dtype.kind))
    throw refuse('/light_wvfm holds no numbers');
  if (waveforms.shape[0] !== triggers.rows)
    throw refuse(
      `/light_wvfm has ${waveforms.shape[0]} rows, /light_trig ${triggers.rows}: they go together row by row`,
    );
  const truth = truthParts(file, dataset);
  for (const { data } of truth) fields(data, ['n_photons_det', 't0_det']);
  return { triggers, waveforms, truth };
}

/** One matrix of all detectors, alone or in a group, or one of each module. */
function truthParts(file: H5File, dataset: (name: string, axes: number) => H5Dataset): TruthPart[] {
  if (file.kind('/light_dat') !== 'group')
    return [{ data: dataset('light_dat', 2), module: undefined }];
  const members = file.members('/light_dat');
  if (members.includes('light_dat_allmodules') || !members.includes('light_dat_module0'))
    return [{ data: dataset('light_dat/light_dat_allmodules', 2), module: undefined }];
  const modules = members.filter((name) => /^light_dat_module\d+$/.test(name)).length;
  return Array.from({ length: modules }, (_, module) => ({
    data: dataset(`light_dat/light_dat_module${module}`, 2),
    module,
  }));
}

/** Where the number of photons stands in an element. */
export function photonsIn(dtype: Dtype): { offset: number; size: number } {
  const fields = dtype.kind === 'compound' ? dtype.fields : [];
  const { offset, type } = fields.find(({ name }) => name === 'n_photons_det')!;
  return { offset, size: itemSize(type) };
}
