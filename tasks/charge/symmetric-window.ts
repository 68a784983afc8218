/** SymmetricWindow 0.0.2 of module0_flow: which stretches of time are events. Knows sorted times, nothing of packets. */

/** What the window says of one batch: events are the rows with `starts[j] < t < ends[j]`. */
export interface Windows {
  /** Ticks of 0.1 us, ascending. */
  starts: number[];
  /** Ticks of 0.1 us, as many as `starts`. */
  ends: number[];
  /** Rows from this time on belong to an event that touches the end of the batch; undefined when none does. */
  openFrom: number | undefined;
}

/**
 * Bins the first `n` ascending times (whole ticks) and joins each bin of more than `threshold` rows with its neighbours.
 *
 * The bins are numpy's: floor((last - first + 2) / window) evenly spaced edges from first - 1 to last + 1, each bin closed
 * below and open above, the last closed. A span below two windows has no bins; `shortBatch: 'one bin'` gives it one
 * (the default), `'nothing'` none (upstream).
 */
export function symmetricWindow(
  times: Float64Array,
  n: number,
  window: number,
  threshold: number,
  shortBatch: 'one bin' | 'nothing',
): Windows {
  const found: Windows = { starts: [], ends: [], openFrom: undefined };
  if (n === 0) return found;
  const first = times[0]!;
  const low = first - 1;
  const high = times[n - 1]! + 1;
  const edges = Math.floor((high - low) / window);
  if (edges < 2 && shortBatch === 'nothing') return found;
  const bins = Math.max(edges - 1, 1);
  const step = (high - low) / bins;
  const edge = (k: number): number => (k === bins ? high : k * step + low);

  // A stretch of bins [from, to] that are hot or beside a hot one, not yet closed.
  let from = -1;
  let to = -1;
  const close = (): void => {
    if (from < 0) return;
    const start = from === 0 ? first : edge(from);
    if (to === bins - 1) {
      found.openFrom = start;
    } else {
      found.starts.push(start);
      found.ends.push(edge(to + 1));
    }
  };
  const hot = (bin: number): void => {
    if (from < 0 || bin - 1 > to + 1) {
      close();
      from = Math.max(bin - 1, 0);
    }
    to = Math.min(bin + 1, bins - 1);
  };

  let row = 0;
  while (row < n) {
    const bin = binOf(times[row]!, low, step, bins, edge);
    const begin = row;
    if (bin === bins - 1) {
      row = n;
    } else {
      const next = edge(bin + 1);
      while (row < n && times[row]! < next) row++;
    }
    if (row - begin > threshold) hot(bin);
  }
  close();
  return found;
}

/** Number of the bin that holds `t`: the quotient, put right where rounding left it on the wrong side of an edge. */
function binOf(
  t: number,
  low: number,
  step: number,
  bins: number,
  edge: (k: number) => number,
): number {
  let bin = Math.min(Math.floor((t - low) / step), bins - 1);
  while (bin > 0 && t < edge(bin)) bin--;
  while (bin < bins - 1 && t >= edge(bin + 1)) bin++;
  return bin;
}

/** First place among the first `n` ascending times that is at or above `value`. */
export function firstAtOrAbove(times: Float64Array, n: number, value: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First place among the first `n` ascending times that is above `value`. */
export function firstAbove(times: Float64Array, n: number, value: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
