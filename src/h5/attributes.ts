// Attributes: from what people write to exact types, and back. Does not know how they are stored.
import { dtype, isPlain, itemSize, type Dtype } from './dtype.ts';
import { elementOf, extract, extractBig, extractStrings, type TypedArray } from './extract.ts';
import { elements, typedOf, valuesOf, type Typed, type Value } from './values.ts';

/**
 * number (whole: i8, else f8), bigint (i8, u8 when larger), boolean (h5py's bool), string (variable length,
 * UTF-8), typed array (1-D), lists of one of these, `{dtype, shape, bytes}` or `{dtype, shape, values}` for
 * an exact type, `{objref: path}` for an object reference, null for h5py's Empty.
 */
export type AttributeInput =
  | number
  | bigint
  | boolean
  | string
  | null
  | TypedArray
  | readonly (number | bigint | boolean)[]
  | readonly string[]
  | Typed
  | { objref: string };

export type Attributes = Record<string, AttributeInput>;

/** A compound attribute: raw rows and, since attributes are small, the same as plain records. */
export interface AttributeRows {
  dtype: Dtype;
  shape: number[];
  rows: number;
  /** Raw rows; absent when members point elsewhere (strings of variable length, references). */
  bytes?: Uint8Array;
  values: Value[];
}

/**
 * Scalars come as number (bigint beyond 2^53), boolean, string; arrays of numbers as flat typed arrays (8-byte
 * integers as Float64Array when all are below 2^53, else BigInt64Array/BigUint64Array), of strings as string[];
 * object references as `{objref}`; everything else as AttributeRows; an empty attribute as null.
 */
export type AttributeValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | TypedArray
  | string[]
  | { objref: string }
  | AttributeRows;

const arrayTypes: [new (n: number) => TypedArray, string][] = [
  [Uint8Array, 'u1'],
  [Int8Array, 'i1'],
  [Uint16Array, 'u2'],
  [Int16Array, 'i2'],
  [Uint32Array, 'u4'],
  [Int32Array, 'i4'],
  [Float32Array, 'f4'],
  [Float64Array, 'f8'],
  [BigUint64Array, 'u8'],
  [BigInt64Array, 'i8'],
];

/** Exact type and content of an attribute. @throws TypeError when it is none of AttributeInput. */
export function typedAttribute(input: AttributeInput): Typed {
  if (input === null) return { dtype: dtype('f8'), shape: null, bytes: new Uint8Array(0) };
  switch (typeof input) {
    case 'number':
      return typedOf(dtype(Number.isSafeInteger(input) ? 'i8' : 'f8'), [], [input]);
    case 'bigint':
      return typedOf(dtype(input >= 2n ** 63n ? 'u8' : 'i8'), [], [input]);
    case 'boolean':
      return typedOf(dtype('bool'), [], [input]);
    case 'string':
      return typedOf(dtype('str'), [], [input]);
  }
  if (typeof input !== 'object') throw new TypeError(`${typeof input} is no attribute`);
  if (ArrayBuffer.isView(input)) {
    const known = arrayTypes.find(([make]) => input instanceof make);
    if (!known) throw new TypeError(`${input.constructor.name} is no attribute`);
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength).slice();
    return { dtype: dtype(known[1]), shape: [input.length], bytes };
  }
  if (isList(input)) return typedList(input);
  if ('objref' in input) return typedOf(dtype('objref'), [], [input.objref]);
  if (!('dtype' in input && 'shape' in input))
    throw new TypeError('a record is no attribute: give {dtype, shape, values}');
  return checked(input);
}

function isList(input: object): input is readonly (number | bigint | boolean | string)[] {
  return Array.isArray(input);
}

function typedList(list: readonly (number | bigint | boolean | string)[]): Typed {
  const all = (kind: string): boolean => list.length > 0 && list.every((v) => typeof v === kind);
  const type = all('string')
    ? 'str'
    : all('boolean')
      ? 'bool'
      : list.length > 0 && list.every((v) => typeof v === 'bigint' || Number.isSafeInteger(v))
        ? 'i8'
        : 'f8';
  return typedOf(dtype(type), [list.length], [...list]);
}

function checked(input: Typed): Typed {
  const n = elements(input.shape);
  if (!isPlain(input.dtype) || !input.bytes)
    return typedOf(input.dtype, input.shape, input.values ?? []);
  if (input.bytes.length !== n * itemSize(input.dtype))
    throw new TypeError(
      `${input.bytes.length} bytes for ${n} values of ${itemSize(input.dtype)} bytes`,
    );
  return { dtype: input.dtype, shape: input.shape, bytes: input.bytes.slice() };
}

/** An attribute as people want to see it. */
export function plainAttribute(typed: Typed): AttributeValue {
  const { dtype: type, shape } = typed;
  if (shape === null) return null;
  const { type: element } = elementOf(type);
  const scalar = shape.length === 0 && type.kind !== 'array';
  if (scalar && type.kind !== 'compound' && type.kind !== 'vlen' && type.kind !== 'opaque') {
    const value = valuesOf(typed)[0] as number | bigint | boolean | string | null;
    if (type.kind !== 'reference') return value;
    if (type.to === 'object') return value === null ? null : { objref: value as string };
  }
  if (
    typed.bytes &&
    (element.kind === 'int' || element.kind === 'float' || element.kind === 'bool')
  )
    return numbers(typed.bytes, elements(shape), type);
  if (typed.bytes && element.kind === 'string')
    return extractStrings(typed.bytes, elements(shape), itemSize(type), 0, type);
  if (type.kind === 'vlen-string') return valuesOf(typed) as string[];
  const rows: AttributeRows = {
    dtype: type,
    shape,
    rows: elements(shape),
    values: valuesOf(typed),
  };
  if (typed.bytes) rows.bytes = typed.bytes;
  return rows;
}

function numbers(bytes: Uint8Array, n: number, type: Dtype): TypedArray {
  const { type: element } = elementOf(type);
  const size = itemSize(type);
  const out = extract(bytes, n, size, 0, type);
  const wide = element.kind === 'int' && element.size === 8;
  if (!wide || (out as Float64Array).every((v) => Number.isSafeInteger(v))) return out;
  return extractBig(bytes, n, size, 0, type);
}
