/** The front door: finds the verb, reads its flags, hands over; exit codes, mistakes and bugs end here. Loads nothing but the verb asked for. */
import { nearest } from '../core/nearest.ts';
import type { Diagnostic } from '../core/types.ts';
import { COLOURED, PLAIN, hasColour } from '../report/ink.ts';
import { VERSION } from '../version.ts';
import type { Typed } from './flags.ts';
import { habitOfVerb } from './habits.ts';
import { COMMON_FLAGS, Refusal, refuse } from './verb.ts';
import type { Call } from './verb.ts';
import { VERBS } from './verbs.ts';
import type { VerbEntry } from './verbs.ts';

/** Runs one command line; sets the exit code. */
export async function main(words: readonly string[]): Promise<void> {
  quietPipes();
  const bug = (error: unknown): never => crash(error, words);
  process.on('uncaughtException', bug);
  process.on('unhandledRejection', bug);
  try {
    process.exitCode = await dispatch(words);
  } catch (error) {
    const found = asRefusal(error);
    if (found === undefined) return bug(error);
    const { tell } = await import('./tell.ts');
    tell(callOf({ words: [], flags: looseFlags(words) }), found.diagnostics);
    process.exitCode = found.exit;
  }
}

async function dispatch(words: readonly string[]): Promise<number> {
  const { at, name } = findVerb(words);
  if (name === undefined || name === 'help') return help(words.slice(at + 1), words);
  if (words.slice(0, at).includes('--version')) return version();
  const rest = [...words.slice(0, at), ...words.slice(at + 1)];
  const entry = VERBS.find((each) => each.name === name);
  if (entry === undefined) throw unknownVerb(name, words.slice(at + 1));
  const [{ verb }, { readFlags }] = await Promise.all([entry.load(), import('./flags.ts')]);
  if (rest.includes('--help') || rest.includes('-h')) return help([name], words);
  const typed = readFlags(name, verb.flags, rest);
  checkWords(entry, typed.words);
  return verb.run(callOf(typed));
}

/** The first word that is no flag and no value of a common flag: `tg -C DIR build`. */
function findVerb(words: readonly string[]): { at: number; name: string | undefined } {
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (!word.startsWith('-') || word === '-') return { at, name: word };
    const takes = COMMON_FLAGS.some(
      (flag) =>
        flag.takes !== undefined && (word === `--${flag.name}` || word === `-${flag.short ?? ''}`),
    );
    if (takes) at++;
  }
  return { at: words.length, name: undefined };
}

async function help(of: readonly string[], words: readonly string[]): Promise<number> {
  if (words.includes('--version') || words.includes('-V')) return version();
  const { helpText, helpOfVerb } = await import('./help.ts');
  const name = of.find((word) => !word.startsWith('-'));
  if (name === undefined) {
    const odd = words.find((w) => w !== 'help' && w !== '--help' && w !== '-h');
    if (odd?.startsWith('-') === true && !isCommon(odd))
      throw refuse('unknown-flag', `tg has no flag ${odd} without a verb`, `tg build ${odd}`);
    process.stdout.write(helpText());
    return 0;
  }
  const entry = VERBS.find((each) => each.name === name);
  if (entry === undefined) throw unknownVerb(name, []);
  process.stdout.write(helpOfVerb(entry, (await entry.load()).verb));
  return 0;
}

function version(): number {
  process.stdout.write(`tg ${VERSION}\n`);
  return 0;
}

const isCommon = (word: string): boolean =>
  COMMON_FLAGS.some(({ name, short }) => word === `--${name}` || word === `-${short ?? ''}`);

function unknownVerb(word: string, rest: readonly string[]): Refusal {
  if (/[/@*]/.test(word))
    return refuse(
      'unknown-verb',
      `"${word}" is a target, not a verb`,
      ['tg build', word, ...rest].join(' '),
    );
  const near = nearest(
    word,
    VERBS.map(({ name }) => name),
  ).map((name) => `tg ${name}`);
  const fix = habitOfVerb(word, rest) ?? (near.length > 0 ? near.join(', ') : 'tg help');
  return refuse('unknown-verb', `no verb "${word}"`, fix);
}

/** Too many or too few words: the form of `words` decides. */
function checkWords(entry: VerbEntry, words: readonly string[]): void {
  const forms = entry.words
    .replace(/\[--[^\]]*\]/g, '')
    .split(' ')
    .filter((form) => form !== '' && !form.includes('--'));
  const least = forms.filter((form) => !form.startsWith('[')).length;
  const most = entry.words.includes('...') ? Infinity : forms.length;
  const usage = `tg ${entry.name} ${entry.words}`.trim();
  if (words.length < least)
    throw refuse(
      'bad-flag',
      `${entry.name} needs a ${forms[words.length]!.replace('...', '')}`,
      usage,
    );
  if (words.length > most)
    throw refuse('bad-flag', `${entry.name}: "${words[most]!}" is one word too many`, usage);
}

/** Flags that say how to tell a mistake, where the others could not be read. */
function looseFlags(words: readonly string[]): Typed['flags'] {
  const flags = new Map<string, readonly string[]>();
  if (words.includes('--json')) flags.set('json', []);
  const at = words.indexOf('--color');
  const inline = words.find((word) => word.startsWith('--color='));
  if (inline !== undefined) flags.set('color', [inline.slice('--color='.length)]);
  else if (at >= 0 && words[at + 1] !== undefined) flags.set('color', [words[at + 1]!]);
  return flags;
}

function callOf(typed: Typed): Call {
  const { flags } = typed;
  const value = (flag: string): string | undefined => flags.get(flag)?.at(-1);
  const ink = (stream: { isTTY?: boolean }): Call['ink']['out'] =>
    hasColour(value('color'), process.env, stream.isTTY === true) ? COLOURED : PLAIN;
  return {
    words: typed.words,
    has: (flag) => flags.has(flag),
    value,
    values: (flag) => flags.get(flag) ?? [],
    cwd: process.cwd(),
    quiet: flags.has('quiet'),
    verbose: flags.has('verbose'),
    json: flags.has('json'),
    ink: { out: ink(process.stdout), err: ink(process.stderr) },
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    line: (object) => void process.stdout.write(`${JSON.stringify({ v: 1, ...object })}\n`),
  };
}

/** Mistakes of the engine and of the store are known by their shape: their modules are not loaded for this. */
function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'Mistakes')
    return new Refusal((error as Error & { diagnostics: readonly Diagnostic[] }).diagnostics);
  if (error.name === 'StoreError') {
    const { code, message, try: fix } = error as Error & { code: string; try: string };
    return refuse(code, fromHere(message), fix, code === 'store-format' ? 2 : 1);
  }
  const { code, path } = error as NodeJS.ErrnoException;
  if (path === undefined) return undefined;
  const where = shownFromHere(path);
  if (code === 'ENOSPC')
    return refuse('no-space', `${where}: no space left`, 'make room, then the same build', 1);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return refuse('no-access', `${where}: permission denied`, 'chmod u+w, or another -C', 1);
  return undefined;
}

const shownFromHere = (path: string): string =>
  path.startsWith(`${process.cwd()}/`) ? path.slice(process.cwd().length + 1) : path;

/** The same in a sentence. */
const fromHere = (text: string): string => text.replaceAll(`${process.cwd()}/`, '');

/** `| head` ends quietly: who reads us has seen enough. */
function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
}

function crash(error: unknown, words: readonly string[]): never {
  void import('./tell.ts').then(({ bugText }) => {
    process.stderr.write(bugText(error, process.cwd(), words, VERSION));
    process.exit(70);
  });
  process.exitCode = 70;
  return undefined as never;
}
