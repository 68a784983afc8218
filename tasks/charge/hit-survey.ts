/** What the table of hits says, read once, block by block: the charge spectrum and how often each pixel was hit. Knows its columns, no figures. */
import { growingHistogram } from 'tg/figures';
import type { Bins } from 'tg/figures';
import type { Table } from 'tg/h5';
import { numberColumn } from './number-column.ts';
import type { NumberColumn } from './number-column.ts';

/** One pixel that was hit. */
export interface HitPixel {
  /** io_group-io_channel-chip-channel. */
  name: string;
  hits: number;
  /** Where its first hit lies, mm. */
  px: number;
  py: number;
}

export interface HitSurvey {
  charge: { bins: Bins; counts: readonly number[] };
  /** Most hits first, then by name in the order of the detector. */
  pixels: readonly HitPixel[];
  numbers: {
    hit_charge_mv: { mean: number; rms: number } | undefined;
    pixels: number;
    noisiest: readonly { pixel: string; hits: number; share: number }[];
  };
}

/** Finest bins of the charge spectrum, mV: well below what one ADC count is. */
const FINEST = 0.5;
const MOST_BINS = 120;
const NOISIEST = 10;

export function surveyHits(table: Table): HitSurvey {
  const spectrum = growingHistogram(FINEST);
  const moments = createMoments();
  const pixelOf = createPixelIndex();
  const found: { key: number; hits: number; px: number; py: number }[] = [];
  let hits = new Uint32Array(1024);
  for (const block of table.blocks()) {
    const column = (name: string): NumberColumn => numberColumn(block, name);
    const q = column('q');
    spectrum.add(q);
    moments.add(q);
    const [px, py] = [column('px'), column('py')];
    const [group, channel] = [column('iogroup'), column('iochannel')];
    const [chip, pad] = [column('chipid'), column('channelid')];
    for (let i = 0; i < block.rows; i++) {
      const key = ((group[i]! * 256 + channel[i]!) * 256 + chip[i]!) * 64 + pad[i]!;
      const pixel = pixelOf(key);
      if (pixel === found.length) {
        found.push({ key, hits: 0, px: px[i]!, py: py[i]! });
        if (pixel === hits.length) hits = doubled(hits);
      }
      hits[pixel]!++;
    }
  }
  found.forEach((pixel, i) => (pixel.hits = hits[i]!));
  found.sort((a, b) => b.hits - a.hits || a.key - b.key);
  const pixels = found.map(({ key, ...pixel }) => ({ name: pixelName(key), ...pixel }));
  return {
    charge: spectrum.result(MOST_BINS),
    pixels,
    numbers: {
      hit_charge_mv: moments.result(),
      pixels: pixels.length,
      noisiest: pixels
        .slice(0, NOISIEST)
        .map(({ name, hits: n }) => ({ pixel: name, hits: n, share: n / table.rows })),
    },
  };
}

const doubled = (counts: Uint32Array): Uint32Array<ArrayBuffer> => {
  const more = new Uint32Array(2 * counts.length);
  more.set(counts);
  return more;
};

/** Keys of one io_group: a table of them is read in a tenth of the time that a Map takes. */
const KEYS = 2 ** 22;
const GROUPS = 256;

/** Numbers keys in the order in which they are first asked for. */
function createPixelIndex(): (key: number) => number {
  const tables: (Int32Array | undefined)[] = [];
  const others = new Map<number, number>();
  let next = 0;
  return (key) => {
    const group = Math.floor(key / KEYS);
    if (!(group >= 0 && group < GROUPS && Number.isInteger(key))) {
      // No chip has such an address; it is counted all the same.
      const known = others.get(key) ?? next++;
      others.set(key, known);
      return known;
    }
    const table = (tables[group] ??= new Int32Array(KEYS));
    const at = key - group * KEYS;
    // 0 is "not yet".
    if (table[at] === 0) table[at] = ++next;
    return table[at]! - 1;
  };
}

/** Mean and spread of values that stream in. */
function createMoments(): {
  add(values: NumberColumn): void;
  result(): { mean: number; rms: number } | undefined;
} {
  let [n, mean, squares] = [0, 0, 0];
  return {
    add(values) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        if (!Number.isFinite(value)) continue;
        const away = value - mean;
        mean += away / ++n;
        squares += away * (value - mean);
      }
    },
    result: () => (n === 0 ? undefined : { mean, rms: Math.sqrt(squares / n) }),
  };
}

/** As larpix-control writes chip keys, and the channel behind it. */
function pixelName(key: number): string {
  const rest = Math.floor(key / 64);
  const chip = rest % 256;
  const channel = Math.floor(rest / 256) % 256;
  return `${Math.floor(rest / 65536)}-${channel}-${chip}-${key % 64}`;
}
