/** Classes of the stages of module0_flow and of the 2x2, and what of tg they are: procedure, library, tables, parameters with one value. Names only, reads nothing. */
import type { Json } from '../core/types.ts';

/** What a stage of a workflow is in tg. */
export interface Stage {
  procedure: string;
  /** Shipped library that it stands in. */
  library: string;
  /** Products that the workflow names, by target: files, as written. */
  products?: Readonly<Record<string, string>>;
}

type Params = Readonly<Record<string, unknown>>;

const inCharge = (procedure: string): Stage => ({ procedure, library: 'tg:charge' });
const inLight = (procedure: string): Stage => ({ procedure, library: 'tg:light' });

/** Stages that another library of the same detector has in another form. */
function noiseFilter(library: string) {
  return (params: Params): Stage => ({
    procedure: 'light/fwvfm',
    library: params['keep_noise'] === true ? `${library}-noise` : library,
  });
}
function deconvolution(library: string) {
  return (params: Params): Stage =>
    params['do_filtering'] === false
      ? {
          procedure: 'light/templates',
          library: 'tg:light-templates',
          products: templates(params),
        }
      : { procedure: 'light/deconv', library };
}

/** Class of a stage or generator -> what it is, which its parameters may decide. */
const STAGES: Readonly<Record<string, Stage | ((params: Params) => Stage)>> = {
  RawEventGenerator: inCharge('charge/raw_events'),
  TimestampCorrector: inCharge('charge/packets_corr_ts'),
  ExternalTriggerFinder: inCharge('charge/ext_trigs'),
  HitBuilder: inCharge('charge/hits'),
  EventBuilder: inCharge('charge/events'),
  T0Reconstruction: (params) => ({
    procedure: 'combined/t0',
    library: isNamed(params['light_hits_dset_name']) ? 'tg:light-t0' : 'tg:charge',
  }),
  DriftReconstruction: inCharge('combined/hit_drift'),
  LightEventGenerator: inLight('light/events'),
  LightADC64EventGenerator: inLight('light/events'),
  LightMPDEventGenerator: inLight('light/events'),
  LightEventGeneratorMC: { procedure: 'light/events', library: 'tg:light-mc' },
  LightTimestampCorrector: inLight('light/t_ns'),
  WaveformNoiseFilter: noiseFilter('tg:light'),
  WaveformDeconvolution: deconvolution('tg:light'),
  WaveformAlign: inLight('light/deconv/alignment'),
  WaveformSum: inLight('light/swvfm'),
  WaveformHitFinder: inLight('light/hits'),
  WaveformSummary: inLight('light/wvfm_summ'),
  Charge2LightAssociation: { procedure: 'charge/light_assoc', library: 'tg:association' },
};

const in2x2 = (procedure: string): Stage => ({ procedure, library: 'tg:light-2x2' });

/** Classes of light that only the 2x2 has. */
const ONLY_2X2: Readonly<Record<string, Stage>> = {
  WaveformCalib: in2x2('light/cwvfm'),
  FlashFinder: in2x2('light/flash'),
};

/** Classes of the 2x2 that have the names of others. */
const STAGES_2X2: typeof STAGES = {
  ...ONLY_2X2,
  LightMPDEventGenerator: in2x2('light/events'),
  LightADC64EventGenerator: in2x2('light/events'),
  LightEventGenerator: in2x2('light/events'),
  LightEventGeneratorMC: { procedure: 'light/events', library: 'tg:light-2x2-mc' },
  LightTimestampCorrector: in2x2('light/t_ns'),
  WaveformNoiseFilter: noiseFilter('tg:light-2x2'),
  WaveformDeconvolution: deconvolution('tg:light-2x2'),
  WaveformAlign: in2x2('light/deconv/alignment'),
  WaveformSum: in2x2('light/swvfm'),
};

/** The hit finder of the 2x2 by its `hit_level`. */
const HITS_2X2: Readonly<Record<string, Stage>> = {
  sum: in2x2('light/sum_hits'),
  sipm: in2x2('light/sipm_hits'),
};

/** Templates that are written: the flag that asks for each, the parameter that names it, and upstream's name. */
const TEMPLATES = {
  noise_power: ['gen_noise_spectrum', 'noise_spectrum_filename'],
  signal_power: ['gen_signal_spectrum', 'signal_spectrum_filename'],
  signal_impulse: ['gen_signal_impulse', 'signal_impulse_filename'],
} as const;

const templates = (params: Params): Record<string, string> =>
  Object.fromEntries(
    Object.entries(TEMPLATES).flatMap(([name, [flag, file]]) =>
      params[flag] === true
        ? [[`light/templates/${name}`, textOr(params[file], `wvfm_deconv_${name}.npz`)]]
        : [],
    ),
  );

/** A table that upstream may do without. */
const isNamed = (table: unknown): boolean => table !== undefined && table !== null && table !== '';

const textOr = (value: unknown, otherwise: string): string =>
  typeof value === 'string' ? value : otherwise;

export const stageClasses: readonly string[] = [...Object.keys(STAGES), ...Object.keys(ONLY_2X2)];

/** What is asked of a stage of a workflow. */
export interface Written {
  classname?: unknown;
  path?: unknown;
  params?: unknown;
}

/**
 * Is the light of these stages that of the 2x2? A class is of the package that `path` names; where none is named, classes that only the 2x2 has decide for
 * the whole workflow.
 */
export function isOf2x2(stages: readonly Written[]): boolean {
  const packages = stages.flatMap(({ path }) =>
    typeof path === 'string' && path.includes('.reco.light.') ? [path.split('.')[0]] : [],
  );
  if (packages.length > 0) return packages.includes('proto_nd_flow');
  return stages.some(
    ({ classname }) => typeof classname === 'string' && Object.hasOwn(ONLY_2X2, classname),
  );
}

const own = <T>(of: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(of, name) ? of[name] : undefined;

/** Undefined: tg has no such class. `wrong`: values of `hit_level` that there are, when it has none of them. */
export function stageOf(
  classname: unknown,
  params: Params,
  is2x2: boolean,
): Stage | { wrong: string[] } | undefined {
  if (typeof classname !== 'string') return undefined;
  if (is2x2 && classname === 'WaveformHitFinder')
    return own(HITS_2X2, String(params['hit_level'])) ?? { wrong: Object.keys(HITS_2X2) };
  const stage = (is2x2 ? own(STAGES_2X2, classname) : undefined) ?? own(STAGES, classname);
  return typeof stage === 'function' ? stage(params) : stage;
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
  'combined/t0': { light_hits: 'light/hits' },
  'light/t_ns': { t_ns: 'light/t_ns' },
  'light/fwvfm': { fwvfm: 'light/fwvfm', noise: 'light/fwvfm_noise' },
  'light/deconv': { wvfm: 'light/fwvfm', deconv: 'light/deconv' },
  'light/templates': { wvfm: 'light/fwvfm' },
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

/** The one name of a table that a parameter of a procedure may choose. */
export function tableNamed({ procedure, library }: Stage, parameter: string): string | undefined {
  const name = /^(.*?)_dset(?:_name)?$/.exec(parameter)?.[1] ?? '';
  const special = library === 'tg:light-2x2' ? TABLES_2X2[procedure] : undefined;
  return (special ?? OWN_TABLES[procedure])?.[name] ?? TABLES[name];
}

/** Parameters with one value only: others have no counterpart, or need what is told. */
const FIXED: Readonly<Record<string, Json>> = {
  tai_ns_mod: 1e9,
  allow_matching_without_marker: false,
};
const flags = Object.values(TEMPLATES).map(([flag]) => flag);
const OWN_FIXED: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  // What is read is not written in one go.
  'light/deconv': {
    do_filtering: true,
    ...Object.fromEntries(flags.map((flag) => [flag, false])),
  },
  'light/sum_hits': { hit_level: 'sum' },
  'light/sipm_hits': { hit_level: 'sipm' },
  'light/flash': { min_samples: 1 },
};

/** The only value of a parameter; undefined when it may have others. */
export const onlyValue = (procedure: string, parameter: string): Json | undefined =>
  OWN_FIXED[procedure]?.[parameter] ?? FIXED[parameter];

/** What upstream takes for places that a mapping of these parameters leaves out. */
export const leftOut: Readonly<Record<string, number>> = { threshold: 2000, gain: 1, gain_mc: 1 };

/** Parameters without effect, by procedure: of a class that is two procedures here those of the other. */
const IDLE: Readonly<Record<string, readonly string[]>> = {
  'light/events': ['n_sipms'],
  'light/deconv': [
    'noise_strategy',
    'noise_slice',
    'pps_channel',
    'pps_threshold',
    'signal_amplitude',
    'impulse_alignment_oversampling',
  ],
  'light/templates': [
    'do_filtering',
    'filter_type',
    'gaus_filter_width',
    'filter_channels',
    'deconv_dset_name',
    ...Object.values(TEMPLATES).map(([, file]) => file),
  ],
};

/** Has a parameter no part in what the procedure does? Without the name of light hits upstream does without them. */
export const isIdle = (procedure: string, parameter: string, value: unknown): boolean =>
  parameter.startsWith('mc_') ||
  (parameter === 'light_hits_dset_name' && !isNamed(value)) ||
  IDLE[procedure]?.includes(parameter) === true;

/** Parameters that upstream has by default and a procedure of tg has otherwise. */
export const upstreamDefaults: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  'light/templates': {
    ...Object.fromEntries(flags.map((flag) => [flag, false])),
    pps_threshold: 0,
    noise_slice: [null, null],
    signal_amplitude: [null, null],
  },
  'light/hits': { near_samples: 3 },
  'charge/light_assoc': { unix_ts_window: 1, ts_window: 1000 },
};

/** Files lie where the user stands, not where the workflow does: h5flow runs in a folder. */
const FILES = new Set([
  'pedestal_file',
  'configuration_file',
  'geometry_file',
  ...Object.values(TEMPLATES).map(([, file]) => file),
]);

export const isFile = (parameter: string): boolean => FILES.has(parameter);
