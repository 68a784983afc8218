/** A project in a folder of its own, built in this process: write files, build, look at what ran. Knows the engine, not the command line. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { build } from '../../src/build.ts';
import type { BuildOptions } from '../../src/round.ts';
import { reasonText } from '../../src/core/reason.ts';
import type { BuildEvent, Diagnostic, LogEntry, TaskFailure } from '../../src/core/types.ts';
import { takeLock } from '../../src/store/lock.ts';
import { Mistakes, openWorkspace } from '../../src/workspace.ts';
import type { Workspace } from '../../src/workspace.ts';

export type Files = Readonly<Record<string, string>>;

export interface Built {
  exit: number;
  /** Ids of tasks by what they came to, sorted. */
  ran: string[];
  fresh: string[];
  failed: string[];
  cancelled: string[];
  /** Reason texts of what was stale, by task. */
  why: Record<string, string>;
  failure: Record<string, TaskFailure>;
  /** Who caused the cancelling, by task. */
  because: Record<string, string>;
  /** In the order they were started. */
  started: string[];
  mistakes: readonly Diagnostic[];
  warnings: string[];
  events: BuildEvent[];
}

export interface WorldOptions extends Partial<Omit<BuildOptions, 'words' | 'report'>> {
  set?: readonly string[];
  on?(event: BuildEvent, ws: Workspace): void;
  /** Before the build begins, with the project open. */
  opened?(ws: Workspace): void;
}

export interface World {
  root: string;
  at(path: string): string;
  write(files: Files): void;
  read(path: string): string;
  has(path: string): boolean;
  remove(path: string): void;
  open(options?: { set?: readonly string[]; write?: boolean }): Promise<Workspace>;
  build(words?: readonly string[] | string, options?: WorldOptions): Promise<Built>;
  /** The record of a task. */
  entry(task: string): Promise<LogEntry | undefined>;
}

const shipped = { types: {}, procedures: '/nonexistent' };

/** A temporary folder with these files, removed when the tests of the file are over. */
export function world(files: Files, base = tmpdir()): World {
  const root = realpathSync(mkdtempSync(join(base, 'tg-world-')));
  after(() => rmSync(root, { recursive: true, force: true }));
  const at = (path: string): string => join(root, path);
  const write = (more: Files): void => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    }
  };
  const open: World['open'] = ({ set = [], write: forWriting = false } = {}) =>
    openWorkspace({
      load: { file: at('tg.yaml') },
      cwd: root,
      shipped,
      set,
      write: forWriting,
    });
  write(files);
  return {
    root,
    at,
    write,
    read: (path) => readFileSync(at(path), 'utf8'),
    has: (path) => existsSync(at(path)),
    remove: (path) => rmSync(at(path), { recursive: true }),
    open,
    build: (words = [], options = {}) => buildIn(root, open, words, options),
    async entry(task) {
      return (await open()).store.entry(task);
    },
  };
}

async function buildIn(
  root: string,
  open: World['open'],
  words: readonly string[] | string,
  options: WorldOptions,
): Promise<Built> {
  const { set = [], on, opened, ...more } = options;
  const events: BuildEvent[] = [];
  mkdirSync(join(root, '.tg'), { recursive: true });
  const lock = takeLock(join(root, '.tg/lock'));
  if (!('release' in lock)) throw new Error(`held by pid ${lock.pid}`);
  let exit = 2;
  let mistakes: readonly Diagnostic[] = [];
  try {
    const ws = await open({ set, write: true });
    opened?.(ws);
    const result = await build(ws, {
      words: typeof words === 'string' ? [words] : words,
      workers: 2,
      keepGoing: false,
      maxFailures: Infinity,
      kill: false,
      force: false,
      forceAll: false,
      only: false,
      retries: undefined,
      timeout: undefined,
      interrupt: new AbortController().signal,
      ...more,
      report(event) {
        events.push(event);
        on?.(event, ws);
      },
    });
    exit = result.exit;
  } catch (error) {
    if (!(error instanceof Mistakes)) throw error;
    mistakes = error.diagnostics;
  } finally {
    lock.release();
  }
  return { exit, mistakes, events, ...summary(events) };
}

function summary(events: readonly BuildEvent[]): Omit<Built, 'exit' | 'mistakes' | 'events'> {
  const tasks = (type: BuildEvent['type']): string[] =>
    events.flatMap((e) => (e.type === type && 'task' in e ? [e.task.id] : []));
  const built: Omit<Built, 'exit' | 'mistakes' | 'events'> = {
    ran: tasks('done').sort(),
    fresh: tasks('fresh').sort(),
    failed: tasks('failed').sort(),
    cancelled: tasks('cancelled').sort(),
    started: tasks('started'),
    why: {},
    failure: {},
    because: {},
    warnings: [],
  };
  for (const event of events) {
    if (event.type === 'stale')
      built.why[event.task.id] = event.reasons.map((r) => reasonText(r)).join('; ');
    else if (event.type === 'failed') built.failure[event.task.id] = event.failure;
    else if (event.type === 'cancelled') built.because[event.task.id] = event.because;
    else if (event.type === 'diagnostic') built.warnings.push(event.diagnostic.message);
  }
  return built;
}

/** An entry that joins its inputs with a word of its own: `NAME: a b` makes NAME.txt of the contents of a and b. */
export function join_(
  name: string,
  inputs: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): object {
  return {
    name,
    type: 'command',
    inputs,
    outputs: { [name]: `${name}.txt` },
    command: [
      'sh',
      '-c',
      `cat "$@" > "$0"`,
      `{output:${name}}`,
      ...inputs.map((i) => `{input:${i.replace(/@.*/, '')}}`),
    ],
    ...more,
  };
}

/** tg.yaml and one library of these entries. JSON is YAML. */
export const project = (
  entries: readonly object[],
  settings: Readonly<Record<string, unknown>> = {},
): Files => ({
  'tg.yaml': JSON.stringify({ libraries: ['./lib.yaml'], ...settings }),
  'lib.yaml': JSON.stringify(entries),
});

/**
 * A module that writes tables of one column `v`: `rows` rows of `value` (JavaScript, knows `i`, `name` and `params`).
 * @param body JavaScript before the tables are written
 */
export const tables = (
  names: readonly string[],
  body = '',
  value = 'i * params.factor',
  params: Readonly<Record<string, unknown>> = { rows: 3, factor: 1 },
): string => `
import { createH5, dtype } from 'tg/h5';
export default {
  version: '1',
  params: ${JSON.stringify(params)},
  async run({ output, params, ...context }) {
    ${body}
    const names = ${JSON.stringify(names)};
    const writer = createH5(output(names[0]));
    const type = { kind: 'compound', size: 4, fields: [{ name: 'v', offset: 0, type: dtype('i4') }] };
    for (const name of names) {
      const v = Int32Array.from({ length: params.rows ?? 1 }, (_, i) => ${value});
      const table = writer.table('/' + name, type);
      table.appendColumns({ v });
      table.close();
    }
    writer.close();
  },
};
`;

/** Waits until something holds; the test's own time limit ends it otherwise. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

export interface Gate {
  /** Shell text: tells that NAME has begun, waits to be let through, tells that it has ended. */
  pass(name: string): string;
  /** Lets n commands through. */
  open(n: number): void;
  /** `+name` and `-name` in the order they were told. */
  told(): string[];
  /** Names that have begun and not ended. */
  inside(): string[];
}

/** A gate for commands: a pipe from which each takes one line. */
export function gate(w: World): Gate {
  const path = w.at('gate');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, 'r+');
  after(() => closeSync(fd));
  const log = w.at('gate.log');
  const told = (): string[] =>
    existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
  return {
    pass: (name) => `echo "+${name}" >> ${log}; read x < ${path}; echo "-${name}" >> ${log}`,
    open: (n) => void writeSync(fd, '\n'.repeat(n)),
    told,
    inside() {
      const names = told();
      return names
        .filter((t) => t.startsWith('+') && !names.includes(`-${t.slice(1)}`))
        .map((t) => t.slice(1));
    },
  };
}

/** Processes that were started for a task of this world and are still there. */
export const commandsOf = (w: World): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      if (!/^\d+$/.test(pid)) return false;
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`TG_TASK=${w.root}/`);
    } catch {
      return false;
    }
  });
