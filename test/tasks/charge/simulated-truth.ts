/** A small file as larnd-sim writes it: simulated packets with made-up truth, seeded. The field `counter` of a packet is its row. */
import { compound, createH5, type ColumnInput } from 'tg/h5';
import { createRandom, type Random } from '../../../tasks/charge/random.ts';
import { packetFields24, PACKET_FIELDS } from '../../../tasks/charge/packet-fields.ts';
import { anodeOf, packetsOf, simulateParams } from '../../../tasks/charge/simulate.ts';

const SLOTS = 10;

const f4 = (...names: string[]): [string, string][] => names.map((name) => [name, 'f4']);

/** Segments of larnd-sim's dumpTree in 2022. */
export const TRACKS = compound([
  ['eventID', 'u4'],
  ['z_end', 'f4'],
  ['trackID', 'u4'],
  ...f4('tran_diff', 'z_start', 'x_end', 'y_end'),
  ['n_electrons', 'u4'],
  ['pdgId', 'i4'],
  ...f4('x_start', 'y_start', 't_start', 'dx', 'long_diff'),
  ['pixel_plane', 'i4'],
  ...f4('t_end', 'dEdx', 'dE', 't', 'y', 'x', 'z', 'n_photons'),
]);

export const TRAJECTORIES = compound([
  ['eventID', 'u4'],
  ['trackID', 'u4'],
  ['parentID', 'i4'],
  ['pxyz_start', 'f4', [3]],
  ['xyz_start', 'f4', [3]],
  ['t_start', 'f4'],
  ['pxyz_end', 'f4', [3]],
  ['xyz_end', 'f4', [3]],
  ['t_end', 'f4'],
  ['pdgId', 'i4'],
  ['start_process', 'u4'],
  ['start_subprocess', 'u4'],
  ['end_process', 'u4'],
  ['end_subprocess', 'u4'],
]);

const ASSOCIATIONS = compound([
  ['track_ids', 'i8', [SLOTS]],
  ['fraction', 'f8', [SLOTS]],
]);

/** What a file of truth is made wrong by. */
export interface Faults {
  /** Rows that the associations lack. */
  shorter?: number;
  without?: 'tracks' | 'trajectories';
  /** A track that is none, of the packet in the middle. */
  track?: number;
  /** No tracks and trajectories at all. */
  empty?: boolean;
}

/** Columns of a table of `rows` random rows; those given stay. */
function randomRows(
  random: Random,
  type: typeof TRACKS,
  rows: number,
  given: Record<string, number[]>,
): Record<string, ColumnInput> {
  return Object.fromEntries(
    type.fields.map(({ name, type: field }) => {
      const each = field.kind === 'array' ? field.shape[0]! : 1;
      const isFloat = field.kind === 'float' || field.kind === 'array';
      const values = Array.from({ length: rows * each }, () =>
        isFloat ? random.normal(0, 50) : random.below(1000),
      );
      return [name, given[name] ?? values];
    }),
  );
}

/** Ids of events and particles: events out of order, some interleaved, some without tracks or without trajectories. */
function ids(random: Random): Record<'tracks' | 'trajectories', Record<string, number[]>> {
  const tracks: [number, number][] = [];
  const trajectories: [number, number][] = [];
  for (const event of [12, 5, 77, 4_000_000_000, 6, 31, 8]) {
    for (let particle = 0; particle < 5; particle++) {
      if (event !== 31) trajectories.push([event, particle]);
      const segments = event === 8 ? 0 : random.below(6);
      for (let i = 0; i < segments; i++) tracks.push([event, particle]);
    }
  }
  // An event whose rows do not stand together.
  tracks.push([12, 3], [31, 1], [12, 0]);
  trajectories.push([12, 9]);
  const columns = (rows: [number, number][]): Record<string, number[]> => ({
    eventID: rows.map(([event]) => event),
    trackID: rows.map(([, particle]) => particle),
  });
  return { tracks: columns(tracks), trajectories: columns(trajectories) };
}

/** Writes the file; returns its rows of packets. */
export function writeSimulated(path: string, seed: number, faults: Faults = {}): number {
  const random = createRandom(seed);
  const settings = simulateParams({ seconds: 2, tiles: 4, chips: 3, seed });
  const { rowSize, packetType } = packetFields24();
  const file = createH5(path);
  try {
    file.group('_header', { version: '2.4' });
    const packets = file.stream('packets', compound(PACKET_FIELDS.map(([n, t]) => [n, t])), []);
    const types: number[] = [];
    for (const block of packetsOf(settings, anodeOf(settings))) {
      const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
      for (let at = 0; at < block.length; at += rowSize) {
        view.setUint32(at + 26, types.length, true);
        types.push(block[at + packetType]!);
      }
      packets.append(block);
    }
    const none = { eventID: [], trackID: [] };
    const { tracks, trajectories } = faults.empty
      ? { tracks: none, trajectories: none }
      : ids(random);
    const rows = tracks['eventID'].length;
    const write = (
      name: 'tracks' | 'trajectories',
      type: typeof TRACKS,
      given: typeof tracks,
    ): void => {
      if (faults.without === name) return;
      const n = given['eventID'].length;
      file.stream(name, type, []).appendColumns(randomRows(random, type, n, given));
    };
    write('tracks', TRACKS, tracks);
    write('trajectories', TRAJECTORIES, trajectories);
    const track_ids: number[] = [];
    const fraction: number[] = [];
    const kept = types.length - (faults.shorter ?? 0);
    for (let row = 0; row < kept; row++) {
      const used = types[row] === 0 && rows > 0 ? random.below(SLOTS / 2) : 0;
      // Slots in no order, holes between them, shares of nothing, now and then one track twice.
      for (let slot = 0; slot < SLOTS; slot++) {
        const isUsed = slot < 2 * used && random.uniform() < 0.6;
        track_ids.push(isUsed ? random.below(rows) : -1);
        fraction.push(isUsed && random.uniform() < 0.8 ? random.uniform() - 0.1 : 0);
      }
    }
    if (faults.track !== undefined) {
      const at = SLOTS * Math.floor(kept / 2);
      track_ids[at] = faults.track;
      fraction[at] = 0.5;
    }
    file.stream('mc_packets_assn', ASSOCIATIONS, []).appendColumns({ track_ids, fraction });
    file.close();
    return types.length;
  } catch (error) {
    file.abort();
    throw error;
  }
}
