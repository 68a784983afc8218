/** Words of the command line to a verb's flags and words, by commander; its complaints become ours. Knows no verb. */
import { Command, CommanderError, Option } from 'commander';
import { nearest } from '../core/nearest.ts';
import { habitOf } from './habits.ts';
import { COMMON_FLAGS, refuse } from './verb.ts';
import type { Flag, Refusal } from './verb.ts';

/** What was typed, sorted. */
export interface Typed {
  words: string[];
  flags: Map<string, readonly string[]>;
}

/** `--workers`, or `-C` where there is only the letter. */
export const written = (flag: Flag): string =>
  flag.name.length === 1 ? `-${flag.name}` : `--${flag.name}`;

const key = (flag: Flag): string => (flag.name.length === 1 ? `${flag.name}_` : flag.name);

function option(flag: Flag, flags: Map<string, string[]>): Option {
  const names = [
    ...(flag.short === undefined ? [] : [`-${flag.short}`]),
    ...(flag.name.length === 1 ? [] : [`--${flag.name}`]),
  ];
  const made = new Option(
    `${names.join(', ')}${flag.takes === undefined ? '' : ' <value>'}`,
    key(flag),
  );
  return made.argParser((value: string) => {
    const list = flags.get(flag.name);
    if (list === undefined || flag.repeats === undefined) flags.set(flag.name, [value]);
    else list.push(value);
    return value;
  });
}

/** As other tools have it: make's `-j 8`, `-j8` and `-j=8` for --workers, h5flow's several workflows behind one -c. */
function rewrite(words: readonly string[], flags: readonly Flag[]): string[] {
  const has = (flag: string): boolean => flags.some(({ name }) => name === flag);
  const [workers, library] = [has('workers'), has('library')];
  const end = words.indexOf('--');
  let configs = false;
  return words.flatMap((word, i) => {
    if (end >= 0 && i > end) return [word];
    const first = library && ['-c', '--library'].includes(words[i - 1] ?? '');
    configs = first || (configs && /^[^-].*\.ya?ml$/.test(word));
    if (configs && !first) return ['-c', word];
    if (!workers) return [word];
    if (word === '-j') return ['--workers'];
    return /^-j=?\d/.test(word) ? ['--workers', word.replace(/^-j=?/, '')] : [word];
  });
}

/** @throws Refusal for a flag that is not there, a value that is missing or not what it must be */
export function readFlags(verb: string, own: readonly Flag[], words: readonly string[]): Typed {
  const all = [...own, ...COMMON_FLAGS];
  const flags = new Map<string, string[]>();
  const command = new Command(verb)
    .helpOption(false)
    .argument('[words...]')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  for (const flag of all) command.addOption(option(flag, flags));
  try {
    command.parse(rewrite(words, all), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw ours(error, verb, all, words);
    throw error;
  }
  const given = command.opts();
  for (const flag of all) {
    if (flag.takes === undefined && given[optionKey(command, flag)] === true)
      flags.set(flag.name, []);
    for (const value of flags.get(flag.name) ?? []) {
      if (flag.must === undefined || flag.must.holds(value)) continue;
      const message = `${written(flag)} must be ${flag.must.be}, not "${value}"`;
      throw refuse('bad-flag', message, `${written(flag)} ${flag.must.like}`);
    }
  }
  if (flags.has('quiet') && flags.has('verbose'))
    throw refuse('bad-flag', '-q and -v exclude each other', 'one of the two');
  return { words: command.args, flags };
}

const optionKey = (command: Command, flag: Flag): string =>
  command.options
    .find((o) => o.long === `--${flag.name}` || o.short === `-${flag.name}`)!
    .attributeName();

/** Commander's complaint in three parts. */
function ours(
  error: CommanderError,
  verb: string,
  flags: readonly Flag[],
  words: readonly string[],
): Refusal {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.optionMissingArgument') {
    const flag = flags.find(
      (f) => quoted.includes(`--${f.name}`) || quoted.startsWith(`-${f.name}`),
    );
    const name = flag === undefined ? quoted : written(flag);
    const like = flag?.must?.like ?? flag?.takes ?? 'VALUE';
    return refuse('bad-flag', `${name} needs a value`, `${name} ${like}`);
  }
  // A group of letters (-kx) is complained about as a whole; `--flag=value` without its value.
  const bare = quoted.replace(/=.*/s, '');
  const at = words.findIndex((w) => w === bare || w.startsWith(`${bare}=`));
  const value =
    words[at]?.includes('=') === true ? words[at].replace(/^[^=]*=/s, '') : words[at + 1];
  const habit = habitOf(verb, bare, value?.startsWith('-') === true ? undefined : value);
  const near = nearest(
    bare.replace(/^-+/, ''),
    flags.map(({ name }) => name),
    1,
  ).map((name) => {
    const flag = flags.find((f) => f.name === name)!;
    return `${written(flag)}${flag.takes === undefined ? '' : ` ${flag.takes}`}`;
  })[0];
  return refuse(
    'unknown-flag',
    `${verb} has no flag ${bare}`,
    habit ?? near ?? `tg help ${verb} shows its flags`,
  );
}
