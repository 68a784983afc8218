/** A harmonic file: events copied from merged runs, with the headers that Spyral reads. Bytes go through one buffer; the same events give the same file. */
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { createH5, dtype, type Typed, type Written } from 'tg/h5';
import { ITEM, PIECES } from './merger-formats.ts';
import { HAS_FRIB, HAS_GET } from './scan-columns.ts';

/** Columns of a scan, as a write task reads them. */
export interface ScannedEvents {
  event: ArrayLike<number>;
  firstPiece: ArrayLike<number>;
  pieces: ArrayLike<number>;
  has: ArrayLike<number>;
  getId: ArrayLike<number>;
  fribId: ArrayLike<number>;
  fribTimestamp: ArrayLike<number>;
  timestamp: ArrayLike<bigint>;
  timestampOther: ArrayLike<bigint>;
  kind: ArrayLike<number>;
  placed: ArrayLike<number>;
  offset: ArrayLike<number>;
  rows: ArrayLike<number>;
  columns: ArrayLike<number>;
}

/** Events [first, first + events) of a run, and the file that they lie in. */
export interface SourceEvents {
  run: number;
  path: string;
  first: number;
  events: number;
  scan: ScannedEvents;
  /** Values of a dataset that does not lie in one piece, as 16-bit numbers, little endian. */
  read(event: number, kind: number): Uint8Array;
}

export type Layout = '1.0' | '2.0';

/** What the files call themselves: readers go by it. */
export const VERSIONS: { readonly [layout in Layout]: string } = {
  '1.0': 'harmonizer:0.1.0',
  // The reader of merged runs of 2.0 takes it as one of them; `harmonizer` tells the two apart.
  '2.0': 'libattpc_merger:2.0',
};
export const HARMONIZER = 'harmonizer:0.1.0';

const number = (type: string): ((value: number | bigint) => Typed) => {
  const found = dtype(type);
  const size = Number(type.slice(1));
  return (value) => {
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    if (size === 8) view.setBigUint64(0, BigInt(value), true);
    else view.setUint32(0, Number(value), true);
    return { dtype: found, shape: [], bytes };
  };
};
const u4 = number('u4');
const u8 = number('u8');
const i4 = number('i4');

/**
 * @param progress called with the events written so far
 * @throws H5Error when it cannot be written, or an input cannot be read
 */
export async function writeHarmonic(
  path: string,
  sources: Iterable<SourceEvents> | AsyncIterable<SourceEvents>,
  layout: Layout,
  told: { progress?: (events: number) => void; signal?: AbortSignal } = {},
): Promise<{ written: Written; events: number; bytes: number }> {
  const out = createH5(path);
  let buffer = new Uint8Array(1 << 20);
  let events = 0;
  let bytes = 0;
  try {
    out.group('events');
    for await (const source of sources) {
      const fd = openSync(source.path, 'r');
      try {
        for (let i = source.first; i < source.first + source.events; i++) {
          const at = `/events/event_${events}`;
          writeHeaders(out, at, source, i, layout);
          const { scan } = source;
          const from = scan.firstPiece[i]!;
          for (let p = from; p < from + scan.pieces[i]!; p++) {
            const size = ITEM * scan.rows[p]! * (isFlat(scan, p) ? 1 : scan.columns[p]!);
            if (size > buffer.length) buffer = new Uint8Array(2 * size);
            const space = buffer.subarray(0, size);
            const data =
              scan.placed[p] === 1
                ? readPiece(fd, scan.offset[p]!, space, source.path)
                : source.read(scan.event[i]!, scan.kind[p]!);
            writePiece(out, at, source, i, p, data);
            bytes += size;
          }
          out.finish(at);
          events++;
          told.progress?.(events);
          // The signal is heard between events only when others may speak.
          if (events % 256 === 0) {
            await setImmediate();
            told.signal?.throwIfAborted();
          }
        }
      } finally {
        closeSync(fd);
      }
    }
    out.group('events', {
      min_event: u8(0),
      // One past the last: Spyral's loop leaves it out.
      max_event: u8(events),
      version: VERSIONS[layout],
      ...(layout === '2.0' ? { harmonizer: HARMONIZER } : {}),
    });
    return { written: out.close(), events, bytes };
  } catch (error) {
    out.abort();
    throw error;
  }
}

const isFlat = (scan: ScannedEvents, p: number): boolean => PIECES[scan.kind[p]!]!.rank === 1;

type Output = ReturnType<typeof createH5>;

function writeHeaders(
  out: Output,
  at: string,
  { run, scan }: SourceEvents,
  i: number,
  layout: Layout,
): void {
  out.group(at, { orig_run: i4(run), orig_event: u8(scan.event[i]!) });
  if (layout === '2.0' && (scan.has[i]! & HAS_GET) !== 0)
    out.group(`${at}/get`, getHeader(scan, i));
  if ((scan.has[i]! & HAS_FRIB) !== 0) {
    const id = u4(scan.fribId[i]!);
    // The merger and its readers know `id`, the harmonizer wrote `event`.
    const timestamp = u4(scan.fribTimestamp[i]!);
    out.group(`${at}/frib_physics`, { id, event: id, timestamp });
  }
}

const getHeader = (scan: ScannedEvents, i: number): Record<string, Typed> => ({
  id: u4(scan.getId[i]!),
  timestamp: u8(scan.timestamp[i]!),
  timestamp_other: u8(scan.timestampOther[i]!),
});

function writePiece(
  out: Output,
  at: string,
  { scan }: SourceEvents,
  i: number,
  p: number,
  data: Uint8Array,
): void {
  const { name, group, type } = PIECES[scan.kind[p]!]!;
  const shape = isFlat(scan, p) ? [scan.rows[p]!] : [scan.rows[p]!, scan.columns[p]!];
  const attributes = group === '' ? getHeader(scan, i) : {};
  out.dataset(join(at, group, name), type, shape, data, { attributes });
}

const join = (...parts: string[]): string => parts.filter((part) => part !== '').join('/');

function readPiece(fd: number, offset: number, into: Uint8Array, path: string): Uint8Array {
  for (let at = 0; at < into.length;) {
    const n = readSync(fd, into, at, into.length - at, offset + at);
    if (n === 0) throw new Error(`${path} became shorter while it was read`);
    at += n;
  }
  return into;
}
