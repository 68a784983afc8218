/** ADC64 and MPD files of a run as streams of records, and what is said of their losses. Knows files, no events. */
import { basename } from 'node:path';
import type { TaskContext } from 'tg';
import { openWindow, type ByteWindow } from './byte-window.ts';
import type { Losses } from './event-rows.ts';
import { noDamage, records, type Damage, type Framing } from './framing.ts';

/** A file that is read once, with what was found damaged in it. */
export interface DeviceFile<T> {
  name: string;
  window: ByteWindow;
  damage: Damage;
  /** The records; the bytes of each are good until the next one is asked for. */
  stream: Generator<T>;
}

export function openDevices<T>(path: string, framing: Framing<T>): DeviceFile<T> {
  const window = openWindow(path);
  const damage = noDamage();
  return { name: basename(path), window, damage, stream: records(window, framing, damage) };
}

/** The first records of a file are enough to know it by. */
const FIRST = 8;

/** What `look` makes of the first records of a file, which is opened by itself. */
export function firstRecords<T, R>(
  path: string,
  framing: Framing<T>,
  look: (record: T) => R,
): { size: number; found: R[] } {
  const { window, stream } = openDevices(path, framing);
  try {
    const found: R[] = [];
    for (const record of stream) if (found.push(look(record)) === FIRST) break;
    return { size: window.size, found };
  } finally {
    window.close();
  }
}

/** The value that most of a list have, the first of equal ones: a damaged record does not speak for its file. */
export function commonest(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: number | undefined;
  for (const [value, n] of counts) if (best === undefined || n > counts.get(best)!) best = value;
  return best;
}

type Damaged = Omit<DeviceFile<unknown>, 'stream'>;

/** Tells which waveforms are in no event, and what the files hold besides records; all of it, by reason, for the attribute `lost`. */
export function tellLosses(
  context: TaskContext,
  files: readonly Damaged[],
  losses: Losses,
  placed: number,
): Record<string, number> {
  let [damaged, cut] = [0, 0];
  for (const { name, window, damage } of files) {
    const { places, bytes, cutShort } = damage;
    const where = `${places} ${places === 1 ? 'place' : 'places'}`;
    if (bytes > 0)
      context.note(`bytes of ${name} are no records, in ${where}: passed over`, bytes, window.size);
    if (cutShort > 0)
      context.note(`bytes of ${name} are a last record cut short: left out`, cutShort, window.size);
    losses['in a record cut short'] += damage.cutWaveforms;
    damaged += bytes;
    cut += cutShort;
  }
  const lost = Object.values(losses).reduce((sum, n) => sum + n, 0);
  for (const [reason, n] of Object.entries(losses))
    if (n > 0) context.lost(n, placed + lost, reason);
  return { ...losses, 'damaged, bytes': damaged, 'cut short, bytes': cut };
}
