/** Fourier transforms of real data of any length: powers of two by fft.js, others as a convolution of chirps over one. Knows numbers only. */
import { createRequire } from 'node:module';

/** What of fft.js is used; it has no types of its own. Complex numbers are pairs (re, im). */
interface Transform {
  transform(out: ArrayLike<number>, data: ArrayLike<number>): void;
  inverseTransform(out: ArrayLike<number>, data: ArrayLike<number>): void;
  realTransform(out: ArrayLike<number>, data: ArrayLike<number>): void;
}
const require = createRequire(import.meta.url);
const FFT = require('fft.js') as new (size: number) => Transform;

/** Transforms of n real numbers: floor(n/2) + 1 complex ones, pair by pair. Each call overwrites what the one before returned. */
export interface RealFourier {
  forward(data: ArrayLike<number>): Float64Array;
  /** Of the floor(n/2) + 1 numbers of a real signal, divided by n. */
  inverse(spectrum: Float64Array): Float64Array;
}

/** Transforms of n complex numbers, pair by pair; the inverse is divided by n. Each call overwrites what the one before returned. */
export interface ComplexFourier {
  forward(data: Float64Array): Float64Array;
  inverse(spectrum: Float64Array): Float64Array;
}

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0;

/** @throws RangeError for less than two numbers */
export function realFourier(n: number): RealFourier {
  if (!(n >= 2)) throw new RangeError(`a transform needs two numbers, not ${n}`);
  return isPowerOfTwo(n) ? powerOfTwo(n) : realOf(complexFourier(n), n);
}

/** @throws RangeError for less than two numbers */
export function complexFourier(n: number): ComplexFourier {
  if (!(n >= 2)) throw new RangeError(`a transform needs two numbers, not ${n}`);
  if (!isPowerOfTwo(n)) return chirps(n);
  const fft = new FFT(n);
  const [spectrum, signal] = [new Float64Array(2 * n), new Float64Array(2 * n)];
  return {
    forward(data) {
      fft.transform(spectrum, data);
      return spectrum;
    },
    inverse(whole) {
      fft.inverseTransform(signal, whole);
      return signal;
    },
  };
}

function powerOfTwo(n: number): RealFourier {
  const fft = new FFT(n);
  const spectrum = new Float64Array(2 * n);
  const whole = new Float64Array(2 * n);
  const signal = new Float64Array(2 * n);
  const real = new Float64Array(n);
  return {
    forward(data) {
      fft.realTransform(spectrum, data);
      return spectrum.subarray(0, n + 2);
    },
    inverse(half) {
      mirror(half, whole, n);
      fft.inverseTransform(signal, whole);
      for (let i = 0; i < n; i++) real[i] = signal[2 * i]!;
      return real;
    },
  };
}

function realOf(fourier: ComplexFourier, n: number): RealFourier {
  const whole = new Float64Array(2 * n);
  const real = new Float64Array(n);
  return {
    forward(data) {
      for (let i = 0; i < n; i++) {
        whole[2 * i] = data[i]!;
        whole[2 * i + 1] = 0;
      }
      return fourier.forward(whole).subarray(0, halfOf(n));
    },
    inverse(half) {
      mirror(half, whole, n);
      const signal = fourier.inverse(whole);
      for (let i = 0; i < n; i++) real[i] = signal[2 * i]!;
      return real;
    },
  };
}

/** Numbers of the lower half of n complex ones. */
const halfOf = (n: number): number => 2 * (Math.floor(n / 2) + 1);

/** The upper half of the spectrum of a real signal from the lower one; numpy leaves out the imaginary parts of the first and, of an even length, of the middle one. */
function mirror(half: Float64Array, whole: Float64Array, n: number): void {
  whole.set(half.subarray(0, halfOf(n)));
  whole[1] = 0;
  if (n % 2 === 0) whole[n + 1] = 0;
  for (let k = 1; k < n / 2; k++) {
    whole[2 * (n - k)] = half[2 * k]!;
    whole[2 * (n - k) + 1] = -half[2 * k + 1]!;
  }
}

/**
 * Bluestein: j k = (j^2 + k^2 - (k - j)^2) / 2, so that the transform is x times a chirp, convolved with a chirp, times a chirp.
 * The convolution is of the least power of two that holds 2n - 1.
 */
function chirps(n: number): ComplexFourier {
  const m = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const fft = new FFT(m);
  const chirp = new Float64Array(2 * n);
  for (let j = 0; j < n; j++) {
    // j^2 mod 2n: of the angle only what is within a turn counts.
    const angle = (-Math.PI * ((j * j) % (2 * n))) / n;
    chirp[2 * j] = Math.cos(angle);
    chirp[2 * j + 1] = Math.sin(angle);
  }
  const kernel = new Float64Array(2 * m);
  for (let j = 0; j < n; j++)
    for (const at of j === 0 ? [0] : [j, m - j]) {
      kernel[2 * at] = chirp[2 * j]!;
      kernel[2 * at + 1] = -chirp[2 * j + 1]!;
    }
  const kernelSpectrum = new Float64Array(2 * m);
  fft.transform(kernelSpectrum, kernel);
  const [a, b] = [new Float64Array(2 * m), new Float64Array(2 * m)];
  const out = new Float64Array(2 * n);

  /** Of n complex numbers; `sign` -1: of their conjugates. */
  function complex(data: Float64Array, sign: 1 | -1): Float64Array {
    a.fill(0);
    for (let j = 0; j < 2 * n; j += 2) {
      const [re, im] = [data[j]!, sign * data[j + 1]!];
      a[j] = re * chirp[j]! - im * chirp[j + 1]!;
      a[j + 1] = re * chirp[j + 1]! + im * chirp[j]!;
    }
    fft.transform(b, a);
    for (let k = 0; k < 2 * m; k += 2) {
      const [re, im] = [b[k]!, b[k + 1]!];
      b[k] = re * kernelSpectrum[k]! - im * kernelSpectrum[k + 1]!;
      b[k + 1] = re * kernelSpectrum[k + 1]! + im * kernelSpectrum[k]!;
    }
    fft.inverseTransform(a, b);
    for (let k = 0; k < 2 * n; k += 2) {
      out[k] = a[k]! * chirp[k]! - a[k + 1]! * chirp[k + 1]!;
      out[k + 1] = a[k]! * chirp[k + 1]! + a[k + 1]! * chirp[k]!;
    }
    return out;
  }

  return {
    forward: (data) => complex(data, 1),
    inverse(spectrum) {
      const conjugate = complex(spectrum, -1);
      for (let i = 0; i < 2 * n; i += 2) {
        conjugate[i]! /= n;
        conjugate[i + 1]! /= -n;
      }
      return conjugate;
    },
  };
}
