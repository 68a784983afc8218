/** Build events as plain lines: complete by itself, nothing rewritten. Knows no terminal. */
import { reasonsText } from '../core/reason.ts';
import type { BuildEvent, Diagnostic, Reporter } from '../core/types.ts';
import { closingLines } from './closing.ts';
import { failureLines, failureText } from './failure.ts';
import { duration, grouped, plural, total } from './format.ts';
import type { Ink } from './ink.ts';
import { notesOf } from './losses.ts';
import type { Manner, Outcome } from './outcome.ts';
import { secondsLeft } from './story.ts';
import type { Story } from './story.ts';
import { unreachable } from './unreachable.ts';

export interface TextOptions {
  story: Story;
  manner: Manner;
  ink: Ink;
  /** `quiet`: failures only; `closing`: no line per task (below a live view); `tasks`: a line per task. */
  level: 'quiet' | 'closing' | 'tasks';
  write: (text: string) => void;
  /** Renders warnings. */
  diagnostic: (diagnostic: Diagnostic) => string;
  /** There when `finished` is told. */
  outcome: () => Outcome | undefined;
  /** Seconds since the user pressed return. */
  seconds: () => number;
}

/** A line per task up to so many, above it one per PAUSE seconds. */
const TASKS = 200;
const PAUSE = 5;

/** Takes an event after the story has taken it. */
export function textReporter(options: TextOptions): Reporter {
  const { story, manner, ink, level } = options;
  let lastLine = 0;
  const print = (...lines: string[]): void =>
    options.write(lines.map((line) => `${line}\n`).join(''));
  const isQuiet = level === 'quiet';
  const eachTask = (): boolean => level === 'tasks' && (manner.verbose || story.tasks <= TASKS);

  return (event: BuildEvent, t: number): void => {
    switch (event.type) {
      case 'began':
      case 'stale':
      case 'started':
        return;
      case 'progress':
      case 'tick': {
        sometimes(t);
        return;
      }
      case 'planned':
        if (level === 'tasks' && event.stale + event.maybe > 0) print(planLine(event));
        return;
      case 'fresh':
        if (manner.verbose && !isQuiet) print(`${ink.bold(event.task.id)}: fresh`);
        return;
      case 'output':
        if (manner.verbose && !isQuiet)
          for (const line of event.text.replace(/\n$/, '').split('\n'))
            print(`${event.task.id}: ${line}`);
        return;
      case 'retry': {
        const { task, attempt, attempts, failure, wait } = event;
        if (isQuiet) return;
        const what = failureText(failure, manner.shown);
        print(`${ink.bold(task.id)}: try ${attempt} of ${attempts}: ${what}, again in ${wait} s`);
        return;
      }
      case 'done': {
        if (eachTask()) {
          const why = reasonsText(event.reasons);
          const took = duration(event.entry.ms / 1000);
          const same = event.same ? ', the same content' : '';
          print(`${ink.bold(event.task.id)}: ${ink.green('done')} in ${took} (${why}${same})`);
          if (manner.verbose)
            for (const note of notesOf(event.task, event.entry)) print(`  note: ${note}`);
        } else sometimes(t);
        return;
      }
      case 'failed': {
        print(...failureLines(event, manner, ink));
        return;
      }
      case 'cancelled':
        if (manner.verbose && !isQuiet)
          print(`${ink.bold(event.task.id)}: ${cancelledText(event)}`);
        return;
      case 'diagnostic':
        if (!isQuiet || event.diagnostic.severity === 'error')
          options.write(options.diagnostic(event.diagnostic));
        return;
      case 'finished': {
        const outcome = options.outcome();
        if (isQuiet || outcome === undefined) return;
        print(...closingLines(story, outcome, manner, options.seconds(), event.exit, ink));
        return;
      }
      default:
        return unreachable(event);
    }
  };

  /** Above TASKS tasks: how far it is, every PAUSE seconds. */
  function sometimes(t: number): void {
    if (level !== 'tasks' || eachTask() || t - lastLine < PAUSE) return;
    lastLine = t;
    print(progressLine(story, t));
  }
}

function planLine(event: Extract<BuildEvent, { type: 'planned' }>): string {
  const parts = (['stale', 'maybe', 'fresh'] as const)
    .filter((word) => event[word] > 0)
    .map((word) => `${grouped(event[word])} ${word}`);
  return `plan: ${plural(event.tasks, 'task')}: ${parts.join(', ')}`;
}

function cancelledText({ because }: Extract<BuildEvent, { type: 'cancelled' }>): string {
  if (because === 'interrupted') return 'cancelled (interrupted)';
  return because === 'stopped' ? 'cancelled (not started)' : `cancelled (needs ${because})`;
}

/** `4 of 18 tasks done, 5 running, 0.6 s, about 0.8 s left`. */
export function progressLine(story: Story, t: number, left = secondsLeft(story, t)): string {
  const settled = story.done.length + story.fresh;
  const ends = [
    `${grouped(settled)} of ${plural(story.tasks, 'task')} done`,
    `${story.running.size} running`,
    ...(story.failed.length > 0 ? [`${story.failed.length} failed`] : []),
    total(t),
    ...(left === undefined ? [] : [`about ${total(left)} left`]),
  ];
  return ends.join(', ');
}
