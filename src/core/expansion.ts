/** What expansion starts from and what it comes to: matched sources, resolved parameters, families of tasks. Plain data. */
import type {
  Diagnostic,
  Json,
  Procedure,
  Source,
  SourceEntry,
  TargetName,
  Task,
} from './types.ts';

/** A source of tg.yaml with what was found for it. */
export interface MatchedSource {
  entry: SourceEntry;
  /** One target per run in natural order, or a single one without runs. */
  targets: readonly Source[];
  runs: readonly string[] | undefined;
  /** Why nothing was found; told only when somebody needs it. */
  missing: ((neededBy: readonly string[]) => Diagnostic) | undefined;
  /** What was there in an earlier build and is not any more. */
  gone: readonly { target: TargetName; diagnostic(neededBy: readonly string[]): Diagnostic }[];
}

export interface Resolved {
  params: { readonly [name: string]: Json };
  files: Task['files'];
}

/**
 * How a procedure works on a run in parts: on each part of its inputs, or it is the one that cuts the run. Then `of` is the
 * input that is cut, `list` the part table, `carry` what a part hands to the next.
 */
export type PartsRole = 'each' | { of: string; list: string; carry: string };

export interface ExpandInput {
  procedures: readonly Procedure[];
  sources: ReadonlyMap<string, MatchedSource>;
  /** Parameters of a procedure for a run; the same object for equal layers. */
  resolve(procedure: Procedure, run: string | undefined): Resolved;
  /** Contents of lists that procedures are expanded over (`each: TARGET`), once they are built. */
  lists: ReadonlyMap<TargetName, readonly { name: string; value: Json }[]>;
  /** undefined: it wants its inputs whole. */
  partsRole?(procedure: Procedure): PartsRole | undefined;
  /** Is this run made part by part? */
  inParts?(run: string | undefined): boolean;
  /** Shipped library (`tg:light`) that makes a name and is not used by this project. */
  elsewhere?: (name: string) => string | undefined;
  /** Folders relative to the root. */
  artifacts: string;
  build: string;
  root?: string;
}

/** All tasks of a procedure. */
export interface Family {
  procedure: Procedure;
  tasks: number[];
  runs: readonly string[] | undefined;
  /** Tasks that stand for the whole: one per run, merges of scans, single tasks. By run ('' without). */
  whole: Map<string, number>;
  /** Runs that are made part by part, once their parts are known. */
  parts: Map<string, Parts>;
  /** Runs whose tables are made of all parts together, and so belong to the whole. */
  joined: Set<string>;
  missing: Diagnostic | undefined;
  /** Some of it waits for this list. */
  deferred: TargetName | undefined;
  /** Runs whose tasks are not known yet ('' without runs). */
  waiting: Set<string>;
}

/** The parts of a run: their part table, the tasks, and the task that joins them, which is made when somebody needs all in one. */
export interface Parts {
  list: TargetName;
  tasks: readonly number[];
  whole: Task;
}

export interface Expansion {
  tasks: Task[];
  /** Tasks that stand ready for who needs the targets they make. */
  spare: Map<TargetName, Task>;
  sources: Map<TargetName, Source>;
  families: Map<string, Family>;
  /** Targets (without `@`) -> procedure that makes them. */
  makerOf: Map<string, Procedure>;
  diagnostics: Diagnostic[];
}
