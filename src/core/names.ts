/** Names of targets and the words that choose them: grammar of UX.md section 1. Knows no project, only text. */
import type { Json } from './types.ts';

const NAME = /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*$/;
const NAME_GLOB = /^[A-Za-z0-9_*-]+(?:\/[A-Za-z0-9_*-]+)*$/;

/** Words of [A-Za-z0-9_-] joined by "/". */
export const isName = (text: string): boolean => NAME.test(text);

/** A name in which `*` and `**` may stand. */
export const isNameGlob = (text: string): boolean => NAME_GLOB.test(text);

export const isGlob = (text: string): boolean => text.includes('*');

/** Runs and points chosen by what stands behind the `@`. Nothing said about runs, or about an axis, means all of them. */
export interface Select {
  /** `r42`, `r4*`, `r40..r45`; a run must match one of them. Empty = any. */
  runs: readonly string[];
  /** `Calib=32`, `Calib=0..256`, `b=*`; a point must match all of them. */
  point: readonly { axis: string; pattern: string }[];
}

/** A TARGET of the command line, taken apart. */
export type TargetWord =
  | { kind: 'name'; written: string; name: string; glob: boolean; select: Select | undefined }
  | { kind: 'folder'; written: string; folder: string; select: Select | undefined }
  | { kind: 'path'; written: string; path: string; dataset: string };

/** SELECT: items joined by ",": those with "=" are axes, the others runs. Undefined when there is nothing to read. */
export function parseSelect(text: string): Select | undefined {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === '')) return undefined;
  const runs: string[] = [];
  const point: { axis: string; pattern: string }[] = [];
  for (const item of items) {
    const at = item.indexOf('=');
    if (at < 0) runs.push(item);
    else if (at === 0 || at === item.length - 1) return undefined;
    else point.push({ axis: item.slice(0, at).trim(), pattern: item.slice(at + 1).trim() });
  }
  return { runs, point };
}

/** Reads NAME, NAME@SELECT, FOLDER/, PATH or PATH::/DATASET. A name may also be a path: who knows both decides. Undefined: not a target. */
export function parseTarget(written: string): TargetWord | undefined {
  const at = written.indexOf('@');
  const head = at < 0 ? written : written.slice(0, at);
  const folder = head.endsWith('/') && isNameGlob(head.slice(0, -1));
  if (folder || isNameGlob(head)) {
    const select = at < 0 ? undefined : parseSelect(written.slice(at + 1));
    if (at >= 0 && select === undefined) return undefined;
    return folder
      ? { kind: 'folder', written, folder: head, select }
      : { kind: 'name', written, name: head, glob: isGlob(head), select };
  }
  const colons = written.indexOf('::');
  const path = colons < 0 ? written : written.slice(0, colons);
  if (path === '') return undefined;
  return { kind: 'path', written, path, dataset: colons < 0 ? '' : written.slice(colons + 2) };
}

/** `*`: any text without "/"; `**`: any text; a leading or inner `**` and its "/" may stand for nothing. */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (!isGlob(pattern)) return (name) => name === pattern;
  const source = pattern
    .split(/(\*{2,}\/?|\*)/)
    .map((part) => {
      if (part === '*') return '[^/]*';
      if (part.startsWith('**')) return part.endsWith('/') ? '(?:.*/)?' : '.*';
      return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  const regexp = new RegExp(`^${source}$`, 's');
  return (name) => regexp.test(name);
}

/** Does a name or a folder word choose this target name (without its `@`)? */
export function nameMatcher(word: TargetWord): (name: string) => boolean {
  if (word.kind === 'name') return globMatcher(word.name);
  if (word.kind === 'path') return () => false;
  if (isGlob(word.folder)) return globMatcher(`${word.folder}**`);
  return (name) => name.startsWith(word.folder);
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** End of the digits that begin at `from`. */
function digitsEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Start of the digits without leading zeros; a number of zeros only is empty. */
function significant(text: string, from: number, end: number): number {
  let start = from;
  while (start < end && text.charCodeAt(start) === 48) start++;
  return start;
}

/** Natural order: numbers inside text by value (r9 < r10, at any length); a total order, equal only for equal text. */
export function compareNatural(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const ca = a.charCodeAt(i);
    const cb = b.charCodeAt(j);
    if (isDigit(ca) && isDigit(cb)) {
      const aEnd = digitsEnd(a, i);
      const bEnd = digitsEnd(b, j);
      const aFrom = significant(a, i, aEnd);
      const bFrom = significant(b, j, bEnd);
      if (aEnd - aFrom !== bEnd - bFrom) return aEnd - aFrom - (bEnd - bFrom);
      for (let k = 0; k < aEnd - aFrom; k++) {
        const d = a.charCodeAt(aFrom + k) - b.charCodeAt(bFrom + k);
        if (d !== 0) return d;
      }
      i = aEnd;
      j = bEnd;
    } else if (ca !== cb) return ca - cb;
    else {
      i++;
      j++;
    }
  }
  const rest = a.length - i - (b.length - j);
  return rest !== 0 ? rest : a < b ? -1 : a > b ? 1 : 0;
}

/** Both ends of `r40..r45`, or undefined when it is no range. */
function rangeEnds(pattern: string): [from: string, to: string] | undefined {
  const at = pattern.indexOf('..');
  if (at <= 0 || at + 2 >= pattern.length) return undefined;
  return [pattern.slice(0, at), pattern.slice(at + 2)];
}

/** Matcher of one run pattern: a name, a glob or a range with both ends included in natural order. */
function runMatcher(pattern: string): (run: string) => boolean {
  const ends = rangeEnds(pattern);
  if (ends === undefined) return globMatcher(pattern);
  const [from, to] = ends;
  return (run) => compareNatural(from, run) <= 0 && compareNatural(run, to) <= 0;
}

/** Matcher of a list of run patterns; an empty list matches every run. */
export function matchRuns(patterns: readonly string[]): (run: string) => boolean {
  if (patterns.length === 0) return () => true;
  const matchers = patterns.map(runMatcher);
  return (run) => matchers.some((matches) => matches(run));
}

/** Text of a value in a point: numbers canonically, text as it is unless it would read as something else. */
export function valueText(value: Json): string {
  if (typeof value === 'number') return String(Object.is(value, -0) ? 0 : value);
  if (typeof value !== 'string') return JSON.stringify(value);
  const bare =
    value !== '' && !/[,=@*"\s]|\.\./.test(value) && !['null', 'true', 'false'].includes(value);
  return bare && Number.isNaN(Number(value)) ? value : JSON.stringify(value);
}

/** Does a value of an axis match `32`, `0..256` or a glob? Numbers compare by value, text in natural order. */
function valueMatches(value: Json, pattern: string): boolean {
  const ends = rangeEnds(pattern);
  if (ends !== undefined) {
    const [from, to] = ends;
    if (typeof value === 'number') {
      return Number(from) <= value && value <= Number(to);
    }
    const text = valueText(value);
    return compareNatural(from, text) <= 0 && compareNatural(text, to) <= 0;
  }
  if (typeof value === 'number' && pattern.trim() !== '' && Number(pattern) === value) return true;
  return value === pattern || globMatcher(pattern)(valueText(value));
}

/** Matcher of a selection's points: every axis that is named must match; an axis the point does not have never does. */
export function matchPoint(
  select: Select,
): (point: { readonly [axis: string]: Json } | undefined) => boolean {
  return (point) =>
    select.point.every(({ axis, pattern }) => {
      if (point === undefined || !Object.hasOwn(point, axis)) return false;
      return valueMatches(point[axis]!, pattern);
    });
}
