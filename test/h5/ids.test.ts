// Logical ids: what counts, what does not, and that they stay what they were.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  combine,
  compound,
  createH5,
  dtype,
  hashTree,
  openH5,
  stamp,
  type H5Writer,
} from '../../src/h5/index.ts';
import { hashBytes, hasher } from '../../src/h5/hash.ts';
import { runPython, runTool, scratch, withoutH5py } from './peers.ts';
import { writeSample } from './sample.ts';

const at = scratch();

function ids(write: (writer: H5Writer) => void): Record<string, string> {
  const writer = createH5(at('x.h5'));
  write(writer);
  return Object.fromEntries(writer.close().nodes.map((n) => [n.path, n.id]));
}

const GOLDEN = {
  all: '2d0a62551018144e8bcda8f06a32bed7',
  group: 'ff79d74bd21bcb75c7fa71632905e1da',
  attributes: '93e6cfe7b79aee1ee7d15e6f9f18948b',
  table: '1fd865e661eab4bce239e6b8026147ab',
  references: '27dda0afcdfad35a1537f63ca80be2a8',
  strings: '6761445add8ad6ebab94de45c9c6e359',
};

test('ids never change: a change here restales every store in the world', () => {
  const nodes = writeSample(at('golden.h5')).nodes;
  const id = (path: string): string => nodes.find((n) => n.path === path)!.id;
  assert.deepEqual(
    {
      all: combine(nodes).hex32,
      group: id('/charge'),
      attributes: id('/charge/hits'),
      table: id('/charge/hits/data'),
      references: id('/charge/events/ref/charge/hits/ref'),
      strings: id('/strings'),
    },
    GOLDEN,
  );
});

test('streaming is the same as hashing at once, for any cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400_000), { maxLength: 6 }), (lengths) => {
      const whole = new Uint8Array(lengths.reduce((a, b) => a + b, 0)).map((_, i) => i * 7);
      const stream = hasher();
      let from = 0;
      for (const n of lengths) {
        stream.update(whole.subarray(from, from + n));
        from += n;
      }
      assert.equal(stream.digest(), hashBytes(whole));
      assert.equal(stream.bytes, whole.length);
    }),
    { numRuns: 30 },
  );
});

test('chunks, file layout, character sets and provenance do not count', () => {
  const base = ids((w) => {
    w.dataset('x', 'u4', [4], Uint32Array.of(1, 2, 3, 4), { attributes: { unit: 'mm' } });
    w.dataset('s', dtype('S4'), [1], Buffer.from('abcd'));
  });
  const other = ids((w) => {
    w.dataset('s', { kind: 'string', size: 4 }, [1], Buffer.from('abcd'));
    const x = w.stream('x', 'u4', [], { chunk: 3, attributes: { unit: 'mm' } });
    x.append(Uint32Array.of(1, 2, 3, 4));
    w.attribute('/', 'tg', 'provenance');
  });
  assert.deepEqual(other, base);
});

test('everything else counts, each only where it belongs', () => {
  const write = (change: string) =>
    ids((w) => {
      w.group('g', change === 'attribute' ? { a: 1, b: 2 } : { a: 1 });
      w.dataset(
        'g/x',
        change === 'type' ? 'i4' : 'u4',
        [2],
        Uint32Array.of(1, change === 'value' ? 3 : 2),
      );
      w.dataset('z', 'u1', change === 'shape' ? [2, 1] : [2], new Uint8Array(2));
      const first = change === 'target' ? '/g/y' : '/g/x';
      w.dataset('g/y', 'u4', [2], Uint32Array.of(1, 2));
      w.regions('r', [
        {
          path: first,
          selection: { kind: 'blocks', rank: 1, blocks: [0, change === 'rows' ? 2 : 1] },
        },
        null,
      ]);
      w.strings('s', change === 'string' ? ['ab', 'c'] : ['a', 'bc']);
      if (change === 'root') w.attribute('/', 'x', 1);
    });
  const base = write('');
  for (const [change, where] of Object.entries({
    attribute: '/g',
    type: '/g/x',
    shape: '/z',
    value: '/g/x',
    target: '/r',
    rows: '/r',
    string: '/s',
    root: '/',
  })) {
    const changed = write(change);
    const differ = Object.keys(base).filter((path) => base[path] !== changed[path]);
    assert.deepEqual(differ, [where], change);
  }
});

test('one run is one run, as a slab, as points, or as all rows', () => {
  const write = (
    selection: Parameters<H5Writer['regions']>[1][number] extends infer R | null
      ? R extends { selection: infer S }
        ? S
        : never
      : never,
  ) =>
    ids((w) => {
      w.dataset('x', 'u1', [3], new Uint8Array(3));
      w.regions('r', [{ path: '/x', selection }]);
    })['/r'];
  const slab = write({ kind: 'blocks', rank: 1, blocks: [0, 3] });
  assert.equal(write({ kind: 'points', rank: 1, coordinates: [0, 1, 2] }), slab);
  assert.equal(write({ kind: 'all' }), slab);
  assert.notEqual(write({ kind: 'points', rank: 1, coordinates: [0, 2, 1] }), slab);
  assert.notEqual(write({ kind: 'none' }), slab);
});

test('reading our own file gives the ids of writing it, stamped or not', async () => {
  const { nodes } = writeSample(at('own.h5'));
  assert.deepEqual(await hashTree(at('own.h5')), nodes);
  stamp(at('own.h5'), { tg: '{"task":"a"}', other: 'x' });
  stamp(at('own.h5'), { tg: '{"task":"b"}' });
  const after = await hashTree(at('own.h5'));
  assert.deepEqual(after.slice(1), nodes.slice(1));
  assert.notEqual(after[0]!.id, nodes[0]!.id); // `other` is content
  const file = await openH5(at('own.h5'));
  assert.deepEqual(file.attributes('/'), { other: 'x', tg: '{"task":"b"}' });
  assert.equal(file.table('charge/hits').rows, 10_000);
  file.close();
});

test('a stamp repeats byte by byte and h5py reads it', { skip: withoutH5py() }, () => {
  for (const name of ['a.h5', 'b.h5']) {
    writeSample(at(name));
    stamp(at(name), { tg: 'x'.repeat(100_000) });
  }
  assert.ok(readFileSync(at('a.h5')).equals(readFileSync(at('b.h5'))));
  const out = runPython(
    `
f = h5py.File(sys.argv[1], 'a')
print(len(f.attrs['tg']), len(f['charge/hits/data']))
f.attrs['y'] = 1; f.create_group('later')
f.close()
print(list(h5py.File(sys.argv[1])))`,
    at('a.h5'),
  );
  assert.match(out, /^100000 10000\n.*'later'/);
  runTool('h5dump', '-H', at('a.h5'));
});

test('the same content written by h5py has the same ids', { skip: withoutH5py() }, async () => {
  const writer = createH5(at('ours.h5'));
  const type = compound([
    ['id', 'u4'],
    ['ok', 'bool'],
    ['w', 'i2', [3]],
  ]);
  const attributes = { n: 3, x: 0.5, t: 'bé', l: ['a', 'b'], f: true, a: Int32Array.of(1, 2) };
  writer.table('c', type, { attributes }).append(new Uint8Array(11 * 100));
  writer.dataset('p', 'u4', [2], Uint32Array.of(0, 1));
  writer.regions('r', [
    { path: '/c/data', selection: { kind: 'blocks', rank: 1, blocks: [2, 5, 9, 10] } },
    null,
  ]);
  writer.dataset('o', 'objref', [1], ['/c/data']);
  const { nodes } = writer.close();
  runPython(
    `
f = h5py.File(sys.argv[1], 'w', libver='latest')
g = f.create_group('c')
g.attrs['n'] = 3; g.attrs['x'] = 0.5; g.attrs['t'] = 'bé'; g.attrs['f'] = True; g.attrs['a'] = np.array([1, 2], 'i4')
g.attrs.create('l', ['a', 'b'], dtype=h5py.string_dtype())
d = g.create_dataset('data', data=np.zeros(100, dtype=[('id', '<u4'), ('ok', '?'), ('w', '<i2', (3,))]), chunks=(7,), compression='gzip', maxshape=(None,))
f['p'] = np.array([0, 1], 'u4')
r = f.create_dataset('r', (2,), dtype=h5py.regionref_dtype)
m = np.zeros(100, bool); m[[2, 3, 4, 9]] = True
r[0] = d.regionref[m]
o = f.create_dataset('o', (1,), dtype=h5py.ref_dtype); o[0] = d.ref
f.close()`,
    at('theirs.h5'),
  );
  assert.deepEqual(await hashTree(at('theirs.h5')), nodes);
});
