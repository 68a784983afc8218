/** Runs a command of any language under the TG_TASK contract. Knows its words, folder and files; nothing of schedule or store. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { writeFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import type { JobEvent, JobResult, TaskJob } from './job.ts';
import { endGroup, holdGroup, killGroup } from './groups.ts';
import { JobFailure } from './threads.ts';

export interface CommandOptions {
  words: readonly string[];
  folder: string;
  signal: AbortSignal;
  emit(event: JobEvent): void;
}

type Told = Pick<JobResult, 'counts' | 'lost' | 'notes'>;

type Child = ChildProcessByStdio<null, Readable, Readable>;

const LINES_KEPT = 20;
const PIPES_MS = 500;

/** Replaces `{input:NAME} {output:NAME} {run} {axis}`; an input of several files becomes several words. */
export function commandWords(words: readonly string[], job: TaskJob): string[] {
  const axes = job.point ?? {};
  return words.flatMap((word) => {
    const whole = /^\{input:([^{}]+)\}$/.exec(word);
    const list = whole === null ? undefined : job.inputs[whole[1]!];
    if (list !== undefined) return list.map((f) => f.path);
    return [
      word.replace(
        /\{(input|output):([^{}]+)\}|\{([A-Za-z0-9_-]+)\}/g,
        (text, kind: string | undefined, name: string | undefined, axis: string | undefined) => {
          if (kind === 'input') return job.inputs[name!]?.map((f) => f.path).join(' ') ?? text;
          if (kind === 'output')
            return job.outputs.find((o) => o.target.replace(/@.*/s, '') === name)?.path ?? text;
          if (axis === 'run') return job.run ?? text;
          const value = axes[axis!];
          return value === undefined
            ? text
            : typeof value === 'string'
              ? value
              : JSON.stringify(value);
        },
      ),
    ];
  });
}

/** The file named by TG_TASK (contract version 1). Paths are absolute; an input of several files is a list with `runs` beside it. */
function taskFile(job: TaskJob): object {
  const one = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 ? list[0]! : list);
  const inputs = Object.entries(job.inputs);
  const runs = inputs
    .filter(([, l]) => l.length > 1)
    .map(([alias, l]): [string, (string | null)[]] => [alias, l.map((f) => f.run ?? null)]);
  return {
    v: 1,
    task: job.task,
    run: job.run ?? null,
    point: job.point ?? null,
    attempt: job.attempt,
    inputs: Object.fromEntries(inputs.map(([alias, l]) => [alias, one(l.map((f) => f.path))])),
    places: Object.fromEntries(inputs.map(([alias, l]) => [alias, one(l.map((f) => f.place))])),
    ...(runs.length === 0 ? {} : { runs: Object.fromEntries(runs) }),
    configuration: Object.fromEntries(Object.entries(job.files).map(([name, f]) => [name, f.path])),
    outputs: Object.fromEntries(job.outputs.map((o) => [o.target.replace(/@.*/s, ''), o.path])),
    params: job.params,
    seed: job.seed,
    scratch: join(job.stage, 'scratch'),
  };
}

/** @throws JobFailure `command` with the last lines of its output */
export function runCommand(job: TaskJob, options: CommandOptions): Promise<Told> {
  const file = join(job.stage, 'task.json');
  writeFileSync(file, JSON.stringify(taskFile(job)));
  const words = commandWords(options.words, job);
  const told: Told = { counts: [], lost: [], notes: [] };
  const last: string[] = [];
  const shown = words.slice(0, 6).join(' ').replaceAll(`${job.stage}/`, '');

  return new Promise((resolve, reject) => {
    const child = started(job, words, options.folder, file);
    if (child.pid !== undefined) holdGroup(child.pid);
    let hard: NodeJS.Timeout | undefined;
    let pipes: NodeJS.Timeout | undefined;
    const stop = (): void => {
      if (child.pid === undefined) return;
      killGroup(child.pid, 'SIGTERM');
      hard = setTimeout(() => killGroup(child.pid!, 'SIGKILL'), 1000);
    };
    if (options.signal.aborted) stop();
    options.signal.addEventListener('abort', stop, { once: true });
    const failure = (message: string, fix: string, code = 'command'): void => {
      reject(new JobFailure({ code, message, try: fix, lines: last }));
    };
    for (const stream of ['stdout', 'stderr'] as const) {
      let rest = '';
      const line = (text: string): void => {
        if (
          stream === 'stdout' &&
          text.startsWith('tg: ') &&
          readTold(text.slice(4), told, options.emit)
        )
          return;
        last.push(text);
        if (last.length > LINES_KEPT) last.shift();
        options.emit({ type: 'output', stream, text: `${text}\n` });
      };
      child[stream].setEncoding('utf8');
      child[stream].on('data', (data: string) => {
        const lines = (rest + data).split('\n');
        rest = lines.pop()!;
        lines.forEach(line);
      });
      child[stream].on('end', () => {
        if (rest !== '') line(rest);
      });
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT')
        failure(`${words[0]!}: no such command`, 'install it, or give its path');
      else failure(`${shown}: ${error.message}`, 'correct the command');
    });
    child.on('exit', () => {
      // What the command left behind in its group goes with it; what left the group and holds the pipes is not waited for.
      if (child.pid !== undefined) endGroup(child.pid);
      pipes = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPES_MS);
    });
    child.on('close', (code, signal) => {
      clearTimeout(hard);
      clearTimeout(pipes);
      options.signal.removeEventListener('abort', stop);
      if (options.signal.aborted) failure('stopped', '', 'interrupted');
      else if (signal !== null) {
        const gb = (n: number): string => (n / 1e9).toFixed(1);
        failure(
          `${shown}: signal ${signalNumber(signal)} (memory at the end ${gb(totalmem() - freemem())} of ${gb(totalmem())} GB)`,
          'memory: or fewer --workers',
        );
      } else if (code !== 0)
        failure(
          `${shown}: exit ${String(code)}${last.length > 0 ? ` (last ${last.length} line${last.length === 1 ? '' : 's'} above)` : ''}`,
          `tg log ${job.task}`,
        );
      else resolve(told);
    });
  });
}

/** @throws JobFailure when the words are more than the system takes */
function started(job: TaskJob, words: readonly string[], cwd: string, file: string): Child {
  try {
    return spawn(words[0]!, words.slice(1), {
      cwd,
      env: { ...process.env, TG_TASK: file },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'E2BIG') throw error;
    throw new JobFailure({
      code: 'command',
      message: `the command of ${job.task} has ${words.length} words, more than the system takes`,
      try: 'take {input:..} out, and read the paths from the JSON file named by TG_TASK',
    });
  }
}

const NUMBERS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};
const signalNumber = (signal: NodeJS.Signals): string => String(NUMBERS[signal] ?? signal);

/** `progress 3/10`, `count 84 events`, `lost 569 of 14498 sync cut`, `note [N of M] TEXT`; false: an ordinary line. */
function readTold(text: string, told: Told, emit: (event: JobEvent) => void): boolean {
  const progress = /^progress (\d+)\/(\d+)(?: (.*))?$/.exec(text);
  if (progress !== null) {
    emit({
      type: 'progress',
      n: Number(progress[1]),
      of: Number(progress[2]),
      unit: progress[3] ?? '',
    });
    return true;
  }
  const count = /^count (\d+) (.+)$/.exec(text);
  if (count !== null) {
    told.counts.push([count[2]!, Number(count[1])]);
    return true;
  }
  const lost = /^lost (\d+) of (\d+) (.+)$/.exec(text);
  if (lost !== null) {
    told.lost.push([Number(lost[1]), Number(lost[2]), lost[3]!]);
    return true;
  }
  const note = /^note (?:(\d+) of (\d+) )?(.+)$/.exec(text);
  if (note !== null) {
    told.notes.push([
      note[3]!,
      note[1] === undefined ? null : Number(note[1]),
      note[2] === undefined ? null : Number(note[2]),
      false,
    ]);
    return true;
  }
  return false;
}
