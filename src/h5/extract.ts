// One column out of raw rows, one loop per width; never an object per row. Does not know where the rows come from.
import { itemSize, type Dtype } from './dtype.ts';
import { textOf } from './cursor.ts';

/** What a column of numbers is. */
export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** Element type and number of elements of a member: arrays in arrays are flattened, enums are their base. */
export function elementOf(type: Dtype): { type: Dtype; count: number } {
  let count = 1;
  let base = type;
  for (;;) {
    if (base.kind === 'array') {
      count *= base.shape.reduce((n, d) => n * d, 1);
      base = base.base;
    } else if (base.kind === 'enum') base = base.base;
    else return { type: base, count };
  }
}

/**
 * One member of `rows` rows as a typed array, array members flat (row after row).
 * 8-byte integers come as Float64Array (exact below 2^53; `extractBig` gives them in full), bool as
 * Uint8Array, 2-byte floats as Float32Array. The only member of its rows is no copy, but a view of the bytes.
 * @throws TypeError for members that are not numbers (strings, compounds, references).
 */
export function extract(
  bytes: Uint8Array,
  rows: number,
  rowSize: number,
  offset: number,
  type: Dtype,
): TypedArray {
  const { type: element, count } = elementOf(type);
  const n = rows * count;
  const width = itemSize(element);
  const little = !('bigEndian' in element && element.bigEndian);
  if (little && element.kind === 'int' && element.size === 8) {
    const out = new Float64Array(n);
    if (isLong(8 * count, rowSize)) {
      copyMembers(bytes, rows, rowSize, offset, count, 8, out);
      inPlace64(out, element.signed);
    } else if (element.signed) signed64(bytes, rows, rowSize, offset, count, out);
    else unsigned64(bytes, rows, rowSize, offset, count, out);
    return out;
  }
  const view = little && count * width === rowSize ? viewOf(bytes, element, n) : undefined;
  if (view) return view;
  const out = little ? emptyColumn(element, n) : undefined;
  if (!out) throw new TypeError('only numbers make a column; strings have strings(name)');
  if (element.kind === 'float' && element.size === 2)
    halves(bytes, rows, rowSize, offset, count, out as Float32Array);
  else copyMembers(bytes, rows, rowSize, offset, count, width, out);
  return out;
}

/** An 8-byte integer member in full. @throws TypeError for any other type. */
export function extractBig(
  bytes: Uint8Array,
  rows: number,
  rowSize: number,
  offset: number,
  type: Dtype,
): BigUint64Array | BigInt64Array {
  const { type: element, count } = elementOf(type);
  if (element.kind !== 'int' || element.size !== 8 || element.bigEndian)
    throw new TypeError('columnBig is for 8-byte integers');
  const n = rows * count;
  const out = element.signed ? new BigInt64Array(n) : new BigUint64Array(n);
  copyMembers(bytes, rows, rowSize, offset, count, 8, out);
  return out;
}

/** A fixed-string member as texts, padding removed. @throws TypeError for any other type. */
export function extractStrings(
  bytes: Uint8Array,
  rows: number,
  rowSize: number,
  offset: number,
  type: Dtype,
): string[] {
  const { type: element, count } = elementOf(type);
  if (element.kind !== 'string') throw new TypeError('strings is for fixed strings');
  const out = new Array<string>(rows * count);
  for (let r = 0, i = 0; r < rows; r++)
    for (let k = 0, at = r * rowSize + offset; k < count; k++, at += element.size)
      out[i++] = fixedString(bytes.subarray(at, at + element.size), element.pad);
  return out;
}

/** One fixed string as text, its padding removed. */
export function fixedString(bytes: Uint8Array, pad?: 'null-terminated' | 'space'): string {
  if (pad !== 'space') return textOf(bytes);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0x20) end--;
  return textOf(bytes.subarray(0, end));
}

/** Typed array whose elements have the bytes of `type`; undefined when there is none. 2-byte floats: 4. */
export function emptyColumn(type: Dtype, n: number): TypedArray | undefined {
  if (type.kind === 'bool') return new Uint8Array(n);
  if (type.kind === 'float') return type.size === 8 ? new Float64Array(n) : new Float32Array(n);
  if (type.kind !== 'int') return undefined;
  switch (type.size) {
    case 1:
      return type.signed ? new Int8Array(n) : new Uint8Array(n);
    case 2:
      return type.signed ? new Int16Array(n) : new Uint16Array(n);
    case 4:
      return type.signed ? new Int32Array(n) : new Uint32Array(n);
    case 8:
      return type.signed ? new BigInt64Array(n) : new BigUint64Array(n);
  }
}

/** Rows that have no other member are the column, where they stand so that it can be one. */
function viewOf(bytes: Uint8Array, type: Dtype, n: number): TypedArray | undefined {
  const none = emptyColumn(type, 0);
  if (none === undefined || (type.kind === 'float' && type.size === 2)) return undefined;
  if (bytes.byteOffset % none.BYTES_PER_ELEMENT !== 0) return undefined;
  const make = none.constructor as new (
    buffer: ArrayBufferLike,
    at: number,
    n: number,
  ) => TypedArray;
  return new make(bytes.buffer, bytes.byteOffset, n);
}

/** Is a member of so many bytes per row copied at once, not element by element? */
const isLong = (length: number, rowSize: number): boolean => length === rowSize || length >= 64;

/** Bits of 8-byte integers become their values. */
function inPlace64(out: Float64Array, isSigned: boolean): void {
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < out.length; i++) {
    const high = words[2 * i + 1]!;
    out[i] = (isSigned ? high | 0 : high) * 4294967296 + words[2 * i]!;
  }
}

/** Copies `count` elements of `width` bytes per row, bits unchanged, into a typed array of that width. */
function copyMembers(
  bytes: Uint8Array,
  rows: number,
  rowSize: number,
  offset: number,
  count: number,
  width: number,
  out: TypedArray,
): void {
  const length = count * width;
  if (isLong(length, rowSize)) {
    const target = new Uint8Array(out.buffer);
    if (length === rowSize) target.set(bytes.subarray(0, rows * rowSize));
    else
      for (let r = 0, at = offset; r < rows; r++, at += rowSize)
        target.set(bytes.subarray(at, at + length), r * length);
  } else if (width === 1) copy8(bytes, rows, rowSize, offset, count, new Uint8Array(out.buffer));
  else if (width === 2) copy16(bytes, rows, rowSize, offset, count, new Uint16Array(out.buffer));
  else if (width === 4) copy32(bytes, rows, rowSize, offset, count, new Uint32Array(out.buffer));
  else copy32(bytes, rows, rowSize, offset, 2 * count, new Uint32Array(out.buffer));
}

// Byte shifts beat DataView and strided views (specs/node-hdf5.md section 1.2) and need no alignment.

function copy8(b: Uint8Array, rows: number, step: number, at: number, n: number, out: Uint8Array) {
  if (n === 1) for (let r = 0, p = at; r < rows; r++, p += step) out[r] = b[p]!;
  else
    for (let r = 0, i = 0; r < rows; r++)
      for (let k = 0, p = r * step + at; k < n; k++) out[i++] = b[p++]!;
}

function copy16(
  b: Uint8Array,
  rows: number,
  step: number,
  at: number,
  n: number,
  out: Uint16Array,
) {
  for (let r = 0, i = 0; r < rows; r++)
    for (let k = 0, p = r * step + at; k < n; k++, p += 2) out[i++] = b[p]! | (b[p + 1]! << 8);
}

function copy32(
  b: Uint8Array,
  rows: number,
  step: number,
  at: number,
  n: number,
  out: Uint32Array,
) {
  if (n === 1)
    for (let r = 0, p = at; r < rows; r++, p += step)
      out[r] = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
  else
    for (let r = 0, i = 0; r < rows; r++)
      for (let k = 0, p = r * step + at; k < n; k++, p += 4)
        out[i++] = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
}

function unsigned64(
  b: Uint8Array,
  rows: number,
  step: number,
  at: number,
  n: number,
  out: Float64Array,
) {
  for (let r = 0, i = 0; r < rows; r++)
    for (let k = 0, p = r * step + at; k < n; k++, p += 8) {
      const low = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
      const high = b[p + 4]! | (b[p + 5]! << 8) | (b[p + 6]! << 16) | (b[p + 7]! << 24);
      out[i++] = (high >>> 0) * 4294967296 + (low >>> 0);
    }
}

function signed64(
  b: Uint8Array,
  rows: number,
  step: number,
  at: number,
  n: number,
  out: Float64Array,
) {
  for (let r = 0, i = 0; r < rows; r++)
    for (let k = 0, p = r * step + at; k < n; k++, p += 8) {
      const low = b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
      const high = b[p + 4]! | (b[p + 5]! << 8) | (b[p + 6]! << 16) | (b[p + 7]! << 24);
      out[i++] = high * 4294967296 + (low >>> 0);
    }
}

function halves(
  b: Uint8Array,
  rows: number,
  step: number,
  at: number,
  n: number,
  out: Float32Array,
) {
  for (let r = 0, i = 0; r < rows; r++)
    for (let k = 0, p = r * step + at; k < n; k++, p += 2)
      out[i++] = halfToNumber(b[p]! | (b[p + 1]! << 8));
}

function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
