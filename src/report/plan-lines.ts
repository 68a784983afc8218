/** The lines of `tg plan`: state, task, reason, and what they come to. Knows no project: tasks come decided. */
import { reasonText } from '../core/reason.ts';
import type { Reason } from '../core/types.ts';
import { duration, grouped, moment, plural } from './format.ts';
import type { Ink } from './ink.ts';

/** One decided task. `ms`: how long it took last time; undefined: never built. */
export type PlanRow = { task: string; ms: number | undefined } & (
  | { state: 'fresh'; made: number }
  | { state: 'stale'; reasons: readonly Reason[] }
  | { state: 'maybe'; after: string }
);

/** First cause and how many there are besides. */
function because(reasons: readonly Reason[], now: number): string {
  const [first, ...rest] = reasons;
  if (first === undefined) return '';
  const text = reasonText(first, (at) => moment(at, now));
  return rest.length === 0 ? text : `${text}, and ${grouped(rest.length)} more`;
}

function detail(row: PlanRow, now: number): string {
  if (row.state === 'maybe') return `after ${row.after}`;
  return row.state === 'fresh' ? `made ${moment(row.made, now)}` : because(row.reasons, now);
}

/** One line a task, columns aligned. */
export function planLines(rows: readonly PlanRow[], ink: Ink, now = Date.now()): string[] {
  let width = 0;
  for (const { task } of rows) width = Math.max(width, task.length);
  return rows.map((row) => {
    const state = row.state === 'fresh' ? row.state : ink.yellow(row.state);
    return `${state}  ${ink.bold(row.task)}${' '.repeat(width - row.task.length)}  ${detail(row, now)}`;
  });
}

/** `18 tasks: 2 stale, 4 maybe, 12 fresh; about 0.4 s` */
export function planSummary(rows: readonly PlanRow[], seconds: number | undefined): string {
  const parts = (['stale', 'maybe', 'fresh'] as const).flatMap((state) => {
    const n = rows.filter((row) => row.state === state).length;
    return n === 0 ? [] : [`${grouped(n)} ${state}`];
  });
  const about = seconds === undefined ? '' : `; about ${duration(seconds)}`;
  return `${plural(rows.length, 'task')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}${about}`;
}
