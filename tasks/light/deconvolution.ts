/** Waveforms divided by what the electronics makes of a short flash, with noise kept down. Knows samples and templates, no files. */
import { splineMaker, valueAt } from './cubic-spline.ts';
import { realFourier } from './fourier.ts';
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
  /** N samples from `first` on, filtered, to the same place of `out`. */
  apply(filter: ChannelFilter, samples: Float32Array, first: number, out: Float32Array): void;
}

/**
 * Waveforms of N = `samples` samples. With W their spectrum, I that of the impulse, P = signal - noise (not below 0) and G of the Gaussian:
 * wiener W I* P / (P |I|^2 + noise), P the sum over all frequencies times G^2 (without G their mean); inverse W I* / |I|^2; matched W I* / sqrt(noise); then
 * times G. (module0_flow WaveformDeconvolution.)
 */
export function deconvolver(samples: number, type: FilterType, width: number): Deconvolver {
  const n = 2 * samples;
  const fourier = realFourier(n);
  const bins = samples + 1;
  const gauss = gaussian(width, fourier, n);
  const padded = new Float64Array(n);
  const product = new Float64Array(2 * bins);
  return {
    filterOf({ noise, signal, impulse }) {
      const response = fourier.forward(impulse).slice(0, 2 * bins);
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
    apply({ factors }, data, first, out) {
      for (let i = 0; i < samples; i++) padded[i] = data[first + i]!;
      const spectrum = fourier.forward(padded);
      for (let k = 0; k < 2 * bins; k += 2) {
        const [re, im] = [spectrum[k]!, spectrum[k + 1]!];
        product[k] = re * factors[k]! - im * factors[k + 1]!;
        product[k + 1] = re * factors[k + 1]! + im * factors[k]!;
      }
      const filtered = fourier.inverse(product);
      for (let i = 0; i < samples; i++) out[first + i] = filtered[i]!;
    },
  };
}
