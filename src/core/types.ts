/** The nouns of the engine: entry, task, plan, entry of the log, reason, build event. Plain data; knows nothing of files or time. */
import type { Json } from '../task-module.ts';

export type { Json };

/** `charge/events`, or of one run or point `charge/events@r42`, `scan@Calib=32`. */
export type TargetName = string;

/** 32 hex digits (XXH64, two seeds), a dot, the size in bytes; of a table a further dot and its rows. */
export type ContentId = string;

/** Where something was said, for messages. `offset`/`length` into the file's text when known. Lines and columns count from 1. */
export interface Where {
  file: string;
  line: number;
  column: number;
  length?: number;
}

/** A path of keys into a parsed file; numbers are places in lists. */
export type KeyPath = readonly (string | number)[];

/** Where the parts of a parsed file stand: a value, its key, or both from the key to the end of the value. Of what is not there: the nearest thing above. */
export interface Places {
  value(path: KeyPath): Where;
  key(path: KeyPath): Where;
  pair(path: KeyPath): Where;
}

/** One mistake (or warning) with its place, or without one. `related`: further places of the same mistake, each with a remark. */
export interface Diagnostic {
  severity: 'error' | 'warning' | 'note';
  /** Of the closed list of UX.md section 4: `unknown-key`, `wrong-type`, ... */
  code: string;
  message: string;
  where?: Where;
  /** Remark printed beside the squiggle: `this is text`. */
  remark?: string;
  related?: readonly { where: Where; remark: string }[];
  /** A further line under the squiggle, `the other: tg:charge:38:9 (procedure charge/hits)`. */
  other?: string;
  /** What to do next. */
  try?: string;
}

/** `{key, range | values, name}`: `key` a path into the parameters (several paths when lists stand in it), values in the order written. */
export interface Axis {
  name: string;
  /** Path of keys; a list at a level stands for all of its members (Datenraffinerie's form). */
  key: readonly (string | number | readonly (string | number)[])[];
  values: readonly Json[];
  where: Where;
}

/** A source of tg.yaml: raw data that nobody makes. */
export interface SourceEntry {
  name: string;
  /** Pattern relative to the folder of the file it stands in, made absolute; `{run}`, `{run:d}`, other `{names}`. */
  pattern: string;
  /** As written, for messages. */
  written: string;
  /** Path inside the file: only this dataset counts ('' = whole file). */
  place: string;
  archived: boolean;
  hash: 'full' | 'fast';
  /** Files told one by one instead of by the pattern (direct mode). Absolute paths. */
  given?: readonly { path: string; run?: string }[];
  /** What stands at `place` of an input flow file: it stands there in the linked one, too. */
  carried?: true;
  where: Where;
}

/** What an entry makes: a table (in the artifact of its task), or a product (a file below the build folder). */
export interface OutputEntry {
  target: string;
  /** Pattern of the path below the build folder, as written; undefined for a table. */
  pattern?: string;
  /** For other tasks alone: stands in no flow file. */
  inner?: true;
  /** Other files of such a name beside them are taken for it by who reads them: they are told. */
  alone?: true;
  where: Where;
}

/** A check after the run: `{quantity: rows, bad: {below: 1}}`. */
export interface CheckEntry {
  quantity: string;
  warn?: { below?: number; above?: number };
  bad?: { below?: number; above?: number };
}

/** A procedure: one validated entry of a library. Paths are absolute. */
export interface Procedure {
  name: string;
  /** As written: a shipped type, `./file.mjs`, or `command`. */
  type: string;
  where: Where;
  /** Places of the parts of the entry, for messages: `inputs.0`, `parameters.window`, `type`. */
  places: ReadonlyMap<string, Where>;
  /** Folder of the file it stands in; cwd of commands. */
  folder: string;
  inputs: readonly { alias: string; target: string; where: Where }[];
  outputs: readonly OutputEntry[];
  /** Parameters as written in the procedure. */
  parameters: { readonly [name: string]: Json };
  configuration: { readonly [alias: string]: string };
  each: 'run' | 'all' | 'point' | { target: string } | undefined;
  optional: readonly string[];
  environment: readonly string[];
  scan: readonly Axis[];
  pool: string;
  slots: number;
  /** Bytes. */
  memory: number | undefined;
  cpus: number;
  after: readonly string[];
  retries: number;
  /** Seconds. */
  timeout: number | undefined;
  priority: number;
  always: boolean;
  replace: boolean;
  checks: readonly CheckEntry[];
  command: readonly string[] | undefined;
  depends: readonly string[];
  /** Why it cannot be made as things are: told when somebody needs it. */
  hindered?: Diagnostic;
}

/** The linked flow file. */
export interface LinkSettings {
  refs: 'region' | 'pairs';
  when: 'build' | 'idle' | 'asked';
  /** Pattern below the build folder. */
  file: string;
  drop: readonly string[];
}

/** tg.yaml and its libraries, validated. Paths are absolute. */
export interface Project {
  /** Folder of tg.yaml (or of `-o` in direct mode). */
  root: string;
  /** tg.yaml itself. */
  file: string;
  sources: readonly SourceEntry[];
  procedures: readonly Procedure[];
  /** Run table: rows in order, `run` and file names by source name. */
  runs: RunTable | undefined;
  build: string;
  default: readonly string[] | undefined;
  /** `parameters:` of tg.yaml by procedure, with the place of each value `charge/hits.pedestal_file`. File parameters stay as written. */
  parameters: { readonly [procedure: string]: { readonly [name: string]: Json } };
  overrides: readonly {
    runs: readonly string[];
    parameters: { readonly [procedure: string]: { readonly [name: string]: Json } };
    where: Where;
  }[];
  places: ReadonlyMap<string, Where>;
  workers: number | undefined;
  pools: { readonly [pool: string]: number };
  link: LinkSettings;
  /** Runs that are made part by part. */
  parts: 'all' | readonly string[];
  workflows: readonly { name: string; tasks: readonly string[] }[];
  /** Every file that was read to make this, in order: path and text id; for `tg why T tg.yaml` and the plan cache. */
  files: readonly string[];
  /** `executor:` of tg.yaml; undefined = threads. `time` in seconds, `memory` in bytes. */
  executor: ExecutorSettings | undefined;
  /** Folder of the shared store. */
  cache: string | undefined;
  /** File of the hosts and ports of a test system. */
  network: string | undefined;
}

/** `executor: {kind: slurm, partition: short, time: 2 h, memory: 4 GB, cpus: 1, batch: 100}`. */
export interface ExecutorSettings {
  kind: 'threads' | 'slurm';
  partition?: string;
  time?: number;
  memory?: number;
  cpus?: number;
  batch?: number;
}

/** A run table (`runs:`): per run the files of each source it names. */
export interface RunTable {
  file: string;
  rows: readonly { run: string; columns: { readonly [column: string]: string }; where: Where }[];
}

/** One input of a task: the alias the module knows it by, and the targets that stand for it. */
export interface TaskInput {
  alias: string;
  targets: readonly TargetName[];
  optional?: true;
  /** Read, but no part of the key: what is read of it is proven by the part's own value. */
  proven?: true;
  /** Its content is what the task finds in it: not hashed before, known by what was found when its stat was the same. */
  scanned?: true;
}

/** One output of a task. `path` is relative to the project root; `place` is `/charge/hits` for a table, '' for a product. */
export interface TaskOutput {
  target: TargetName;
  path: string;
  place: string;
  /** For other tasks alone: no result that is shown. */
  inner?: true;
}

/** The smallest unit; plain data. What all tasks of one procedure share hangs on `procedure`. */
export interface Task {
  id: string;
  procedure: Procedure;
  /** What runs it: `module` (thread or process), `cut` (the same module cuts a run into parts), `command`, `merge` of a scan or of parts, `flow` (link). */
  kind: 'module' | 'cut' | 'command' | 'merge' | 'flow';
  /** Parameters, validated and defaulted; shared between tasks where equal. */
  params: { readonly [name: string]: Json };
  /** Files read through the view or counted whole, by alias or parameter: absolute path, null when the parameter is null. Shared. */
  files: { readonly [name: string]: { path: string | null; whole: boolean; where?: Where } };
  inputs: readonly TaskInput[];
  after: readonly TargetName[];
  outputs: readonly TaskOutput[];
  run?: string;
  point?: { readonly [axis: string]: Json };
  /** Number of the part of its run, which is its point, too. */
  part?: number;
  /** A merge: the axis it merges over, and the points in product order. */
  merge?: {
    axes: readonly Axis[];
    over: string;
    points: readonly { readonly [axis: string]: Json }[];
    /** Parts of a run: rows and relations are joined to what one pass would have made. */
    parts?: true;
  };
}

/** What nobody makes: `packets@r42` and the files that stand for it. Paths relative to the project root where below it, else absolute. */
export interface Source {
  target: TargetName;
  files: readonly { path: string; run?: string }[];
  place: string;
  archived: boolean;
  hash: 'full' | 'fast';
  entry: SourceEntry;
}

/** What reads and makes what. Indices are into `tasks`; order is topological. */
export interface Plan {
  tasks: readonly Task[];
  /** Topological order of the tasks. */
  order: Uint32Array;
  /** Maker of a target, or undefined for sources. */
  maker: ReadonlyMap<TargetName, number>;
  sources: ReadonlyMap<TargetName, Source>;
  /** Task -> tasks that must settle first (inputs and `after`), and the reverse. */
  needs: readonly (readonly number[])[];
  dependents: readonly (readonly number[])[];
  /** Asked for (1), needed (1), or only looked at for the flow file (0). */
  wanted: Uint8Array;
}

/** One value that a run read: document (`param`, a file alias), path in it, canonical text of the value; '!absent' and '{keys}' forms in core/trace.ts. */
export interface TraceDocument {
  /** Without a `file`: 'param' for parameters, 'env' for environment, 'name' for base names of files, 'input' for names of inputs; else the alias or parameter that names the file. */
  name: string;
  /** Path of the file, relative to the root where below it; undefined for param/env. */
  file?: string;
  /** Content id of the file when it was read. */
  id?: ContentId;
  /** Up to 256 readings one by one: [path, canonical value]. */
  values?: readonly (readonly [path: string, value: string])[];
  /** More: bits over the leaves, touched mappings and enumerated mappings in canonical order (base64 of the bitmap), absent names (`numbers`: those that are whole numbers, packed, where they are many), one hash of the values. */
  bits?: {
    leaves: string;
    keys: string;
    absent: readonly string[];
    numbers?: string;
    hash: string;
  };
  /** The file counts whole: by value where both copies parse, else by its bytes. */
  whole?: boolean;
  /** Number of values read, absent probes included. */
  read: number;
}
export type Trace = readonly TraceDocument[];

/** One recorded (done) task: what the base key was made of, the trace, the outputs. */
export interface LogEntry {
  task: string;
  type: string;
  code: string;
  /** Content id of each data input, in order: [target, id]. */
  inputs: readonly (readonly [target: TargetName, id: ContentId])[];
  /** [target, path, id, rows?] */
  outputs: readonly (readonly [
    target: TargetName,
    path: string,
    id: ContentId,
    rows: number | null,
  ])[];
  trace: Trace;
  /** Why it ran: one sentence. */
  reason: string;
  counts: readonly (readonly [name: string, n: number])[];
  lost: readonly (readonly [n: number, of: number, reason: string])[];
  notes: readonly (readonly [text: string, n: number | null, of: number | null, quiet: boolean])[];
  /** Unix seconds. */
  started: number;
  ms: number;
  build: number;
  tg: string;
}

/** Why a task is stale. `kind` is the closed list of UX.md section 2. */
export type Reason =
  | { kind: 'never-built' }
  | { kind: 'forced' }
  | { kind: 'interrupted'; at: number }
  | { kind: 'output-missing'; path: string }
  | {
      kind: 'output-edited';
      target: TargetName;
      path: string;
      was: ContentId;
      is: ContentId | undefined;
    }
  | { kind: 'parameter'; name: string; from: string | undefined; to: string | undefined }
  | {
      kind: 'values';
      name: string;
      file: string;
      changed: number;
      read: number;
      values: readonly { key: string; from?: Json; to?: Json }[];
    }
  | { kind: 'environment'; name: string; from: string | undefined; to: string | undefined }
  | { kind: 'input'; target: TargetName; rows?: readonly [number | null, number | null] }
  | { kind: 'input-added'; target: TargetName }
  | { kind: 'input-removed'; target: TargetName }
  | { kind: 'code'; what: string; from: string; to: string }
  | { kind: 'always' };

/** A failure as the user sees it. */
export interface TaskFailure {
  code: string;
  message: string;
  where?: Where;
  try?: string;
  /** Place as the task knows it: the engine finds line and column. */
  at?: { file: string; keys?: readonly (string | number)[] };
  /** Last lines of a command's output. */
  lines?: readonly string[];
  stack?: string;
}

export type BuildEvent =
  | { type: 'began'; build: number; targets: readonly string[]; workers: number; time: number }
  | { type: 'planned'; tasks: number; stale: number; maybe: number; fresh: number; plan: Plan }
  | { type: 'stale'; task: Task; reasons: readonly Reason[] }
  | { type: 'fresh'; task: Task }
  | { type: 'started'; task: Task; attempt: number; worker: number }
  | { type: 'progress'; task: Task; n: number; of: number; unit: string }
  | { type: 'output'; task: Task; stream: 'stdout' | 'stderr'; text: string }
  | {
      type: 'retry';
      task: Task;
      attempt: number;
      attempts: number;
      failure: TaskFailure;
      wait: number;
    }
  | {
      type: 'done';
      task: Task;
      entry: LogEntry;
      same: boolean;
      reasons: readonly Reason[];
      bytes: readonly number[];
    }
  | { type: 'failed'; task: Task; failure: TaskFailure; seconds: number; attempts: number }
  | { type: 'cancelled'; task: Task; because: string }
  | { type: 'diagnostic'; diagnostic: Diagnostic }
  | { type: 'tick'; done: number; tasks: number }
  | { type: 'finished'; exit: number; seconds: number };

export type Reporter = (event: BuildEvent, t: number) => void;
