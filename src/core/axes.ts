/** Axes of a scan: from their declaration to values, points and the parameters of a point. Knows no file, only values and their places. */
import { compareNatural, isName, valueText } from './names.ts';
import type { Axis, Diagnostic, Json, KeyPath, Places, Where } from './types.ts';

/** One value per axis. */
export type Point = { readonly [axis: string]: Json };
type Mapping = { readonly [key: string]: Json };

/** More values than this on one axis is taken for a slip. */
const MOST_VALUES = 1_000_000;

const isMapping = (value: Json | undefined): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Digits behind the point of a number as JavaScript writes it. */
function decimals(x: number): number {
  const [mantissa = '', exponent = '0'] = String(x).split('e');
  return Math.max(0, (mantissa.split('.')[1] ?? '').length - Number(exponent));
}

/** Values of a range: start + i * step without accumulated error, `stop` never included. */
export function rangeValues(start: number, stop: number, step: number): number[] {
  const ratio = (stop - start) / step;
  const n = Math.max(0, Math.ceil(ratio - 1e-9 * Math.max(1, Math.abs(ratio))));
  const digits = Math.max(decimals(start), decimals(step));
  // + 0: a value that rounds to -0 is 0.
  const round = (x: number): number =>
    (digits > 0 && digits <= 15 ? Number(x.toFixed(digits)) : x) + 0;
  return Array.from({ length: n }, (_, i) => round(start + i * step));
}

interface Reading {
  places: Places;
  diagnostics: Diagnostic[];
}

const wrong = (message: string, where: Where, hint: string, remark?: string): Diagnostic => ({
  severity: 'error',
  code: 'wrong-type',
  message,
  where,
  ...(remark === undefined ? {} : { remark }),
  try: hint,
});

/** `range: {start: 0, stop: 2048, step: 32}`; start 0 and step 1 unless said. Undefined after a mistake. */
function readRange(range: Json, path: KeyPath, reading: Reading): number[] | undefined {
  const { places, diagnostics } = reading;
  const before = diagnostics.length;
  const example = 'range: {start: 0, stop: 8, step: 1}';
  if (!isMapping(range)) {
    const remark = typeof range === 'number' ? 'this is a number' : undefined;
    const message = 'range must be a mapping of start, stop and step';
    diagnostics.push(wrong(message, places.value(path), example, remark));
    return undefined;
  }
  for (const key of Object.keys(range)) {
    if (['start', 'stop', 'step'].includes(key)) continue;
    const where = places.key([...path, key]);
    const message = `unknown key "${key}"`;
    diagnostics.push({ severity: 'error', code: 'unknown-key', message, where, try: example });
  }
  const bound = (key: string, otherwise: number): number => {
    const value = range[key] ?? otherwise;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    const where = places.value([...path, key]);
    diagnostics.push(wrong(`range.${key} must be a number`, where, `${key}: ${otherwise}`));
    return otherwise;
  };
  const start = bound('start', 0);
  const stop = bound('stop', 0);
  const step = bound('step', 1);
  if (range['stop'] === undefined) {
    const message = 'range has no stop';
    const where = places.value(path);
    diagnostics.push({ severity: 'error', code: 'missing-key', message, where, try: example });
  }
  if (diagnostics.length > before) return undefined;
  const error = (code: string, message: string, at: string, hint: string): undefined => {
    const where = places.pair(at in range ? [...path, at] : path);
    diagnostics.push({ severity: 'error', code, message, where, try: hint });
  };
  if (step === 0) {
    error('bad-value', 'step must not be 0', 'step', 'step: 1');
    return;
  }
  if ((stop - start) / step > MOST_VALUES) {
    const n = `${start} to ${stop} in steps of ${step} are more than 1 000 000 values`;
    error('bad-value', n, 'stop', 'a larger step');
    return;
  }
  const values = rangeValues(start, stop, step);
  if (values.length > 0) return values;
  const message = `empty range: start ${start}, stop ${stop}, step ${step}`;
  const hint = 'start below stop, or a negative step (stop itself is not included)';
  error(
    'empty-range',
    message,
    'start',
    step > 0 ? hint : 'start above stop, or a positive step (stop itself is not included)',
  );
}

type Key = Axis['key'];

/** `key: threshold`, `a.b` or `[[roc_s0, roc_s1], Calib]`. */
function readKey(key: Json | undefined): Key | undefined {
  if (typeof key === 'number') return [key];
  if (typeof key === 'string') return key === '' ? undefined : key.split('.');
  if (!Array.isArray(key) || key.length === 0) return undefined;
  const isStep = (step: Json): boolean => typeof step === 'string' || typeof step === 'number';
  const steps = key as readonly Json[];
  const good = steps.every(
    (step) => isStep(step) || (Array.isArray(step) && step.length > 0 && step.every(isStep)),
  );
  return good ? (steps as Key) : undefined;
}

function readAxis(item: Json, path: KeyPath, reading: Reading): Axis | undefined {
  const { places, diagnostics } = reading;
  const example = 'key: threshold, range: {start: 4, stop: 12, step: 2}';
  if (!isMapping(item)) {
    diagnostics.push(
      wrong(
        'an axis must be a mapping of key and range or values',
        places.value(path),
        `- {${example}}`,
      ),
    );
    return undefined;
  }
  for (const key of Object.keys(item)) {
    if (['key', 'range', 'values', 'name'].includes(key)) continue;
    const where = places.key([...path, key]);
    const hint = 'key, range, values or name';
    diagnostics.push({
      severity: 'error',
      code: 'unknown-key',
      message: `unknown key "${key}"`,
      where,
      try: hint,
    });
  }
  const missing = (what: string): undefined => {
    const where = places.value(path);
    diagnostics.push({
      severity: 'error',
      code: 'missing-key',
      message: `axis has no ${what}`,
      where,
      try: example,
    });
  };
  if (item['key'] === undefined) {
    missing('key');
    return;
  }
  const key = readKey(item['key']);
  if (key === undefined) {
    diagnostics.push(
      wrong('key must be a path of names', places.value([...path, 'key']), 'key: threshold'),
    );
    return undefined;
  }
  if (item['range'] === undefined && item['values'] === undefined) {
    missing('range or values');
    return;
  }
  const where = places.value(path);
  if (item['range'] !== undefined && item['values'] !== undefined) {
    const message = 'axis has both range and values';
    const hint = 'keep one';
    diagnostics.push({
      severity: 'error',
      code: 'bad-value',
      message,
      where: places.key([...path, 'values']),
      try: hint,
    });
    return undefined;
  }
  const values =
    item['values'] === undefined
      ? readRange(item['range']!, [...path, 'range'], reading)
      : readValues(item['values'], [...path, 'values'], reading);
  const name = item['name'] ?? key[key.length - 1]!;
  const text = typeof name === 'number' ? String(name) : name;
  if (typeof text !== 'string' || !isName(text) || text.includes('/')) {
    const at = item['name'] === undefined ? path : [...path, 'name'];
    const message = 'name of an axis must be one word of letters, digits, "_" and "-"';
    diagnostics.push({
      severity: 'error',
      code: 'bad-value',
      message,
      where: places.value(at),
      try: 'name: threshold',
    });
    return undefined;
  }
  return values === undefined ? undefined : { name: text, key, values, where };
}

/** `values: [..]`, each once; one value may stand for a list of one. */
function readValues(values: Json, path: KeyPath, reading: Reading): readonly Json[] | undefined {
  const list: readonly Json[] = Array.isArray(values) ? (values as readonly Json[]) : [values];
  const { places, diagnostics } = reading;
  if (list.length === 0) {
    const message = 'empty list of values';
    diagnostics.push({
      severity: 'error',
      code: 'empty-range',
      message,
      where: places.value(path),
      try: 'values: [1, 2]',
    });
    return undefined;
  }
  const seen = new Set<string>();
  for (const [i, value] of list.entries()) {
    const text = valueText(value);
    if (seen.has(text)) {
      const message = `value ${text} twice`;
      diagnostics.push({
        severity: 'error',
        code: 'bad-value',
        message,
        where: places.value([...path, i]),
        try: 'keep one',
      });
      return undefined;
    }
    seen.add(text);
  }
  return list;
}

/** Reads a `scan:` list. `path` is where it stands in its file. One axis may stand for a list of one; after a mistake an axis is left out. */
export function readAxes(
  value: Json,
  path: KeyPath,
  places: Places,
): { axes: Axis[]; diagnostics: Diagnostic[] } {
  const reading: Reading = { places, diagnostics: [] };
  const list: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const axes: Axis[] = [];
  for (const [i, item] of list.entries()) {
    const at = Array.isArray(value) ? [...path, i] : path;
    const axis = readAxis(item, at, reading);
    if (axis === undefined) continue;
    if (axes.some((other) => other.name === axis.name)) {
      const message = `axis ${axis.name} twice`;
      reading.diagnostics.push({
        severity: 'error',
        code: 'duplicate-name',
        message,
        where: axis.where,
        try: 'another name:',
      });
    } else axes.push(axis);
  }
  return { axes, diagnostics: reading.diagnostics };
}

/** All points in product order: the first axis is the slowest. No axes: one empty point. */
export function points(axes: readonly Axis[]): Point[] {
  let all: Point[] = [{}];
  for (const { name, values } of axes) {
    all = all.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return all;
}

/** `a=1,b=*` in the order of `axes` (names of axes; those the point lacks are `*`); without `axes` sorted by name, which is the order of a task's id. */
export function pointText(point: Point, axes?: readonly string[]): string {
  const names = axes ?? Object.keys(point).sort(compareNatural);
  return names
    .map((name) => `${name}=${Object.hasOwn(point, name) ? valueText(point[name]!) : '*'}`)
    .join(',');
}

/** Sets `value` at the end of `key`; lists in the key stand for all of their members. Copies only what it changes. */
export function withValue(document: Json | undefined, key: Key, value: Json): Json {
  const [step, ...rest] = key;
  if (step === undefined) return value;
  const members = typeof step === 'object' ? step : [step];
  if (Array.isArray(document) && members.every((member) => Number.isInteger(Number(member)))) {
    const list = [...(document as readonly Json[])];
    for (const member of members)
      list[Number(member)] = withValue(list[Number(member)], rest, value);
    return list;
  }
  const changed: { [key: string]: Json } = { ...(isMapping(document) ? document : {}) };
  for (const member of members) {
    const name = String(member);
    changed[name] = withValue(
      Object.hasOwn(changed, name) ? changed[name] : undefined,
      rest,
      value,
    );
  }
  return changed;
}

/** The parameters of one point: each axis' value set at its key. The given parameters stay as they are. */
export function withPoint(params: Mapping, axes: readonly Axis[], point: Point): Mapping {
  let document: Json = params;
  for (const { name, key } of axes) {
    if (Object.hasOwn(point, name)) document = withValue(document, key, point[name]!);
  }
  return document as Mapping;
}
