/** Numbers as people read them (UX.md section 1), and as they stand beside the ticks of an axis. Knows no figures. */
import { grouped } from '../core/text.ts';

export { grouped };

/** Three significant digits, thousands apart from 1 000 on. */
export function measured(n: number): string {
  if (n === 0) return '0';
  const digits = Math.floor(Math.log10(Math.abs(n)));
  if (digits >= 3) return grouped(Math.round(n / 10 ** (digits - 2)) * 10 ** (digits - 2));
  return n.toFixed(Math.max(0, 2 - digits));
}

const SUFFIXES: readonly [number, string][] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** Decimals that tell multiples of `step` apart. */
const decimals = (step: number): number => {
  for (let n = 0; n < 12; n++)
    if (Math.abs(Math.round(step * 10 ** n) / 10 ** n - step) < step / 1e6) return n;
  return 12;
};

/** Labels of ticks `step` apart: all in one unit (`0k 200k 400k`), one number of decimals. */
export function tickLabels(values: readonly number[], step: number): string[] {
  const greatest = Math.max(...values.map(Math.abs));
  const [unit, suffix] = (greatest >= 1e5 &&
    SUFFIXES.find(([n]) => greatest >= n * (n > 1e3 ? 10 : 1))) || [1, ''];
  const [by, letter] = suffix !== '' && step / unit < 0.01 ? [1, ''] : [unit, suffix];
  const places = decimals(step / by);
  return values.map((value) => {
    const shown = value / by;
    if (greatest > 0 && (greatest < 1e-4 || greatest >= 1e16)) return shown.toExponential(1);
    return `${spaced(shown.toFixed(places))}${letter}`.replace(/^-(?=[0. ]*$)/, '');
  });
}

const spaced = (text: string): string => {
  const [whole, rest] = text.split('.') as [string, string?];
  return `${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ' ')}${rest === undefined ? '' : `.${rest}`}`;
};

/** Label of a power of ten: `100`, `10k`, `1M`, `1e-5`. */
export function decadeLabel(value: number): string {
  if (value < 1e-3 || value >= 1e15) return value.toExponential().replace('+', '');
  if (value < 1e4)
    return value >= 1 ? spaced(String(Math.round(value))) : String(Number(value.toPrecision(2)));
  const [unit, suffix] = SUFFIXES.find(([n]) => value >= n)!;
  return `${Math.round(value / unit)}${suffix}`;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** A moment on a time axis (UTC), as fine as `step` (s) asks. */
export function clock(seconds: number, step: number): string {
  const then = new Date(Math.round(seconds * 1000));
  const time = `${two(then.getUTCHours())}:${two(then.getUTCMinutes())}`;
  if (step < 1)
    return `${time}:${(then.getUTCSeconds() + then.getUTCMilliseconds() / 1000).toFixed(1).padStart(4, '0')}`;
  if (step < 60) return `${time}:${two(then.getUTCSeconds())}`;
  const day = `${two(then.getUTCMonth() + 1)}-${two(then.getUTCDate())}`;
  return step < 86400 ? (time === '00:00' && step >= 3600 ? day : time) : day;
}

/** A cell of a table: whole numbers with thousands apart, others as they are. */
export const cellText = (cell: string | number): string =>
  typeof cell === 'number' && Number.isInteger(cell) ? grouped(cell) : String(cell);
