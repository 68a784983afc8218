// Random types, tables, datasets and attributes: written by us, read back by us, by h5wasm and by h5py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createH5,
  dtype,
  hashTree,
  itemSize,
  openH5,
  type Compound,
  type Dtype,
  type Typed,
  type Value,
} from '../../src/h5/index.ts';
import { openForeign } from '../../src/h5/foreign.ts';
import { typedOf } from '../../src/h5/values.ts';
import { dump, PYTHON_DUMP, runPython, scratch, withoutH5py, type Dump } from './peers.ts';

const at = scratch();

const names = fc.stringMatching(/^[a-z][a-z0-9_é]{0,12}$/);
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
      ['é', 100],
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
      return (next() - 500) / 4;
    case 'bool':
      return next() < 500;
    case 'enum':
      return type.members[next() % type.members.length]![1];
    case 'string':
      return 'abcdefghijklmnopqrstuvwxyz'.slice(0, next() % (type.size + 1));
    case 'vlen-string':
      return 'déf'.repeat(next() % 5) + (next() < 100 ? 'x'.repeat(5000) : '');
    case 'vlen':
      return Array.from({ length: next() % 4 }, () => valueOf(type.base, next));
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

const files = fc.record({
  seed: fc.nat(2 ** 31),
  tables: fc.array(
    fc.record({
      type: compoundType,
      rows: fc.constantFrom(0, 1, 2, 17, 300),
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
  attributes: fc.dictionary(
    names,
    fc.tuple(loose, fc.constantFrom<number[]>([], [1], [3], [2, 2], [0])),
    {
      maxKeys: 12,
    },
  ),
  groups: fc.constantFrom(0, 3, 15, 16, 17, 60, 300),
});
type FileSpec = typeof files extends fc.Arbitrary<infer T> ? T : never;

function write(path: string, spec: FileSpec) {
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
    const n = shape.reduce((a, b) => a * b, 1);
    const options =
      chunked && shape.length > 0
        ? { chunks: shape.map((d) => Math.max(1, Math.ceil(d / 2))) }
        : {};
    writer.dataset(`d${i}`, type, shape, values(type, n), options);
  });
  const attributes: Record<string, Typed> = {};
  for (const [name, [type, shape]] of Object.entries(spec.attributes))
    attributes[name] = typedOf(
      type,
      shape,
      values(
        type,
        shape.reduce((a, b) => a * b, 1),
      ),
    );
  writer.group('/', attributes);
  for (let i = 0; i < spec.groups; i++) writer.group(`groups/${i}`, i % 5 === 0 ? { i } : {});
  return writer.close();
}

const runs = process.env['TG_SLOW'] === '1' ? 1000 : 40;

test('what we write we read, and h5wasm reads the same bytes', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(files, async (spec) => {
      const path = at(`own${count++ % 2}.h5`);
      const { nodes } = write(path, spec);
      assert.deepEqual(await hashTree(path), nodes);
      const file = await openH5(path);
      const wasm = await openForeign(path);
      try {
        for (const { path: place, kind } of file.walk()) {
          if (kind === 'group') continue;
          const dataset = file.dataset(place);
          const raw = dataset.readRaw();
          const theirs = new Uint8Array(raw.length);
          const rows = dataset.shape.length === 0 ? 1 : dataset.shape[0]!;
          if (raw.length > 0)
            wasm.readRows(place, dataset.shape, itemSize(dataset.dtype), 0, rows, theirs);
          assert.deepEqual(theirs, raw, place);
          if (rows > 2)
            assert.deepEqual(
              dataset.readRaw(1, rows - 2),
              raw.subarray(raw.length / rows, raw.length - raw.length / rows),
            );
        }
      } finally {
        wasm.close();
        file.close();
      }
    }),
    { numRuns: runs },
  );
});

test('h5py reads every value of random files', { skip: withoutH5py() }, async () => {
  const specs = fc.sample(files, runs);
  const paths = specs.map((spec, i) => {
    write(at(`peer${i}.h5`), spec);
    return at(`peer${i}.h5`);
  });
  const lines = runPython(
    `${PYTHON_DUMP}\nfor p in sys.argv[1:]: print(json.dumps(dump(p)))`,
    ...paths,
  )
    .trimEnd()
    .split('\n');
  for (const [i, path] of paths.entries()) {
    const file = await openH5(path);
    assert.deepEqual(dump(file), JSON.parse(lines[i]!) as Dump, JSON.stringify(specs[i]));
    file.close();
  }
});
