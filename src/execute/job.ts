/** What the main thread asks of a worker and what comes back. Plain data that crosses threads and processes. */
import type { ContentId, Json, TargetName, TraceDocument } from '../core/types.ts';
import type { InputPlace } from '../task-module.ts';

/** An output while it is made: `path` is the staged file. */
export interface StagedOutput {
  target: TargetName;
  path: string;
  place: string;
  /** As its procedure writes it: the path below the build folder. */
  shown: string;
}

/** What is the same for tasks of modules and for commands. */
export interface TaskJob {
  task: string;
  run: string | undefined;
  point: { readonly [axis: string]: Json } | undefined;
  attempt: number;
  params: { readonly [name: string]: Json };
  inputs: { readonly [alias: string]: readonly InputPlace[] };
  /** Aliases whose files are sources: their base names are values the task reads. */
  sources: readonly string[];
  files: {
    readonly [name: string]: {
      path: string | null;
      shown: string | null;
      whole: boolean;
      id: ContentId | null;
    };
  };
  outputs: readonly StagedOutput[];
  /** What the task depends on whatever it reads: declared environment; of a command everything. */
  known: readonly TraceDocument[];
  /** Folder of this try; scratch and staged files lie in it. */
  stage: string;
  seed: string;
  /** Goes into the attribute `tg` of what is made, with the trace added. */
  provenance: { readonly [key: string]: Json };
}

/** Tables of several artifacts in one file: the linked flow file of a run, or (`stored`) an artifact joined of its parts. */
export interface FlowJob {
  path: string;
  /** A table of which there are several is one in parts; `task` makes all of it, or it is lent by a source. */
  tables: readonly ({ place: string; path: string } & ({ task: string } | { source: string }))[];
  refs: 'region' | 'pairs' | 'stored';
  /** Of tables in parts that are not among them: the first row of each part, and the number of all. */
  rows?: { readonly [place: string]: readonly number[] };
  tg: string;
}

/** Tables of the members of a scan, concatenated behind one column per axis. */
export interface MergeJob {
  over: string;
  values: readonly Json[];
  /** Per table: members in order of `values`. */
  tables: readonly { place: string; members: readonly string[] }[];
}

export type Job =
  /** `cut`: not its run, but what cuts its input into parts. */
  | { kind: 'module'; module: string; user: boolean; cut: boolean; job: TaskJob }
  | { kind: 'flow' | 'join'; job: TaskJob; flow: FlowJob }
  | { kind: 'merge'; job: TaskJob; merge: MergeJob }
  /** Content ids of outputs that a command made. */
  | { kind: 'outputs'; job: TaskJob; trace: readonly TraceDocument[] }
  /** Content id of a file, or of places in it; of what is no source all that was made together is asked together. */
  | { kind: 'hash'; path: string; places: readonly string[]; fast: boolean; isSource: boolean };

export interface OutputId {
  target: TargetName;
  id: ContentId;
  rows: number | null;
  bytes: number;
}

export interface JobResult {
  outputs: OutputId[];
  trace: TraceDocument[];
  counts: [string, number][];
  lost: [number, number, string][];
  notes: [string, number | null, number | null, boolean][];
  /** Sidecars `NAME.tg.json` that were written beside staged products. */
  sidecars: string[];
  /** The worker should not be used again. */
  worn?: boolean;
}

export interface JobError {
  code: string;
  message: string;
  try?: string;
  at?: { file: string; keys?: readonly (string | number)[] };
  stack?: string;
  lines?: readonly string[];
  /** HDF5 threw: the library's state in that worker cannot be trusted any more. */
  worn?: boolean;
}

export type JobEvent =
  | { type: 'progress'; n: number; of: number; unit: string }
  | { type: 'output'; stream: 'stdout' | 'stderr'; text: string };

export type FromWorker =
  | { n: number; event: JobEvent }
  | { n: number; result: JobResult }
  | { n: number; error: JobError };
export type ToWorker = { n: number; job: Job };
