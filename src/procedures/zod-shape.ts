/** Shape of a zod schema, read from its definition. Imports no zod: modules bring their own. */
import type { Json } from '../core/types.ts';
import { shapeOfDefaults } from './shape.ts';
import type { Shape } from './shape.ts';

/** The parts of a zod 4 schema that are looked at. */
export interface ZodLike {
  description?: string | undefined;
  def: {
    type: string;
    innerType?: ZodLike;
    defaultValue?: unknown;
    shape?: { readonly [key: string]: ZodLike };
    catchall?: ZodLike;
    element?: ZodLike;
    items?: readonly ZodLike[];
    valueType?: ZodLike;
    options?: readonly ZodLike[];
    entries?: { readonly [key: string]: string | number };
    values?: readonly Json[];
    in?: ZodLike;
  };
  isInt?: boolean;
  safeParse(
    value: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: readonly ZodIssue[] } };
}

/** An issue as zod 4 tells it. */
export interface ZodIssue {
  code: string;
  path: readonly PropertyKey[];
  message: string;
  expected?: string;
  values?: readonly Json[];
  keys?: readonly string[];
  origin?: string;
  minimum?: number | bigint;
  maximum?: number | bigint;
  inclusive?: boolean;
  divisor?: number;
}

export const isZod = (params: unknown): params is ZodLike =>
  typeof params === 'object' &&
  params !== null &&
  typeof (params as { safeParse?: unknown }).safeParse === 'function';

/** Wrappers that change no type. */
const SAME = ['readonly', 'nonoptional', 'catch', 'optional'];

function plainShape(schema: ZodLike): Shape {
  const { def } = schema;
  const nullable = false;
  switch (def.type) {
    case 'number':
      return { kind: schema.isInt === true ? 'whole' : 'number', nullable };
    case 'int':
      return { kind: 'whole', nullable };
    case 'string':
      return { kind: 'text', nullable };
    case 'boolean':
      return { kind: 'flag', nullable };
    case 'array':
      return { kind: 'list', nullable, element: shapeOfZod(def.element!) };
    case 'tuple':
      return { kind: 'list', nullable, members: (def.items ?? []).map(shapeOfZod) };
    case 'record':
      return { kind: 'mapping', nullable, element: shapeOfZod(def.valueType!) };
    case 'enum':
      return { kind: 'choice', nullable, choices: Object.values(def.entries ?? {}) };
    case 'literal':
      return { kind: 'choice', nullable, choices: def.values ?? [] };
    case 'null':
      return { kind: 'choice', nullable: true, choices: [null] };
    case 'object': {
      const fields = Object.entries(def.shape ?? {}).map(
        ([key, field]) => [key, shapeOfZod(field)] as const,
      );
      const open = def.catchall !== undefined && def.catchall.def.type !== 'never';
      if (open) return { kind: 'mapping', nullable, element: shapeOfZod(def.catchall!) };
      return { kind: 'mapping', nullable, fields: Object.fromEntries(fields) };
    }
    case 'union': {
      const options = (def.options ?? []).map(shapeOfZod);
      const values = options.filter(({ choices }) => choices?.length !== 1 || choices[0] !== null);
      return {
        kind: 'union',
        nullable: options.some((option) => option.nullable),
        options: values,
      };
    }
    default:
      return { kind: 'any', nullable: true };
  }
}

/** Shape of a schema; `.describe()` on the outermost that has one is the unit. */
export function shapeOfZod(schema: ZodLike): Shape {
  const { def, description } = schema;
  const unit = description === undefined ? {} : { unit: description };
  if (def.innerType === undefined || def.type === 'pipe') {
    return {
      ...(def.type === 'pipe' && def.in !== undefined ? shapeOfZod(def.in) : plainShape(schema)),
      ...unit,
    };
  }
  const inner = { ...shapeOfZod(def.innerType), ...unit };
  if (def.type === 'nullable') return { ...inner, nullable: true };
  if (SAME.includes(def.type) || def.defaultValue === undefined) return inner;
  return { ...inner, default: def.defaultValue as Json };
}

const NOTHING = shapeOfDefaults({});

/** A module's schema never changes, and is asked for once per task. */
const shapes = new WeakMap<object, Shape>();

/** Shape of what a module exports as `params`; nothing exported = no parameters. */
export function shapeOfParams(params: unknown): Shape {
  if (typeof params !== 'object' || params === null) return NOTHING;
  const known = shapes.get(params);
  if (known !== undefined) return known;
  const shape = isZod(params)
    ? shapeOfZod(params)
    : shapeOfDefaults(params as { readonly [name: string]: Json });
  shapes.set(params, shape);
  return shape;
}
