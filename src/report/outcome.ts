/** What the closing lines need beside the story: what was asked for and what of it is there. Plain data and look-ups, filled in by the command line. */
import type { Wanted } from '../core/targets.ts';
import type { LogEntry, Plan, Task } from '../core/types.ts';

export interface Outcome {
  plan: Plan;
  wanted: Wanted;
  /** Is the task fresh or done? */
  there: (task: number) => boolean;
  /** Counts and rows of what the store has of a task. */
  contents: (task: Task) => Pick<LogEntry, 'counts' | 'outputs'> | undefined;
  /** Paths of what was asked for and is there, as the user sees them. */
  files: () => readonly string[];
}

/** How the reporters write: what was typed, how much is wanted. */
export interface Manner {
  verbose: boolean;
  keepGoing: boolean;
  /** Stop after so many failures, when that was asked for. */
  maxFailures: number;
  /** YAML files that were edited since the last build, when that is to be said. */
  edited: readonly string[];
  /** The first build of this project: say what to try next. */
  newcomer: boolean;
  /** `tg build charge/events`: what to type to go on. */
  again: string;
  /** A path as the user sees it. */
  shown: (path: string) => string;
}
