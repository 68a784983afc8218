// Datatype messages written: a Dtype to its bytes (version 3). Does not read them.
import { ByteWriter, utf8 } from './byte-writer.ts';
import { itemSize, type Compound, type Dtype } from './dtype.ts';
import { rawValues } from './insert.ts';
import { FLOATS, offsetWidth } from './type-layout.ts';

type Enum = Dtype & { kind: 'enum' };

/**
 * Bytes of a type as libhdf5 writes them (datatype version 3).
 * @throws TypeError for big-endian types (tg writes little endian only) and for types that no reader takes.
 */
export function encodeType(type: Dtype): Uint8Array {
  let bytes = encoded.get(type);
  if (!bytes) {
    scratch.clear();
    put(scratch, type);
    bytes = scratch.written().slice();
    encoded.set(type, bytes);
  }
  return bytes;
}

const scratch = new ByteWriter(1024);
const encoded = new WeakMap<Dtype, Uint8Array>();

function head(out: ByteWriter, kind: number, bits: number, size: number): void {
  out.u32((0x30 | kind | (bits << 8)) >>> 0);
  out.u32(size);
}

function put(out: ByteWriter, type: Dtype): void {
  if ('bigEndian' in type)
    throw new TypeError('big-endian types are read, not written: leave bigEndian out');
  switch (type.kind) {
    case 'int':
      head(out, 0, type.signed ? 8 : 0, type.size);
      out.u16(0);
      out.u16(8 * type.size);
      return;
    case 'float': {
      const [precision, exponentAt, exponent, mantissa, bias] = FLOATS[type.size]!;
      head(out, 1, 0x20 | ((precision - 1) << 8), type.size);
      out.u16(0);
      out.u16(precision);
      for (const byte of [exponentAt, exponent, 0, mantissa]) out.u8(byte);
      out.u32(bias);
      return;
    }
    case 'bool': {
      put(out, BOOL);
      return;
    }
    case 'enum':
      checkMembers(type);
      head(out, 8, type.members.length, itemSize(type.base));
      put(out, type.base);
      for (const [name] of type.members) cstring(out, name);
      for (const [, value] of type.members) enumValue(out, value, itemSize(type.base));
      return;
    case 'string':
      head(out, 3, padCode(type.pad) | (type.ascii ? 0 : 0x10), type.size);
      return;
    case 'vlen-string':
      head(out, 9, 0x01 | 0x100, 16);
      // The base that libhdf5 writes: with another one h5dump does not know the type for its own.
      put(out, { kind: 'int', size: 1, signed: false });
      return;
    case 'vlen':
      head(out, 9, 0, 16);
      {
        put(out, type.base);
        return;
      }
    case 'array':
      if (type.shape.length < 1 || type.shape.length > 32)
        throw new TypeError('an array member has 1 to 32 dimensions');
      if (!type.shape.every((n) => Number.isInteger(n) && n > 0 && n < 2 ** 32))
        throw new TypeError(`an array member of shape [${type.shape.join(', ')}]`);
      head(out, 10, 0, itemSize(type));
      out.u8(type.shape.length);
      for (const n of type.shape) out.u32(n);
      {
        put(out, type.base);
        return;
      }
    case 'reference': {
      head(out, 7, type.to === 'object' ? 0 : 1, itemSize(type));
      return;
    }
    case 'opaque': {
      const tag = utf8(type.tag ?? '');
      const length = Math.ceil(tag.length / 8) * 8;
      if (length > 255) throw new TypeError('the tag of an opaque type is longer than 248 bytes');
      head(out, 5, length, type.size);
      const at = out.skip(length);
      out.bytes.set(tag, at);
      return;
    }
    case 'compound': {
      checkFields(type);
      head(out, 6, type.fields.length, type.size);
      const width = offsetWidth(type.size);
      for (const field of type.fields) {
        cstring(out, field.name);
        for (let i = 0; i < width; i++) out.u8((field.offset / 256 ** i) & 0xff);
        put(out, field.type);
      }
    }
  }
}

const BOOL: Enum = {
  kind: 'enum',
  base: { kind: 'int', size: 1, signed: true },
  members: [
    ['FALSE', 0],
    ['TRUE', 1],
  ],
};

function checkFields({ fields, size }: Compound): void {
  if (fields.length === 0 || fields.length > 0xffff)
    throw new TypeError('a compound type has 1 to 65 535 fields');
  unique(
    'field',
    fields.map((f) => f.name),
  );
  let end = 0;
  let last = '';
  for (const { name, offset, type } of [...fields].sort((a, b) => a.offset - b.offset)) {
    if (!(offset >= end)) throw new TypeError(`field "${name}" overlaps field "${last}"`);
    end = offset + itemSize(type);
    last = name;
  }
  if (end > size) throw new TypeError(`field "${last}" stands outside its row`);
}

function checkMembers({ base, members }: Enum): void {
  if (base.kind !== 'int') throw new TypeError('an enum is one of whole numbers');
  if (members.length === 0 || members.length > 0xffff)
    throw new TypeError('an enum has 1 to 65 535 members');
  unique(
    'member',
    members.map(([name]) => name),
  );
  // Refuses what does not fit the base.
  rawValues(
    base,
    members.map(([, value]) => value),
  );
}

function unique(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '') throw new TypeError(`a ${what} needs a name`);
    if (seen.has(name)) throw new TypeError(`${what} "${name}" comes twice`);
    seen.add(name);
  }
}

function cstring(out: ByteWriter, name: string): void {
  if (name.includes('\0')) throw new TypeError(`a NUL in the name ${JSON.stringify(name)}`);
  out.text(name);
  out.u8(0);
}

function enumValue(out: ByteWriter, value: number, size: number): void {
  const at = out.skip(size);
  if (size === 8) out.view.setBigInt64(at, BigInt(value), true);
  else for (let i = 0; i < size; i++) out.bytes[at + i] = (value >> (8 * i)) & 0xff;
}

function padCode(pad: (Dtype & { kind: 'string' })['pad']): number {
  return pad === 'null-terminated' ? 0 : pad === 'space' ? 2 : 1;
}
