/** What a waveform looks like before and after the trigger, in five numbers. Knows samples, no files. */

export interface Summary {
  /** Standard deviation and mean of the samples before, ADC counts. */
  preStd: number;
  preMean: number;
  /** Sum and maximum of the samples after, less the mean before. */
  postSum: number;
  postMax: number;
  /** Where they rise most, counted from the end of the window; the first of several. */
  postRising: number;
}

/**
 * Of `length` samples from `first` on; before: [from, to), after: from `to` on, at least two. Differences are of samples less the mean, as upstream has it: of equal steps
 * rounding may choose. (module0_flow WaveformSummary.)
 */
export function summaryOf(
  samples: ArrayLike<number>,
  first: number,
  length: number,
  [from, to]: readonly [number, number],
): Summary {
  let sum = 0;
  for (let i = from; i < to; i++) sum += samples[first + i]!;
  const preMean = sum / (to - from);
  let square = 0;
  for (let i = from; i < to; i++) square += (samples[first + i]! - preMean) ** 2;
  let [postSum, postMax, postRising, steepest] = [0, -Infinity, 0, -Infinity];
  let before = 0;
  for (let i = to; i < length; i++) {
    const value = samples[first + i]! - preMean;
    postSum += value;
    if (value > postMax) postMax = value;
    if (i > to && value - before > steepest) {
      steepest = value - before;
      postRising = i - 1 - to;
    }
    before = value;
  }
  return { preStd: Math.sqrt(square / (to - from)), preMean, postSum, postMax, postRising };
}
