// Values of any type as plain JavaScript data, and typed values as attributes hold them. For small things and
// for what has no fixed width; bulk data stay bytes. Does not know files.
import { utf8 } from './byte-writer.ts';
import { isPlain, itemSize, type Dtype } from './dtype.ts';
import { fixedString } from './extract.ts';
import { rawValues, type ColumnInput } from './insert.ts';
import type { Selection } from './selection.ts';

/** A region of a dataset of the same file. */
export interface Region {
  /** Path of the target, absolute. */
  path: string;
  selection: Selection;
}

/**
 * int, float, enum: number (bigint beyond 2^53). bool: boolean. Strings: string. vlen, array: list (flat).
 * compound: record by field. Object reference: path or null. Region reference: Region or null.
 * Opaque: bytes.
 */
export type Value =
  | number
  | bigint
  | boolean
  | string
  | null
  | Region
  | Uint8Array
  | Value[]
  | { [field: string]: Value };

/** A value with its exact type and shape ([] scalar, null empty): `bytes` for plain types, else `values`, flat. */
export interface Typed {
  dtype: Dtype;
  shape: number[] | null;
  bytes?: Uint8Array;
  values?: Value[];
}

/** What stored values point at. */
export interface Pointers {
  /** Bytes of a global heap object. */
  heapObject(address: number, index: number): Uint8Array;
  /** Path of the object whose header stands there; '?' when no link leads to it. */
  pathOf(address: number): string;
  region(address: number, index: number): Region | null;
}

/** One value from stored bytes. */
export function decodeValue(type: Dtype, bytes: Uint8Array, at: number, to?: Pointers): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type.kind) {
    case 'int': {
      const little = type.bigEndian !== true;
      if (type.size === 1) return type.signed ? view.getInt8(at) : view.getUint8(at);
      if (type.size === 2)
        return type.signed ? view.getInt16(at, little) : view.getUint16(at, little);
      if (type.size === 4)
        return type.signed ? view.getInt32(at, little) : view.getUint32(at, little);
      const big = type.signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little);
      return Number.isSafeInteger(Number(big)) ? Number(big) : big;
    }
    case 'float':
      if (type.size === 8) return view.getFloat64(at, type.bigEndian !== true);
      if (type.size === 4) return view.getFloat32(at, type.bigEndian !== true);
      return halfValue(bytes[at]! | (bytes[at + 1]! << 8));
    case 'bool':
      return bytes[at] !== 0;
    case 'enum':
      return decodeValue(type.base, bytes, at, to);
    case 'string':
      return fixedString(bytes.subarray(at, at + type.size), type.pad);
    case 'opaque':
      return bytes.slice(at, at + type.size);
    case 'array': {
      const n = type.shape.reduce((p, d) => p * d, 1);
      const size = itemSize(type.base);
      return Array.from({ length: n }, (_, i) => decodeValue(type.base, bytes, at + i * size, to));
    }
    case 'compound': {
      const out: { [field: string]: Value } = {};
      for (const field of type.fields)
        Object.defineProperty(out, field.name, {
          value: decodeValue(field.type, bytes, at + field.offset, to),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      return out;
    }
    case 'reference': {
      const address = Number(view.getBigUint64(at, true));
      if (address === 0) return null;
      if (!to) throw new TypeError('references need their file');
      return type.to === 'object'
        ? to.pathOf(address)
        : to.region(address, view.getUint32(at + 8, true));
    }
    case 'vlen-string':
    case 'vlen': {
      const length = view.getUint32(at, true);
      const address = Number(view.getBigUint64(at + 4, true));
      if (!to) throw new TypeError('values of variable length need their file');
      const empty = length === 0 || address === 0;
      const data = empty
        ? new Uint8Array(0)
        : to.heapObject(address, view.getUint32(at + 12, true));
      const size = type.kind === 'vlen' ? itemSize(type.base) : 1;
      if (data.length < length * size && !empty)
        throw new RangeError('a value of variable length is shorter than its length');
      if (type.kind === 'vlen-string') return fixedString(data.subarray(0, length));
      return Array.from({ length: empty ? 0 : length }, (_, i) =>
        decodeValue(type.base, data, i * size, to),
      );
    }
  }
}

function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return (
    sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
  );
}

/** What an encoder needs to store values that point somewhere. */
export interface Places {
  /** Stores a heap object and says where it is. */
  heap(bytes: Uint8Array): { address: number; index: number };
  addressOf(path: string): number;
  /** Bytes of a region as a heap object. */
  region(region: Region): Uint8Array;
}

/** Writes one value at `at`. @throws TypeError when the value does not fit the type. */
export function encodeValue(
  type: Dtype,
  value: Value,
  out: Uint8Array,
  at: number,
  places?: Places,
): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const heapReference = (at2: number, bytes: Uint8Array): void => {
    if (!places) throw new TypeError('values of variable length cannot stand here');
    const { address, index } = places.heap(bytes);
    view.setBigUint64(at2, BigInt(address), true);
    view.setUint32(at2 + 8, index, true);
  };
  switch (type.kind) {
    case 'array': {
      const list = listOf(
        value,
        type.shape.reduce((p, d) => p * d, 1),
      );
      const size = itemSize(type.base);
      list.forEach((v, i) => encodeValue(type.base, v, out, at + i * size, places));
      return;
    }
    case 'compound':
      type.fields.forEach((field, i) => {
        const v = memberOf(value, field.name, i);
        if (v !== undefined) encodeValue(field.type, v, out, at + field.offset, places);
      });
      return;
    case 'reference':
      if (value === null) return;
      if (!places) throw new TypeError('references cannot stand here');
      if (type.to === 'object' && typeof value === 'string')
        view.setBigUint64(at, BigInt(places.addressOf(value)), true);
      else if (type.to === 'region' && isRegion(value)) heapReference(at, places.region(value));
      else throw new TypeError(`not a${type.to === 'object' ? 'n object' : ' region'} reference`);
      return;
    case 'vlen-string': {
      if (typeof value !== 'string') throw new TypeError(`${typeof value} is no string`);
      if (value.includes('\0')) throw new TypeError('a string with a NUL cannot be stored');
      const bytes = utf8(value);
      view.setUint32(at, bytes.length, true);
      if (bytes.length > 0) heapReference(at + 4, bytes);
      return;
    }
    case 'vlen': {
      const list = listOf(value);
      const size = itemSize(type.base);
      const bytes = new Uint8Array(size * list.length);
      list.forEach((v, i) => encodeValue(type.base, v, bytes, i * size, places));
      view.setUint32(at, list.length, true);
      if (list.length > 0) heapReference(at + 4, bytes);
      return;
    }
    case 'opaque':
      if (!(value instanceof Uint8Array) || value.length !== type.size)
        throw new TypeError(`an opaque value needs ${type.size} bytes`);
      out.set(value, at);
      return;
    default:
      out.set(rawValues(type, [value] as ColumnInput), at);
  }
}

function isRegion(value: Value): value is Region {
  return typeof value === 'object' && value !== null && 'selection' in value && 'path' in value;
}

export function listOf(value: Value, length?: number): Value[] {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) throw new TypeError('a list is needed');
  const list = Array.isArray(value) ? value : Array.from(value);
  if (length !== undefined && list.length !== length)
    throw new TypeError(`${list.length} values where ${length} are needed`);
  return list;
}

export function memberOf(value: Value, name: string, i: number): Value | undefined {
  if (Array.isArray(value)) return value[i];
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array)
    throw new TypeError('a record of fields is needed');
  return Object.hasOwn(value, name) ? (value as Record<string, Value>)[name] : undefined;
}

/** Number of elements of a shape; an empty (null) one has none. */
export function elements(shape: readonly number[] | null): number {
  return shape === null ? 0 : shape.reduce((n, d) => n * d, 1);
}

/** Values of a typed value, decoded when they are bytes. */
export function valuesOf(typed: Typed): Value[] {
  if (typed.values) return typed.values;
  const size = itemSize(typed.dtype);
  const bytes = typed.bytes ?? new Uint8Array(0);
  return Array.from({ length: elements(typed.shape) }, (_, i) =>
    decodeValue(typed.dtype, bytes, i * size),
  );
}

/** A typed value from plain data, as bytes where the type allows it. @throws TypeError when it does not fit. */
export function typedOf(dtype: Dtype, shape: number[] | null, values: Value[]): Typed {
  const n = elements(shape);
  if (values.length !== n) throw new TypeError(`${values.length} values for a shape of ${n}`);
  if (!isPlain(dtype)) return { dtype, shape, values };
  const size = itemSize(dtype);
  const bytes = new Uint8Array(n * size);
  values.forEach((v, i) => encodeValue(dtype, v, bytes, i * size));
  return { dtype, shape, bytes };
}
