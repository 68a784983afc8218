/** Source patterns against the folders they name: files by run. Reads each folder once and no file at all; knows nothing of who needs them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';
import { compareNatural } from '../core/names.ts';
import { grouped } from '../core/text.ts';
import type { Diagnostic, RunTable, Source, SourceEntry } from '../core/types.ts';
import { namesIn, nearestFile, shownPath } from './files.ts';
import { matchPath, patternDistance, segmentMatcher, segmentsOf } from './pattern.ts';
import type { Segment, Wildcards } from './pattern.ts';
import { runOfFile } from './run-join.ts';

/** A file that fits a pattern: path relative to the root where below it, else absolute; without `run` when the pattern has no {run} and no run table names it. */
export type SourceFile = Source['files'][number];

export interface MatchOptions {
  /** Folder that paths of the result are relative to, where they lie below it. */
  root: string;
  /** Run table, when there is one. */
  table?: RunTable | undefined;
  /** Paths (as in an earlier result) of an archived source that the store knows; those that are gone stay. */
  known?: readonly string[];
  /** For paths in messages; default `root`. */
  cwd?: string;
}

/** Folders in a folder, symbolic links to folders among them. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(
        (entry) =>
          entry.isDirectory() ||
          (entry.isSymbolicLink() &&
            statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() === true),
      )
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Called with the folder (ending in "/"), the name of a file in it, and the wildcards. */
type Found = (folder: string, name: string, wildcards: Wildcards) => void;

/** Walks the segments of a pattern; only folders with a wildcard below them are read. */
function walk(folder: string, segments: readonly Segment[], bound: Wildcards, found: Found): void {
  const at = segments.findIndex((segment) => segment.literal === undefined);
  const literals = (at < 0 ? segments : segments.slice(0, at)).map(({ literal }) => literal!);
  if (at < 0) {
    const name = literals.pop()!;
    const base = join(folder, ...literals, sep);
    if (existsSync(`${base}${name}`)) found(base, name, bound);
    return;
  }
  const base = join(folder, ...literals, sep);
  const match = segmentMatcher(segments[at]!, bound);
  const rest = segments.slice(at + 1);
  for (const name of rest.length === 0 ? namesIn(base) : foldersIn(base)) {
    const wildcards = match(name);
    if (wildcards === undefined) continue;
    if (rest.length === 0) found(base, name, wildcards);
    else walk(`${base}${name}`, rest, wildcards, found);
  }
}

/** Number in a run between `before` characters of prefix and `after` of suffix; NaN when there is more than digits. */
function numberIn(run: string, before: number, after: number): number {
  const end = run.length - after;
  if (end <= before || end - before > 9) return NaN;
  let number = 0;
  for (let i = before; i < end; i++) {
    const digit = run.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** Order of runs that differ in one number only (the common case), or undefined when they do not, or when two are equal. */
function sortByNumber(files: readonly SourceFile[]): SourceFile[] | undefined {
  const shape = /^(\D*)\d+(\D*)$/.exec(files[0]?.run ?? '');
  if (shape === null) return undefined;
  const [, prefix, suffix] = shape as unknown as [string, string, string];
  const n = files.length;
  const keys = new Float64Array(n);
  for (const [i, { run }] of files.entries()) {
    if (run === undefined || !run.startsWith(prefix) || !run.endsWith(suffix)) return undefined;
    const number = numberIn(run, prefix.length, suffix.length);
    if (Number.isNaN(number) || number * n > 2 ** 52) return undefined;
    keys[i] = number * n + i;
  }
  keys.sort();
  for (let i = 1; i < n; i++) {
    if (Math.floor(keys[i]! / n) === Math.floor(keys[i - 1]! / n)) return undefined;
  }
  return Array.from(keys, (key) => files[key % n]!);
}

/** Natural order of runs, then of paths. */
function sortFiles(files: SourceFile[]): SourceFile[] {
  return (
    sortByNumber(files) ??
    files.sort((a, b) => compareNatural(a.run ?? '', b.run ?? '') || compareNatural(a.path, b.path))
  );
}

/** All files of a source, sorted by run (r9 before r10) and path. */
export function matchFiles(entry: SourceEntry, options: MatchOptions): SourceFile[] {
  const files: SourceFile[] = [];
  const { table } = options;
  const below = `${resolve(options.root)}${sep}`;
  let folder = '';
  let shown = '';
  const add: Found = (base, name, wildcards) => {
    if (base !== folder) {
      folder = base;
      shown = base.startsWith(below) ? base.slice(below.length) : base;
    }
    const listed = table === undefined ? undefined : runOfFile(table, entry.name, `${base}${name}`);
    const run = listed ?? wildcards['run'];
    files.push(run === undefined ? { path: `${shown}${name}` } : { path: `${shown}${name}`, run });
  };
  if (entry.given !== undefined) {
    const shownBelow = (path: string): string =>
      path.startsWith(below) ? path.slice(below.length) : path;
    return sortFiles(entry.given.map((file) => ({ ...file, path: shownBelow(file.path) })));
  }
  const { root } = parse(entry.pattern);
  walk(root, segmentsOf(entry.pattern.slice(root.length)), {}, add);
  if (entry.archived && options.known !== undefined) {
    const there = new Set(files.map(({ path }) => path));
    for (const known of options.known) {
      const path = resolve(options.root, known);
      const wildcards = there.has(known) ? undefined : matchPath(entry.pattern, path);
      if (wildcards !== undefined) add(`${dirname(path)}${sep}`, basename(path), wildcards);
    }
  }
  return sortFiles(files);
}

/** Two files of one run that nothing but an unnamed part (`*`) of the path tells apart. */
function duplicateRuns(
  entry: SourceEntry,
  files: readonly SourceFile[],
  options: MatchOptions,
): Diagnostic[] {
  // Without a `*` no two paths can have the same wildcards.
  if (!entry.pattern.includes('*')) return [];
  const cwd = options.cwd ?? options.root;
  const seen = new Map<string, string>();
  for (const { path: shown, run } of files) {
    const path = resolve(options.root, shown);
    if (options.table !== undefined && runOfFile(options.table, entry.name, path) !== undefined)
      continue;
    const wildcards = matchPath(entry.pattern, path) ?? {};
    const key = JSON.stringify(Object.entries(wildcards).filter(([name]) => name !== ''));
    const first = seen.get(key);
    seen.set(key, path);
    if (first === undefined) continue;
    const pair = `${shownPath(first, cwd)} and ${shownPath(path, cwd)}`;
    const message = `${pair} are both ${run === undefined ? `source ${entry.name}` : `run ${run}`}`;
    const hint =
      run === undefined ? 'name the part that differs: {run}' : 'put more of the path in {run}';
    return [{ severity: 'error', code: 'duplicate-run', message, where: entry.where, try: hint }];
  }
  return [];
}

/** U+FFFD stands where the bytes of a name are no UTF-8: such a file cannot be found again by its name. */
const ODD = /[\uFFFD\0-\x1F\x7F]/; // eslint-disable-line no-control-regex

/** Names that no message, path or run may have. */
function oddNames(
  entry: SourceEntry,
  files: readonly SourceFile[],
  options: MatchOptions,
): Diagnostic[] {
  const odd = files.find(({ path }) => ODD.test(path));
  if (odd === undefined) return [];
  const shown = shownPath(resolve(options.root, odd.path), options.cwd ?? options.root);
  const why = odd.path.includes('\uFFFD') ? 'is no UTF-8' : 'has control characters in it';
  const name = shown.replace(new RegExp(ODD, 'g'), '?');
  const message = `the name of ${name} ${why}`;
  return [
    { severity: 'error', code: 'bad-value', message, where: entry.where, try: 'rename the file' },
  ];
}

/** The sources of one entry, `packets@r42` in order of runs (`packets` where there are no runs). None: see `noSource`. */
export function matchSource(
  entry: SourceEntry,
  options: MatchOptions,
): { sources: Source[]; diagnostics: Diagnostic[] } {
  const files = matchFiles(entry, options);
  const diagnostics = [...oddNames(entry, files, options), ...duplicateRuns(entry, files, options)];
  const { place, archived, hash, name } = entry;
  const sources: Source[] = [];
  let from = 0;
  while (from < files.length) {
    const { run } = files[from]!;
    let to = from + 1;
    while (to < files.length && files[to]!.run === run) to++;
    const target = run === undefined ? name : `${name}@${run}`;
    const members = to === from + 1 ? [files[from]!] : files.slice(from, to);
    sources.push({ target, files: members, place, archived, hash, entry });
    from = to;
  }
  return { sources, diagnostics };
}

/** Names as a list of three at most: `a, b, c and 4 more`. */
const few = (names: readonly string[]): string =>
  names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;

/** What there is instead: `nearest of 14 files in raw/: raw/packet_r41.h5`. */
function whatIsThere(entry: SourceEntry, cwd: string): string {
  const { root } = parse(entry.pattern);
  const segments = segmentsOf(entry.pattern.slice(root.length));
  const wild = segments.findIndex((segment) => segment.literal === undefined);
  const at = wild < 0 ? segments.length - 1 : wild;
  const folder = join(root, ...segments.slice(0, at).map((segment) => segment.literal!));
  const shown = (path: string): string => shownPath(path, cwd);
  if (!existsSync(folder)) {
    const near = nearestFile(folder);
    return near === undefined
      ? `no folder ${shown(folder)}`
      : `no folder ${shown(folder)}; nearest: ${shown(near)}`;
  }
  const names = namesIn(folder).filter((name) => !name.startsWith('.'));
  if (names.length === 0) return `${shown(folder)}/ is empty`;
  let best = names[0]!;
  let least = Infinity;
  // Counting edits to every name of a huge folder would be slower than reading it.
  for (const name of names.slice(0, 20_000)) {
    const edits = patternDistance(segments[at]!, name);
    if (edits < least || (edits === least && compareNatural(name, best) < 0))
      [best, least] = [name, edits];
  }
  const files = `${grouped(names.length)} ${names.length === 1 ? 'file' : 'files'}`;
  return `nearest of ${files} in ${shown(folder)}/: ${shown(join(folder, best))}`;
}

/** [no-source]: a source that is needed matches nothing. */
export function noSource(entry: SourceEntry, neededBy: readonly string[], cwd: string): Diagnostic {
  const needed = neededBy.length === 0 ? '' : `needed by ${few(neededBy)}; `;
  return {
    severity: 'error',
    code: 'no-source',
    message: `source ${entry.name} matches no file: ${entry.written}`,
    where: entry.where,
    other: `${needed}${whatIsThere(entry, cwd)}`,
    try: 'correct the pattern; tg list --sources shows what matches',
  };
}

/** [no-source]: a source that was there in an earlier build. `target` is `packets@r42`, `path` absolute or relative to the root. */
export function goneSource(
  entry: SourceEntry,
  target: string,
  path: string,
  neededBy: readonly string[],
  options: { root: string; cwd: string },
): Diagnostic {
  const shown = shownPath(isAbsolute(path) ? path : join(options.root, path), options.cwd);
  return {
    ...noSource(entry, neededBy, options.cwd),
    message: `source ${target} is gone: ${shown}`,
  };
}
