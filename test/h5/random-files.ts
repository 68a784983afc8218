// Random types, tables, datasets and attributes, and the file that holds them. Does not read.
import fc from 'fast-check';
import {
  createH5,
  dtype,
  itemSize,
  type Compound,
  type Dtype,
  type Typed,
  type Value,
  type Written,
} from '../../src/h5/index.ts';
import { elements, typedOf } from '../../src/h5/values.ts';

/** Words that mean something to a language, a library or a reader of types; the last two are one word after NFC. */
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'length',
  'vlen',
  'vlength',
  'reference',
  'data',
  'ref',
  '0',
  '-1',
  ' ',
  'a b.c',
  '\u00e9',
  'e\u0301',
];
const names = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_\u00e9]{0,12}$/) },
  { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
);
const leaves: fc.Arbitrary<Dtype> = fc.oneof(
  fc
    .constantFrom('u1', 'u2', 'u4', 'u8', 'i1', 'i2', 'i4', 'i8', 'f2', 'f4', 'f8', 'bool')
    .map(dtype),
  fc.integer({ min: 1, max: 20 }).map((n) => dtype(`S${n}`)),
  fc.constantFrom('u1', 'i2', 'i4').map((base): Dtype => ({
    kind: 'enum',
    base: dtype(base),
    members: [
      ['NO', 0],
      ['YES', 5],
      ['\u00e9', 100],
    ],
  })),
);
const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });

/** Plain types: leaves, arrays, compounds of compounds, with or without gaps. */
const { compoundType } = fc.letrec<{ member: Dtype; compoundType: Compound }>((tie) => ({
  member: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    leaves,
    fc.tuple(shapes, leaves).map(([shape, base]): Dtype => ({ kind: 'array', shape, base })),
    tie('compoundType'),
  ),
  compoundType: fc
    .tuple(
      fc.uniqueArray(names, { minLength: 1, maxLength: 6 }),
      fc.array(fc.tuple(tie('member'), fc.constantFrom(0, 0, 0, 3)), {
        minLength: 6,
        maxLength: 6,
      }),
    )
    .map(([list, members]) => {
      let offset = 0;
      const fields = list.map((name, i) => {
        const [type, gap] = members[i]!;
        const field = { name, offset, type };
        offset += itemSize(type) + gap;
        return field;
      });
      return { kind: 'compound', size: offset, fields };
    }),
}));

/** Types of attributes also hold strings and lists of variable length. */
const loose: fc.Arbitrary<Dtype> = fc.oneof(
  leaves,
  fc.constant(dtype('str')),
  fc.constantFrom('u1', 'i4', 'f8').map((t): Dtype => ({ kind: 'vlen', base: dtype(t) })),
  compoundType,
  fc.uniqueArray(names, { minLength: 2, maxLength: 3 }).map((list): Dtype => {
    const types = [dtype('str'), { kind: 'vlen', base: dtype('u1') }, dtype('f8')] as Dtype[];
    let offset = 0;
    const fields = list.map((name, i) => {
      const type = types[i]!;
      offset += itemSize(type);
      return { name, offset: offset - itemSize(type), type };
    });
    return { kind: 'compound', size: offset, fields };
  }),
);

/** A value of a type from a stream of small numbers. */
function valueOf(type: Dtype, next: () => number): Value {
  switch (type.kind) {
    case 'int': {
      const bits = 8 * type.size - (type.signed ? 1 : 0);
      const size = Math.min(bits, 53);
      return Math.floor((next() / 1000) * 2 ** size) * (type.signed && next() < 500 ? -1 : 1);
    }
    case 'float':
      return next() < 100 ? [NaN, -0, Infinity, -Infinity][next() % 4]! : (next() - 500) / 4;
    case 'bool':
      return next() < 500;
    case 'enum':
      return type.members[next() % type.members.length]![1];
    case 'string':
      return 'abcdefghijklmnopqrstuvwxyz'.slice(0, next() % (type.size + 1));
    case 'vlen-string':
      // Around the 4 KiB and the 256 KiB of the heap's collections and segments.
      if (next() < 30) return 'x'.repeat([4000, 4031, 4032, 4048, 4049, 262_100][next() % 6]!);
      return 'd\u00e9f'.repeat(next() % 5);
    case 'vlen':
      return Array.from({ length: next() < 20 ? 1000 : next() % 4 }, () =>
        valueOf(type.base, next),
      );
    case 'array':
      return Array.from({ length: type.shape.reduce((a, b) => a * b, 1) }, () =>
        valueOf(type.base, next),
      );
    case 'compound':
      return Object.fromEntries(type.fields.map((f) => [f.name, valueOf(f.type, next)]));
    default:
      throw new Error(type.kind);
  }
}

export const files = fc.record({
  seed: fc.nat(2 ** 31),
  tables: fc.array(
    fc.record({
      type: compoundType,
      // With chunks of one row: where index nodes of 63 end.
      rows: fc.constantFrom(0, 1, 2, 17, 63, 64, 300),
      chunk: fc.constantFrom(1, 7, 64, undefined),
    }),
    { maxLength: 3 },
  ),
  datasets: fc.array(
    fc.record({
      type: leaves,
      shape: fc.array(fc.nat(6), { maxLength: 3 }),
      chunked: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
  attributes: fc.uniqueArray(
    fc
      .tuple(names, loose, fc.constantFrom<number[]>([], [1], [3], [2, 2], [0], [1000]))
      // A header holds at most 64 KiB of one attribute.
      .map(([name, type, shape]): [string, Dtype, number[]] =>
        itemSize(type) * elements(shape) < 60_000 ? [name, type, shape] : [name, type, []],
      ),
    { maxLength: 12, selector: ([name]) => name },
  ),
  // Where compact links, leaves of 7 and nodes of 31 end.
  groups: fc.constantFrom(0, 3, 15, 16, 17, 60, 217, 218, 300),
});
export type FileSpec = typeof files extends fc.Arbitrary<infer T> ? T : never;

export function writeRandom(path: string, spec: FileSpec): Written {
  let state = spec.seed;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 12) % 1000;
  };
  const values = (type: Dtype, n: number): Value[] =>
    Array.from({ length: n }, () => valueOf(type, next));
  const writer = createH5(path);
  spec.tables.forEach(({ type, rows, chunk }, i) => {
    const table = writer.table(`tables/t${i}`, type, chunk === undefined ? {} : { chunk });
    const { bytes } = typedOf(type, [rows], values(type, rows));
    const cut = Math.floor(rows / 3) * type.size;
    table.append(bytes!.subarray(0, cut));
    table.append(bytes!.subarray(cut));
  });
  spec.datasets.forEach(({ type, shape, chunked }, i) => {
    const n = elements(shape);
    const options =
      chunked && shape.length > 0
        ? { chunks: shape.map((d) => Math.max(1, Math.ceil(d / 2))) }
        : {};
    writer.dataset(`d${i}`, type, shape, values(type, n), options);
  });
  const attributes = spec.attributes.map(([name, type, shape]): [string, Typed] => [
    name,
    typedOf(type, shape, values(type, elements(shape))),
  ]);
  writer.group('/', Object.fromEntries(attributes));
  for (let i = 0; i < spec.groups; i++) writer.group(`groups/${i}`, i % 5 === 0 ? { i } : {});
  return writer.close();
}
