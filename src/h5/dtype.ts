// The types of HDF5 elements as plain data, and short spellings for them. Does not know their bytes on disk.

/** Type of one element of a dataset or attribute. */
export type Dtype =
  | { kind: 'int'; size: 1 | 2 | 4 | 8; signed: boolean; bigEndian?: true }
  | { kind: 'float'; size: 2 | 4 | 8; bigEndian?: true }
  /** h5py's boolean: enum of int8 {FALSE: 0, TRUE: 1}. */
  | { kind: 'bool' }
  | { kind: 'enum'; base: Dtype; members: [name: string, value: number][] }
  /** Fixed string of `size` bytes; null padded unless `pad` says otherwise. */
  | { kind: 'string'; size: number; ascii?: boolean; pad?: 'null-terminated' | 'space' }
  /** UTF-8 string of any length. */
  | { kind: 'vlen-string' }
  | { kind: 'vlen'; base: Dtype }
  | { kind: 'array'; shape: number[]; base: Dtype }
  | { kind: 'compound'; size: number; fields: Field[] }
  /** 8 bytes (object) or 12 bytes (region). */
  | { kind: 'reference'; to: 'object' | 'region' }
  | { kind: 'opaque'; size: number; tag?: string };

/** Member of a compound type; `offset` in bytes from the start of the row. */
export interface Field {
  name: string;
  offset: number;
  type: Dtype;
}

export type Compound = Dtype & { kind: 'compound' };

/** Spellings met so far: types are plain data that nobody changes, so one object serves all. */
const spellings = new Map<string, Dtype>([
  ['bool', { kind: 'bool' }],
  ['str', { kind: 'vlen-string' }],
  ['objref', { kind: 'reference', to: 'object' }],
  ['regref', { kind: 'reference', to: 'region' }],
]);

/**
 * Short spelling -> type: `u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8 bool S<n> str objref regref`
 * (little endian; a leading `<`, `|` or `=` as in numpy is allowed).
 * @throws TypeError for any other word.
 */
export function dtype(spelling: string): Dtype {
  let known = spellings.get(spelling);
  if (!known) spellings.set(spelling, (known = spelled(spelling)));
  return known;
}

function spelled(spelling: string): Dtype {
  const match = /^[<|=]?([uifS])(\d+)$/.exec(spelling);
  const size = Number(match?.[2]);
  switch (match?.[1]) {
    case 'u':
    case 'i':
      if (size === 1 || size === 2 || size === 4 || size === 8)
        return { kind: 'int', size, signed: match[1] === 'i' };
      break;
    case 'f':
      if (size === 2 || size === 4 || size === 8) return { kind: 'float', size };
      break;
    case 'S':
      if (size > 0) return { kind: 'string', size, ascii: true };
      break;
  }
  throw new TypeError(
    `no type "${spelling}"; there are u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8 bool S<n> str objref regref`,
  );
}

/**
 * Packed compound type: `compound([['id', 'u4'], ['unix_ts', 'u8'], ['samples', 'i2', [2, 64]]])`.
 * @throws TypeError for an unknown spelling, an empty list or a name that comes twice.
 */
export function compound(
  fields: [name: string, type: string | Dtype, shape?: number[]][],
): Compound {
  if (fields.length === 0) throw new TypeError('a compound type needs at least one field');
  const out: Field[] = [];
  const names = new Set<string>();
  let offset = 0;
  for (const [name, spelling, shape] of fields) {
    if (names.has(name)) throw new TypeError(`field "${name}" comes twice`);
    names.add(name);
    const base = typeof spelling === 'string' ? dtype(spelling) : spelling;
    const type: Dtype = shape && shape.length > 0 ? { kind: 'array', shape, base } : base;
    out.push({ name, offset, type });
    offset += itemSize(type);
  }
  return { kind: 'compound', size: offset, fields: out };
}

/** Bytes of one element as stored in a row (16 for anything of variable length). */
export function itemSize(type: Dtype): number {
  switch (type.kind) {
    case 'bool':
      return 1;
    case 'enum':
      return itemSize(type.base);
    case 'array':
      return type.shape.reduce((n, d) => n * d, itemSize(type.base));
    case 'vlen':
    case 'vlen-string':
      return 16;
    case 'reference':
      return type.to === 'object' ? 8 : 12;
    default:
      return type.size;
  }
}

/** Whether the bytes of an element are its whole content: nothing points into a heap or at an address. */
export function isPlain(type: Dtype): boolean {
  switch (type.kind) {
    case 'vlen':
    case 'vlen-string':
    case 'reference':
      return false;
    case 'array':
      return isPlain(type.base);
    case 'compound':
      return type.fields.every((f) => isPlain(f.type));
    default:
      return true;
  }
}

/**
 * One line for a type, equal for equal types: `{id:u4, samples:i2[2,64]}`. Offsets are told only where
 * a compound is not packed.
 */
export function describe(type: Dtype): string {
  let text = described.get(type);
  if (text === undefined) described.set(type, (text = descriptionOf(type)));
  return text;
}

/** Types are plain data that nobody changes, and asked for once per object. */
const described = new WeakMap<Dtype, string>();

function descriptionOf(type: Dtype): string {
  switch (type.kind) {
    case 'int':
      return `${type.bigEndian ? '>' : ''}${type.signed ? 'i' : 'u'}${type.size}`;
    case 'float':
      return `${type.bigEndian ? '>' : ''}f${type.size}`;
    case 'bool':
      return 'bool';
    case 'enum':
      return `enum ${describe(type.base)} {${members(type)}}`;
    case 'string':
      return `S${type.size}${type.pad === undefined ? '' : ` ${type.pad}`}`;
    case 'vlen-string':
      return 'str';
    case 'vlen':
      return `vlen ${describe(type.base)}`;
    case 'array':
      return `${describe(type.base)}[${type.shape.join(',')}]`;
    case 'reference':
      return type.to === 'object' ? 'objref' : 'regref';
    case 'opaque':
      return `opaque ${type.size}${type.tag ? ` ${JSON.stringify(type.tag)}` : ''}`;
    case 'compound': {
      const packed = isPacked(type);
      const fields = type.fields.map(
        (f) => `${word(f.name)}${packed ? '' : `@${f.offset}`}:${describe(f.type)}`,
      );
      return `{${fields.join(', ')}}${packed ? '' : ` of ${type.size}`}`;
    }
  }
}

/** Whether two types are the same: byte for byte the same rows mean the same. Character sets do not count. */
export function sameDtype(a: Dtype, b: Dtype): boolean {
  return a === b || describe(a) === describe(b);
}

/** Whether the fields of a compound fill its rows in order, without gaps. */
export function isPacked(type: Compound): boolean {
  let offset = 0;
  for (const field of type.fields) {
    if (field.offset !== offset) return false;
    offset += itemSize(field.type);
  }
  return offset === type.size;
}

/** Members by value: the order of an enum's members in the file means nothing. */
function members(type: Dtype & { kind: 'enum' }): string {
  return [...type.members]
    .sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
    .map(([name, value]) => `${word(name)}=${value}`)
    .join(', ');
}

function word(name: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(name) ? name : JSON.stringify(name);
}
