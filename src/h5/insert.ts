// Columns into raw rows, the reverse of extract.ts; a value that does not fit is refused, never wrapped.
import { utf8 } from './byte-writer.ts';
import { itemSize, type Compound, type Dtype } from './dtype.ts';
import { elementOf, emptyColumn, type TypedArray } from './extract.ts';

/** Values of one column; array members flat, row after row. */
export type ColumnInput = TypedArray | readonly (number | bigint | boolean | string)[];

/**
 * Rows of a packed or padded compound from its columns; columns not given stay zero.
 * @throws TypeError when a column is unknown, of the wrong length, or holds a value that does not fit.
 */
export function encodeRows(
  type: Compound,
  columns: Record<string, ColumnInput>,
): { bytes: Uint8Array; rows: number } {
  const names = Object.keys(columns);
  let rows = -1;
  for (const name of names) {
    const field = type.fields.find((f) => f.name === name);
    if (!field)
      throw new TypeError(
        `no field "${name}"; there are ${type.fields.map((f) => f.name).join(', ')}`,
      );
    const { count } = elementOf(field.type);
    const n = columns[name]!.length / Math.max(1, count);
    if (!Number.isInteger(n) || (rows >= 0 && n !== rows))
      throw new TypeError(
        `column "${name}" has ${columns[name]!.length} values, not ${rows * count}`,
      );
    rows = n;
  }
  if (rows < 0) rows = 0;
  const bytes = new Uint8Array(rows * type.size);
  for (const name of names) {
    const field = type.fields.find((f) => f.name === name)!;
    try {
      insert(bytes, rows, type.size, field.offset, field.type, columns[name]!);
    } catch (error) {
      throw new TypeError(`column "${name}": ${(error as Error).message}`, { cause: error });
    }
  }
  return { bytes, rows };
}

/** Writes one member of every row; `values` must hold rows x elements values. */
export function insert(
  bytes: Uint8Array,
  rows: number,
  rowSize: number,
  offset: number,
  type: Dtype,
  values: ColumnInput,
): void {
  const { type: element, count } = elementOf(type);
  const raw = rawValues(element, values);
  const length = count * itemSize(element);
  if (length === rowSize) bytes.set(raw.subarray(0, rows * rowSize));
  else if (length === 4) put4(bytes, rows, rowSize, offset, raw);
  else if (length >= 64)
    for (let r = 0; r < rows; r++)
      bytes.set(raw.subarray(r * length, (r + 1) * length), r * rowSize + offset);
  else
    for (let r = 0, i = 0; r < rows; r++)
      for (let k = 0, p = r * rowSize + offset; k < length; k++) bytes[p++] = raw[i++]!;
}

function put4(b: Uint8Array, rows: number, step: number, at: number, raw: Uint8Array): void {
  for (let r = 0, i = 0, p = at; r < rows; r++, p += step, i += 4) {
    b[p] = raw[i]!;
    b[p + 1] = raw[i + 1]!;
    b[p + 2] = raw[i + 2]!;
    b[p + 3] = raw[i + 3]!;
  }
}

/** Little-endian bytes of plain values of one type. @throws TypeError when a value does not fit. */
export function rawValues(type: Dtype, values: ColumnInput): Uint8Array {
  if (type.kind === 'enum') return rawValues(type.base, values);
  if (type.kind === 'string') return rawStrings(type.size, type.pad, values);
  if (type.kind === 'float' && type.size === 2) return rawHalves(values);
  const out = emptyColumn(type, values.length);
  if (!out) throw new TypeError(`values cannot be given as ${type.kind} column`);
  if (ArrayBuffer.isView(values) && values.constructor === out.constructor)
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type.kind === 'float') {
    const target = out as Float32Array | Float64Array;
    for (let i = 0; i < values.length; i++) target[i] = floatOf(values[i]!);
  } else if (out instanceof BigUint64Array || out instanceof BigInt64Array) {
    for (let i = 0; i < values.length; i++) out[i] = wholeBig(values[i]!, type);
    for (let i = 0; i < values.length; i++)
      if (out[i] !== BigInt(values[i]!)) throw misfit(values[i]!, type);
  } else {
    const target = out as Uint8Array;
    for (let i = 0; i < values.length; i++) {
      target[i] = Number(values[i]!);
      if (!isNumber(values[i]!) || target[i] !== Number(values[i]!)) throw misfit(values[i]!, type);
    }
    if (type.kind === 'bool' && target.some((v) => v > 1)) throw new TypeError('a bool is 0 or 1');
  }
  return new Uint8Array(out.buffer);
}

type Given = number | bigint | boolean | string;

/** Not null, nor a list, nor text that looks like a number: JavaScript would make a number of each. */
function isNumber(value: Given): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

function floatOf(value: Given): number {
  if (!isNumber(value)) throw new TypeError(`${JSON.stringify(value)} is no number`);
  return Number(value);
}

function wholeBig(value: Given, type: Dtype): bigint {
  if (!isNumber(value) || (typeof value === 'number' && !Number.isInteger(value)))
    throw misfit(value, type);
  return BigInt(value);
}

function misfit(value: Given, type: Dtype): TypeError {
  const name = type.kind === 'int' ? `${type.signed ? 'i' : 'u'}${type.size}` : type.kind;
  return new TypeError(`${isNumber(value) ? value : JSON.stringify(value)} does not fit ${name}`);
}

function rawStrings(size: number, pad: string | undefined, values: ColumnInput): Uint8Array {
  const out = new Uint8Array(values.length * size);
  if (pad === 'space') out.fill(0x20);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (typeof value !== 'string') throw new TypeError(`${JSON.stringify(value)} is no string`);
    if (value.includes('\0')) throw new TypeError('a string with a NUL cannot be stored');
    const text = utf8(value);
    const room = pad === 'null-terminated' ? size - 1 : size;
    if (text.length > room)
      throw new TypeError(`${JSON.stringify(values[i])} is longer than ${room} bytes`);
    out.set(text, i * size);
    if (pad === 'null-terminated') out.fill(0, i * size + text.length, (i + 1) * size);
  }
  return out;
}

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

function rawHalves(values: ColumnInput): Uint8Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = numberToHalf(floatOf(values[i]!));
  return new Uint8Array(out.buffer);
}

/** Nearest 2-byte float, ties to even. */
function numberToHalf(value: number): number {
  f32[0] = value;
  const sign = (u32[0]! >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const exact = Math.abs(size / 2 ** (exponent - 10));
  const down = Math.floor(exact);
  const rest = exact - down;
  const mantissa = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  // A mantissa of 2048 carries into the exponent by itself; below 1024 the number is subnormal.
  return sign | (mantissa < 1024 ? mantissa : ((exponent + 15) << 10) + mantissa - 1024);
}
