/** Seeded random numbers for simulations: the same seed gives the same numbers everywhere. */

export interface Random {
  /** In [0, 1), 32 bits. */
  uniform(): number;
  between(low: number, high: number): number;
  /** Whole, 0 to n - 1. */
  below(n: number): number;
  normal(mean: number, sigma: number): number;
  exponential(mean: number): number;
  poisson(mean: number): number;
}

/** sfc32 by Chris Doty-Humphrey, seeded by splitmix32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let a = word();
  let b = word();
  let c = word();
  let d = 1;
  const uniform = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) uniform();
  const exponential = (mean: number): number => -mean * Math.log(1 - uniform());
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    below: (n) => Math.floor(n * uniform()),
    normal: (mean, sigma) =>
      mean + sigma * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    exponential,
    poisson(mean) {
      let n = -1;
      for (let sum = 0; sum < mean; n++) sum += exponential(1);
      return Math.max(n, 0);
    },
  };
}
