/**
 * What a verb is: plain data and one function. The front door (main.ts) reads its flags, prints its help and its mistakes; a verb knows no argv.
 *
 * A verb lives in `src/cli/<name>.ts` and exports `verb`:
 *
 *     export const verb: Verb = {
 *       flags: [...PROJECT_FLAGS],               // the common ones (-C -q -v --json --color -h) come by themselves
 *       async run(call) {
 *         const ws = await openProject(call);     // src/cli/open-project.ts: tg.yaml, or -i -o -c
 *         ...
 *         call.out('build/r42.h5\n');            // the result: stdout
 *         call.err('1 of 3 is not there\n');     // the story: stderr
 *         return 1;                              // exit code
 *       },
 *     };
 *
 * Mistakes are thrown: `Mistakes` of the engine (exit 2), `Refusal` for any other exit code. Nothing else is caught: it is a bug of tg (70).
 * With `call.json` a verb writes lines by `call.line({type: 'plan', ...})` (the `v` is added) and nothing to `err`.
 * It is made known, with its words and its line of the help, by one entry in the table of src/cli/verbs.ts.
 */
import type { Diagnostic } from '../core/types.ts';
import type { Ink } from '../report/ink.ts';

/** One flag. Without `takes` it is a switch; with it, it always takes one value. */
export interface Flag {
  /** Without the dashes: `keep-going`, `C` when there is no long form. */
  name: string;
  /** One letter. */
  short?: string;
  /** What its value is called in the help: `N`, `DIR`. */
  takes?: string;
  /** May be given several times. */
  repeats?: true;
  /** What the value must be, for the message `--workers must be a whole number from 1, not "0"`. */
  must?: { be: string; holds(text: string): boolean; like: string };
  help: string;
}

export interface Verb {
  flags: readonly Flag[];
  /** Lines below the flags in `tg help VERB`. */
  examples?: readonly string[];
  /** @returns the exit code */
  run(call: Call): Promise<number>;
}

/** One call of a verb. */
export interface Call {
  /** Targets and other words that are no flags. */
  words: readonly string[];
  /** Was a switch given (or a value)? */
  has: (flag: string) => boolean;
  /** Last value of a flag. */
  value: (flag: string) => string | undefined;
  /** All values of a repeated flag, in order. */
  values: (flag: string) => readonly string[];
  /** Where the user stands: paths are read from here and shown from here. */
  cwd: string;
  quiet: boolean;
  verbose: boolean;
  json: boolean;
  /** Colours of stdout and of stderr (identity when they have none). */
  ink: { out: Ink; err: Ink };
  out: (text: string) => void;
  err: (text: string) => void;
  /** One line of `--json`. */
  line: (object: { type: string; [field: string]: unknown }) => void;
}

/** Ends a verb with mistakes and an exit code; 2 is wrong use. */
export class Refusal extends Error {
  readonly diagnostics: readonly Diagnostic[];
  readonly exit: number;
  constructor(diagnostics: readonly Diagnostic[], exit = 2) {
    super(diagnostics[0]?.message ?? '');
    this.diagnostics = diagnostics;
    this.exit = exit;
  }
}

/** A mistake without a place. */
export const refuse = (code: string, message: string, fix: string, exit = 2): Refusal =>
  new Refusal([{ severity: 'error', code, message, try: fix }], exit);

export const WHOLE_FROM_1 = {
  be: 'a whole number from 1',
  holds: (text: string): boolean => /^[1-9]\d{0,8}$/.test(text),
  like: '8',
};
export const WHOLE_FROM_0 = {
  be: 'a whole number from 0',
  holds: (text: string): boolean => /^\d{1,9}$/.test(text),
  like: '2',
};

/** `must` of a flag that takes one of a few words. */
export const oneOf = (...words: [string, ...string[]]): NonNullable<Flag['must']> => ({
  be: words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`,
  holds: (text) => words.includes(text),
  like: words[0],
});

const ROW = {
  be: 'a whole number from 0',
  holds: (text: string): boolean => /^\d{1,15}$/.test(text),
  like: '100000',
};

/** Flags of every verb that looks at or changes a project; read by `openProject`. */
export const PROJECT_FLAGS: readonly Flag[] = [
  {
    name: 'set',
    takes: 'PROCEDURE.PATH=VALUE',
    repeats: true,
    help: 'a parameter for this time (VALUE is YAML)',
  },
  {
    name: 'input',
    short: 'i',
    takes: '[SOURCE=]FILE',
    repeats: true,
    help: 'straight from a file, no tg.yaml',
  },
  { name: 'output', short: 'o', takes: 'FILE', help: 'the flow file made from -i' },
  {
    name: 'library',
    short: 'c',
    takes: 'LIBRARY',
    repeats: true,
    help: 'its procedures; or an h5flow workflow (several: -c A.yaml B.yaml)',
  },
  {
    name: 'start_position',
    short: 's',
    takes: 'N',
    must: ROW,
    help: 'with -i: the first packet, or waveform, that counts',
  },
  { name: 'end_position', short: 'e', takes: 'N', must: ROW, help: 'and the one after the last' },
  {
    name: 'refs',
    takes: 'FORM',
    must: oneOf('region', 'pairs'),
    help: 'references of -o: region or pairs (h5flow 0.2); default: those of -i, or region',
  },
  { name: 'parts', help: 'packets of -i part by part, one per batch: by all workers' },
  {
    name: 'drop',
    short: 'd',
    takes: 'TEXT',
    repeats: true,
    help: 'tables with this in their name are not in the file of -o',
  },
];

/** Flags of every verb. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: 'C', short: 'C', takes: 'DIR', help: 'look for tg.yaml there' },
  { name: 'quiet', short: 'q', help: 'failures and errors only' },
  { name: 'verbose', short: 'v', help: 'a line per task, notes, timings' },
  { name: 'json', help: 'a line of JSON per event or result' },
  {
    name: 'color',
    takes: 'WHEN',
    must: oneOf('auto', 'always', 'never'),
    help: 'auto, always or never',
  },
  { name: 'help', short: 'h', help: 'this help' },
];
