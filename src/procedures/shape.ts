/** What a parameter may be, told from a module's defaults: the kinds, units and choices that checks and messages speak of. Knows no file and no schema library. */
import type { Json, KeyPath } from '../core/types.ts';
import { either, isList, isMapping } from './schema.ts';

/** One parameter, or a part of one. */
export interface Shape {
  kind: 'any' | 'number' | 'whole' | 'text' | 'flag' | 'list' | 'mapping' | 'choice' | 'union';
  nullable: boolean;
  /** `ticks of 0.1 us`. */
  unit?: string;
  default?: Json;
  /** Of a mapping: the keys it has; without them any key, each of shape `element`. */
  fields?: { readonly [key: string]: Shape };
  element?: Shape;
  /** Of a list of fixed length. */
  members?: readonly Shape[];
  choices?: readonly Json[];
  options?: readonly Shape[];
}

const ANY: Shape = { kind: 'any', nullable: true };

/** Shape of a default: its type. null = anything, {} = any keys, a list = members of the type that all of its members have. */
export function shapeOfDefault(value: Json): Shape {
  if (value === null) return { ...ANY, default: null };
  if (typeof value === 'number') return { kind: 'number', nullable: false, default: value };
  if (typeof value === 'string') return { kind: 'text', nullable: false, default: value };
  if (typeof value === 'boolean') return { kind: 'flag', nullable: false, default: value };
  if (isList(value)) {
    const members = value.map(shapeOfDefault);
    const first = members[0];
    const alike =
      first !== undefined && members.every(({ kind }) => kind === first.kind && kind !== 'mapping');
    const element: Shape =
      alike && first.kind !== 'list' ? { kind: first.kind, nullable: false } : ANY;
    return { kind: 'list', nullable: false, default: value, element };
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return { kind: 'mapping', nullable: false, default: value, element: ANY };
  return { ...shapeOfDefaults(value), default: value };
}

/** Shape of a module's mapping of defaults. */
export function shapeOfDefaults(defaults: { readonly [name: string]: Json }): Shape {
  const fields = Object.entries(defaults).map(
    ([name, value]) => [name, shapeOfDefault(value)] as const,
  );
  return { kind: 'mapping', nullable: false, fields: Object.fromEntries(fields) };
}

/** Part of a shape; undefined for a key that a mapping does not have. */
export function shapeAt(shape: Shape, path: KeyPath): Shape | undefined {
  let at: Shape | undefined = shape;
  for (const step of path) {
    if (at === undefined || at.kind === 'any') return at;
    if (at.kind === 'union')
      at = at.options?.find(({ kind }) => kind === 'mapping' || kind === 'list') ?? ANY;
    if (at.fields !== undefined) at = Object.hasOwn(at.fields, step) ? at.fields[step] : undefined;
    else at = at.members?.[Number(step)] ?? at.element ?? ANY;
  }
  return at;
}

/** `a number`, `a, b or c`: what must stand there. */
export function wanted(shape: Shape): string {
  const words: { readonly [kind in Shape['kind']]: string } = {
    any: 'a value',
    number: 'a number',
    whole: 'a whole number',
    text: 'text',
    flag: 'true or false',
    list: 'a list',
    mapping: 'a mapping',
    choice: either(
      (shape.choices ?? []).map((choice) =>
        typeof choice === 'string' ? choice : JSON.stringify(choice),
      ),
    ),
    union: '',
  };
  if (shape.kind !== 'union')
    return shape.nullable && shape.kind !== 'any'
      ? either([words[shape.kind], 'null'])
      : words[shape.kind];
  const options = (shape.options ?? []).map((option) => wanted({ ...option, nullable: false }));
  return either([...new Set([...options, ...(shape.nullable ? ['null'] : [])])]);
}

/** Is the value of the right sort, whatever its size? */
export function isOfKind(shape: Shape, value: Json): boolean {
  if (value === null) return shape.nullable;
  switch (shape.kind) {
    case 'any':
      return true;
    case 'number':
      return typeof value === 'number';
    case 'whole':
      return typeof value === 'number' && Number.isInteger(value);
    case 'text':
      return typeof value === 'string';
    case 'flag':
      return typeof value === 'boolean';
    case 'list':
      return isList(value);
    case 'mapping':
      return isMapping(value);
    case 'choice':
      return (shape.choices ?? []).some((choice) => typeof choice === typeof value);
    case 'union':
      return (shape.options ?? []).some((option) => isOfKind(option, value));
  }
}

/** Every path of keys that a shape names: `event_builder_config`, `event_builder_config.window`. */
export function pathsOf(shape: Shape, prefix = ''): string[] {
  return Object.entries(shape.fields ?? {}).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [path, ...pathsOf(field, path)];
  });
}

/** One item stands for a list of one: the value with such items put into lists, where the shape wants lists. */
export function withLists(shape: Shape, value: Json): Json {
  if (value === null) return value;
  if (shape.kind === 'list') {
    if (shape.members !== undefined) return value;
    const list = isList(value)
      ? value
      : isMapping(value) && shape.element?.kind !== 'mapping'
        ? undefined
        : [value];
    return list === undefined ? value : list.map((item) => withLists(shape.element ?? ANY, item));
  }
  if (shape.kind !== 'mapping' || !isMapping(value)) return value;
  const changed = Object.entries(value).map(
    ([key, part]) => [key, withLists(shapeAt(shape, [key]) ?? ANY, part)] as const,
  );
  return Object.fromEntries(changed);
}
