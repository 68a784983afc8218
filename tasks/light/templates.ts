/** Templates of the deconvolution from numpy's files: noise and signal spectra and the impulse, per ADC and channel. Knows files of templates, no waveforms. */
import { readFileSync } from 'node:fs';
import { TaskError } from 'tg';
import { resampled } from './deconvolution.ts';
import type { Template } from './deconvolution.ts';
import type { Shape } from './light-tables.ts';
import { readNpz } from './npz.ts';

export interface Templates {
  /** (ADCs, channels, N + 1) and (ADCs, channels, 2N), row by row. */
  noise: Float64Array;
  signal: Float64Array;
  impulse: Float64Array;
  /** The impulse was cut or lengthened, and then is of 4-byte numbers. */
  isImpulseSingle: boolean;
  of(adc: number, channel: number): Template;
}

export interface TemplatePaths {
  noise: string;
  signal: string;
  impulse: string;
}

/** Of waveforms of this shape; values that are no numbers (channels without signal) become 0, `odd` counts their channels. @throws TaskError */
export function readTemplates(paths: TemplatePaths, shape: Shape): Templates & { odd: number } {
  const [adcs, channels, samples] = shape;
  const bins = samples + 1;
  const rows = adcs * channels;
  const odd = new Set<number>();
  const read = (path: string, name: string): Float64Array[] => {
    const refuse = (message: string): TaskError =>
      new TaskError(`${path}: ${message}`, {
        code: 'bad-input',
        try: 'templates that tg or module0_flow extracted',
      });
    let array;
    try {
      array = readNpz(readFileSync(path)).get(name);
    } catch (error) {
      throw refuse((error as Error).message);
    }
    if (array === undefined) throw refuse(`no array ${name}`);
    const [a, c, n] = array.shape;
    if (array.shape.length !== 3 || a !== adcs || c !== channels)
      throw refuse(
        `${name} is of [${array.shape.join(', ')}], the waveforms are of [${shape.join(', ')}]`,
      );
    return Array.from({ length: rows }, (_, row) => {
      const values = array.values.slice(row * n!, (row + 1) * n!);
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i])) continue;
        values[i] = 0;
        odd.add(row);
      }
      return values;
    });
  };
  const spectra = (path: string): Float64Array => {
    const out = new Float64Array(rows * bins);
    read(path, 'spectrum').forEach((row, i) => out.set(resampled(row, bins), i * bins));
    return out;
  };
  const noise = spectra(paths.noise);
  const signal = spectra(paths.signal);
  const impulse = new Float64Array(rows * 2 * samples);
  let isImpulseSingle = false;
  read(paths.impulse, 'impulse').forEach((row, i) => {
    isImpulseSingle = row.length !== 2 * samples;
    const fitted = row.subarray(0, 2 * samples);
    impulse.set(isImpulseSingle ? fitted.map(Math.fround) : fitted, i * 2 * samples);
  });
  return {
    noise,
    signal,
    impulse,
    isImpulseSingle,
    odd: odd.size,
    of(adc, channel) {
      const row = adc * channels + channel;
      return {
        noise: noise.subarray(row * bins, (row + 1) * bins),
        signal: signal.subarray(row * bins, (row + 1) * bins),
        impulse: impulse.subarray(row * 2 * samples, (row + 1) * 2 * samples),
      };
    },
  };
}
