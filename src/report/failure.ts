/** A failed task as the user reads it. Knows no files: places come ready. */
import type { TaskFailure } from '../core/types.ts';
import { duration } from './format.ts';
import type { Ink } from './ink.ts';
import type { Manner } from './outcome.ts';
import type { FailedEvent } from './story.ts';

/** `cal/ped.json:3:31: message`. */
export function failureText(failure: TaskFailure, shown: Manner['shown']): string {
  const { where, at, message } = failure;
  if (where !== undefined) return `${shown(where.file)}:${where.line}:${where.column}: ${message}`;
  return at === undefined ? message : `${shown(at.file)}: ${message}`;
}

/** What to do next, and how to go on from there. */
function tryText(event: FailedEvent, manner: Manner): string | undefined {
  const { failure, task } = event;
  const fix = failure.try;
  if (fix === undefined || fix === '') {
    if (failure.lines !== undefined && failure.lines.length > 0) return undefined;
    const hasMore = failure.stack !== undefined && !manner.verbose;
    return hasMore ? `tg build ${task.id} --only -v (adds the stack)` : `tg log ${task.id}`;
  }
  if (failure.code === 'bad-value' && failure.where !== undefined)
    return `${fix}, then ${manner.again}`;
  const others = failure.code === 'bad-input' && task.run !== undefined && !manner.keepGoing;
  return others ? `${fix}; the other runs: ${manner.again} --keep-going` : fix;
}

/** `charge/hits@r42: failed after 0.05 s`, then `error:`, the command's last lines, `try:` and `log:`. */
export function failureLines(event: FailedEvent, manner: Manner, ink: Ink): string[] {
  const { task, failure, attempts } = event;
  const tries = attempts > 1 ? `${attempts} tries, ` : '';
  const lines = [
    `${ink.bold(task.id)}: ${ink.red('failed')} after ${tries}${duration(event.seconds)}`,
  ];
  const own = failure.lines ?? [];
  // They stand below here; the sentence of the log says above.
  const text = failureText(failure, manner.shown);
  const told = own.length > 0 ? text.replace(/ \(last \d+ lines? above\)$/, '') : text;
  lines.push(`  ${ink.red('error')}: ${told.replaceAll('\n', '\n    ')}`);
  lines.push(...own.map((line) => `    ${line}`));
  if (manner.verbose && failure.stack !== undefined)
    lines.push(
      ...failure.stack
        .split('\n')
        .slice(1)
        .map((line) => `    ${line.trim()}`),
    );
  const fix = tryText(event, manner);
  const log = `tg log ${task.id}`;
  if (fix !== undefined && (fix !== log || own.length === 0)) lines.push(`  try: ${fix}`);
  if (own.length > 0) lines.push(`  log: ${log}`);
  return lines;
}
