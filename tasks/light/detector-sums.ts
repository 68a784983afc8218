/** Waveforms of channels scaled, and added up to those of detectors. Knows samples, no files. */
import type { Shape } from './light-tables.ts';

/** A channel that is part of a sum. */
export interface Member {
  adc: number;
  channel: number;
  /** Place of the detector: tpc * detectors + detector. */
  place: number;
  gain: number;
}

const f32 = Math.fround;

/**
 * Sum over the valid channels of each detector of samples * gain, in 4-byte numbers, ADC by ADC and channel by channel (module0_flow WaveformSum).
 * @param samples (events, ADCs, channels, samples) @returns (events, places, samples)
 */
export function sumDetectors(
  samples: Float32Array,
  [adcs, channels, length]: Shape,
  valid: Uint8Array,
  members: readonly Member[],
  places: number,
): Float32Array {
  const events = valid.length / (adcs * channels);
  const sums = new Float32Array(events * places * length);
  for (let event = 0; event < events; event++)
    for (const { adc, channel, place, gain } of members) {
      const slot = (event * adcs + adc) * channels + channel;
      if (valid[slot] === 0) continue;
      const from = slot * length;
      const to = (event * places + place) * length;
      const scale = f32(gain);
      for (let i = 0; i < length; i++)
        sums[to + i] = f32(sums[to + i]! + f32(samples[from + i]! * scale));
    }
  return sums;
}

/**
 * Samples of valid channels * gain, in 4-byte numbers; 0 of others (ndlar_flow proto_nd_flow WaveformCalib).
 * @param samples (events, slots, samples) @param gains (slots): ADC by ADC, channel by channel
 */
export function scaleChannels(
  samples: Float32Array,
  length: number,
  valid: Uint8Array,
  gains: Float32Array,
): Float32Array {
  const scaled = new Float32Array(samples.length);
  for (let slot = 0; slot < valid.length; slot++) {
    if (valid[slot] === 0) continue;
    const gain = gains[slot % gains.length]!;
    for (let i = slot * length; i < (slot + 1) * length; i++) scaled[i] = samples[i]! * gain;
  }
  return scaled;
}
