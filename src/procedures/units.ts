/** Text with a unit: durations to seconds, sizes to bytes, and numbers that were written in another unit than the one asked for. Pure. */

const SECONDS: { readonly [unit: string]: number } = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  d: 86400,
  day: 86400,
  days: 86400,
};

const BYTES: { readonly [unit: string]: number } = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** Quantities whose units may stand for each other: factor to the first unit of each. */
const QUANTITIES: readonly { readonly [unit: string]: number }[] = [
  SECONDS,
  BYTES,
  { V: 1, mV: 1e-3, uV: 1e-6, kV: 1e3 },
  { m: 1, mm: 1e-3, cm: 1e-2, um: 1e-6, km: 1e3 },
  { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 },
  { eV: 1, keV: 1e3, MeV: 1e6, GeV: 1e9 },
];

const NUMBER_UNIT = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z%]*)\s*$/;

/** `1000 us` -> 1000 and `us`; undefined when the text is anything else. */
export function numberAndUnit(text: string): { number: number; unit: string } | undefined {
  const match = NUMBER_UNIT.exec(text);
  return match === null ? undefined : { number: Number(match[1]), unit: match[2]! };
}

/** A product of decimals without the noise of binary fractions. */
const tidy = (x: number): number => Number(x.toPrecision(12));

function inUnits(
  value: number | string,
  units: { readonly [unit: string]: number },
): number | undefined {
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value : undefined;
  const read = numberAndUnit(value);
  if (read === undefined || read.number < 0) return undefined;
  const factor =
    read.unit === '' ? 1 : Object.hasOwn(units, read.unit) ? units[read.unit] : undefined;
  return factor === undefined ? undefined : tidy(read.number * factor);
}

/** `20 s`, `10 min`, `2 h` or a bare number of seconds. Undefined: not a duration. */
export const seconds = (value: number | string): number | undefined => inUnits(value, SECONDS);

/** `10 GB` (powers of 1000) or a bare number of bytes. Undefined: not a size. */
export function bytes(value: number | string): number | undefined {
  const size = inUnits(value, BYTES);
  return size === undefined ? undefined : Math.round(size);
}

/**
 * The number meant by a text such as `1000 us` where a number in `wanted` (`ticks of 0.1 us`, `mV`) must
 * stand: 10000. Without a unit both understand, the number as it is; undefined when it does not begin with one.
 */
export function meantNumber(text: string, wanted: string | undefined): number | undefined {
  const start = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(text);
  if (start === null) return undefined;
  const number = Number(start[0]);
  const unit = /^\s*([A-Za-z]+)/.exec(text.slice(start[0].length))?.[1];
  const goal = /^(?:[a-z ]*\bof\s+)?([\d.]*)\s*([A-Za-z]+)\b/.exec(wanted ?? '');
  if (unit === undefined || goal === null) return number;
  for (const units of QUANTITIES) {
    if (!Object.hasOwn(units, unit) || !Object.hasOwn(units, goal[2]!)) continue;
    const step = goal[1] === '' ? 1 : Number(goal[1]);
    return tidy((number * units[unit]!) / (step * units[goal[2]!]!));
  }
  return number;
}
