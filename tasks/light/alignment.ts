/** Where in its waveforms an ADC was triggered: the rising edge of its busy signal. Knows samples and times of events, no files. */
import type { Shape } from './light-tables.ts';

/** Of a block of events: `ns` [ns] per event, `sampleIdx` per event and ADC. */
export interface Alignment {
  ns: Float64Array;
  sampleIdx: Float32Array;
}

/**
 * k = argmax of b[i + 1] - b[i] over the busy waveform b of an ADC, sample_idx = k - b[k] / (b[k + 1] - b[k]): where a line through the steepest step is 0. ns: median
 * over the valid channels of tai_ns of the ADC with the largest sample_idx. An ADC without a valid busy waveform has sample_idx 0. (module0_flow WaveformAlign.)
 *
 * @param samples (events, ADCs, channels, samples)
 * @param tai (events, ADCs, channels), or (events, ADCs) as in 2x2; ns
 * @param busy busy channel of each ADC
 */
export function align(
  samples: Float32Array,
  [adcs, channels, length]: Shape,
  valid: Uint8Array,
  tai: Float64Array,
  busy: readonly number[],
): Alignment {
  const events = valid.length / (adcs * channels);
  const isPerAdc = tai.length === events * adcs;
  const found = { ns: new Float64Array(events), sampleIdx: new Float32Array(events * adcs) };
  for (let event = 0; event < events; event++) {
    let latest = 0;
    for (let adc = 0; adc < adcs; adc++) {
      const at = event * adcs + adc;
      const slot = at * channels + busy[adc]!;
      if (valid[slot] !== 0) found.sampleIdx[at] = edge(samples, slot * length, length);
      if (found.sampleIdx[at]! > found.sampleIdx[event * adcs + latest]!) latest = adc;
    }
    const first = (event * adcs + latest) * channels;
    const times: number[] = [];
    for (let i = first; i < first + channels; i++)
      if (valid[i] !== 0) times.push(isPerAdc ? tai[event * adcs + latest]! : tai[i]!);
    found.ns[event] = median(times);
  }
  return found;
}

/**
 * Of simulated events, which have no busy signal: every ADC was triggered `latency` samples into its waveforms. ns: median of tai_ns over the valid channels of all ADCs
 * (ndlar_flow proto_nd_flow WaveformAlign, which also counts ADCs that are absent).
 */
export function simulated(
  [adcs, channels]: Shape,
  valid: Uint8Array,
  tai: Float64Array,
  latency: number,
): Alignment {
  const slots = adcs * channels;
  const events = valid.length / slots;
  const isPerAdc = tai.length === events * adcs;
  const ns = Float64Array.from({ length: events }, (_, event) => {
    const times: number[] = [];
    for (let adc = event * adcs; adc < (event + 1) * adcs; adc++) {
      const own = valid.subarray(adc * channels, (adc + 1) * channels);
      if (isPerAdc && own.some((one) => one !== 0)) times.push(tai[adc]!);
      else if (!isPerAdc)
        own.forEach((one, i) => void (one !== 0 && times.push(tai[adc * channels + i]!)));
    }
    return median(times);
  });
  return { ns, sampleIdx: new Float32Array(events * adcs).fill(latency) };
}

function edge(samples: Float32Array, first: number, length: number): number {
  let k = 0;
  let steepest = -Infinity;
  for (let i = 0; i + 1 < length; i++) {
    const step = Math.fround(samples[first + i + 1]! - samples[first + i]!);
    if (step > steepest) {
      steepest = step;
      k = i;
    }
  }
  const [low, high] = [samples[first + k]!, samples[first + k + 1]!];
  const back = Math.fround(low / Math.fround(high - low));
  return Number.isFinite(back) ? k - back : 0;
}

/** 0 of nothing. */
function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const n = values.length;
  return n === 0 ? 0 : (values[(n - 1) >> 1]! + values[n >> 1]!) / 2;
}
