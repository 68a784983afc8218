/** The table of `tg status`: how much of each procedure is fresh, stale, maybe, failed or never built. Knows no project. */
import { grouped, moment } from './format.ts';
import type { Ink } from './ink.ts';

export interface StatusRow {
  name: string;
  fresh: number;
  stale: number;
  maybe: number;
  failed: number;
  never: number;
  /** Unix seconds. */
  last: number | undefined;
}

/** Who builds now. */
export interface Running {
  pid: number;
  host: string;
  /** Unix seconds. */
  since: number;
  done?: number;
  tasks?: number;
}

const COUNTS = ['fresh', 'stale', 'maybe', 'failed', 'never'] as const;
const COLOUR = {
  fresh: 'green',
  stale: 'yellow',
  maybe: 'yellow',
  failed: 'red',
  never: undefined,
} as const;

export function statusLines(
  rows: readonly StatusRow[],
  running: Running | undefined,
  ink: Ink,
  now = Date.now(),
): string[] {
  const width = rows.reduce((most, { name }) => Math.max(most, name.length), 0);
  const widths = COUNTS.map((word) =>
    rows.reduce((most, row) => Math.max(most, grouped(row[word]).length), word.length),
  );
  const head = COUNTS.map((word, i) => word.padStart(widths[i]!)).join('  ');
  const lines = rows.map((row) => {
    const cells = COUNTS.map((word, i) => {
      const text = grouped(row[word]).padStart(widths[i]!);
      const colour = COLOUR[word];
      return row[word] === 0 || colour === undefined ? text : ink[colour](text);
    });
    const last = row.last === undefined ? '' : moment(row.last, now);
    return `${row.name.padEnd(width)}  ${cells.join('  ')}  ${last}`.trimEnd();
  });
  return [
    `${' '.repeat(width)}  ${head}  last built`,
    ...lines,
    ...(running === undefined ? [] : [runningLine(running, now)]),
  ];
}

function runningLine({ pid, host, since, done, tasks }: Running, now: number): string {
  const far =
    done === undefined || tasks === undefined
      ? ''
      : `, ${grouped(done)} of ${grouped(tasks)} tasks done`;
  return `a build runs now: pid ${pid} on ${host} since ${moment(since, now)}${far}`;
}
