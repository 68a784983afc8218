/** When a light event happened: means over its valid waveforms. Knows rows of light/events, no files. */
import type { Rows } from 'tg/h5';

/** One value per light event; NaN where no waveform of it is valid. */
export interface LightTimes {
  /** Unix time, s. */
  unix: Float64Array;
  /** Since PPS, ticks of 0.1 us. */
  ts: Float64Array;
}

// Products, as the pairs version: quotients, as before it, round 10 ticks to 10.0000000001 now and then.
const S_PER_MS = 0.001;
const TICKS_PER_NS = 0.01;

export function createLightTimes(events: number): LightTimes {
  return { unix: new Float64Array(events).fill(NaN), ts: new Float64Array(events).fill(NaN) };
}

/**
 * Times of a block of light/events: of `utime_ms` and `tai_ns` the mean over the valid channels of each ADC, then over the ADCs
 * that have any (an ADC counts the same with one channel as with all). Both may be per ADC, as in the single modules.
 */
export function addLightTimes(times: LightTimes, block: Rows, adcs: number): void {
  const valid = block.column('wvfm_valid') as Uint8Array;
  const set = (out: Float64Array, name: string, scale: number): void => {
    const values = block.column(name) as Float64Array;
    for (let row = 0; row < block.rows; row++)
      out[block.start + row] = meanOf(values, valid, row, block.rows, adcs) * scale;
  };
  set(times.unix, 'utime_ms', S_PER_MS);
  set(times.ts, 'tai_ns', TICKS_PER_NS);
}

function meanOf(
  values: Float64Array,
  valid: Uint8Array,
  row: number,
  rows: number,
  adcs: number,
): number {
  const channels = valid.length / rows / adcs;
  const perAdc = values.length === rows * adcs;
  let sum = 0;
  let n = 0;
  for (let adc = row * adcs; adc < (row + 1) * adcs; adc++) {
    let inner = 0;
    let count = 0;
    for (let at = adc * channels; at < (adc + 1) * channels; at++) {
      if (valid[at] === 0) continue;
      inner += perAdc ? values[adc]! : values[at]!;
      count++;
    }
    if (count === 0) continue;
    sum += inner / count;
    n++;
  }
  return n === 0 ? NaN : sum / n;
}
