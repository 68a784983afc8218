/** What is known of each pixel that has hits: calibration and place, asked once per pixel, with what is missing counted. */
import { TaskError } from 'tg';
import { entriesOf, numbersIn, type CalibrationFile } from './calibration.ts';
import type { Pixel } from './hits.ts';
import { placeOf, type Layout, type NoPlace } from './layout.ts';
import { CHANNELS, pixelKey, type Address } from './pixel-key.ts';

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

export interface PixelSurvey {
  describe: (address: Address) => Pixel;
  /** Pixels asked for. */
  pixels: number;
  noPedestal: number;
  noConfiguration: number;
  /** The first entry that cannot be used; the survey goes on, so that the rest is known too. */
  mistake: TaskError | undefined;
  /** Those without a place in the layout: number in the order asked, address, and why. */
  unplaced: { pixel: number; address: Address; why: NoPlace }[];
}

const ORIGIN = { x: 0, y: 0 };

export function createPixelSurvey(sources: SurveySources): PixelSurvey {
  const { pedestals, configurations, layout, defaults } = sources;
  const configured = entriesOf(configurations);
  const pedestalOf = numbersIn(pedestals, entriesOf(pedestals), 'pedestal_mv');
  const vrefOf = numbersIn(configurations, configured, 'vref_mv');
  const vcmOf = numbersIn(configurations, configured, 'vcm_mv');
  const survey: PixelSurvey = {
    describe,
    pixels: 0,
    noPedestal: 0,
    noConfiguration: 0,
    mistake: undefined,
    unplaced: [],
  };
  return survey;

  function valueOf(
    numberOf: (key: number) => number | undefined,
    { channelId }: Address,
    key: number,
  ): number | undefined {
    if (channelId >= CHANNELS && !sources.upstream) return undefined;
    try {
      return numberOf(key);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      survey.mistake ??= error;
      // There, and of no use: it is not missing.
      return NaN;
    }
  }

  function describe(address: Address): Pixel {
    const key = pixelKey(address);
    const pedestal = valueOf(pedestalOf, address, key);
    if (pedestal === undefined) survey.noPedestal++;
    const vref = valueOf(vrefOf, address, key);
    const vcm = valueOf(vcmOf, address, key);
    if (vref === undefined || vcm === undefined) survey.noConfiguration++;
    const place = layout === null ? ORIGIN : placeOf(layout, address);
    const isPlaced = typeof place !== 'string';
    if (!isPlaced) survey.unplaced.push({ pixel: survey.pixels, address, why: place });
    survey.pixels++;
    return {
      pedestal: pedestal ?? defaults.pedestal,
      vref: vref ?? defaults.vref,
      vcm: vcm ?? defaults.vcm,
      x: isPlaced ? place.x : 0,
      y: isPlaced ? place.y : 0,
    };
  }
}
