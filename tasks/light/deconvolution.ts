/** Waveforms divided by what the electronics makes of a short flash, with noise kept down. Knows samples and templates, no files. */
import { splineMaker, valueAt } from './cubic-spline.ts';
import { complexFourier, realFourier } from './fourier.ts';
import type { RealFourier } from './fourier.ts';

export type FilterType = 'wiener' | 'inverse' | 'matched';

/** Templates of one channel, as long as waveforms of N samples padded with zeros to 2N need them. */
export interface Template {
  /** Powers |fft|^2 of noise, and of signal with noise, N + 1 each. */
  noise: Float64Array;
  signal: Float64Array;
  /** Response to a short flash, 2N. */
  impulse: Float64Array;
}

/** A spectrum in `bins` bins: as it is where it has as many, else stretched. */
export const resampled = (spectrum: Float64Array, bins: number): Float64Array =>
  spectrum.length === bins ? spectrum : stretched(spectrum, bins);

/**
 * Spline of a spectrum s of n bins through (k bins / (n - 1), s[k] / n) at 0 .. bins - 1, times `bins` (module0_flow). What is no number becomes 0.
 */
export function stretched(spectrum: Float64Array, bins: number): Float64Array {
  const n = spectrum.length;
  const spline = splineMaker(n, 0, bins / (n - 1)).through(spectrum.map((value) => value / n));
  return Float64Array.from({ length: bins }, (_, k) => {
    const value = valueAt(spline, k) * bins;
    return Number.isNaN(value) ? 0 : value;
  });
}

/** A filter of one channel: a complex number for each of the N + 1 frequencies. What is not finite is 0. */
export interface ChannelFilter {
  factors: Float64Array;
}

/** |rfft| of a Gaussian of `width` samples over 2N samples, its sum 1; all ones when `width` is 0. */
function gaussian(width: number, fourier: RealFourier, n: number): Float64Array {
  if (width === 0) return new Float64Array(n / 2 + 1).fill(1);
  const shape = Float64Array.from({ length: n }, (_, i) =>
    Math.exp(-0.5 * ((i - n / 2) / width) ** 2),
  );
  const total = shape.reduce((a, b) => a + b, 0);
  const spectrum = fourier.forward(shape.map((value) => value / total));
  return Float64Array.from({ length: n / 2 + 1 }, (_, k) =>
    Math.hypot(spectrum[2 * k]!, spectrum[2 * k + 1]!),
  );
}

export interface Deconvolver {
  /** The filter of a channel, from its template. */
  filterOf(template: Template): ChannelFilter;
  /** Of the waveforms of `data` those that are valid and have a filter, to the same places of `out`; filters begin anew behind their last. */
  apply(
    filters: readonly (ChannelFilter | undefined)[],
    valid: Uint8Array,
    data: Float32Array,
    out: Float32Array,
  ): void;
}

/**
 * Waveforms of N = `samples` samples. With W their spectrum, I that of the impulse, P = signal - noise (not below 0) and G of the Gaussian:
 * wiener W I* P / (P |I|^2 + noise), P the sum over all frequencies times G^2 (without G their mean); inverse W I* / |I|^2; matched W I* / sqrt(noise); then
 * times G. (module0_flow WaveformDeconvolution.) Two waveforms go through one transform, as its real and its imaginary part.
 */
export function deconvolver(samples: number, type: FilterType, width: number): Deconvolver {
  const n = 2 * samples;
  const real = realFourier(n);
  const complex = complexFourier(n);
  const bins = samples + 1;
  const gauss = gaussian(width, real, n);
  const padded = new Float64Array(2 * n);
  /** Waveforms a and b, which may be one and the same. */
  const filterTwo = (
    [a, ofA]: readonly [number, Float64Array],
    [b, ofB]: readonly [number, Float64Array],
    data: Float32Array,
    out: Float32Array,
  ): void => {
    const [one, two] = [a * samples, b * samples];
    for (let i = 0; i < samples; i++) {
      padded[2 * i] = data[one + i]!;
      padded[2 * i + 1] = data[two + i]!;
    }
    const spectrum = complex.forward(padded);
    multiplyTwo(spectrum, ofA, ofB, samples);
    const filtered = complex.inverse(spectrum);
    for (let i = 0; i < samples; i++) {
      out[one + i] = filtered[2 * i]!;
      out[two + i] = filtered[2 * i + 1]!;
    }
  };
  return {
    filterOf({ noise, signal, impulse }) {
      const response = real.forward(impulse).slice(0, 2 * bins);
      let total = 0;
      for (let k = 0; k < bins; k++) total += Math.max(0, signal[k]! - noise[k]!);
      const factors = new Float64Array(2 * bins);
      for (let k = 0; k < bins; k++) {
        const [re, im] = [response[2 * k]!, response[2 * k + 1]!];
        const square = re * re + im * im;
        const power = width === 0 ? total / bins : total * gauss[k]! ** 2;
        const factor = {
          wiener: power / (power * square + noise[k]!),
          inverse: 1 / square,
          matched: 1 / Math.sqrt(noise[k]!),
        }[type];
        const scale = factor * gauss[k]!;
        factors[2 * k] = Number.isFinite(re * scale) ? re * scale : 0;
        factors[2 * k + 1] = Number.isFinite(im * scale) ? -im * scale : 0;
      }
      return { factors };
    },
    apply(filters, valid, data, out) {
      let waiting: readonly [number, Float64Array] | undefined;
      for (let i = 0; i < valid.length; i++) {
        const factors = valid[i] === 0 ? undefined : filters[i % filters.length]?.factors;
        if (factors === undefined) continue;
        if (waiting === undefined) waiting = [i, factors];
        else {
          filterTwo(waiting, [i, factors], data, out);
          waiting = undefined;
        }
      }
      if (waiting !== undefined) filterTwo(waiting, waiting, data, out);
    },
  };
}

/**
 * The spectrum Z of a + ib, whose parts have the spectra A = (Z[k] + Z[-k]*) / 2 and B = (Z[k] - Z[-k]*) / 2i, becomes that of both times their factors, which are those of
 * k = 0 .. N of 2N frequencies. What has no counterpart (0 and N) is real, as numpy's irfft takes it.
 */
function multiplyTwo(z: Float64Array, a: Float64Array, b: Float64Array, samples: number): void {
  for (let k = 0; k <= samples; k++) {
    const at = 2 * k;
    const back = k === 0 ? 0 : 4 * samples - at;
    const [re, im, reBack, imBack] = [z[at]!, z[at + 1]!, z[back]!, z[back + 1]!];
    const [reA, imA] = [(re + reBack) / 2, (im - imBack) / 2];
    const [reB, imB] = [(im + imBack) / 2, (reBack - re) / 2];
    const reOne = reA * a[at]! - imA * a[at + 1]!;
    const reTwo = reB * b[at]! - imB * b[at + 1]!;
    const isSelf = back === at || k === 0;
    const imOne = isSelf ? 0 : reA * a[at + 1]! + imA * a[at]!;
    const imTwo = isSelf ? 0 : reB * b[at + 1]! + imB * b[at]!;
    z[at] = reOne - imTwo;
    z[at + 1] = imOne + reTwo;
    z[back] = reOne + imTwo;
    z[back + 1] = reTwo - imOne;
  }
}
