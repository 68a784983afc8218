/** The head of `tg log`: which try it was and how it ended, and the notes of a run that ended well. Knows no files. */
import { noteText } from '../core/text.ts';
import type { LogEntry } from '../core/types.ts';
import { duration, grouped, moment } from './format.ts';

export interface LogHead {
  task: string;
  /** What is recorded; the last good run. */
  entry: LogEntry | undefined;
  /** Last try that did not end well. */
  open:
    | {
        kind: 'failed' | 'interrupted' | 'publishing';
        at: number;
        build?: number;
        attempt?: number;
        ms?: number;
        worker?: number;
      }
    | undefined;
  /** Of the last output that was kept. */
  attempt: number | undefined;
}

/** `charge/hits@r42, build 7, 14:02, attempt 1, failed after 0.05 s, worker 3` */
export function logHead({ task, entry, open, attempt }: LogHead, now = Date.now()): string {
  const part = (word: string, n: number | undefined): string[] =>
    n === undefined ? [] : [`${word} ${grouped(n)}`];
  if (open !== undefined) {
    const end = open.kind === 'failed' ? 'failed' : 'interrupted';
    const after = open.ms === undefined ? '' : ` after ${duration(open.ms / 1000)}`;
    return [
      task,
      ...part('build', open.build),
      moment(open.at, now),
      ...part('attempt', open.attempt ?? attempt ?? 1),
      `${end}${after}`,
      ...part('worker', open.worker),
    ].join(', ');
  }
  if (entry === undefined) return `${task}, attempt ${attempt ?? 1}`;
  return [
    task,
    ...part('build', entry.build),
    moment(entry.started, now),
    ...part('attempt', attempt ?? 1),
    `done in ${duration(entry.ms / 1000)}`,
  ].join(', ');
}

/** What a good run told: losses and notes, as in the summary of a build. */
export function logNotes(entry: LogEntry): string[] {
  const lost = entry.lost
    .filter(([n]) => n > 0)
    .map(([n, of, reason]) => `lost: ${grouped(n)} of ${grouped(of)} ${reason}`);
  return [...lost, ...entry.notes.map((note) => `note: ${noteText(note)}`)];
}
