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
        let sum = 0;
        let least = 0;
        let greatest = 0;
        for (let i = first; i < first + length; i++) {
          const sample = samples[i]!;
          sum += sample;
          if (sample < least) least = sample;
          else if (sample > greatest) greatest = sample;
        }
        if (least <= SATURATED.below || greatest >= SATURATED.above) out.saturated[event]!++;
        if (isChosen[channel] === 0) continue;
        let pedestal = 0;
        for (let i = first + from; i < first + to; i++) pedestal += samples[i]!;
        out.integral[event]! += to > from ? sum - (pedestal / (to - from)) * length : sum;
      }
      out.adcs[event]! += any;
    }
  }
}
