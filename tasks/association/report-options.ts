/** The options of `tg report charge-light`, from text. Knows no files. */
import { TaskError } from 'tg';
import type { IntegralRules } from './light-integrals.ts';

/** Channels that are sums of the others (README of module0_flow). */
const SUMS = [31, 24, 15, 8, 63, 56, 47, 40];
/** Samples before the light comes, of a waveform that is long enough. */
const PEDESTAL = 80;

export interface ReportOptions extends IntegralRules {
  bins: readonly [across: number, down: number];
  isLog: boolean;
}

/**
 * @param texts by name: `channels` 31,24, `pedestal` 0:80, `raw`, `bins` 60x60, `log-z`
 * @param shape channels of an ADC and samples of a waveform
 * @throws TaskError for what is none of them or not in the file
 */
export function reportOptions(
  texts: Readonly<Record<string, string>>,
  [channels, samples]: readonly [channels: number, samples: number],
): ReportOptions {
  const refuse = (name: string, be: string, fix: string): TaskError =>
    new TaskError(`--${name} must be ${be}, not "${texts[name] ?? ''}"`, {
      code: 'bad-flag',
      try: `--${name} ${fix}`,
    });
  const chosen = texts['channels']?.split(',').map((text) => (/^\d+$/.test(text) ? +text : NaN));
  if (chosen?.some((channel) => !(channel < channels)) === true)
    throw refuse('channels', `channels from 0 to ${channels - 1}`, '31,24,15,8');
  const range = /^(\d+):(\d+)$/.exec(texts['pedestal'] ?? `0:${defaultPedestal(samples)}`);
  const [from, to] = [Number(range?.[1]), Number(range?.[2])];
  if (!(from < to && to <= samples))
    throw refuse('pedestal', `samples A:B of 0:${samples}`, `0:${defaultPedestal(samples)}`);
  const bins = /^(\d{1,4})x(\d{1,4})$/.exec(texts['bins'] ?? '60x60');
  const [across, down] = [Number(bins?.[1]), Number(bins?.[2])];
  if (!(across > 0 && down > 0)) throw refuse('bins', 'columns and rows', '60x60');
  return {
    channels: chosen ?? SUMS.filter((channel) => channel < channels),
    pedestal: texts['raw'] === undefined ? [from, to] : undefined,
    bins: [across, down],
    isLog: texts['log-z'] !== undefined,
  };
}

/** A quarter of a short waveform. */
const defaultPedestal = (samples: number): number =>
  Math.max(1, Math.min(PEDESTAL, Math.floor(samples / 4)));
