/** From what a run read to a trace, and from a trace and today's values to what changed. Knows nothing of files: documents come parsed. */
import { canonicalKeys, isNode, pathKeys, pathText, valueAt } from './canonical.ts';
import { bitmap, digest, reached } from './digest.ts';
import { packNumbers, unpackNumbers } from './number-set.ts';
import { indexOf } from './outline.ts';
import type { Json, TraceDocument } from './types.ts';
import { childrenOf } from './view.ts';
import type { Readings, Touch } from './view.ts';
import { walkCanonical, walkRead } from './walk.ts';

/** Up to this many readings of one document stand in the trace one by one, more as a bitmap. */
export const MAX_LISTED = 256;

/** What a document of a trace stands for when it is no file. An alias of a file may be any word, these four, too. */
export type NoFile = 'param' | 'env' | 'name' | 'input';
export const isDocumentOf = (trace: TraceDocument, what: NoFile): boolean =>
  trace.name === what && trace.file === undefined;

/** A value read that is not as it was. */
export interface Difference {
  key: string;
  from?: Json;
  to?: Json;
}

const keySet = (value: object): string =>
  `!keys ${Array.isArray(value) ? String(value.length) : canonicalKeys(value).join('\n')}`;

/** The readings of one document as they stand in a trace. `hash` is applied to the text of all readings when they are many. */
export function traceOf(
  document: Json,
  readings: Readings,
  hash: (data: string | Uint8Array) => string,
): Pick<TraceDocument, 'values' | 'bits' | 'read'> {
  const read = readings.leaves + readings.absent;
  const values = read <= MAX_LISTED ? listed(document, readings) : undefined;
  return values === undefined || values.length > 2 * MAX_LISTED
    ? { bits: packed(document, readings, hash), read }
    : { values, read };
}

function listed(document: Json, readings: Readings): [string, string][] {
  const values: [string, string][] = [];
  // Only what was touched is walked: a large file of which little was read costs little.
  const visit = (value: Json, touch: Touch | undefined, path: readonly string[]): void => {
    if (touch === undefined) return;
    if (touch.enumerated) values.push([pathText(path), keySet(value as object)]);
    const numbers = [...(touch.table?.absent.values() ?? [])].map(String);
    for (const name of [...(touch.absent ?? []), ...numbers].sort())
      values.push([pathText([...path, name]), '!absent']);
    const leaves = typeof touch.leaves === 'string' ? [touch.leaves] : [...(touch.leaves ?? [])];
    const children = childrenOf(touch);
    for (const key of [...leaves, ...children.keys()].sort()) {
      const child = (value as Record<string, Json>)[key]!;
      values.push([pathText([...path, key]), reached(child)]);
      visit(child, children.get(key), [...path, key]);
    }
  };
  visit(document, readings.root, []);
  return values;
}

function packed(
  document: Json,
  readings: Readings,
  hash: (data: string | Uint8Array) => string,
): NonNullable<TraceDocument['bits']> {
  const read = bitmap();
  const keys = bitmap();
  const sum = digest(hash);
  const { root } = readings;
  if (root?.table !== undefined && root.children === undefined && !root.enumerated)
    sum.table(root.table, read);
  else
    walkRead(document, root, (node, depth, key, value, touch, index) => {
      if (node > 0) {
        read.set(node);
        sum.reading(depth, key, value, index);
      }
      if (touch?.enumerated !== true) return;
      keys.set(node);
      sum.text(keySet(value as object));
    });
  const absent = absentPaths(readings.root, []);
  const numbers = readings.root?.table?.absent;
  const many = numbers !== undefined && numbers.size > MAX_LISTED ? [...numbers.values()] : [];
  if (many.length === 0 && numbers !== undefined) absent.push(...[...numbers.values()].map(String));
  absent.sort().forEach(sum.text);
  many.forEach(sum.absent);
  return {
    leaves: read.text(),
    keys: keys.text(),
    absent,
    ...(many.length === 0 ? {} : { numbers: packNumbers(many) }),
    hash: sum.end(),
  };
}

function absentPaths(touch: Touch | undefined, path: readonly string[]): string[] {
  if (touch === undefined) return [];
  const own =
    touch.absent === undefined ? [] : [...touch.absent].map((name) => pathText([...path, name]));
  for (const [key, child] of touch.children ?? []) {
    if (child.absent === undefined && child.children === undefined) continue;
    own.push(...absentPaths(child, [...path, key]));
  }
  return own;
}

/**
 * Does today's document read as it did, where no copy of the one that was read is at hand? The bits number the values in canonical
 * order: where that order has shifted the answer is no, and the task runs once more.
 */
export function packedAgrees(
  bits: NonNullable<TraceDocument['bits']>,
  now: Json,
  hash: (data: string | Uint8Array) => string,
): boolean {
  const read = Buffer.from(bits.leaves, 'base64');
  const keys = Buffer.from(bits.keys, 'base64');
  if (bits.absent.some((path) => valueAt(now, pathKeys(path)) !== undefined)) return false;
  const numbers = bits.numbers === undefined ? [] : unpackNumbers(bits.numbers);
  if (numbers.some((n) => valueAt(now, [String(n)]) !== undefined)) return false;
  const sum = digest(hash);
  /** Was what stands above read? By depth; the root always is. */
  const above = [true];
  let isShifted = false;
  walkCanonical(now, (node, { length: depth }, value, key) => {
    const isRead = isSet(read, node);
    if (isRead && above[depth - 1] !== true) isShifted = true;
    if (isRead) sum.reading(depth, key, value);
    if (depth > 0) above[depth] = isRead;
    if (isSet(keys, node) && isNode(value)) sum.text(keySet(value));
  });
  bits.absent.forEach(sum.text);
  numbers.forEach(sum.absent);
  return !isShifted && sum.end() === bits.hash;
}

const isSet = (map: Uint8Array, i: number): boolean => ((map[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;

/**
 * What of a trace is not so today. `now` is today's document (undefined: it is gone), `then` the document as it was read (needed for
 * packed readings only; undefined when no copy was kept).
 * @returns undefined when it cannot be told (packed and no copy); an empty list when the trace agrees.
 */
export function differences(
  trace: TraceDocument,
  now: Json | undefined,
  then: Json | undefined,
): Difference[] | undefined {
  if (trace.values !== undefined) {
    const changed: Difference[] = [];
    for (const [path, was] of trace.values) {
      const keys = pathKeys(path);
      const value = valueAt(now, keys);
      const is = was.startsWith('!keys ')
        ? value !== undefined && isNode(value)
          ? keySet(value)
          : '!absent'
        : reached(value);
      if (is !== was) changed.push(difference(path, was, value));
    }
    return changed;
  }
  if (trace.whole === true)
    return then === undefined || now === undefined ? undefined : leafDifferences(then, now);
  const bits = trace.bits;
  if (bits === undefined) return [];
  if (then === undefined) return undefined;
  const changed: Difference[] = [];
  const read = Buffer.from(bits.leaves, 'base64');
  const keys = Buffer.from(bits.keys, 'base64');
  walkCanonical(then, (node, path, was) => {
    const isRead = isSet(read, node);
    const isEnumerated = isSet(keys, node);
    if (!isRead && !isEnumerated) return;
    const is = valueAt(now, path);
    if (isRead && reached(is) !== reached(was)) changed.push(differenceOf(pathText(path), was, is));
    else if (
      isEnumerated &&
      (is === undefined || !isNode(is) || keySet(is) !== keySet(was as object))
    )
      changed.push({ key: `${pathText(path)} (its keys)` });
  });
  const absent = (path: readonly string[]): void => {
    const is = valueAt(now, path);
    if (is !== undefined) changed.push({ key: pathText(path), to: is });
  };
  for (const path of bits.absent) absent(pathKeys(path));
  if (bits.numbers !== undefined) for (const n of unpackNumbers(bits.numbers)) absent([String(n)]);
  return changed;
}

/** Without mappings and lists that are told by what is in them: a parent stands right before its first child. */
export const leavesOf = (changed: readonly Difference[]): Difference[] =>
  changed.filter((d, i) => changed[i + 1]?.key.startsWith(`${d.key}.`) !== true);

/** All leaves of two documents that are not the same. */
function leafDifferences(then: Json, now: Json): Difference[] {
  const changed: Difference[] = [];
  walkCanonical(then, (_, path, was) => {
    const is = valueAt(now, path);
    if (reached(is) !== reached(was))
      changed.push(
        differenceOf(
          pathText(path),
          isNode(was) ? undefined : was,
          is !== undefined && isNode(is) ? undefined : is,
        ),
      );
  });
  walkCanonical(now, (_, path, is) => {
    if (valueAt(then, path) === undefined)
      changed.push(differenceOf(pathText(path), undefined, isNode(is) ? undefined : is));
  });
  return changed;
}

function differenceOf(key: string, from: Json | undefined, to: Json | undefined): Difference {
  return { key, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function difference(key: string, was: string, to: Json | undefined): Difference {
  if (was.startsWith('!keys ')) return { key: key === '' ? '(its keys)' : `${key} (its keys)` };
  return differenceOf(key, was.startsWith('!') ? undefined : fromCanonical(was), to);
}

/** A canonical text back to its value, for messages. */
export function fromCanonical(text: string): Json {
  if (text === '.nan') return NaN;
  if (text === '.inf') return Infinity;
  if (text === '-.inf') return -Infinity;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** The leaves of a trace that were read: does it hold this key? For `tg why T KEY`. */
export function traceReads(trace: TraceDocument, key: string, then: Json | undefined): boolean {
  if (trace.values !== undefined)
    return trace.values.some(([path]) => path === key || path.startsWith(`${key}.`));
  if (trace.bits === undefined) return false;
  if (trace.bits.absent.includes(key)) return true;
  if (trace.bits.numbers !== undefined && indexOf(key) >= 0)
    if (unpackNumbers(trace.bits.numbers).includes(Number(key))) return true;
  if (then === undefined) return true;
  const read = Buffer.from(trace.bits.leaves, 'base64');
  let found = false;
  walkCanonical(then, (node, path) => {
    if (!found && isSet(read, node)) {
      const text = pathText(path);
      found = text === key || text.startsWith(`${key}.`);
    }
  });
  return found;
}
