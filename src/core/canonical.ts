/** One text for one value: how values are compared, hashed and stored. Knows nothing of where they come from. */
import type { Json } from './types.ts';

/** Numbers by value (1, 1.0 and 1e0 are one), -0 is 0; NaN and infinities as YAML writes them. */
export function canonicalNumber(n: number | bigint): string {
  if (typeof n === 'bigint') return n.toString();
  if (Number.isFinite(n)) return n === 0 ? '0' : String(n);
  return Number.isNaN(n) ? '.nan' : n > 0 ? '.inf' : '-.inf';
}

/** Canonical JSON: keys sorted, no white space, strings quoted. Equal texts mean equal values. */
export function canonical(value: Json | bigint | undefined): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'bigint':
      return canonicalNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return '!absent';
    default:
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  const mapping = value as { readonly [key: string]: Json };
  const keys = Object.keys(mapping).sort();
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical(mapping[k])}`).join(',')}}`;
}

const INDEX = /^(0|[1-9]\d{0,9})$/;

/**
 * Keys of a mapping or list in canonical order: whole numbers by value (JavaScript hands them out first and so), then the others as
 * sorted texts. A table of a hundred thousand pixels is not sorted again.
 */
export function canonicalKeys(value: object): string[] {
  const keys = Object.keys(value);
  if (keys.length < 2 || Array.isArray(value)) return keys;
  if (keys.length === 2 && keys[0]! < keys[1]! && !INDEX.test(keys[0]!)) return keys;
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = keys[middle]!;
    if (INDEX.test(key) && Number(key) < 4294967295) low = middle + 1;
    else high = middle;
  }
  if (low === keys.length) return keys;
  return low === 0 ? keys.sort() : [...keys.slice(0, low), ...keys.slice(low).sort()];
}

/** `a.b.0`; a dot or backslash inside a key is escaped, so that paths can be read back. */
export function pathText(keys: readonly (string | number)[]): string {
  return keys.map((k) => String(k).replaceAll('\\', '\\\\').replaceAll('.', '\\.')).join('.');
}

/** The keys of a path text. */
export function pathKeys(text: string): string[] {
  if (!text.includes('\\')) return text === '' ? [] : text.split('.');
  const keys: string[] = [];
  let key = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\') key += text[++i] ?? '';
    else if (c === '.') {
      keys.push(key);
      key = '';
    } else key += c;
  }
  keys.push(key);
  return keys;
}

/** The value at a path of own keys, undefined where there is none. */
export function valueAt(root: Json | undefined, keys: readonly string[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of keys) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as { readonly [key: string]: Json })[key];
  }
  return value;
}

const isNode = (value: unknown): value is object => value !== null && typeof value === 'object';
export { isNode };
