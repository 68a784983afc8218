/** Light integrals of light events: sums of samples over chosen channels. Knows rows of light/events and light/wvfm, no files. */

/** Samples at or beyond these are at an end of the converter's range (10 bits, to the left in 16). */
const SATURATED = { above: 32704, below: -32768 };

/** How samples become an integral. */
export interface IntegralRules {
  channels: readonly number[];
  /** The mean of samples [from, to) is taken from every sample of its waveform; undefined: samples as they are. */
  pedestal: readonly [from: number, to: number] | undefined;
}

/** Per light event; `integral` [ADC], ADCs that have a valid waveform, and waveforms with a sample at an end of the range. */
export interface LightIntegrals {
  integral: Float64Array;
  adcs: Uint32Array;
  saturated: Uint32Array;
}

export const createIntegrals = (events: number): LightIntegrals => ({
  integral: new Float64Array(events),
  adcs: new Uint32Array(events),
  saturated: new Uint32Array(events),
});

/** Shape of `samples`: [ADCs, channels, samples]. */
export type WaveformShape = readonly [adcs: number, channels: number, samples: number];

/**
 * Adds waveforms of light events: `valid` (events, ADCs, channels) as u1 and `samples` (events, ADCs, channels, samples) as i2 of the events
 * from `start` on. What is not valid is not there.
 */
export function addIntegrals(
  out: LightIntegrals,
  start: number,
  valid: Uint8Array,
  samples: Int16Array,
  [adcs, channels, length]: WaveformShape,
  rules: IntegralRules,
): void {
  const isChosen = new Uint8Array(channels);
  for (const channel of rules.channels) isChosen[channel] = 1;
  const [from, to] = rules.pedestal ?? [0, 0];
  const events = valid.length / (adcs * channels);
  let at = 0;
  for (let event = start; event < start + events; event++) {
    for (let adc = 0; adc < adcs; adc++) {
      let any = 0;
      for (let channel = 0; channel < channels; channel++, at++) {
        if (valid[at] === 0) continue;
        any = 1;
        const first = at * length;
        if (isSaturated(samples, first, first + length)) out.saturated[event]!++;
        if (isChosen[channel] === 0) continue;
        const sum = sumOf(samples, first, first + length);
        const pedestal = sumOf(samples, first + from, first + to);
        out.integral[event]! += to > from ? sum - (pedestal / (to - from)) * length : sum;
      }
      out.adcs[event]! += any;
    }
  }
}

function sumOf(samples: Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += samples[i]!;
  return sum;
}

/** Four samples at a time and without a branch: of each, a difference is below 0 when it is at an end. Every sample of a file goes through here. */
function isSaturated(samples: Int16Array, from: number, to: number): boolean {
  const [above, below] = [SATURATED.above - 1, SATURATED.below + 1];
  const most = to - ((to - from) % 4);
  let any = 0;
  for (let i = from; i < most; i += 4) {
    const a = samples[i]!;
    const b = samples[i + 1]!;
    const c = samples[i + 2]!;
    const d = samples[i + 3]!;
    any |= (above - a) | (a - below) | (above - b) | (b - below);
    any |= (above - c) | (c - below) | (above - d) | (d - below);
  }
  for (let i = most; i < to; i++) any |= (above - samples[i]!) | (samples[i]! - below);
  return any < 0;
}
