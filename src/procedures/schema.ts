/** Small readers of parsed values: each gives the value it wants or tells a mistake at its place. Knows no particular key. */
import { nearest } from '../core/nearest.ts';
import type { Diagnostic, Json, KeyPath } from '../core/types.ts';
import { bytes, meantNumber, numberAndUnit, seconds } from './units.ts';
import { bareWildcard } from './yaml-mistake.ts';
import type { YamlFile } from './yaml.ts';

export type Mapping = { readonly [key: string]: Json };

/** A value in a file, with the name that messages give it. */
export interface Cursor {
  value: Json;
  path: KeyPath;
  file: YamlFile;
  /** `link.refs`, `each of inputs`. */
  name: string;
  report: (diagnostic: Diagnostic) => void;
}

export const isMapping = (value: Json | undefined): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** `text`, `a number`, ...: what a value is, in the words of the messages. */
export function kindOf(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as 'string'];
}

/** A value as a message quotes it: text in quotes, numbers bare, at most 40 characters. */
export function quoted(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}

/** `a`, `a or b`, `a, b or c`. */
export const either = (words: readonly string[]): string =>
  words.length < 2
    ? (words[0] ?? '')
    : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]!}`;

export function child(cursor: Cursor, key: string): Cursor | undefined {
  if (!isMapping(cursor.value) || !Object.hasOwn(cursor.value, key)) return undefined;
  const base = cursor.name.replace(/^each of /, '');
  const name = base === '' ? key : `${base}.${key}`;
  return { ...cursor, value: cursor.value[key]!, path: [...cursor.path, key], name };
}

/** Cursors of all entries of a mapping, in the order written. */
export const children = (cursor: Cursor): [key: string, entry: Cursor][] =>
  isMapping(cursor.value) ? Object.keys(cursor.value).map((key) => [key, child(cursor, key)!]) : [];

/** Cursors of the items of a list; one item may stand for a list of one. */
export function items(cursor: Cursor): Cursor[] {
  if (!isList(cursor.value)) return [cursor];
  const name = `each of ${cursor.name}`;
  return cursor.value.map((value, i) => ({ ...cursor, value, path: [...cursor.path, i], name }));
}

/** Last part of a path that is a name: the key that a `try:` spells out. */
export function lastKey(path: KeyPath): string {
  const names = path.filter((step) => typeof step === 'string');
  return names[names.length - 1] ?? '';
}

/** The last name of the cursor's path with a value that would do; inside lists the value alone. */
const spelt = (cursor: Cursor, example: string): string =>
  typeof cursor.path[cursor.path.length - 1] === 'number'
    ? example
    : `${lastKey(cursor.path)}: ${example}`;

export function mistake(
  cursor: Cursor,
  code: string,
  message: string,
  hint: string,
  remark?: string,
): undefined {
  const where = cursor.file.places.value(cursor.path);
  const extra = remark === undefined ? {} : { remark };
  cursor.report({ severity: 'error', code, message, where, ...extra, try: hint });
}

/** `window must be a number`, and beside the squiggle what it is. */
export function wrongType(cursor: Cursor, what: string, example: string): undefined {
  const word = cursor.file.written(cursor.path);
  if (isMapping(cursor.value) && /^\{[A-Za-z_]\w*(?::d)?\}$/.test(word)) {
    cursor.report(bareWildcard(word, cursor.file.places.value(cursor.path)));
    return undefined;
  }
  const remark = `this is ${kindOf(cursor.value)}`;
  mistake(cursor, 'wrong-type', `${cursor.name} must be ${what}`, spelt(cursor, example), remark);
}

export function asText(cursor: Cursor | undefined, example = 'text'): string | undefined {
  if (cursor === undefined || typeof cursor.value === 'string')
    return cursor?.value as string | undefined;
  if (typeof cursor.value === 'object') {
    wrongType(cursor, 'text', example);
    return;
  }
  wrongType(cursor, 'text', JSON.stringify(cursor.file.written(cursor.path)));
}

/** Text, or a number or true/false as it was written: words of commands, names of runs. */
export function asWord(cursor: Cursor | undefined, example = 'text'): string | undefined {
  const simple = typeof cursor?.value === 'number' || typeof cursor?.value === 'boolean';
  return simple ? cursor.file.written(cursor.path) : asText(cursor, example);
}

export function asFlag(cursor: Cursor | undefined): boolean | undefined {
  if (cursor === undefined || typeof cursor.value === 'boolean')
    return cursor?.value as boolean | undefined;
  const no = typeof cursor.value === 'string' && /^(no|off|n|false)$/i.test(cursor.value);
  wrongType(cursor, 'true or false', no ? 'false' : 'true');
}

/** A number; `whole` for integers, `from` for the least one allowed. */
export function asNumber(
  cursor: Cursor | undefined,
  rule: { whole?: true; from?: number; example: string },
): number | undefined {
  if (cursor === undefined) return undefined;
  const { value } = cursor;
  const what = `a ${rule.whole === true ? 'whole number' : 'number'}${rule.from === undefined ? '' : ` from ${rule.from}`}`;
  if (typeof value !== 'number') {
    const meant = typeof value === 'string' ? meantNumber(value, undefined) : undefined;
    wrongType(cursor, what, meant === undefined ? rule.example : String(meant));
    return;
  }
  const good =
    Number.isFinite(value) &&
    (rule.whole !== true || Number.isInteger(value)) &&
    value >= (rule.from ?? -Infinity);
  if (good) return value;
  mistake(
    cursor,
    'bad-value',
    `${cursor.name} must be ${what}, not ${value}`,
    spelt(cursor, rule.example),
  );
  return;
}

/** Seconds, or text with a unit. */
export function asSeconds(cursor: Cursor | undefined, example: string): number | undefined {
  return withUnit(cursor, seconds, 'a time such as 20 s, 10 min or 2 h', example);
}

/** Bytes, or text with a unit. */
export function asBytes(cursor: Cursor | undefined, example: string): number | undefined {
  return withUnit(cursor, bytes, 'a size such as 500 MB or 10 GB', example);
}

function withUnit(
  cursor: Cursor | undefined,
  read: (value: number | string) => number | undefined,
  what: string,
  example: string,
): number | undefined {
  if (cursor === undefined) return undefined;
  const { value } = cursor;
  if (typeof value !== 'string' && typeof value !== 'number') {
    wrongType(cursor, what, example);
    return;
  }
  const number = read(value);
  if (number !== undefined) return number;
  const written = typeof value === 'string' ? numberAndUnit(value) : undefined;
  const unit = written === undefined ? undefined : example.split(' ')[1];
  const hint = written === undefined || written.number < 0 ? example : `${written.number} ${unit!}`;
  mistake(
    cursor,
    'bad-value',
    `${cursor.name} must be ${what}, not ${quoted(value)}`,
    spelt(cursor, hint),
  );
}

/** One of a few words. */
export function asChoice<T extends string>(
  cursor: Cursor | undefined,
  choices: readonly T[],
): T | undefined {
  if (cursor === undefined) return undefined;
  if (typeof cursor.value !== 'string') {
    wrongType(cursor, either(choices), choices[0]!);
    return;
  }
  const found = choices.find((choice) => choice === cursor.value);
  if (found !== undefined) return found;
  const hint = nearest(cursor.value, choices, 1)[0] ?? either(choices);
  mistake(
    cursor,
    'bad-value',
    `${cursor.name} must be ${either(choices)}, not ${quoted(cursor.value)}`,
    hint,
  );
}

/** A list of what `each` reads; mistaken items are left out. */
export function asList<T>(
  cursor: Cursor | undefined,
  each: (item: Cursor) => T | undefined,
): T[] | undefined {
  if (cursor === undefined || cursor.value === null) return undefined;
  return items(cursor)
    .map(each)
    .filter((item) => item !== undefined);
}

/** The cursor itself when it holds a mapping; an empty value is an empty mapping. */
export function asMapping(cursor: Cursor | undefined, example: string): Cursor | undefined {
  if (cursor === undefined || cursor.value === null) return undefined;
  if (isMapping(cursor.value)) return cursor;
  wrongType(cursor, 'a mapping', example);
  return;
}

/** Tells every key that is not among `known`. */
export function onlyKeys(cursor: Cursor, known: readonly string[]): void {
  for (const key of isMapping(cursor.value) ? Object.keys(cursor.value) : []) {
    if (known.includes(key)) continue;
    const where = cursor.file.places.key([...cursor.path, key]);
    const near = nearest(key, known);
    const hint = near.length > 0 ? near.join(', ') : `take it out (keys here: ${known.join(' ')})`;
    cursor.report({
      severity: 'error',
      code: 'unknown-key',
      message: `unknown key "${key}"`,
      where,
      try: hint,
    });
  }
}
