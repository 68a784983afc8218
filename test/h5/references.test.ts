// Region references and relations: all forms, ours and others', against h5py.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compound,
  createH5,
  hashTree,
  loadH5,
  openH5,
  readReferences,
  relationOf,
  type Runs,
  type Selection,
} from '../../src/h5/index.ts';
import { ByteWriter } from '../../src/h5/byte-writer.ts';
import { boxesOf, parseSelection, putSelection } from '../../src/h5/selection.ts';
import { fixtures, runPython, scratch, withoutH5py } from './peers.ts';

const at = scratch();
const IDS = compound([['id', 'u4']]);

/** Rows of every region reference of every file, by h5py: [file, dataset, [[target, rows] or null]]. */
const PYTHON_REFERENCES = `
for p in sys.argv[1:]:
    with h5py.File(p, 'r') as f:
        out = {}
        def visit(name, d):
            if not isinstance(d, h5py.Dataset) or h5py.check_ref_dtype(d.dtype) is not h5py.RegionReference: return
            rows = []
            for r in d[:]:
                if not r: rows.append(None); continue
                t = f[r]
                rows.append([t.name, select(f, t, r).tolist()])
            v = d.parent.get('ref_valid')
            out['/' + name] = [rows, None if v is None else v[:].tolist()]
        f.visititems(visit)
        print(json.dumps(out))
`;
const PYTHON_SELECT = `
def select(f, t, r):
    s = h5py.h5r.get_region(r, f.id)
    k = s.get_select_type()
    if k == h5py.h5s.SEL_POINTS: return s.get_select_elem_pointlist().flatten().astype('i8')
    if k == h5py.h5s.SEL_ALL: return np.arange(t.shape[0])
    if k == h5py.h5s.SEL_NONE: return np.zeros(0, 'i8')
    return np.concatenate([np.arange(int(b[0][0]), int(b[1][0]) + 1) for b in s.get_select_hyper_blocklist()])
`;

const { dir, skip } = fixtures();

test(
  'every reference of the reference files: target, rows, validity',
  { skip: skip || withoutH5py() },
  async () => {
    const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((p) => p.endsWith('.h5'))
      .map((p) => `${dir}/${p}`);
    const lines = runPython(PYTHON_SELECT + PYTHON_REFERENCES, ...paths)
      .trimEnd()
      .split('\n');
    let set = 0;
    let empty = 0;
    for (const [i, path] of paths.entries()) {
      const theirs = JSON.parse(lines[i]!) as Record<
        string,
        [([string, number[]] | null)[], number[] | null]
      >;
      const file = await openH5(path);
      for (const [dataset, [references, valid]] of Object.entries(theirs)) {
        const ours = readReferences(file, dataset);
        assert.equal(ours.n, references.length);
        const runs = ours.runs();
        for (const [k, reference] of references.entries()) {
          assert.equal(ours.target(k), reference?.[0], `${path} ${dataset} ${k}`);
          assert.deepEqual([...ours.rows(k)], reference?.[1] ?? [], `${path} ${dataset} ${k}`);
          if (valid) assert.equal(valid[k], ours.rows(k).length > 0 ? 1 : 0);
          assert.deepEqual(
            rowsOfParent(runs, k),
            [...new Set(reference?.[1] ?? [])].sort((a, b) => a - b),
          );
          if (reference) set++;
          else empty++;
        }
      }
      file.close();
    }
    assert.deepEqual([set, empty], [1404, 342]);
  },
);

function rowsOfParent(runs: Runs, parent: number): number[] {
  const rows: number[] = [];
  for (let i = 0; i < runs.parent.length; i++)
    if (runs.parent[i] === parent)
      for (let row = runs.start[i]!; row < runs.stop[i]!; row++) rows.push(row);
  return rows;
}

test(
  'upstream files: relations of the two formats agree, in both directions',
  { skip },
  async () => {
    for (const name of ['cosmic10k', 'one_second', 'rollover_notrig']) {
      const regions = await openH5(`${dir}/charge/${name}/regref.h5`);
      const pairs = await openH5(`${dir}/charge/${name}/pairs.h5`);
      for (const child of ['charge/packets', 'charge/hits', 'charge/ext_trigs'])
        if (
          regions.has(`charge/raw_events/ref/${child}/ref`) &&
          pairs.has(`charge/raw_events/ref/${child}/ref`)
        )
          assert.deepEqual(
            relationOf(pairs, 'charge/raw_events', child),
            relationOf(regions, 'charge/raw_events', child),
            `${name} ${child}`,
          );
      const forward = relationOf(pairs, 'charge/raw_events', 'charge/hits');
      const back = relationOf(pairs, 'charge/hits', 'charge/raw_events');
      const events = rowsOfParent(forward, 3);
      for (const hit of events.slice(0, 5)) assert.ok(rowsOfParent(back, hit).includes(3));
      assert.throws(
        () => relationOf(pairs, 'charge/hits', 'nowhere'),
        /no relation from \/charge\/hits to \/nowhere/,
      );
      regions.close();
      pairs.close();
    }
  },
);

/** Rows as a sorted set of runs per parent. */
const relations = fc
  .array(fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 5 })), { maxLength: 6 }), {
    maxLength: 40,
  })
  .map((parents) => {
    const runs = { parent: [] as number[], start: [] as number[], stop: [] as number[] };
    let children = 0;
    parents.forEach((list, parent) => {
      let row = parent % 3;
      for (const [gap, length] of list) {
        row += gap + 1;
        runs.parent.push(parent);
        runs.start.push(row);
        runs.stop.push((row += length));
      }
      children = Math.max(children, row);
    });
    return {
      parents: parents.length,
      children,
      runs: {
        parent: Uint32Array.from(runs.parent),
        start: Uint32Array.from(runs.start),
        stop: Uint32Array.from(runs.stop),
      },
    };
  });

test('any relation comes back from references, from stored runs, and with the same ids', async () => {
  await fc.assert(
    fc.asyncProperty(relations, async ({ parents, children, runs }) => {
      const writer = createH5(at('any.h5'));
      writer.table('p', IDS).append(new Uint8Array(4 * parents));
      writer.table('a/c', IDS).append(new Uint8Array(4 * children));
      writer.references('p', 'a/c', parents, runs);
      writer.relation('p', 'a/d', runs);
      const { nodes } = writer.close();
      const file = await openH5(at('any.h5'));
      assert.deepEqual(relationOf(file, 'p', 'a/c'), runs);
      assert.deepEqual(relationOf(file, '/p/', '/a/d'), runs);
      const list = readReferences(file, 'p/ref/a/c/ref');
      for (let i = 0; i < parents; i++) {
        assert.deepEqual([...list.rows(i)], rowsOfParent(runs, i));
        assert.equal(list.target(i), rowsOfParent(runs, i).length > 0 ? '/a/c/data' : undefined);
      }
      const valid = file.dataset('p/ref/a/c/ref_valid').readRaw();
      assert.deepEqual(
        [...valid],
        Array.from({ length: parents }, (_, i) => (runs.parent.includes(i) ? 1 : 0)),
      );
      file.close();
      assert.deepEqual(await hashTree(at('any.h5')), nodes);
    }),
    { numRuns: 60 },
  );
});

test(
  'references of thousands of runs, of many collections, of many chunks: as h5py sees them',
  { skip: withoutH5py() },
  async () => {
    const n = 3000;
    const runs = { parent: [] as number[], start: [] as number[], stop: [] as number[] };
    for (let p = 0; p < n; p++) {
      const count = p === 7 ? 1000 : p % 5;
      for (let k = 0, row = p; k < count; k++, row += k % 3 === 0 ? 4 : 3) {
        runs.parent.push(p);
        runs.start.push(row);
        runs.stop.push(row + 2);
      }
    }
    const writer = createH5(at('many.h5'));
    writer.table('p', IDS).append(new Uint8Array(4 * n));
    writer.table('c', IDS).append(new Uint8Array(4 * 10_000));
    writer.references('p', 'c', n, {
      parent: Uint32Array.from(runs.parent),
      start: Uint32Array.from(runs.start),
      stop: Uint32Array.from(runs.stop),
    });
    writer.close();
    const theirs = JSON.parse(
      runPython(PYTHON_SELECT + PYTHON_REFERENCES, at('many.h5')),
    ) as Record<string, [([string, number[]] | null)[], number[]]>;
    const [references, valid] = theirs['/p/ref/c/ref']!;
    const file = await openH5(at('many.h5'));
    const list = readReferences(file, 'p/ref/c/ref');
    for (let i = 0; i < n; i++) assert.deepEqual([...list.rows(i)], references[i]?.[1] ?? []);
    assert.deepEqual(
      valid,
      references.map((r) => (r ? 1 : 0)),
    );
    file.close();
  },
);

const selections: fc.Arbitrary<{ shape: number[]; selection: Selection }> = fc
  .integer({ min: 1, max: 3 })
  .chain((rank) =>
    fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: rank, maxLength: rank }),
      seeds: fc.array(fc.nat(10_000), { minLength: 2 * rank, maxLength: 12 * rank }),
      kind: fc.constantFrom('all', 'none', 'points', 'blocks', 'stride' as const),
    }),
  )
  .map(({ shape, seeds, kind }) => {
    const rank = shape.length;
    if (kind === 'all' || kind === 'none') return { shape, selection: { kind } };
    const n = Math.floor(seeds.length / (2 * rank));
    if (kind === 'stride') {
      const wide = [1000, ...shape.slice(1)];
      const blocks = Array.from({ length: n + 4 }, (_, i) => [3 + 7 * i, 5 + 7 * i]).flat();
      return rank === 1
        ? { shape: wide, selection: { kind: 'blocks', rank, blocks } }
        : { shape, selection: { kind: 'none' } };
    }
    const numbers: number[] = [];
    for (let i = 0; i < n; i++) {
      const starts = shape.map((d, k) => seeds[i * 2 * rank + k]! % d);
      numbers.push(...starts);
      if (kind === 'blocks')
        numbers.push(
          ...starts.map((s, k) => s + 1 + (seeds[i * 2 * rank + rank + k]! % (shape[k]! - s))),
        );
    }
    return {
      shape,
      selection:
        kind === 'points' ? { kind, rank, coordinates: numbers } : { kind, rank, blocks: numbers },
    };
  });

test('a selection survives its bytes; damaged bytes give an error or a selection inside the shape', () => {
  fc.assert(
    fc.property(
      selections,
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      ({ shape, selection }, place, byte, cut) => {
        const out = new ByteWriter(64);
        putSelection(out, selection);
        const bytes = out.written().slice();
        const back = parseSelection(bytes, shape);
        assert.deepEqual(boxesOf(back, shape), boxesOf(selection, shape));
        const damaged = bytes.slice(0, place % 2 === 0 ? bytes.length : cut % bytes.length);
        if (damaged.length > 0) damaged[place % damaged.length] = byte;
        let got: Selection;
        try {
          got = parseSelection(damaged, shape);
        } catch (error) {
          assert.equal((error as Error).name, 'Corrupt');
          return;
        }
        const rank = shape.length;
        boxesOf(got, shape).forEach((x, i) => assert.ok(x <= shape[i % rank]!));
      },
    ),
    { numRuns: 500 },
  );
});

test('selection forms others write: slab 2 and 3, points 2, by their bytes', () => {
  const bytes = (write: (out: ByteWriter) => void): Uint8Array => {
    const out = new ByteWriter(64);
    write(out);
    return out.written().slice();
  };
  const regular3 = bytes((o) => {
    for (const x of [2, 3]) o.u32(x);
    o.u8(1);
    o.u8(2);
    o.u32(1);
    for (const x of [10, 5, 3, 2]) o.u16(x);
  });
  assert.deepEqual(boxesOf(parseSelection(regular3, [100]), [100]), [10, 12, 15, 17, 20, 22]);
  const irregular3 = bytes((o) => {
    for (const x of [2, 3]) o.u32(x);
    o.u8(0);
    o.u8(8);
    o.u32(1);
    for (const x of [2, 4, 6, 90, 90]) o.u64(x);
  });
  assert.deepEqual(boxesOf(parseSelection(irregular3, [100]), [100]), [4, 7, 90, 91]);
  assert.throws(() => parseSelection(irregular3, [90]), /reaches row 90 of 90/);
  const regular2 = bytes((o) => {
    for (const x of [2, 2]) o.u32(x);
    o.u8(1);
    o.u32(36);
    o.u32(1);
    for (const x of [5e9, 10, 2, 10]) o.u64(x);
  });
  assert.deepEqual(boxesOf(parseSelection(regular2, [6e9]), [6e9]), [5e9, 5e9 + 20]);
  const points2 = bytes((o) => {
    for (const x of [1, 2]) o.u32(x);
    o.u8(4);
    o.u32(1);
    for (const x of [3, 9, 3, 4]) o.u32(x);
  });
  assert.deepEqual(parseSelection(points2, [10]), {
    kind: 'points',
    rank: 1,
    coordinates: [9, 3, 4],
  });
  assert.deepEqual(boxesOf(parseSelection(points2, [10]), [10]), [9, 10, 3, 5]);
  const huge = bytes((o) => {
    for (const x of [2, 3]) o.u32(x);
    o.u8(1);
    o.u8(8);
    o.u32(1);
    for (const x of [0, 2, 2 ** 40, 1]) o.u64(x);
  });
  assert.throws(() => parseSelection(huge, [2 ** 45]), /selection of \d+ blocks/);
});

test('references written by h5wasm in every version of the format', async () => {
  const { File, Dataset } = await loadH5();
  for (const libver of ['v108', 'v110', 'latest'] as const) {
    const path = at(`wasm-${libver}.h5`);
    const file = new File(path, 'w', { libver });
    file.create_dataset({ name: 'data', data: new Int32Array(1000) });
    const data = file.get('data');
    assert.ok(data instanceof Dataset);
    const references = [
      [3, 9],
      [0, 1000],
      [5, 6],
      [10, 500, 7],
    ].map((range) => data.create_region_reference([range as [number, number]]));
    file.create_dataset({ name: 'refs', data: references as never });
    file.close();
    const ours = await openH5(path);
    const list = readReferences(ours, 'refs');
    assert.deepEqual([...list.rows(0)], [3, 4, 5, 6, 7, 8], libver);
    assert.equal(list.rows(1).length, 1000);
    assert.deepEqual([...list.rows(2)], [5]);
    assert.deepEqual(
      [...list.rows(3)],
      Array.from({ length: 70 }, (_, i) => 10 + 7 * i),
    );
    ours.close();
  }
});

test('rows beyond 2^32 make slabs of version 2, and what has no such form is refused', () => {
  const out = new ByteWriter(64);
  putSelection(out, { kind: 'blocks', rank: 1, blocks: [5e9, 5e9 + 3] });
  assert.deepEqual(boxesOf(parseSelection(out.written(), [6e9]), [6e9]), [5e9, 5e9 + 3]);
  const irregular: Selection = { kind: 'blocks', rank: 1, blocks: [0, 1, 3, 5, 5e9, 5e9 + 3] };
  assert.throws(() => putSelection(out, irregular), /beyond row 2\^32/);
});
