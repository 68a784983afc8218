/** What a task module exports and what its `run` receives: the contract between the engine and every task type. */
import type { ZodType } from 'zod';

/** A value of YAML or JSON. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One file of an input: `path` of the file, `place` the path inside it (`/charge/hits`, `/packets`; '' = the whole file), `run` it belongs to. */
export interface InputPlace {
  path: string;
  place: string;
  run?: string;
}

/** Everything a task's `run` may know. There is no clock and no entropy here: same context, same bytes. */
export interface TaskContext {
  /** Task id, `charge/hits@r42`. */
  task: string;
  /** Detector run, when the task belongs to one. */
  run?: string;
  /** Point of a scan: axis name -> value. */
  point?: { readonly [axis: string]: Json };
  /** 1 for the first try. */
  attempt: number;
  /** Parameters, validated and defaulted, seen through a recording, frozen view: what is read here is what restales the task. */
  params: Readonly<Record<string, Json>>;
  /** Path of the only file of an input (error when there are several). A table `charge/hits` is the group /charge/hits in it. */
  input(alias: string): string;
  /** Path inside that file, when the source gives one (`/packets`); for a table made by tg `/<table>`; '' for a whole file. */
  place(alias: string): string;
  /** All files of an input, in order of their runs. */
  inputs(alias: string): readonly InputPlace[];
  /** Parsed YAML/JSON file of a `configuration:` alias or of a parameter listed in `configuration`; null when the parameter is null. Read value by value through the view. */
  configuration(name: string): Json;
  /** Absolute path of a file parameter listed in `files` (or `configuration`), null when the parameter is null. */
  file(name: string): string | null;
  /** Where to write a target. Tables of one task share one HDF5 file. */
  output(target: string): string;
  /** A folder that is removed afterwards. */
  scratch: string;
  /** Random numbers in [0, 1), seeded by the base key. */
  rng(): number;
  /** Progress: n of `of` units done. */
  progress(n: number, of: number, unit: string): void;
  /** A number of the summary's first line: count('hits', 10679). Summed over runs. */
  count(name: string, n: number): void;
  /** n of `of` rows were dropped for this reason. Shown in the summary; the module also stores them as attribute `lost`. */
  lost(n: number, of: number, reason: string): void;
  /** A remark for the summary; equal texts are summed over runs. `text` is the part after the counts: note('pixels have no pedestal, 580 mV used', 281, 9648). `quiet`: shown with -v only. */
  note(text: string, n?: number, of?: number, quiet?: boolean): void;
  /** Aborted when the build is interrupted. */
  signal: AbortSignal;
}

/** A task type. `version` present: bump it to rerun; absent: the file's own hash counts. */
export interface TaskModule {
  version?: string;
  /** Where it runs: `thread` (default) or a child process of its own. */
  runs?: 'thread' | 'process';
  /** Defaults (their types are the schema) or a zod object; `.describe('ticks of 0.1 us')` is the unit a message prints. */
  params?: Readonly<Record<string, Json>> | ZodType;
  /** Parameters that are files read value by value through the view. */
  configuration?: readonly string[];
  /** Parameters that are files that count whole. */
  files?: readonly string[];
  /** A run may be made part by part: `each` part of the inputs alone, rows and ids counted from 0, or by cutting its input. */
  parts?: 'each' | Cut;
  run(context: TaskContext): Promise<void> | void;
  /** The type stands for several: what an entry of it is made of. Then it never runs itself. */
  standsFor?(entry: StandingEntry): StandIns;
}

/** An entry of a type that stands for several, before anything is built. */
export interface StandingEntry {
  name: string;
  /** Parameters, validated and defaulted. */
  params: Readonly<Record<string, Json>>;
  /** Absolute path of a parameter listed in `files` or `configuration`; null when it is null. */
  file(name: string): string | null;
}

/** Why a procedure cannot be made as things are: told when somebody needs it. */
export interface Hindrance {
  message: string;
  code: string;
  try: string;
  /** The parameter at fault. */
  parameter?: string;
}

/** Thrown by `standsFor`: a mistake of the entry itself, whoever needs it or not. */
export class StandInError extends Error {
  readonly hindrance: Hindrance;
  constructor(hindrance: Hindrance) {
    super(hindrance.message);
    this.name = 'StandInError';
    this.hindrance = hindrance;
  }
}

/** What stands in the place of an entry. Paths are absolute. */
export interface StandIns {
  /** Files by run, in any order; `written`: how messages call them; `parameter`: where they were named. */
  sources: Readonly<
    Record<
      string,
      {
        pattern: string;
        written: string;
        files: readonly { path: string; run: string }[];
        parameter?: string;
      }
    >
  >;
  procedures: readonly {
    name: string;
    type: string;
    inputs: Readonly<Record<string, string>>;
    /** `path` of a product, relative to the build folder or absolute; without one it is a table. `inner`: for other tasks alone. `alone`: files of such a name beside them are told. */
    outputs: Readonly<Record<string, { path?: string; inner?: true; alone?: true }>>;
    parameters: Readonly<Record<string, Json>>;
    each?: 'run' | 'all' | { target: string };
    after?: readonly string[];
    /** The `checks:` of the entry are made of this one. */
    checked?: true;
    hindered?: Hindrance;
  }[];
  /** Targets that the name of the entry means. */
  meant: readonly string[];
}

/** A type that stands for several. */
export const defineStanding = (
  module: Omit<TaskModule, 'run' | 'standsFor'> & Required<Pick<TaskModule, 'standsFor'>>,
): TaskModule => ({
  ...module,
  run() {
    throw new Error('a type that stands for several does not run');
  },
});

/**
 * How the rows of an input are cut into parts that are made one after the other. `run` of part k finds its entry of the part
 * table in `params.part`, reads the rows that it tells and proves them by it, and finds in the input `carry` what part k-1
 * wrote into the output `carry`.
 */
export interface Cut {
  /** Alias of the input that is cut. */
  of: string;
  /** The part table: a JSON list `[{name, ..}]`; an entry is the same as long as its rows are. */
  list: string;
  carry: string;
  /** Writes the part table into the output `list`. */
  scan(context: TaskContext): Promise<void> | void;
}

/** Identity, for the types. */
export const defineTask = (module: TaskModule): TaskModule => module;

/** A mistake of the user's that a task found: one sentence, and what to do. Never shown with a stack. */
export class TaskError extends Error {
  readonly code: string;
  /** What to do next. */
  readonly try: string | undefined;
  /** Place of the mistake, when it is in a file: path, and the path of keys in it, from which the engine finds line and column. */
  readonly at: { file: string; keys?: readonly (string | number)[] } | undefined;
  constructor(
    message: string,
    options: {
      code?: string;
      try?: string;
      at?: { file: string; keys?: readonly (string | number)[] };
    } = {},
  ) {
    super(message);
    this.name = 'TaskError';
    this.code = options.code ?? 'bad-input';
    this.try = options.try;
    this.at = options.at;
  }
}
