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
  readonly rows: number;
  /** Payload of all events, bytes. */
  readonly bytes: number;
  add(event: number, headers: Headers, pieces: readonly PiecePlace[]): void;
  events(): Record<string, ColumnInput>;
  pieces(): Record<string, ColumnInput>;
}

export const pieceBytes = ({ shape }: Pick<PiecePlace, 'shape'>): number =>
  shape.reduce((n, d) => n * d, ITEM);

export function eventColumns(): EventColumns {
  const event: number[] = [];
  const bytes: number[] = [];
  const firstPiece: number[] = [];
  const count: number[] = [];
  const has: number[] = [];
  const getId: number[] = [];
  const fribId: number[] = [];
  const fribTime: number[] = [];
  const time: bigint[] = [];
  const other: bigint[] = [];
  const kind: number[] = [];
  const placed: number[] = [];
  const offset: number[] = [];
  const rows: number[] = [];
  const columns: number[] = [];
  let total = 0;
  return {
    get rows() {
      return event.length;
    },
    get bytes() {
      return total;
    },
    add(number, { get, frib }, pieces) {
      const payload = pieces.reduce((n, piece) => n + pieceBytes(piece), 0);
      event.push(number);
      bytes.push(payload);
      total += payload;
      firstPiece.push(kind.length);
      count.push(pieces.length);
      has.push((get === undefined ? 0 : HAS_GET) | (frib === undefined ? 0 : HAS_FRIB));
      getId.push(get?.id ?? 0);
      time.push(get?.timestamp ?? 0n);
      other.push(get?.other ?? 0n);
      fribId.push(frib?.id ?? 0);
      fribTime.push(frib?.timestamp ?? 0);
      for (const piece of pieces) {
        kind.push(piece.kind);
        placed.push(piece.offset === undefined ? 0 : 1);
        offset.push(piece.offset ?? 0);
        rows.push(piece.shape[0] ?? 1);
        columns.push(piece.shape[1] ?? 0);
      }
    },
    events: () => ({
      event,
      bytes,
      first_piece: firstPiece,
      pieces: count,
      has,
      get_id: getId,
      frib_id: fribId,
      frib_timestamp: fribTime,
      timestamp: BigUint64Array.from(time),
      timestamp_other: BigUint64Array.from(other),
    }),
    pieces: () => ({ kind, placed, offset, rows, columns }),
  };
}
