/** Numbers, times and sizes as people read them (UX.md section 1). Knows no events. */

import { grouped, measured } from '../figures/numbers.ts';

export { grouped, measured };

const two = (n: number): string => String(n).padStart(2, '0');

/** How long a task took: `0.05 s`, `0.21 s`, `3.1 s`, `2 min 05 s`, `3 h 12 min`, `2 days`. */
export function duration(seconds: number): string {
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return `${Math.round(minutes / 1440)} days`;
}

/** How long a build took, or will: the same, but `0.4 s` from a tenth of a second on. */
export const total = (seconds: number): string =>
  seconds >= 0.095 && seconds < 59.95 ? `${seconds.toFixed(1)} s` : duration(seconds);

/** kB MB GB are powers of 1000. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${measured(value)} ${units[unit]!}`;
}

/** `14:02`, `yesterday 14:02`, `2026-11-18 14:02`, local time. @param at unix seconds */
export function moment(at: number, now = Date.now()): string {
  const then = new Date(at * 1000);
  const clock = `${two(then.getHours())}:${two(then.getMinutes())}`;
  const day = (d: Date): string =>
    `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const today = new Date(now);
  if (day(then) === day(today)) return clock;
  const before = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  return day(then) === day(before) ? `yesterday ${clock}` : `${day(then)} ${clock}`;
}

/** `1 run`, `3 runs`. */
export const plural = (n: number, word: string): string =>
  `${grouped(n)} ${word}${n === 1 ? '' : 's'}`;

/** `84 events`, `1 event`: a number of things that are named in the plural. */
export const counted = (n: number, things: string): string =>
  `${grouped(n)} ${n === 1 ? things.replace(/s$/, '') : things}`;
