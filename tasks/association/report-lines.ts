/** The numbers of a charge-light report as lines of text. Knows no tables. */
import { grouped, measured, type Statistics } from 'tg/figures';
import type { Correlation } from './correlation.ts';

export interface ChargeLightNumbers extends Correlation {
  charge_events: number;
  charge_events_with_light: number;
  triggers: number;
  triggers_with_light: number;
  light_events: number;
  light_events_with_trigger: number;
  /** Of those that have waveforms. */
  light_events_without_an_adc: number;
  light_events_without_waveform: number;
  light_events_before_sync: number;
  saturated_waveforms: number;
  /** Charge events with 0, 1, and 2 light events or more. */
  lights_per_event: readonly number[];
  /** light - trigger, ticks of 0.1 us and s. */
  residual: { ts: Statistics | undefined; unix: Statistics | undefined };
  windows: { unix: number | null; ts: number | null };
  /** Charge events with light, which the correlation is over. */
  points: number;
  channels: readonly number[];
  pedestal: readonly [number, number] | null;
}

export function reportLines(numbers: ChargeLightNumbers): string[] {
  const { charge_events: events, triggers, light_events: light } = numbers;
  const matched = (n: number, of: number, things: string): string => {
    const share = of === 0 ? '' : ` (${((100 * n) / of).toFixed(1)} %)`;
    return `${plural(of, things)}, ${grouped(n)} with light${share}`;
  };
  const [none, one, more] = numbers.lights_per_event.map(grouped);
  const odd = [
    `${grouped(numbers.light_events_without_an_adc)} lack an ADC`,
    `${grouped(numbers.saturated_waveforms)} saturated`,
    ...(numbers.light_events_without_waveform > 0
      ? [`${grouped(numbers.light_events_without_waveform)} have no waveform`]
      : []),
    ...(numbers.light_events_before_sync > 0
      ? [`${grouped(numbers.light_events_before_sync)} before the first SYNC`]
      : []),
  ];
  const { ts, unix } = numbers.residual;
  return [
    `${matched(numbers.charge_events_with_light, events, 'charge event')}; ${matched(numbers.triggers_with_light, triggers, 'trigger')}`,
    `${plural(light, 'light event')}, ${grouped(numbers.light_events_with_trigger)} with a trigger; ${odd.join('; ')}`,
    `lights per event: 0: ${none}   1: ${one}   2+: ${more}`,
    ...(ts === undefined
      ? []
      : [`light - trigger: ${residual(ts, 1, 'ticks', numbers.windows.ts)}`]),
    ...(unix === undefined ? [] : [`  unix time: ${residual(unix, 2, 's', numbers.windows.unix)}`]),
    correlationLine(numbers),
  ];
}

const shown = (n: number): string => (Math.abs(n) < 100 ? measured(n) : grouped(Math.round(n)));

const plural = (n: number, thing: string): string => `${grouped(n)} ${thing}${n === 1 ? '' : 's'}`;

/** `mean -0.41, RMS 3.93, range -10.0..+3.7 ticks (window 10)`. */
function residual(
  { mean, rms, least, greatest }: Statistics,
  digits: number,
  unit: string,
  window: number | null,
): string {
  const signed = (n: number): string => `${n < 0 ? '-' : '+'}${Math.abs(n).toFixed(digits)}`;
  const inside = window === null ? '' : ` (window ${window})`;
  return `mean ${mean.toFixed(2)}, RMS ${rms.toFixed(2)}, range ${signed(least)}..${signed(greatest)} ${unit}${inside}`;
}

function correlationLine({
  points,
  pearson,
  spearman,
  ratio,
  spread,
}: Correlation & { points: number }): string {
  if (Number.isNaN(pearson)) return `${plural(points, 'point')}: no correlation of so few`;
  const slope = `light/charge ${shown(ratio)} +- ${shown(spread)} ADC/mV (median)`;
  return `r ${pearson.toFixed(3)} (Pearson), ${spearman.toFixed(3)} (Spearman); ${slope}`;
}
