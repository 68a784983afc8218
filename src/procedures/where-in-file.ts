/** Line and column of a value in a YAML or JSON file, for messages of tasks. JSON is scanned without building anything, however large. */
import { readFileSync } from 'node:fs';
import type { KeyPath, Where } from '../core/types.ts';
import { parseYaml } from './yaml.ts';

type Span = readonly [from: number, to: number];

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const PLAIN = /[^\s,\]}]+/y;
/** Everything up to the next quote or bracket. */
const FILLER = /[^"{}[\]]*/y;

/** End of what `pattern` matches at `from`; `from` when it does not. */
function after(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

/** End of the value that begins at `from`. Brackets are counted, so depth costs no stack. */
function valueEnd(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return after(STRING, text, from);
  if (first !== '{' && first !== '[') return after(PLAIN, text, from);
  let depth = 0;
  let at = from;
  while (at < text.length) {
    at = after(FILLER, text, at);
    const character = text[at];
    if (character === '"') at = Math.max(after(STRING, text, at), at + 1);
    else {
      depth += character === '{' || character === '[' ? 1 : -1;
      at++;
      if (depth === 0) return at;
    }
  }
  return text.length;
}

/** Text of a JSON string; undefined when it is not one. */
function stringText(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** Start of the member `step` of the object or list that begins at `from`. Of a key that stands twice the last, as JSON.parse has it. */
function member(text: string, from: number, step: string | number): number | undefined {
  const isObject = text[from] === '{';
  if (!isObject && text[from] !== '[') return undefined;
  let found: number | undefined;
  let at = after(BLANK, text, from + 1);
  for (let i = 0; at < text.length && text[at] !== '}' && text[at] !== ']'; i++) {
    let key: string | undefined = String(i);
    if (isObject) {
      const end = after(STRING, text, at);
      if (end === at) return found;
      key = stringText(text.slice(at, end));
      at = after(BLANK, text, end);
      if (text[at] !== ':') return found;
      at = after(BLANK, text, at + 1);
    }
    if (key === String(step)) found = at;
    const end = valueEnd(text, at);
    if (end === at) return found;
    at = after(BLANK, text, end);
    if (text[at] === ',') at = after(BLANK, text, at + 1);
  }
  return found;
}

/** Where the value at `keys` stands in a JSON text; the nearest value above it when it is not there. */
export function jsonSpan(text: string, keys: KeyPath): Span {
  let at = after(BLANK, text, text.startsWith('\uFEFF') ? 1 : 0);
  for (const step of keys) {
    const next = member(text, at, step);
    if (next === undefined) break;
    at = next;
  }
  return [at, valueEnd(text, at)];
}

function whereOf(text: string, file: string, [from, to]: Span): Where {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf('\n'); next >= 0 && next < from; next = text.indexOf('\n', start)) {
    line++;
    start = next + 1;
  }
  const end = text.slice(from, to).search(/[ \t]*(?:\r?\n|$)/);
  return { file, line, column: from - start + 1, length: Math.max(1, end) };
}

/** Line and column of the value at a path of keys in a file's text. */
export function whereInText(text: string, file: string, keys: KeyPath): Where {
  if (/\.json$/i.test(file)) return whereOf(text, file, jsonSpan(text, keys));
  return parseYaml(text, file).places.value(keys);
}

/** The same for a file; undefined when it cannot be read. */
export function whereInFile(path: string, keys: KeyPath): Where | undefined {
  try {
    return whereInText(readFileSync(path, 'utf8'), path, keys);
  } catch {
    return undefined;
  }
}
