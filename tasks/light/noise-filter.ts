/** Noise that all of a waveform repeats, and its pedestal, taken off. Knows samples of waveforms, no files. */

export interface NoiseRules {
  /** Samples [from, to) before the light comes. */
  samples: readonly [from: number, to: number];
  /** The noise repeats after so many samples. */
  period: number;
  /** Low bits of a sample that are never used: 64 for 10 bits to the left in 16. */
  unit: number;
}

const f32 = Math.fround;

/**
 * Filters waveforms of `length` samples from `first` on: s = w - (w mod unit), less a template of `period` samples when it is `filtered` (mean over the
 * blocks of the chosen samples, each block less its own mean), less the mean of the chosen samples that is left. Sums go in numpy's order, so that
 * the last digit is its own. `noise` takes the template as it was subtracted.
 */
export function noiseFilter(length: number, { samples: [from, to], period, unit }: NoiseRules) {
  const whole = new Float64Array(length);
  const template = new Float64Array(period);
  const blocks = Math.floor((to - from) / period);
  // Without what is below `unit`, downwards; whole numbers of 32 bits, so that of a power of two the bits do.
  const isPower = Number.isInteger(Math.log2(unit));

  const findTemplate = (): void => {
    template.fill(0);
    for (let b = 0; b < blocks; b++) {
      const at = from + b * period;
      const mean = sum64(whole, at, period) / period;
      for (let i = 0; i < period; i++) template[i]! += whole[at + i]! - mean;
    }
    for (let i = 0; i < period; i++) template[i]! /= blocks;
  };
  return (
    samples: Int16Array,
    first: number,
    isFiltered: boolean,
    out: Float32Array,
    noise?: Float32Array,
  ): void => {
    if (isPower) for (let i = 0; i < length; i++) whole[i] = samples[first + i]! & -unit;
    else for (let i = 0; i < length; i++) whole[i] = Math.floor(samples[first + i]! / unit) * unit;
    if (isFiltered) findTemplate();
    else template.fill(0);
    for (let i = 0, k = 0; i < length; i++, k = k + 1 === period ? 0 : k + 1) {
      out[first + i] = whole[i]! - template[k]!;
      if (noise !== undefined) noise[first + i] = template[k]!;
    }
    const pedestal = f32(sum32(out, first + from, to - from) / (to - from));
    for (let i = first; i < first + length; i++) out[i] = f32(out[i]! - pedestal);
  };
}

/** Towards 0, to the nearest that 16 bits hold where they do not reach; so HDF5 makes whole numbers. */
export const wholeNumbers = (values: Float32Array): Int16Array =>
  Int16Array.from(values, (value) => Math.min(32767, Math.max(-32768, Math.trunc(value))));

const partial64 = new Float64Array(8);
const partial32 = new Float32Array(8);

/** numpy's sum of a row: eight partial sums, of long rows half by half. */
function sum64(values: Float64Array, from: number, n: number): number {
  if (n < 8) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[from + i]!;
    return sum;
  }
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return sum64(values, from, half) + sum64(values, from + half, n - half);
  }
  const r = partial64;
  for (let k = 0; k < 8; k++) r[k] = values[from + k]!;
  let i = 8;
  for (; i < n - (n % 8); i += 8) for (let k = 0; k < 8; k++) r[k]! += values[from + i + k]!;
  let sum = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!));
  for (; i < n; i++) sum += values[from + i]!;
  return sum;
}

/** The same of 4-byte numbers, rounded at each step. */
function sum32(values: Float32Array, from: number, n: number): number {
  if (n < 8) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum = f32(sum + values[from + i]!);
    return sum;
  }
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return f32(sum32(values, from, half) + sum32(values, from + half, n - half));
  }
  const r = partial32;
  for (let k = 0; k < 8; k++) r[k] = values[from + k]!;
  let i = 8;
  for (; i < n - (n % 8); i += 8) for (let k = 0; k < 8; k++) r[k] = r[k]! + values[from + i + k]!;
  const left = f32(f32(r[0]! + r[1]!) + f32(r[2]! + r[3]!));
  const right = f32(f32(r[4]! + r[5]!) + f32(r[6]! + r[7]!));
  let sum = f32(left + right);
  for (; i < n; i++) sum = f32(sum + values[from + i]!);
  return sum;
}
