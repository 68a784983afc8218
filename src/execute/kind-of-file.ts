/** What a file given by `-i` is, by its content: packets, or a flow file with its tables. Knows formats, no procedures. */
import { closeSync, openSync, readSync } from 'node:fs';

export type FileKind =
  | { kind: 'packets'; rows: number; version: string | undefined }
  /** Waveforms: rows of `/rwf`, one per triggered channel; the records of one ADC (ADC64), by its serial number; or those of all (MPD). */
  | { kind: 'light_raw'; format: 'rwf'; rows: number }
  | { kind: 'light_raw'; format: 'adc64'; adc: number }
  | { kind: 'light_raw'; format: 'mpd' }
  /** Tables as `charge/hits`; `others`: groups with attributes alone (`run_info`) and datasets that stand by themselves. */
  | {
      kind: 'flow';
      tables: readonly string[];
      others: readonly string[];
      /** As `charge/events/ref/light/events`. */
      relations: readonly string[];
      /** Form of its relations, where it has any. */
      refs: 'region' | 'pairs' | undefined;
    }
  /** `why`: HDF5 by its name or its first bytes, and not to be read. */
  | { kind: 'unknown'; why?: { message: string; try: string | undefined } };

const SIGNATURE = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);

function isHdf5(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(8);
    // Files with a user block have the signature at 512, 1024, 2048 ..
    for (let at = 0; at <= 65_536; at = at === 0 ? 512 : at * 2) {
      if (readSync(fd, head, 0, 8, at) < 8) return false;
      if (head.equals(SIGNATURE)) return true;
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

/** First words of MPD files: run start, file begin, event. */
const MPD = new Set([0x72617453, 0x67654246, 0x2a50d5af]);
/** 16 bytes into a record of ADC64; the serial number of the ADC follows 8 bytes behind. */
const ADC64 = 0x2a502a50;

/** Raw light data, which have no names in them, by their first record. */
function lightKind(path: string): FileKind {
  const head = Buffer.alloc(32);
  const fd = openSync(path, 'r');
  try {
    if (readSync(fd, head, 0, head.length, 0) < head.length) return { kind: 'unknown' };
  } finally {
    closeSync(fd);
  }
  if (MPD.has(head.readUInt32LE(0))) return { kind: 'light_raw', format: 'mpd' };
  return head.readUInt32LE(16) === ADC64
    ? { kind: 'light_raw', format: 'adc64', adc: head.readUInt32LE(28) }
    : { kind: 'unknown' };
}

/** @throws an error of the file system */
export async function kindOfFile(path: string): Promise<FileKind> {
  if (!isHdf5(path) && !/\.(h5|hdf5)$/i.test(path)) return lightKind(path);
  const { openH5 } = await import('../h5/index.ts');
  let file;
  try {
    file = await openH5(path);
  } catch (error) {
    const { message, try: fix } = error as Error & { try?: string };
    return { kind: 'unknown', why: { message, try: fix } };
  }
  try {
    if (file.kind('/packets') === 'dataset') {
      const version = file.has('/_header') ? file.attributes('/_header')['version'] : undefined;
      const rows = file.dataset('/packets').shape[0] ?? 0;
      return {
        kind: 'packets',
        rows,
        version:
          typeof version === 'string' || typeof version === 'number' ? String(version) : undefined,
      };
    }
    if (file.kind('/rwf') === 'dataset')
      return { kind: 'light_raw', format: 'rwf', rows: file.dataset('/rwf').shape[0] ?? 0 };
    const tables: string[] = [];
    const rest: string[] = [];
    const relations: string[] = [];
    let refs: 'region' | 'pairs' | undefined;
    for (const { path: at, kind } of file.walk()) {
      if (/\/ref\/.*\/ref_(?:valid|region)$/s.test(at))
        refs = at.endsWith('_region') ? 'pairs' : 'region';
      if (kind === 'dataset' && /\/ref\/.*\/ref$/s.test(at))
        relations.push(at.slice(1, -'/ref'.length));
      if (at === '/' || `${at}/`.includes('/ref/')) continue;
      if (kind === 'dataset' && /.\/data$/s.test(at)) tables.push(at.slice(1, -'/data'.length));
      else if (kind === 'dataset' || Object.keys(file.attributes(at)).length > 0)
        rest.push(at.slice(1));
    }
    const known = new Set(tables);
    const others = rest.filter((at) => !known.has(at));
    return tables.length > 0
      ? { kind: 'flow', tables, others, relations, refs }
      : { kind: 'unknown' };
  } finally {
    file.close();
  }
}

/** Does a file carry the mark of tg? */
export async function isMadeByTg(path: string): Promise<boolean> {
  if (!isHdf5(path)) return false;
  const { openH5 } = await import('../h5/index.ts');
  try {
    const file = await openH5(path);
    const has = file.attributes('/')['tg'] !== undefined;
    file.close();
    return has;
  } catch {
    return false;
  }
}
