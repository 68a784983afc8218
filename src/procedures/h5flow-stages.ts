/** What classes of h5flow stages are in tg: procedures, the libraries they stand in, and names that upstream lets be chosen. Data, and how it is looked up. */
import type { Json } from '../core/types.ts';

/** A procedure and the library it stands in. */
export interface Procedure {
  procedure: string;
  library: string;
}

const of = (library: string, procedures: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(procedures).map(([name, procedure]) => [name, { procedure, library }]),
  );

const LIGHT = {
  LightEventGenerator: 'light/events',
  LightADC64EventGenerator: 'light/events',
  LightMPDEventGenerator: 'light/events',
  LightTimestampCorrector: 'light/t_ns',
  WaveformNoiseFilter: 'light/fwvfm',
  WaveformDeconvolution: 'light/deconv',
  WaveformAlign: 'light/deconv/alignment',
  WaveformSum: 'light/swvfm',
};

/** Class of a stage or generator -> procedure. */
const STAGES: Readonly<Record<string, Procedure>> = {
  ...of('tg:charge', {
    RawEventGenerator: 'charge/raw_events',
    TimestampCorrector: 'charge/packets_corr_ts',
    ExternalTriggerFinder: 'charge/ext_trigs',
    HitBuilder: 'charge/hits',
    EventBuilder: 'charge/events',
    T0Reconstruction: 'combined/t0',
    DriftReconstruction: 'combined/hit_drift',
  }),
  ...of('tg:light', {
    ...LIGHT,
    WaveformHitFinder: 'light/hits',
    WaveformSummary: 'light/wvfm_summ',
  }),
  ...of('tg:association', { Charge2LightAssociation: 'charge/light_assoc' }),
};

/** Classes of light that only the 2x2 has. */
const ONLY_2X2 = { WaveformCalib: 'light/cwvfm', FlashFinder: 'light/flash' };

/** The same of the 2x2: classes of these names stand in its package, too. */
const STAGES_2X2: Readonly<Record<string, Procedure>> = {
  ...of('tg:light-2x2', { ...LIGHT, ...ONLY_2X2 }),
};

/** The hit finder of the 2x2 by its `hit_level`. */
const HITS_2X2: Readonly<Record<string, string>> = {
  sum: 'light/sum_hits',
  sipm: 'light/sipm_hits',
};

/** Names of all classes. */
export const CLASSES: readonly string[] = [...Object.keys(STAGES), ...Object.keys(ONLY_2X2)];

/** What is asked of a stage. */
interface Stage {
  classname?: unknown;
  path?: unknown;
  params?: unknown;
}

/**
 * Is the light of these stages that of the 2x2? A class is of the package that `path` names; where none is named, classes that only the 2x2 has decide for
 * the whole workflow.
 */
export function isOf2x2(stages: readonly Stage[]): boolean {
  const packages = stages.flatMap(({ path }) =>
    typeof path === 'string' && path.includes('.reco.light.') ? [path.split('.')[0]] : [],
  );
  if (packages.length > 0) return packages.includes('proto_nd_flow');
  return stages.some(
    ({ classname }) => typeof classname === 'string' && Object.hasOwn(ONLY_2X2, classname),
  );
}

/** Undefined: tg has no such class. `wrong`: values of `hit_level` that there are, when it has none of them. */
export function stageOf(
  { classname, params }: Stage,
  is2x2: boolean,
): Procedure | { wrong: string[] } | undefined {
  if (typeof classname !== 'string') return undefined;
  if (is2x2 && classname === 'WaveformHitFinder') {
    const level = (params as Record<string, unknown> | undefined)?.['hit_level'];
    const procedure =
      typeof level === 'string' && Object.hasOwn(HITS_2X2, level) ? HITS_2X2[level] : undefined;
    return procedure === undefined
      ? { wrong: Object.keys(HITS_2X2) }
      : { procedure, library: 'tg:light-2x2' };
  }
  const known = is2x2 ? { ...STAGES, ...STAGES_2X2 } : STAGES;
  return Object.hasOwn(known, classname) ? known[classname] : undefined;
}

/** Names that upstream lets be chosen and tg does not: `hits_dset_name`, `hits_dset`. */
const TABLES: Readonly<Record<string, string>> = {
  raw_events: 'charge/raw_events',
  packets: 'charge/packets',
  ts: 'charge/packets_corr_ts',
  ext_trigs: 'charge/ext_trigs',
  hits: 'charge/hits',
  events: 'charge/events',
  light_event: 'light/events',
  wvfm: 'light/wvfm',
  t0: 'combined/t0',
  drift: 'combined/hit_drift',
};

/** The same where a procedure has them otherwise. */
const OWN_TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'light/t_ns': { t_ns: 'light/t_ns' },
  'light/fwvfm': { fwvfm: 'light/fwvfm', noise: 'light/fwvfm_noise' },
  'light/deconv': { wvfm: 'light/fwvfm', deconv: 'light/deconv' },
  'light/deconv/alignment': { wvfm: 'light/deconv' },
  'light/swvfm': { wvfm: 'light/deconv', swvfm: 'light/swvfm' },
  'light/hits': { wvfm: 'light/swvfm', t_ns: 'light/t_ns', hits: 'light/hits' },
  'light/wvfm_summ': { wvfm_summ: 'light/wvfm_summ' },
  'light/cwvfm': { wvfm: 'light/deconv', cwvfm: 'light/cwvfm' },
  'light/sum_hits': { wvfm: 'light/swvfm', t_ns: 'light/t_ns', hits: 'light/sum_hits' },
  'light/sipm_hits': { wvfm: 'light/cwvfm', t_ns: 'light/t_ns', hits: 'light/sipm_hits' },
  'light/flash': {
    cwvfm: 'light/cwvfm',
    sum_hits: 'light/sum_hits',
    sipm_hits: 'light/sipm_hits',
    flash: 'light/flash',
  },
};

/** The same where a library has a procedure of the same name. */
const TABLES_2X2: typeof OWN_TABLES = {
  'light/swvfm': { wvfm: 'light/cwvfm', swvfm: 'light/swvfm' },
};

/** The only table that a parameter `NAME_dset` or `NAME_dset_name` may name; undefined: it is no such parameter. */
export function tableOf({ procedure, library }: Procedure, key: string): string | undefined {
  const name = /^(.*?)_dset(?:_name)?$/.exec(key)?.[1] ?? '';
  const own =
    (library === 'tg:light-2x2' ? TABLES_2X2[procedure] : undefined) ?? OWN_TABLES[procedure];
  return own?.[name] ?? TABLES[name];
}

/** Parameters with one value only, which is the default here: others have no counterpart. */
const FIXED_EVERYWHERE: Readonly<Record<string, Json>> = {
  tai_ns_mod: 1e9,
  allow_matching_without_marker: false,
  keep_noise: false,
  do_filtering: true,
  light_hits_dset_name: '',
};

const FIXED_OF: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  'light/sum_hits': { hit_level: 'sum' },
  'light/sipm_hits': { hit_level: 'sipm' },
  'light/flash': { min_samples: 1 },
};

/** The only value that a parameter may have; undefined: it is a parameter of the procedure. */
export const fixedValue = (procedure: string, key: string): Json | undefined =>
  Object.hasOwn(FIXED_EVERYWHERE, key) ? FIXED_EVERYWHERE[key] : FIXED_OF[procedure]?.[key];

/** What upstream takes for places that a mapping of these parameters leaves out. */
export const LEFT_OUT: Readonly<Record<string, number>> = { threshold: 2000, gain: 1, gain_mc: 1 };
