// Datatype messages read: bytes of versions 1 to 5 to a Dtype. Does not write them.
import { Corrupt, Cursor, textOf } from './cursor.ts';
import { itemSize, type Compound, type Dtype, type Field } from './dtype.ts';
import { FLOATS, offsetWidth } from './type-layout.ts';

/** A datatype message -> Dtype. What has no Dtype (bit fields, 80-bit floats) comes as opaque bytes of its size. */
export function decodeType(cursor: Cursor, depth = 0): Dtype {
  if (depth > 16) throw new Corrupt('types nested more than 16 deep');
  const first = cursor.u8();
  const version = first >> 4;
  const kind = first & 15;
  const bits = cursor.uint(3);
  const size = cursor.u32();
  if (version < 1 || version > 5) throw new Corrupt(`datatype version ${version}`);
  if (size === 0) throw new Corrupt('a type without size');
  switch (kind) {
    case 0:
      return decodeInt(cursor, bits, size);
    case 1:
      return decodeFloat(cursor, bits, size);
    case 2:
      cursor.skip(2);
      return { kind: 'opaque', size, tag: 'hdf5:time' };
    case 3:
      return decodeString(bits, size);
    case 4:
      cursor.skip(4);
      return { kind: 'opaque', size, tag: 'hdf5:bitfield' };
    case 5: {
      const tag = textOf(cursor.take(bits & 0xff));
      return tag === '' ? { kind: 'opaque', size } : { kind: 'opaque', size, tag };
    }
    case 6:
      return decodeCompound(cursor, version, bits & 0xffff, size, depth);
    case 7:
      if ((bits & 15) < 2 && size === ((bits & 15) === 0 ? 8 : 12))
        return { kind: 'reference', to: (bits & 15) === 0 ? 'object' : 'region' };
      return { kind: 'opaque', size, tag: 'hdf5:reference' };
    case 8:
      return decodeEnum(cursor, version, bits & 0xffff, size, depth);
    case 9: {
      const base = decodeType(cursor, depth + 1);
      if (size !== 16) throw new Corrupt(`a variable-length type of ${size} bytes`);
      return (bits & 15) === 1 ? { kind: 'vlen-string' } : { kind: 'vlen', base };
    }
    case 10: {
      const rank = cursor.u8();
      if (version < 3) cursor.skip(3);
      const shape = Array.from({ length: rank }, () => cursor.u32());
      if (version < 3) cursor.skip(4 * rank);
      const type: Dtype = { kind: 'array', shape, base: decodeType(cursor, depth + 1) };
      if (rank === 0 || itemSize(type) !== size) throw new Corrupt('an array type of wrong size');
      return type;
    }
    default:
      throw new Corrupt(`datatype class ${kind}`);
  }
}

function decodeInt(cursor: Cursor, bits: number, size: number): Dtype {
  const shift = cursor.u16();
  const precision = cursor.u16();
  const known = size === 1 || size === 2 || size === 4 || size === 8;
  if (!known || shift !== 0 || precision !== 8 * size)
    return { kind: 'opaque', size, tag: `hdf5:integer of ${precision} bits` };
  const type = { kind: 'int', size, signed: (bits & 8) !== 0 } as const;
  return (bits & 1) !== 0 && size > 1 ? { ...type, bigEndian: true } : type;
}

function decodeFloat(cursor: Cursor, bits: number, size: number): Dtype {
  const [shift, precision] = [cursor.u16(), cursor.u16()];
  const [exponentAt, exponent, mantissaAt, mantissa] = cursor.take(4);
  const bias = cursor.u32();
  const want = FLOATS[size];
  const ieee =
    want !== undefined &&
    [precision, exponentAt, exponent, mantissa, bias].every((v, i) => v === want[i]) &&
    (shift | mantissaAt!) === 0 &&
    (bits & 0x40) === 0 &&
    bits >> 8 === precision - 1;
  if (!ieee) return { kind: 'opaque', size, tag: `hdf5:float of ${precision} bits` };
  const type = { kind: 'float', size: size as 2 | 4 | 8 } as const;
  return (bits & 1) !== 0 ? { ...type, bigEndian: true } : type;
}

function decodeString(bits: number, size: number): Dtype {
  const type: Dtype & { kind: 'string' } = { kind: 'string', size };
  if ((bits & 0xf0) === 0) type.ascii = true;
  if ((bits & 15) === 0) type.pad = 'null-terminated';
  else if ((bits & 15) === 2) type.pad = 'space';
  return type;
}

function decodeCompound(
  cursor: Cursor,
  version: number,
  count: number,
  size: number,
  depth: number,
): Compound {
  const fields: Field[] = [];
  for (let i = 0; i < count; i++) {
    const name = cursor.cstring(version < 3);
    const offset = cursor.uint(version < 3 ? 4 : offsetWidth(size));
    const shape = version === 1 ? oldShape(cursor) : [];
    const base = decodeType(cursor, depth + 1);
    const type: Dtype = shape.length > 0 ? { kind: 'array', shape, base } : base;
    if (offset + itemSize(type) > size) throw new Corrupt(`field "${name}" stands outside its row`);
    fields.push({ name, offset, type });
  }
  if (count === 0) throw new Corrupt('a compound type without fields');
  return { kind: 'compound', size, fields };
}

/** Version 1 keeps the dimensions of an array member beside it. */
function oldShape(cursor: Cursor): number[] {
  const rank = cursor.u8();
  cursor.skip(11);
  const dims = [cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32()];
  if (rank > 4) throw new Corrupt(`an array member of rank ${rank}`);
  return dims.slice(0, rank);
}

function decodeEnum(
  cursor: Cursor,
  version: number,
  count: number,
  size: number,
  depth: number,
): Dtype {
  const base = decodeType(cursor, depth + 1);
  if (base.kind !== 'int' || base.size !== size) throw new Corrupt('an enum of something else');
  const names = Array.from({ length: count }, () => cursor.cstring(version < 3));
  const members = names.map((name): [string, number] => {
    const at = cursor.skip(size);
    const little = base.bigEndian !== true;
    if (size === 1) return [name, base.signed ? cursor.view.getInt8(at) : cursor.bytes[at]!];
    if (size === 2)
      return [
        name,
        base.signed ? cursor.view.getInt16(at, little) : cursor.view.getUint16(at, little),
      ];
    if (size === 4)
      return [
        name,
        base.signed ? cursor.view.getInt32(at, little) : cursor.view.getUint32(at, little),
      ];
    return [
      name,
      Number(
        base.signed ? cursor.view.getBigInt64(at, little) : cursor.view.getBigUint64(at, little),
      ),
    ];
  });
  const bool =
    size === 1 &&
    base.signed &&
    members.length === 2 &&
    members.every(([n, v]) => v === (n === 'TRUE' ? 1 : n === 'FALSE' ? 0 : 9));
  return bool ? { kind: 'bool' } : { kind: 'enum', base, members };
}
