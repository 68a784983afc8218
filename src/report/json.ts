/** Build events as lines of JSON (`--json`): exactly the fields of UX.md section 2, new ones may come. Knows no terminal. */
import type { BuildEvent, Reporter, TaskFailure } from '../core/types.ts';
import { diagnosticLine } from './json-diagnostic.ts';
import type { Manner, Outcome } from './outcome.ts';
import { cancelledCount } from './story.ts';
import type { Story } from './story.ts';
import { unreachable } from './unreachable.ts';

/** Moment as ISO 8601 with the local zone. @param ms unix */
export function isoTime(ms: number): string {
  const at = new Date(ms);
  const offset = -at.getTimezoneOffset();
  const two = (n: number): string => String(Math.trunc(n)).padStart(2, '0');
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  return new Date(ms + offset * 60_000).toISOString().replace('Z', zone);
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

export interface JsonOptions {
  story: Story;
  shown: Manner['shown'];
  tg: string;
  line: (object: { type: string; [field: string]: unknown }) => void;
  outcome: () => Outcome | undefined;
}

/** Takes an event after the story has taken it. */
export function jsonReporter(options: JsonOptions): Reporter {
  const { story, shown } = options;
  /** What is decided before the plan is known is told behind its line. */
  let early: [BuildEvent, number][] | undefined;
  return (event: BuildEvent, at: number): void => {
    if (event.type === 'began') early = [];
    else if (event.type === 'planned' || event.type === 'finished') {
      const held = early ?? [];
      early = undefined;
      if (event.type === 'planned') tell(event, at);
      for (const [one, when] of held) tell(one, Math.max(when, at));
      if (event.type === 'planned') return;
    } else if (early !== undefined && event.type !== 'diagnostic') {
      early.push([event, at]);
      return;
    }
    tell(event, at);
  };

  function tell(event: BuildEvent, at: number): void {
    const t = rounded(at);
    const { type } = event;
    switch (type) {
      case 'began': {
        const { build, targets, workers } = event;
        const time = isoTime(event.time);
        options.line({ type, tg: options.tg, build, targets, workers, time });
        return;
      }
      case 'planned': {
        const { tasks, stale, maybe, fresh } = event;
        options.line({ type, tasks, stale, maybe, fresh, t });
        return;
      }
      case 'stale': {
        options.line({ type, task: event.task.id, reasons: event.reasons, t });
        return;
      }
      case 'fresh': {
        options.line({ type, task: event.task.id, t });
        return;
      }
      case 'started': {
        const { attempt, worker } = event;
        options.line({ type, task: event.task.id, attempt, worker, t });
        return;
      }
      case 'progress': {
        const { n, of, unit } = event;
        options.line({ type, task: event.task.id, n, of, unit, t });
        return;
      }
      case 'output': {
        const { stream, text } = event;
        options.line({
          type,
          task: event.task.id,
          stream,
          text: text.replace(/\n$/, ''),
          t,
        });
        return;
      }
      case 'retry': {
        const { attempt, attempts, wait } = event;
        const error = failureFields(event.failure, shown);
        options.line({ type, task: event.task.id, attempt, attempts, wait, error, t });
        return;
      }
      case 'done': {
        const { task, entry, same, bytes } = event;
        const outputs = entry.outputs.map(([target, path, id, rows], i) => ({
          target,
          path: shown(path),
          id,
          ...(rows === null ? {} : { rows }),
          bytes: bytes[i]!,
        }));
        const lost = entry.lost.map(([n, of, reason]) => ({ reason, n, of }));
        const notes = entry.notes.map(([what, n, of]) => ({
          what,
          ...(n === null ? {} : { n }),
          ...(of === null ? {} : { of }),
        }));
        const counts = Object.fromEntries(entry.counts);
        const seconds = entry.ms / 1000;
        options.line({
          type,
          task: task.id,
          seconds,
          same,
          outputs,
          counts,
          lost,
          notes,
          t,
        });
        return;
      }
      case 'failed': {
        const { task, attempts } = event;
        const seconds = rounded(event.seconds);
        const error = failureFields(event.failure, shown);
        options.line({ type, task: task.id, seconds, attempts, error, log: task.id, t });
        return;
      }
      case 'cancelled': {
        options.line({ type, task: event.task.id, because: event.because, t });
        return;
      }
      case 'diagnostic': {
        options.line(diagnosticLine(event.diagnostic, shown));
        return;
      }
      case 'tick':
        return;
      case 'finished': {
        const { fresh, done, failed } = story;
        options.line({
          type,
          exit: event.exit,
          fresh,
          done: done.length,
          failed: failed.length,
          cancelled: cancelledCount(story),
          seconds: rounded(event.seconds),
          files: options.outcome()?.files() ?? [],
          t,
        });
        return;
      }
      default:
        return unreachable(event);
    }
  }
}

function failureFields(failure: TaskFailure, shown: Manner['shown']): { [field: string]: unknown } {
  const { code, message, where, at, lines } = failure;
  const file = where?.file ?? at?.file;
  return {
    code,
    message,
    ...(file === undefined ? {} : { file: shown(file) }),
    ...(where === undefined ? {} : { line: where.line, column: where.column }),
    ...(failure.try === undefined ? {} : { try: failure.try }),
    ...(lines === undefined || lines.length === 0 ? {} : { lines }),
  };
}
