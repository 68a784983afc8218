/** The response to a flash in one waveform: shifted so that its rising edge starts at sample 0. Knows samples, no files. */
import { slopeAt, splineMaker, valueAt } from './cubic-spline.ts';

export interface EdgeAligner {
  /** N samples from `first` on, shifted; what the end does not reach is 0. Each call overwrites what the one before returned. */
  of(samples: Float32Array, first: number): Float64Array;
}

/**
 * Of waveforms of N = `samples` samples. A spline through them is looked at in N * `oversampling` points from 0 to N (0 behind the last sample). From the
 * steepest of them a line leads down to 0, which is where the shifted waveform begins; where it leads nowhere, at the steepest point itself.
 * (module0_flow WaveformDeconvolution, gen_signal_impulse.)
 */
export function edgeAligner(samples: number, oversampling: number): EdgeAligner {
  const maker = splineMaker(samples, 0, 1);
  const points = samples * oversampling;
  // Not 1 / oversampling: the points reach from 0 to N, both included, as numpy's linspace has it.
  const step = samples / (points - 1);
  let inside = points;
  while (inside > 0 && (inside - 1) * step > samples - 1) inside--;
  const wave = new Float64Array(samples);
  const shifted = new Float64Array(samples);
  return {
    of(data, first) {
      for (let i = 0; i < samples; i++) wave[i] = data[first + i]!;
      const spline = maker.through(wave);
      // Behind the last sample both are 0, so that a waveform that only falls is steepest there.
      let [steepest, slope] = inside < points ? [inside, 0] : [0, -Infinity];
      for (let i = 0; i < inside; i++) {
        const at = slopeAt(spline, i * step);
        if (at > slope || (at === slope && i < steepest)) [steepest, slope] = [i, at];
      }
      const value = steepest < inside ? valueAt(spline, steepest * step) : 0;
      const start = steepest - (oversampling * value) / slope;
      const from = Number.isFinite(start)
        ? Math.trunc(Math.min(points - 1, Math.max(0, start)))
        : steepest;
      for (let i = 0; i < samples; i++) {
        const at = from + i * oversampling;
        shifted[i] = at < inside ? valueAt(spline, at * step) : 0;
      }
      return shifted;
    },
  };
}
