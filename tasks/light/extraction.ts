/** Templates of the deconvolution from waveforms: mean powers of noise and of signal, mean response to a flash. Knows samples, no files. */
import { stretched } from './deconvolution.ts';
import { realFourier } from './fourier.ts';
import { edgeAligner } from './impulse.ts';
import type { Shape } from './light-tables.ts';

export interface ExtractionRules {
  /** Noise is what triggers of the PPS hold, or samples [from, to) of all triggers. */
  noise: 'pps' | { from: number; to: number };
  /** An ADC saw a PPS when a sample of this channel is above the threshold. */
  ppsChannel: number;
  ppsThreshold: number;
  /** Signal is what has a sample between these, both excluded, without a PPS. */
  amplitude: readonly [above: number, below: number];
  /** Points per sample at which the rising edge is looked for. */
  oversampling: number;
  /** Upstream takes noise of all channels of an ADC that has a waveform at all, and zeros of those that are missing. */
  upstream: boolean;
}

/** Means per channel, row by row of [ADCs, channels, length]; of no waveform they are 0, as is what is not finite. */
export interface Means {
  length: number;
  values: Float64Array;
  /** Waveforms of each channel that they are of. */
  n: Float64Array;
}

export interface Extraction {
  /** Waveforms f4 of `rows` events and which of them are there. */
  add(samples: Float32Array, valid: Uint8Array, rows: number): void;
  /** Powers |rfft|^2 in floor(N / 2) + 1 bins, and the impulse in N samples, its sum 1. */
  noise(): Means;
  signal(): Means;
  impulse(): Means;
}

interface Sums {
  length: number;
  sums: Float64Array;
  n: Float64Array;
}

export function extraction([adcs, channels, samples]: Shape, rules: ExtractionRules): Extraction {
  const rowsOf = adcs * channels;
  const sumsOf = (length: number): Sums => ({
    length,
    sums: new Float64Array(rowsOf * length),
    n: new Float64Array(rowsOf),
  });
  const whole = realFourier(samples);
  const bins = Math.floor(samples / 2) + 1;
  const slice = rules.noise === 'pps' ? undefined : rules.noise;
  const sliced = slice === undefined ? whole : realFourier(slice.to - slice.from);
  const noise = sumsOf(slice === undefined ? bins : Math.floor((slice.to - slice.from) / 2) + 1);
  const [signal, impulse] = [sumsOf(bins), sumsOf(samples)];
  const edges = edgeAligner(samples, rules.oversampling);
  const [above, below] = rules.amplitude;

  /** Is there a sample between the two? */
  const reaches = (data: Float32Array, first: number, low: number, high: number): boolean => {
    for (let i = first; i < first + samples; i++)
      if (data[i]! > low && data[i]! < high) return true;
    return false;
  };
  const addSignal = (data: Float32Array, first: number, row: number): void => {
    addPower(signal, row, whole.forward(data.subarray(first, first + samples)));
    addTo(impulse, row, edges.of(data, first));
  };

  return {
    add(data, valid, rows) {
      for (let adc = 0; adc < rows * adcs; adc++) {
        const isThere = (channel: number): boolean => valid[adc * channels + channel] !== 0;
        const firstOf = (channel: number): number => (adc * channels + channel) * samples;
        const isPps =
          isThere(rules.ppsChannel) &&
          reaches(data, firstOf(rules.ppsChannel), rules.ppsThreshold, Infinity);
        const isAny = valid.subarray(adc * channels, (adc + 1) * channels).some((v) => v !== 0);
        for (let channel = 0; channel < channels; channel++) {
          const row = (adc % adcs) * channels + channel;
          const first = firstOf(channel);
          const isNoise = slice !== undefined || isPps;
          if (isNoise && (rules.upstream ? isAny : isThere(channel))) {
            const [from, to] = slice === undefined ? [0, samples] : [slice.from, slice.to];
            addPower(noise, row, sliced.forward(data.subarray(first + from, first + to)));
          }
          if (!isPps && isThere(channel) && reaches(data, first, above, below))
            addSignal(data, first, row);
        }
      }
    },
    noise: () =>
      meansOf(noise, bins, (mean) => (slice === undefined ? mean : stretched(mean, bins))),
    signal: () => meansOf(signal, bins, (mean) => mean),
    impulse: () =>
      meansOf(impulse, samples, (mean) => {
        const total = mean.reduce((a, b) => a + b, 0);
        return mean.map((value) => value / total);
      }),
  };
}

/** Powers |c|^2 of complex numbers. */
function addPower({ sums, length, n }: Sums, row: number, spectrum: Float64Array): void {
  for (let k = 0; k < length; k++)
    sums[row * length + k]! += spectrum[2 * k]! ** 2 + spectrum[2 * k + 1]! ** 2;
  n[row]!++;
}

function addTo({ sums, length, n }: Sums, row: number, values: Float64Array): void {
  for (let i = 0; i < length; i++) sums[row * length + i]! += values[i]!;
  n[row]!++;
}

function meansOf(
  { sums, length, n }: Sums,
  to: number,
  change: (mean: Float64Array) => Float64Array,
): Means {
  const values = new Float64Array(n.length * to);
  for (let row = 0; row < n.length; row++) {
    if (n[row] === 0) continue;
    const mean = sums.slice(row * length, (row + 1) * length).map((sum) => sum / n[row]!);
    values.set(
      change(mean).map((value) => (Number.isFinite(value) ? value : 0)),
      row * to,
    );
  }
  return { length: to, values, n: n.slice() };
}
