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

export async function readEvents(
  path: string,
  place: string,
): Promise<ScanHead & { scan: ScannedEvents }> {
  const file = await openH5(path);
  try {
    const events = (name: string): ArrayLike<number> => numbers(file, place, name);
    const times = (name: string): ArrayLike<bigint> => file.table(place).columnBig(name);
    const pieces = (name: string): ArrayLike<number> => numbers(file, `${place}/pieces`, name);
    return {
      ...headOf(file, place),
      scan: {
        event: events('event'),
        firstPiece: events('first_piece'),
        pieces: events('pieces'),
        has: events('has'),
        getId: events('get_id'),
        fribId: events('frib_id'),
        fribTimestamp: events('frib_timestamp'),
        timestamp: times('timestamp'),
        timestampOther: times('timestamp_other'),
        kind: pieces('kind'),
        placed: pieces('placed'),
        offset: pieces('offset'),
        rows: pieces('rows'),
        columns: pieces('columns'),
      },
    };
  } finally {
    file.close();
  }
}

function headOf(file: H5File, place: string): ScanHead {
  const { format, findings } = file.attributes(place) as { format: Format; findings: string };
  return { format, findings: JSON.parse(findings) as Finding[] };
}

const numbers = (file: H5File, place: string, name: string): ArrayLike<number> =>
  file.table(place).column(name) as ArrayLike<number>;
