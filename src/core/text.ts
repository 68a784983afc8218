/** Texts that more than one room writes: numbers as people read them, and notes with their counts. */
import type { LogEntry } from './types.ts';

/** Thousands apart: 14 904. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');

/** `482 of 9 648 pixels have no pedestal, 580 mV used`. */
export const noteText = ([text, n, of]: LogEntry['notes'][number]): string =>
  n === null
    ? text
    : of === null
      ? `${grouped(n)} ${text}`
      : `${grouped(n)} of ${grouped(of)} ${text}`;
