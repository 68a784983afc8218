/** Which file is of which ADC, and whether their times meet: names, serial numbers and clocks must agree. Knows heads of files only. */
import { TaskError } from 'tg';

/** A file and the serial number in its records. */
export interface AdcOfFile {
  name: string;
  path: string;
  serial: number;
}

/** Serial number as names of files have it. */
const hex = (serial: number): string => serial.toString(16);

/** `ADC 175780172 (a7a314c)`: as sn_table has it, and as names of files do. */
export const shownAdc = (serial: number): string => `ADC ${serial} (${hex(serial)})`;

/** Serial numbers in the order of the ADCs: the table, or what the files have, ascending. @throws TaskError when a file has another one */
export function orderOf(files: readonly AdcOfFile[], table: readonly number[] | null): number[] {
  const order =
    table === null ? files.map(({ serial }) => serial).sort((a, b) => a - b) : [...table];
  const seen = new Map<number, string>();
  for (const { name, serial } of files) {
    const first = seen.get(serial);
    if (first !== undefined)
      throw new TaskError(`${first} and ${name} are both of ${shownAdc(serial)}`, {
        try: 'one file per ADC and run',
      });
    seen.set(serial, name);
    if (!order.includes(serial))
      throw new TaskError(
        `${name} is of ${shownAdc(serial)}, sn_table has ${order.map(shownAdc).join(', ')}`,
        { try: `sn_table: [${[...order, serial].join(', ')}]` },
      );
  }
  for (const file of files) checkName(file, order);
  return order;
}

/** A name that holds the serial number of another ADC than the records. @throws TaskError */
function checkName({ name, serial }: AdcOfFile, order: readonly number[]): void {
  const text = name.toLowerCase();
  if (text.includes(hex(serial))) return;
  const other = order.find((one) => text.includes(hex(one)));
  if (other === undefined) return;
  throw new TaskError(
    `${name} is called after ${shownAdc(other)}, its records are of ${shownAdc(serial)}`,
    {
      try: 'the file under its right name',
    },
  );
}

/** First and last unix time of a file, ms. */
export interface Span {
  from: number;
  to: number;
}

export const createSpan = (): Span => ({ from: Infinity, to: -Infinity });

export function widen(span: Span, unixMs: number): void {
  if (unixMs < span.from) span.from = unixMs;
  if (unixMs > span.to) span.to = unixMs;
}

/** Files of one run were taken at the same time. @throws TaskError when the times of two lie apart by more than the window [ms] */
export function checkTimes(files: readonly { name: string; span: Span }[], window: number): void {
  for (const [i, a] of files.entries())
    for (const b of files.slice(i + 1)) {
      const gap = Math.max(a.span.from, b.span.from) - Math.min(a.span.to, b.span.to);
      // One of them without records: Infinity.
      if (!(gap > window) || !Number.isFinite(gap)) continue;
      const shown = ({ name, span }: { name: string; span: Span }): string =>
        `${name} (${isoOf(span.from)} to ${isoOf(span.to)})`;
      throw new TaskError(`${shown(a)} and ${shown(b)} are not of one run: no time in common`, {
        code: 'no-match',
        try: 'the files of one run',
      });
    }
}

/** `2021-04-04 00:42:06`, UTC; what no calendar has, as a number. */
function isoOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? `${ms} ms`
    : date.toISOString().slice(0, 19).replace('T', ' ');
}
