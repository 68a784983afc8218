/** What is known of each pixel that has hits: calibration and place, looked up once per pixel, with what is missing counted. */
import { readAgain, TaskError, type ReadAgain } from 'tg';
import { entriesOf, numbersIn, type CalibrationFile } from './calibration.ts';
import { createPixelTable, type Pixel, type PixelTable } from './hits.ts';
import { placeOf, type Layout, type NoPlace } from './layout.ts';
import { CHANNELS, pixelKey, addressOf, type Address } from './pixel-key.ts';

export interface SurveySources {
  /** {key: {pedestal_mv}}. */
  pedestals: CalibrationFile;
  /** {key: {vref_mv, vcm_mv}}. */
  configurations: CalibrationFile;
  /** null: all pixels are at (0, 0). */
  layout: Layout | null;
  /** Upstream: a channel_id above 63, which no chip has, is looked up under the key of another chip's pixel. */
  upstream: boolean;
  /** mV. */
  defaults: { pedestal: number; vref: number; vcm: number };
}

/** What the pixels with hits lack. */
export interface Lacking {
  pixels: number;
  noPedestal: number;
  noConfiguration: number;
  /** Those without a place in the layout. */
  unplaced: { address: Address; why: NoPlace; hits: number }[];
  /** Of the first pixel with an entry that cannot be used. */
  mistake: TaskError | undefined;
}

export interface PixelSurvey {
  pixels: PixelTable;
  /** To be asked when all hits are made. */
  lacking: () => Lacking;
}

/** What was found of a pixel, as bits. */
const NO_PEDESTAL = 1;
const NO_CONFIGURATION = 2;
const NO_TILE = 4;
const NO_PIXEL = 8;
/** Its entry is there, and of no use. */
const MISTAKEN = 16;

/** The pixels of this thread: the parts of a run have the same calibration, and nearly the same pixels have hits. */
interface Known {
  of: readonly unknown[];
  pixels: PixelTable;
  /** By number of the pixel: its key, its row in either table, and what was found. */
  keys: number[];
  rows: [pedestals: number[], configurations: number[]];
  /** Pixels whose values were not looked up. */
  odd: number[];
  flags: number[];
}
let last: Known | undefined;

const ORIGIN = { x: 0, y: 0 };

export function createPixelSurvey(sources: SurveySources): PixelSurvey {
  const { pedestals, configurations, layout, upstream, defaults } = sources;
  const pedestal = entriesOf(pedestals);
  const configured = entriesOf(configurations);
  const pedestalOf = numbersIn(pedestals, pedestal, 'pedestal_mv');
  const vrefOf = numbersIn(configurations, configured, 'vref_mv');
  const vcmOf = numbersIn(configurations, configured, 'vcm_mv');

  const again = [
    againIn(pedestals, readAgain(pedestal, ['pedestal_mv'])),
    againIn(configurations, readAgain(configured, ['vref_mv', 'vcm_mv'])),
  ].filter((table) => table !== undefined);
  const of = [...again.map(({ content }) => content), layout, upstream, ...Object.values(defaults)];
  const isKnown = last?.of.length === of.length && last.of.every((value, i) => value === of[i]);
  const known: Known = isKnown
    ? last!
    : { of, pixels: createPixelTable(describe), keys: [], rows: [[], []], odd: [], flags: [] };
  last = again.length === 2 ? known : undefined;
  const { pixels, keys, rows, odd, flags } = known;
  /** Pixels below were looked up by an earlier task. */
  const before = pixels.described;
  pixels.describe = describe;
  pixels.hits.fill(0);
  return { pixels, lacking };

  function describe(address: Address): Pixel {
    const isRead = address.channelId < CHANNELS || upstream;
    const key = pixelKey(address);
    if (!isRead) odd.push(flags.length);
    let flag = 0;
    const valueOf = (numberOf: (key: number) => number | undefined): number | undefined => {
      try {
        return isRead ? numberOf(key) : undefined;
      } catch (error) {
        if (!(error instanceof TaskError)) throw error;
        flag |= MISTAKEN;
        return NaN;
      }
    };
    const ped = valueOf(pedestalOf);
    const vref = valueOf(vrefOf);
    const vcm = valueOf(vcmOf);
    if (ped === undefined) flag |= NO_PEDESTAL;
    if (vref === undefined || vcm === undefined) flag |= NO_CONFIGURATION;
    const place = layout === null ? ORIGIN : placeOf(layout, address);
    const isPlaced = typeof place !== 'string';
    if (!isPlaced) flag |= place === 'no tile' ? NO_TILE : NO_PIXEL;
    flags.push(flag);
    keys.push(key);
    rows.forEach((of, i) => of.push(again[i]?.rowOf(key) ?? -1));
    return {
      pedestal: ped ?? defaults.pedestal,
      vref: vref ?? defaults.vref,
      vcm: vcm ?? defaults.vcm,
      x: isPlaced ? place.x : 0,
      y: isPlaced ? place.y : 0,
    };
  }

  function lacking(): Lacking {
    const { hits, index } = pixels;
    const found: Lacking = {
      pixels: 0,
      noPedestal: 0,
      noConfiguration: 0,
      unplaced: [],
      mistake: undefined,
    };
    // What this task looked up itself is told already.
    let isRead = hits;
    if (odd.length > 0) isRead = hits.slice();
    for (const pixel of odd) isRead[pixel] = 0;
    again.forEach(({ read }, i) => read(keys, rows[i]!, isRead, before));
    let mistaken = Infinity;
    for (let pixel = 0; pixel < pixels.described; pixel++) {
      if (hits[pixel] === 0) continue;
      const flag = flags[pixel]!;
      found.pixels++;
      if (flag === 0) continue;
      if ((flag & NO_PEDESTAL) !== 0) found.noPedestal++;
      if ((flag & NO_CONFIGURATION) !== 0) found.noConfiguration++;
      if ((flag & MISTAKEN) !== 0) mistaken = Math.min(mistaken, keys[pixel]!);
      if ((flag & (NO_TILE | NO_PIXEL)) === 0) continue;
      const why = (flag & NO_TILE) !== 0 ? 'no tile' : 'no pixel';
      found.unplaced.push({ address: addressOf(index, pixel), why, hits: hits[pixel]! });
    }
    if (mistaken < Infinity) found.mistake = mistakeOf(mistaken, [pedestalOf, vrefOf, vcmOf]);
    return found;
  }
}

function mistakeOf(
  key: number,
  numbers: ((key: number) => number | undefined)[],
): TaskError | undefined {
  try {
    for (const numberOf of numbers) numberOf(key);
  } catch (error) {
    if (error instanceof TaskError) return error;
    throw error;
  }
  return undefined;
}

/** Of no file there is nothing to read; the content of a file that is no large table is undefined. */
const againIn = ({ path }: CalibrationFile, table: ReadAgain | undefined): ReadAgain | undefined =>
  path === null ? { content: ORIGIN, rowOf: () => -1, read: () => undefined } : table;
