/** What the merger's files hold, by format: which datasets an event has and under which names. Knows names, no files. */

/** Formats of merged runs: 0.1.0 of 2023, 0.2 and 1.0 of 2024 (and the synchronizer's), 2.0 of 2025. */
export type Format = '0.1.0' | '1.0' | '2.0';

/** A dataset of an event. Its place in PIECES is what scans call it by. */
export interface Piece {
  name: string;
  /** The group of the event that holds it; '' for the event itself. */
  group: '' | 'get' | 'frib_physics';
  /** Samples are i2, digitizers u2. */
  type: 'i2' | 'u2';
  rank: 1 | 2;
  formats: readonly Format[];
}

const OLD: readonly Format[] = ['0.1.0', '1.0'];
const ALL: readonly Format[] = ['0.1.0', '1.0', '2.0'];
const NEW: readonly Format[] = ['2.0'];

const get = (name: string): Piece => ({ name, group: 'get', type: 'i2', rank: 2, formats: NEW });
const frib = (name: string, formats: readonly Format[], rank: 1 | 2 = 2): Piece => ({
  name,
  group: 'frib_physics',
  type: 'u2',
  rank,
  formats,
});

/** In the order in which they are written. Sources: attpc_merger v0.1.0 to v0.3.1, src/hdf_writer.rs. */
export const PIECES: readonly Piece[] = [
  { name: 'get_traces', group: '', type: 'i2', rank: 2, formats: OLD },
  get('pads'),
  get('si_upstream_front'),
  get('si_upstream_back'),
  get('si_downstream_front'),
  get('si_downstream_back'),
  frib('1903', ALL),
  frib('977', ALL, 1),
  frib('1904', NEW),
  frib('1905', NEW),
  frib('1906', NEW),
];

/** Bytes of one number in every one of them. */
export const ITEM = 2;

/** What a whole FRIB group must hold: readers of 1.0 take both without asking; in 2.0 digitizers may be missing. */
export const WHOLE_FRIB: { readonly [format in Format]: readonly string[] } = {
  '0.1.0': ['977', '1903'],
  '1.0': ['977', '1903'],
  '2.0': ['977'],
};

/** Formats that may share a harmonic file: legacy events are written in the layout of 1.0. */
export const layoutOf = (format: Format): '1.0' | '2.0' => (format === '2.0' ? '2.0' : '1.0');

/** The format that a `version` attribute names; undefined: none that is known. */
export function formatOfVersion(version: string): Format | undefined {
  if (/^libattpc_merger:0\.[12](\.|$)/.test(version)) return '1.0';
  if (version === 'libattpc_merger:1.0' || version === 'synchronizer:0.1.0') return '1.0';
  return version === 'libattpc_merger:2.0' ? '2.0' : undefined;
}

/** File name of a merged run: at least four digits, a sign among them (Rust's `{:0>4}`). */
export const runFileName = (run: number): string => `run_${String(run).padStart(4, '0')}.h5`;

/** The run of a file name; undefined when the merger would have named it otherwise. */
export function runOfFileName(name: string): number | undefined {
  const match = /^run_0*(-?\d+)\.h5$/.exec(name);
  const run = match === null ? NaN : Number(match[1]);
  return Number.isSafeInteger(run) && runFileName(run) === name ? run : undefined;
}

/** Columns of scalers.parquet behind run and event: the first eleven channels of a scaler event. */
export const CHANNELS = [
  'clock_free',
  'clock_live',
  'trig_free',
  'trig_live',
  'ic_sca',
  'mesh_sca',
  'si1_cfd',
  'si2',
  'sipm',
  'ic_ds',
  'ic_cfd',
] as const;
