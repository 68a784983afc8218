/** Records that lie back to back in a file, found one after the other; what is damaged or cut short is passed over and counted. Knows no format. */
import type { ByteWindow } from './byte-window.ts';

/** What the beginning of some bytes is: a record (undefined: one of no interest); `short`: at least `length` bytes are needed; `bad`: none. */
export type Step<T> =
  | { kind: 'record'; record: T | undefined; length: number }
  | { kind: 'short'; length: number; waveforms: number }
  | { kind: 'bad' };

export interface Framing<T> {
  /** Bytes that every record has. */
  shortest: number;
  /** First word of a record, u4, that is looked for behind damage. */
  magic: number;
  /** @param isEnd the file has no more than these bytes */
  parse(bytes: Buffer, isEnd: boolean): Step<T>;
}

/** What a file holds besides its records. */
export interface Damage {
  /** Stretches that are no records, and their bytes. */
  places: number;
  bytes: number;
  /** Bytes of a last record that the file ends in, and the waveforms that it would have. */
  cutShort: number;
  cutWaveforms: number;
}

export const noDamage = (): Damage => ({ places: 0, bytes: 0, cutShort: 0, cutWaveforms: 0 });

/** The records of a file in their order; the bytes of each are good until the next one is asked for. */
export function* records<T>(
  window: ByteWindow,
  { shortest, magic, parse }: Framing<T>,
  damage: Damage,
): Generator<T> {
  const { size } = window;
  let asked = shortest;
  /** Where the stretch began that is being passed over. */
  let from: number | undefined;
  /** Waveforms of the record at its beginning, where the end of the file is missing. */
  let cut: number | undefined;
  for (let at = 0; at < size;) {
    const bytes = window.at(at, asked);
    const isEnd = at + bytes.length === size;
    const step = parse(bytes, isEnd);
    if (step.kind === 'short' && !isEnd) {
      asked = step.length;
      continue;
    }
    if (step.kind === 'record') {
      if (from !== undefined) damage.bytes += at - from;
      from = cut = undefined;
      if (step.record !== undefined) yield step.record;
      at += step.length;
      // The next one is most likely as long.
      asked = step.length;
      continue;
    }
    if (from === undefined) {
      [from, cut] = [at, step.kind === 'short' ? step.waveforms : undefined];
      damage.places++;
    }
    at = find(window, at + 1, magic);
    asked = shortest;
  }
  if (from === undefined) return;
  if (cut === undefined) damage.bytes += size - from;
  else {
    damage.places--;
    damage.cutShort = size - from;
    damage.cutWaveforms = cut;
  }
}

const SCAN = 2 ** 16;

/** Where a word stands next, from `from` on; the size of the file when nowhere. */
function find(window: ByteWindow, from: number, magic: number): number {
  const word = Buffer.from(Uint32Array.of(magic).buffer);
  for (let at = from; at < window.size;) {
    const bytes = window.at(at, SCAN);
    const found = bytes.indexOf(word);
    if (found >= 0) return at + found;
    if (at + bytes.length === window.size) break;
    at += bytes.length - word.length + 1;
  }
  return window.size;
}
