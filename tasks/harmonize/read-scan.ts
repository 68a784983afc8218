/** What a scan task wrote, read again: by the plan its sizes, by a write task all of it. */
import { openH5, type H5File } from 'tg/h5';
import type { Finding } from './findings.ts';
import type { Format } from './merger-formats.ts';
import type { ScannedEvents } from './write-harmonic.ts';

export interface ScanHead {
  format: Format;
  findings: Finding[];
}

/** Payload of each event, bytes, and what was found. */
export async function readSizes(
  path: string,
  place: string,
): Promise<ScanHead & { bytes: ArrayLike<number> }> {
  const file = await openH5(path);
  try {
    return { ...headOf(file, place), bytes: numbers(file, place, 'bytes') };
  } finally {
    file.close();
  }
}

/** Events at a time: what they cost in memory does not grow with the run. */
const BLOCK = 16384;

/** Events [first, first + events) of a run in blocks, with their number in the block. */
export async function* readEvents(
  path: string,
  place: string,
  first: number,
  events: number,
): AsyncIterable<ScanHead & { scan: ScannedEvents; events: number }> {
  const file = await openH5(path);
  try {
    const head = headOf(file, place);
    for (let at = first; at < first + events; at += BLOCK) {
      const count = Math.min(BLOCK, first + events - at);
      yield { ...head, events: count, scan: blockOf(file, place, at, count) };
    }
  } finally {
    file.close();
  }
}

function blockOf(file: H5File, place: string, at: number, count: number): ScannedEvents {
  const rows = file.table(place).read(at, count);
  const column = (name: string): ArrayLike<number> => rows.column(name) as ArrayLike<number>;
  const times = (name: string): ArrayLike<bigint> => rows.columnBig(name);
  const [first, pieces] = [column('first_piece'), column('pieces')];
  const from = first[0]!;
  const to = first[count - 1]! + pieces[count - 1]!;
  const places = file.table(`${place}/pieces`).read(from, to - from);
  const piece = (name: string): ArrayLike<number> => places.column(name) as ArrayLike<number>;
  return {
    event: column('event'),
    firstPiece: Array.from(first, (n) => n - from),
    pieces,
    has: column('has'),
    getId: column('get_id'),
    fribId: column('frib_id'),
    fribTimestamp: column('frib_timestamp'),
    timestamp: times('timestamp'),
    timestampOther: times('timestamp_other'),
    kind: piece('kind'),
    placed: piece('placed'),
    offset: piece('offset'),
    rows: piece('rows'),
    columns: piece('columns'),
  };
}

function headOf(file: H5File, place: string): ScanHead {
  const { format, findings } = file.attributes(place) as { format: Format; findings: string };
  return { format, findings: JSON.parse(findings) as Finding[] };
}

const numbers = (file: H5File, place: string, name: string): ArrayLike<number> =>
  file.table(place).column(name) as ArrayLike<number>;
