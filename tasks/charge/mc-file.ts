/** What larnd-sim adds to a file of packets: tracks, trajectories, and which tracks each packet is of. Knows files, no events. */
import { TaskError, type TaskContext } from 'tg';
import { itemSize, type Dtype, type H5File, type Table } from 'tg/h5';
import { larpixPackets } from './packets-file.ts';
import { spaced } from './spaced.ts';

const FORM = "a file of larnd-sim's form of 2022: packets, mc_packets_assn, tracks, trajectories";

/** Rows of the three tables of truth. */
export interface McFile {
  /** One row per packet of the input: track_ids (rows of `tracks`, -1 = none) and fraction, as many each. */
  assn: Table;
  tracks: Table;
  trajectories: Table;
}

/** @throws TaskError when a table or field is missing, or the associations are not one per packet */
export function mcFile(file: H5File): McFile {
  const refuse = (message: string): TaskError =>
    new TaskError(message, { at: { file: file.path }, try: FORM });
  const packets = larpixPackets(file, '/packets').table;
  const table = (name: string, fields: readonly string[]): Table => {
    if (file.kind(`/${name}`) !== 'dataset') {
      const names = file.members('/').map((member) => `/${member}`);
      throw refuse(`no /${name}; it has ${names.join(', ')}`);
    }
    const { dtype, shape } = file.dataset(`/${name}`);
    if (dtype.kind !== 'compound' || shape.length !== 1)
      throw refuse(`/${name} is no table of rows with fields`);
    const missing = fields.filter((field) => !dtype.fields.some((f) => f.name === field));
    if (missing.length > 0)
      throw refuse(`/${name} has no ${missing.join(', ')} (${dtype.fields.length} other fields)`);
    return file.table(`/${name}`);
  };
  const assn = table('mc_packets_assn', ['track_ids', 'fraction']);
  if (assn.rows !== packets.rows) {
    const [n, of] = [spaced(assn.rows), spaced(packets.rows)];
    throw refuse(`/mc_packets_assn has ${n} rows, /packets ${of}: they go together row by row`);
  }
  slotsOf(assn, refuse);
  return {
    assn,
    tracks: table('tracks', TRACK_FIELDS),
    trajectories: table('trajectories', TRAJECTORY_FIELDS),
  };
}

/** Tracks that a packet has room for. */
function slotsOf(assn: Table, refuse: (message: string) => TaskError): void {
  const size = (name: string, kind: 'int' | 'float'): number => {
    const type = typeOf(assn, name);
    const base = type.kind === 'array' ? type.base : type;
    if (base.kind !== kind)
      throw refuse(`/mc_packets_assn: ${name} holds no ${kind === 'int' ? 'whole ' : ''}numbers`);
    return itemSize(type) / itemSize(base);
  };
  const [ids, fractions] = [size('track_ids', 'int'), size('fraction', 'float')];
  if (ids !== fractions)
    throw refuse(`/mc_packets_assn: ${ids} track_ids a packet, ${fractions} fractions`);
}

/** Type of a field that is there. */
export const typeOf = (table: Table, name: string): Dtype =>
  table.dtype.fields.find((field) => field.name === name)!.type;

const IDS = ['eventID', 'trackID'] as const;

/** Fields that the units of tracks and trajectories are changed in, and those that they are joined by. */
export const TRACK_FIELDS: readonly string[] = [
  ...IDS,
  ...['x', 'y', 'z'].flatMap((axis) => [`${axis}_start`, axis, `${axis}_end`]),
  ...['tran_diff', 'dx', 'long_diff', 'dE', 'dEdx'],
];
export const TRAJECTORY_FIELDS: readonly string[] = [
  ...IDS,
  ...['xyz_start', 'xyz_end', 'pxyz_start', 'pxyz_end', 't_start', 't_end'],
];

/** Path of the file with the truth. A source that counts only its packets would hide a change of the truth. */
export function truthPath(context: TaskContext): string {
  const place = context.place('packets');
  if (place === '') return context.input('packets');
  throw new TaskError(`of the source packets only ${place} counts, not the truth beside it`, {
    code: 'bad-value',
    try: `the source without ::${place}`,
  });
}
