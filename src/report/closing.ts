/** The closing lines of a build: the same in every mode. Knows the story and the outcome, no stream. */
import { rootCauses, joined, selectionOf } from './because.ts';
import { grouped, plural, total } from './format.ts';
import { headings } from './headings.ts';
import type { Ink } from './ink.ts';
import { lossLines, noteLines } from './losses.ts';
import type { Manner, Outcome } from './outcome.ts';
import { cancelledCount } from './story.ts';
import type { Story } from './story.ts';

/** A good build takes no more lines than this. */
const LINES = 8;
const CAUSES = 5;
const FILES = 6;
const NAMES = 4;

const tally = (story: Story, ink: Ink): { tasks: string; words: string } => {
  const done = story.done.length;
  const failed = story.failed.length;
  const cancelled = cancelledCount(story);
  const words = [
    ...(done > 0 ? [ink.green(`${grouped(done)} done`)] : []),
    ...(story.fresh > 0 ? [`${grouped(story.fresh)} fresh`] : []),
    ...(failed > 0 ? [ink.red(`${grouped(failed)} failed`)] : []),
    ...(cancelled > 0 ? [`${grouped(cancelled)} cancelled`] : []),
  ];
  const all = done + story.fresh + failed + cancelled;
  return { tasks: plural(all, 'task'), words: words.join(', ') };
};

/** @param seconds since the user pressed return */
export function closingLines(
  story: Story,
  outcome: Outcome,
  manner: Manner,
  seconds: number,
  exit: number,
  ink: Ink,
): string[] {
  const { tasks, words } = tally(story, ink);
  if (exit >= 128)
    return [`interrupted after ${total(seconds)}: ${tasks}: ${words}; the next build goes on`];
  const failed = story.failed.length > 0;
  if (story.done.length === 0 && !failed)
    return [
      `${tasks}: ${words === '' ? '' : `${words}, `}nothing to do (${total(seconds)})`,
      ...manner.edited.map((file) => `  note: ${file} edited, no value changed`),
    ];
  const first = failed && !manner.keepGoing ? [] : headings(outcome);
  const last = `${tasks}: ${words} in ${total(seconds)}${sameContent(story)}`;
  const files = first.length > 0 ? filesLine(outcome.files()) : [];
  const rest = failed ? cancelledLines(story, manner) : [];
  const lost = failed && !manner.verbose ? [] : lossLines(story).map((line) => `  lost: ${line}`);
  const notes = failed || manner.verbose ? [] : noteLines(story).map((line) => `  note: ${line}`);
  const causes = failed ? [] : rootCauses(story.done).map((line) => `  because: ${line}`);
  const room =
    LINES - first.length - Math.min(2, lost.length) - files.length - (manner.newcomer ? 2 : 1);
  const notesRoom = Math.max(1, Math.floor(room / 2), room - causes.length);
  const causesRoom = Math.max(1, Math.min(CAUSES, room - Math.min(notesRoom, notes.length)));
  const shown = manner.verbose
    ? [...lost, ...notes, ...causes]
    : [
        ...fit(lost, 2, '  lost: %, -v: each'),
        ...fit(notes, notesRoom, '  note: %, -v: each'),
        ...fit(causes, causesRoom, '  because: %, -v: each'),
      ];
  const next = manner.newcomer && !failed ? nextLine(story) : [];
  return [...first.map((line) => bolden(line, ink)), ...shown, ...files, ...next, last, ...rest];
}

/** What a newcomer may look at next: why a task ran, and what else there is. */
function nextLine(story: Story): string[] {
  const last = story.done.findLast(({ task }) => task.kind !== 'flow')?.task;
  return last === undefined ? [] : [`  try: tg why ${last.id}, tg list`];
}

/** At most so many lines; the last one says how many more there are. */
function fit(lines: readonly string[], most: number, more: string): string[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, most - 1), more.replace('%', `${lines.length - most + 1} more`)];
}

const bolden = (line: string, ink: Ink): string => line.replace(/^[^:]+/, (name) => ink.bold(name));

function filesLine(files: readonly string[]): string[] {
  if (files.length === 0) return [];
  if (files.length <= FILES) return [`  files: ${files.join(' ')}`];
  return [`  files: ${files[0]!} ... ${files.at(-1)!} (${grouped(files.length)} files)`];
}

/** ` (charge/raw_events@r42 made the same content)`. */
function sameContent(story: Story): string {
  const same = story.done.filter((event) => event.same);
  if (same.length === 0) return '';
  const procedures = new Set(same.map(({ task }) => task.procedure.name));
  const who =
    procedures.size === 1
      ? joined(
          same[0]!.task.procedure.name,
          same.map(({ task }) => selectionOf(task.id)),
        )
      : plural(same.length, 'task');
  return ` (${who} made the same content)`;
}

function cancelledLines(story: Story, manner: Manner): string[] {
  if (story.cancelled.size === 0) return [];
  if (!manner.keepGoing) {
    const parts = [...story.cancelled].map(([because, list]) => {
      const n = grouped(list.length);
      if (because === 'stopped') return `${n} not started (--keep-going builds them)`;
      if (because === 'interrupted') return `${n} interrupted (--kill)`;
      return `${n} ${list.length === 1 ? 'needs' : 'need'} ${because}`;
    });
    // What was not started stands last.
    return [
      `  ${parts.sort((a, b) => Number(a.includes(' not started')) - Number(b.includes(' not started'))).join('; ')}`,
    ];
  }
  return [...story.cancelled].map(([because, list]) => {
    const names = list.slice(0, NAMES).map(({ id }) => id);
    if (list.length > NAMES) names.push(`${grouped(list.length - NAMES)} more`);
    const why =
      because === 'interrupted'
        ? 'interrupted, --kill'
        : because === 'stopped'
          ? `not started after ${plural(manner.maxFailures, 'failure')}`
          : `need ${because}`;
    return `  cancelled: ${names.join(', ')} (${why})`;
  });
}
