/** How two quantities go together: Pearson, Spearman, and the median of their ratio. Knows numbers only. */

export interface Correlation {
  /** NaN where a quantity does not vary. */
  pearson: number;
  spearman: number;
  /** Median of y/x where x is not 0, and the median distance from it. */
  ratio: number;
  spread: number;
}

export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
  const ratios = Float64Array.from(x, (value, i) => y[i]! / value).filter(Number.isFinite);
  const ratio = median(ratios);
  return {
    pearson: pearson(x, y),
    spearman: pearson(ranks(x), ranks(y)),
    ratio,
    spread: median(ratios.map((value) => Math.abs(value - ratio))),
  };
}

function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  const mean = (of: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += of[i]!;
    return sum / n;
  };
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx === 0 || yy === 0 ? NaN : xy / Math.sqrt(xx * yy);
}

/** Equal values share the mean of their ranks. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[a]! - values[b]!,
  );
  const found = new Float64Array(values.length);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++;
    for (let i = first; i < end; i++) found[order[i]!] = (first + end - 1) / 2;
    first = end;
  }
  return found;
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  return n === 0 ? NaN : (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
}
