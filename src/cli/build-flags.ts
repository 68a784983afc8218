/** The flags of `tg build`, and what they mean to the engine. Knows no project. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Call, Flag } from './verb.ts';
import { PROJECT_FLAGS, WHOLE_FROM_0, WHOLE_FROM_1 } from './verb.ts';

const UNITS: { readonly [unit: string]: number } = {
  '': 1,
  s: 1,
  min: 60,
  h: 3600,
  ms: 0.001,
  day: 86_400,
  days: 86_400,
};

/** `600`, `20 s`, `10 min`: seconds; undefined for anything else. */
export function secondsOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/.exec(text.trim());
  const unit = match === null ? undefined : UNITS[match[2]!];
  return unit === undefined || Number(match![1]) <= 0 ? undefined : Number(match![1]) * unit;
}

/** Is there a folder for this file, and is it none itself? Known before the build, not at its end. */
function mayBeWritten(path: string): boolean {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true;
  } catch {
    return false;
  }
}

export const BUILD_FLAGS: readonly Flag[] = [
  {
    name: 'workers',
    short: 'w',
    takes: 'N',
    must: WHOLE_FROM_1,
    help: 'tasks at a time (default: cores; also -j N)',
  },
  { name: 'dry-run', short: 'n', help: 'the plan only (= tg plan)' },
  { name: 'question', help: 'exit 0 when all is fresh, 1 when not; nothing is written' },
  { name: 'keep-going', short: 'k', help: 'after a failure build what does not need it' },
  {
    name: 'max-failures',
    takes: 'N',
    must: WHOLE_FROM_1,
    help: 'stop after N failures (implies -k)',
  },
  { name: 'kill', help: 'end running tasks at the failure that stops the build' },
  { name: 'force', short: 'B', help: 'build the named targets, fresh or not' },
  { name: 'force-all', help: 'and all that they need' },
  { name: 'only', help: 'not what they need' },
  ...PROJECT_FLAGS,
  { name: 'retries', takes: 'N', must: WHOLE_FROM_0, help: 'more tries of a task that fails' },
  {
    name: 'timeout',
    takes: 'T',
    must: {
      be: 'a time',
      holds: (text) => secondsOf(text) !== undefined,
      like: '"10 min"',
    },
    help: 'end a task that takes longer: 600, "10 min"',
  },
  { name: 'wait', help: 'wait for another build of this project' },
  { name: 'rehash', help: 'read every file anew, trust no time stamp' },
  {
    name: 'trace',
    takes: 'FILE',
    must: { be: 'a file in a folder that may be written', holds: mayBeWritten, like: 'trace.json' },
    help: 'what ran when, as Chrome trace events',
  },
];

/** Flags that say what is built, as they are typed. */
const SAID: { readonly [flag: string]: string } = {
  C: '-C',
  input: '-i',
  output: '-o',
  library: '-c',
  start_position: '-s',
  end_position: '-e',
  drop: '-d',
  refs: '--refs',
  set: '--set',
};

/** What to type to go on: `tg build charge/events`, with the flags that say what is built. */
export function again(call: Call): string {
  const quote = (word: string): string =>
    /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  const flags = Object.entries(SAID).flatMap(([name, short]) =>
    call.values(name).map((value) => `${short} ${quote(value)}`),
  );
  const parts = call.has('parts') ? ['--parts'] : [];
  return ['tg build', ...call.words.map(quote), ...flags, ...parts].join(' ');
}
