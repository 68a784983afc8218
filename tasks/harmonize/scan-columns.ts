/** Events of a run as columns, and the datasets that they are made of: what a scan fills and a write task reads. Knows no format. */
import { compound, type ColumnInput } from 'tg/h5';
import { ITEM } from './merger-formats.ts';

/** Headers of an event. GET: id u4, times u8 of 10 ns; FRIB: id u4, time u4. */
export interface Headers {
  get?: { id: number; timestamp: bigint; other: bigint };
  frib?: { id: number; timestamp: number };
}

/** One dataset of an event. */
export interface PiecePlace {
  /** Place in PIECES. */
  kind: number;
  /** Offset in the file; undefined: not in one piece of the right type, so it is read by its path. */
  offset: number | undefined;
  /** Number of values along each axis. */
  shape: readonly number[];
}

export const EVENT = compound([
  ['event', 'u8'],
  ['bytes', 'u8'],
  ['first_piece', 'u8'],
  ['pieces', 'u1'],
  ['has', 'u1'],
  ['get_id', 'u4'],
  ['frib_id', 'u4'],
  ['frib_timestamp', 'u4'],
  ['timestamp', 'u8'],
  ['timestamp_other', 'u8'],
]);

export const PIECE = compound([
  ['kind', 'u1'],
  ['placed', 'u1'],
  ['offset', 'u8'],
  ['rows', 'u8'],
  ['columns', 'u4'],
]);

/** Bits of `has`. */
export const HAS_GET = 1;
export const HAS_FRIB = 2;

export interface EventColumns {
  /** Events, and their payload in bytes. */
  readonly rows: number;
  readonly bytes: number;
  add(event: number, headers: Headers, pieces: readonly PiecePlace[]): void;
  /** What was added, or since the last block, as columns of EVENT and PIECE. */
  events(): Record<string, ColumnInput>;
  pieces(): Record<string, ColumnInput>;
}

export const pieceBytes = ({ shape }: Pick<PiecePlace, 'shape'>): number =>
  shape.reduce((n, d) => n * d, ITEM);

/** Events in a block. */
const BLOCK = 16384;

const columnsOf = () => ({
  event: {
    event: [] as number[],
    bytes: [] as number[],
    first_piece: [] as number[],
    pieces: [] as number[],
    has: [] as number[],
    get_id: [] as number[],
    frib_id: [] as number[],
    frib_timestamp: [] as number[],
    timestamp: [] as bigint[],
    timestamp_other: [] as bigint[],
  },
  piece: {
    kind: [] as number[],
    placed: [] as number[],
    offset: [] as number[],
    rows: [] as number[],
    columns: [] as number[],
  },
});

/** @param block takes what was added whenever it has become much, and then it is forgotten */
export function eventColumns(block?: (columns: EventColumns) => void): EventColumns {
  let { event, piece } = columnsOf();
  let rows = 0;
  let bytes = 0;
  let pieces = 0;
  const self: EventColumns = {
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    add(number, { get, frib }, places) {
      const payload = places.reduce((n, place) => n + pieceBytes(place), 0);
      event.event.push(number);
      event.bytes.push(payload);
      event.first_piece.push(pieces);
      event.pieces.push(places.length);
      event.has.push((get === undefined ? 0 : HAS_GET) | (frib === undefined ? 0 : HAS_FRIB));
      event.get_id.push(get?.id ?? 0);
      event.timestamp.push(get?.timestamp ?? 0n);
      event.timestamp_other.push(get?.other ?? 0n);
      event.frib_id.push(frib?.id ?? 0);
      event.frib_timestamp.push(frib?.timestamp ?? 0);
      for (const { kind, offset, shape } of places) {
        piece.kind.push(kind);
        piece.placed.push(offset === undefined ? 0 : 1);
        piece.offset.push(offset ?? 0);
        piece.rows.push(shape[0] ?? 1);
        piece.columns.push(shape[1] ?? 0);
      }
      rows++;
      bytes += payload;
      pieces += places.length;
      if (block === undefined || rows % BLOCK !== 0) return;
      block(self);
      ({ event, piece } = columnsOf());
    },
    events: () => ({
      ...event,
      timestamp: BigUint64Array.from(event.timestamp),
      timestamp_other: BigUint64Array.from(event.timestamp_other),
    }),
    pieces: () => ({ ...piece }),
  };
  return self;
}
