/** Checks parameters against what a module takes: mistakes as sentences about a path, with what to write instead. Knows no file and no place. */
import { nearest } from '../core/nearest.ts';
import type { Json, KeyPath } from '../core/types.ts';
import { either, isList, isMapping, kindOf, lastKey, quoted } from './schema.ts';
import { isOfKind, shapeAt, wanted } from './shape.ts';
import type { Shape } from './shape.ts';
import { meantNumber } from './units.ts';
import type { ZodIssue } from './zod-shape.ts';

/** A mistake in a value (or, `key`, in the name) at a path of the parameters. */
export interface ParameterMistake {
  code: 'wrong-type' | 'bad-value' | 'unknown-parameter' | 'missing-key';
  path: KeyPath;
  key?: true;
  message: string;
  remark?: string;
  try: string;
}

/** Value at a path, undefined when it is not there. */
export function valueAt(value: Json | undefined, path: KeyPath): Json | undefined {
  let at: Json | undefined = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as { readonly [key: string]: Json })[step];
  }
  return at;
}

/** Choices as they are written. */
const words = (choices: readonly Json[]): string[] =>
  choices.map((choice) => (typeof choice === 'string' ? choice : JSON.stringify(choice)));

const unitOf = (shape: Shape): string => (shape.unit === undefined ? '' : ` (${shape.unit})`);

const spelt = (path: KeyPath, value: string): string =>
  typeof path[path.length - 1] === 'number' ? value : `${lastKey(path)}: ${value}`;

/** A value that would do, as it is written in YAML. */
function example(shape: Shape, value: Json): string {
  const numeric = shape.kind === 'number' || shape.kind === 'whole';
  const meant = numeric && typeof value === 'string' ? meantNumber(value, shape.unit) : undefined;
  if (meant !== undefined) return String(shape.kind === 'whole' ? Math.round(meant) : meant);
  if (shape.kind === 'text' && typeof value !== 'object') return JSON.stringify(String(value));
  if (shape.kind === 'flag' && typeof value === 'string' && /^(?:yes|no|on|off)$/i.test(value)) {
    return /^(?:yes|on)$/i.test(value) ? 'true' : 'false';
  }
  if (shape.default !== undefined && shape.default !== null) return JSON.stringify(shape.default);
  if (shape.kind === 'choice') return words(shape.choices ?? [])[0] ?? '';
  if (shape.kind === 'union')
    return example(shape.options?.[0] ?? { kind: 'any', nullable: true }, value);
  return {
    number: '1',
    whole: '1',
    text: 'text',
    flag: 'true',
    list: '[]',
    mapping: '{}',
    any: '1',
  }[shape.kind];
}

/** `window must be a number (ticks of 0.1 us)`. */
export function wrongKind(shape: Shape, path: KeyPath, value: Json): ParameterMistake {
  const what = `${path.join('.')} must be ${wanted(shape)}${unitOf(shape)}`;
  const whole = shape.kind === 'whole' && typeof value === 'number';
  if (whole) {
    const hint = spelt(path, String(Math.round(value)));
    return { code: 'bad-value', path, message: `${what}, not ${value}`, try: hint };
  }
  return {
    code: 'wrong-type',
    path,
    message: what,
    remark: `this is ${kindOf(value)}`,
    try: spelt(path, example(shape, value)),
  };
}

/** `event_builder_class must be A, B or C, not "D"`. */
function notAmong(shape: Shape, path: KeyPath, value: Json): ParameterMistake {
  const choices = words(shape.choices ?? []);
  const near = typeof value === 'string' ? nearest(value, choices, 1)[0] : undefined;
  const message = `${path.join('.')} must be ${either(choices)}${unitOf(shape)}, not ${quoted(value)}`;
  return { code: 'bad-value', path, message, try: near ?? either(choices) };
}

/** Names that the shape does not have, at any depth. `procedure` for the sentence. */
export function unknownNames(
  procedure: string,
  shape: Shape,
  value: Json,
  path: KeyPath = [],
): ParameterMistake[] {
  if (isList(value)) {
    return value.flatMap((item, i) =>
      unknownNames(procedure, shapeAt(shape, [i]) ?? shape, item, [...path, i]),
    );
  }
  if (!isMapping(value) || shape.kind === 'any' || shape.kind === 'union') return [];
  return Object.entries(value).flatMap(([key, part]): ParameterMistake[] => {
    const field = shapeAt(shape, [key]);
    const at = [...path, key];
    if (field !== undefined) return unknownNames(procedure, field, part, at);
    const names = Object.keys(shape.fields ?? {});
    const near = nearest(key, names).join(', ');
    const hint =
      near !== ''
        ? near
        : names.length === 0
          ? 'take it out'
          : `take it out (parameters: ${names.join(' ')})`;
    const message = `${procedure} has no parameter "${at.join('.')}"`;
    return [{ code: 'unknown-parameter', path: at, key: true, message, try: hint }];
  });
}

/** Values that are not of the kind the shape wants, at any depth. */
export function wrongKinds(shape: Shape, value: Json, path: KeyPath = []): ParameterMistake[] {
  if (!isOfKind(shape, value)) return [wrongKind(shape, path, value)];
  if (shape.kind === 'choice' && !(shape.choices ?? []).includes(value))
    return [notAmong(shape, path, value)];
  if (isList(value)) {
    return value.flatMap((item, i) => wrongKinds(shapeAt(shape, [i]) ?? shape, item, [...path, i]));
  }
  if (!isMapping(value) || shape.kind === 'any') return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const field = shapeAt(shape, [key]);
    return field === undefined ? [] : wrongKinds(field, part, [...path, key]);
  });
}

/** `at least 1`, `above 0`, `at most 5`, `below 5`: the bound of an issue. */
function bound(issue: ZodIssue): { words: string; value: number; nearest: number } {
  const least = issue.code === 'too_small';
  const value = Number(least ? issue.minimum : issue.maximum);
  const inside = issue.inclusive !== false;
  const words = least ? (inside ? 'at least' : 'above') : inside ? 'at most' : 'below';
  return { words, value, nearest: inside ? value : least ? value + 1 : value - 1 };
}

function outOfBounds(issue: ZodIssue, shape: Shape, path: KeyPath, value: Json): ParameterMistake {
  const { words, value: limit, nearest: fitting } = bound(issue);
  const name = path.join('.');
  if (isList(value) || typeof value === 'string') {
    const what = isList(value) ? 'entries' : 'characters';
    const message = `${name} must have ${words} ${limit} ${what}${unitOf(shape)}, not ${value.length}`;
    const hint =
      shape.default === undefined || shape.default === null
        ? `${words} ${limit} ${what}`
        : spelt(path, JSON.stringify(shape.default));
    return { code: 'bad-value', path, message, try: hint };
  }
  const message = `${name} must be ${words} ${limit}${unitOf(shape)}, not ${quoted(value)}`;
  return { code: 'bad-value', path, message, try: spelt(path, String(fitting)) };
}

/** One issue of zod as a mistake in the words of tg. `given` is what was parsed. */
export function fromIssue(
  procedure: string,
  root: Shape,
  given: Json,
  issue: ZodIssue,
): ParameterMistake[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const shape = shapeAt(root, path) ?? { kind: 'any', nullable: true };
  const value = valueAt(given, path);
  if (value === undefined) {
    const hint = spelt(path, example(shape, ''));
    return [
      {
        code: 'missing-key',
        path,
        message: `${procedure} needs the parameter ${path.join('.')}${unitOf(shape)}`,
        try: hint,
      },
    ];
  }
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => {
      const message = `${procedure} has no parameter "${[...path, key].join('.')}"`;
      return {
        code: 'unknown-parameter',
        path: [...path, key],
        key: true,
        message,
        try: 'take it out',
      };
    });
  }
  if (!isOfKind(shape, value)) return [wrongKind(shape, path, value)];
  if (issue.code === 'invalid_value')
    return [notAmong({ ...shape, choices: issue.values ?? [] }, path, value)];
  if (issue.code === 'too_small' || issue.code === 'too_big')
    return [outOfBounds(issue, shape, path, value)];
  if (issue.code === 'invalid_union') {
    const message = `${path.join('.')} must be ${wanted(shape)}${unitOf(shape)}, not ${quoted(value)}`;
    return [{ code: 'bad-value', path, message, try: spelt(path, example(shape, value)) }];
  }
  const sentence = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  const hint =
    shape.default === undefined ? 'another value' : spelt(path, JSON.stringify(shape.default));
  const name = path.length === 0 ? procedure : path.join('.');
  return [{ code: 'bad-value', path, message: `${name}${unitOf(shape)}: ${sentence}`, try: hint }];
}
