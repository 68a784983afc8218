// Files of others, read by the structural reader or through h5wasm: every value as h5py sees it.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { H5Error, hashTree, openH5, stampForeign } from '../../src/h5/index.ts';
import {
  dump,
  fixtures,
  PYTHON_DUMP,
  runPython,
  scratch,
  withoutH5py,
  type Dump,
} from './peers.ts';

const at = scratch();

/** Every kind of object h5py makes, under one setting of `libver` and of creation order. */
const MAKE = `
def make(path, libver, track):
    f = h5py.File(path, 'w', libver=libver, track_order=track)
    g = f.create_group('g', track_order=track)
    a = np.arange(1000, dtype='<i4')
    g.create_dataset('contiguous', data=a)
    g.create_dataset('big_endian', data=a.astype('>i4'))
    g.create_dataset('big_rows', data=np.array([(1, 2.5), (3, -4)], dtype=[('x', '>u2'), ('y', '>f8')]))
    g.create_dataset('single', data=a, chunks=(1000,))
    g.create_dataset('single_gzip', data=a, chunks=(1000,), compression='gzip')
    g.create_dataset('fixed', data=a, chunks=(7,))
    g.create_dataset('fixed_gzip', data=a, chunks=(7,), compression='gzip', shuffle=True)
    g.create_dataset('fixed_paged', data=np.arange(5000, dtype='u1'), chunks=(2,))
    g.create_dataset('growing', data=a, chunks=(3,), maxshape=(None,))
    g.create_dataset('growing_gzip', data=a, chunks=(3,), maxshape=(None,), compression='gzip', fletcher32=True)
    g.create_dataset('growing_long', data=np.arange(40000, dtype='u2'), chunks=(4,), maxshape=(None,))
    g.create_dataset('axis1', data=a.reshape(10, 100), chunks=(3, 7), maxshape=(10, None))
    g.create_dataset('axis1_odd', data=a.reshape(10, 100), chunks=(3, 7), maxshape=(25, None))
    g.create_dataset('tree', data=a.reshape(10, 100), chunks=(3, 7), maxshape=(None, None))
    g.create_dataset('tree_gzip', data=a.reshape(10, 100), chunks=(1, 2), maxshape=(None, None), compression='gzip')
    g.create_dataset('cube', data=a.reshape(10, 10, 10), chunks=(4, 3, 2), maxshape=(10, 20, 10))
    d = g.create_dataset('holes', shape=(100,), dtype='f8', chunks=(10,), maxshape=(None,), fillvalue=2.5)
    d[35:37] = 1
    g.create_dataset('unwritten', shape=(5,), dtype='i2', fillvalue=7)
    g.create_dataset('strings', data=['a', 'bé', '', 'x' * 6000], dtype=h5py.string_dtype())
    g.create_dataset('chunked_strings', data=['a', 'b', 'c'], dtype=h5py.string_dtype(), chunks=(2,), maxshape=(None,))
    v = g.create_dataset('vlen', (3,), dtype=h5py.vlen_dtype('i4'))
    v[0] = [1, 2]; v[2] = [3]
    g.create_dataset('fixed_strings', data=np.array([b'ab', b'c'], dtype='S4'))
    g.create_dataset('bools', data=np.array([True, False]))
    g.create_dataset('enum', data=np.array([1, 3], dtype='u2'), dtype=h5py.enum_dtype({'A': 1, 'B': 3}, basetype='u2'))
    g.create_dataset('half', data=np.array([1, 2.5], dtype='f2'))
    g.create_dataset('padded', data=np.zeros(3, dtype=np.dtype([('a', 'u1'), ('b', 'f8')], align=True)))
    g.create_dataset('member_arrays', data=np.zeros(2, dtype=[('w', '<i2', (2, 3)), ('n', [('x', 'u1'), ('y', 'S3')])]))
    g.create_dataset('scalar', data=3.5)
    g.create_dataset('empty', data=h5py.Empty('f4'))
    g.create_dataset('no_rows', data=np.zeros((0, 4)))
    r = g.create_dataset('refs', (5,), dtype=h5py.regionref_dtype)
    d = g['contiguous']
    r[0] = d.regionref[3:900]; r[1] = d.regionref[2:50:7]; r[2] = d.regionref[[5, 9, 77]]
    m = np.zeros(1000, bool); m[[1, 2, 3, 10, 500]] = True
    r[3] = d.regionref[m]
    o = g.create_dataset('objrefs', (3,), dtype=h5py.ref_dtype)
    o[0] = g.ref; o[1] = d.ref
    s = g.create_group('many', track_order=track)
    for i in range(60): s.create_group('m%02d' % i).attrs['i'] = i
    for i in range(40): g.attrs['attribute number %d' % i] = np.arange(i, dtype='i2')
    g.attrs['text'] = 'bé'; g.attrs['flag'] = True; g.attrs['ref'] = d.ref; g.attrs['none'] = h5py.Empty('i4')
    g.attrs['big'] = np.arange(3, dtype='>u4')
    g.attrs.create('long', np.arange(2000, dtype='i4'))
    f['committed'] = np.dtype([('x', 'f8'), ('y', 'i4')])
    g.create_dataset('of_committed', (2,), dtype=f['committed'])
    g.attrs.create('of_committed', np.zeros(2, dtype=[('x', 'f8'), ('y', 'i4')]), dtype=f['committed'])
    f['soft'] = h5py.SoftLink('/g/contiguous'); f['dangling'] = h5py.SoftLink('/nowhere')
    f['zz_hard'] = g['contiguous']; f['outside'] = h5py.ExternalLink('other.h5', '/x')
    g['zz_loop'] = f['/']
    f.close()
${PYTHON_DUMP}
`;

const settings = [
  ['earliest', "('earliest', 'v110')", 'False'],
  ['v108', "('v108', 'v110')", 'True'],
  ['latest', "'latest'", 'False'],
  ['latest-ordered', "'latest'", 'True'],
];

for (const [name, libver, track] of settings)
  test(`all kinds of objects, ${name!}`, { skip: withoutH5py() }, async () => {
    const path = at(`${name!}.h5`);
    const theirs = JSON.parse(
      runPython(
        `${MAKE}\nmake(sys.argv[1], ${libver!}, ${track!})\nprint(json.dumps(dump(sys.argv[1])))`,
        path,
      ),
    ) as Dump;
    delete theirs['/committed'];
    const file = await openH5(path);
    const ours = dump(file);
    for (const key of Object.keys(theirs)) assert.deepEqual(ours[key], theirs[key], key);
    assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort());
    assert.deepEqual(file.dataset('soft').shape, [1000]);
    assert.equal(file.dataset('zz_hard').path, '/g/contiguous');
    assert.equal(file.has('dangling'), false);
    assert.equal(file.has('g/zz_loop/g/zz_loop/g/contiguous'), true);
    assert.throws(() => file.dataset('outside'), /link to other.h5::\/x/);
    assert.deepEqual(
      [...file.dataset('g/tree').readRaw(4, 2)],
      [...file.dataset('g/contiguous').readRaw(400, 200)],
    );
    file.close();
  });

test('the same content has the same ids under every setting', { skip: withoutH5py() }, async () => {
  const all = [];
  for (const [name, libver, track] of settings) {
    runPython(`${MAKE}\nmake(sys.argv[1], ${libver!}, ${track!})`, at(`ids-${name!}.h5`));
    all.push(await hashTree(at(`ids-${name!}.h5`)));
  }
  for (const nodes of all) assert.deepEqual(nodes, all[0]);
});

test('what only h5wasm can unpack, and what nobody here can', { skip: withoutH5py() }, async () => {
  const path = at('odd.h5');
  runPython(
    `
f = h5py.File(sys.argv[1], 'w')
f.create_dataset('scale', data=np.arange(100, dtype='i4').reshape(20, 5), chunks=(10, 5), scaleoffset=0)
f.create_dataset('lzf', data=np.zeros(10000, dtype='i4'), chunks=(5000,), compression='lzf')
f.create_dataset('plain', data=np.arange(5, dtype='i4'))
l = h5py.VirtualLayout(shape=(5,), dtype='i4')
l[:] = h5py.VirtualSource(f['plain'])
f.create_virtual_dataset('virtual', l)
f.close()`,
    path,
  );
  const file = await openH5(path);
  const words = (bytes: Uint8Array): number[] => [...new Int32Array(bytes.slice().buffer)];
  assert.deepEqual(
    words(file.dataset('scale').readRaw()),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.deepEqual(
    words(file.dataset('scale').readRaw(7, 2)),
    Array.from({ length: 10 }, (_, i) => 35 + i),
  );
  assert.deepEqual(words(file.dataset('virtual').readRaw()), [0, 1, 2, 3, 4]);
  assert.throws(
    () => file.dataset('lzf').readRaw(),
    (error: unknown) => {
      assert.ok(error instanceof H5Error);
      assert.ok(error.message.length < 300 && !error.message.includes('\n'));
      assert.equal(error.dataset, '/lzf');
      assert.match(error.message, /required filter 'lzf' is not registered/);
      return true;
    },
  );
  assert.deepEqual(words(file.dataset('scale').readRaw(0, 1)), [0, 1, 2, 3, 4]);
  file.close();
});

test(
  'an extensible array with pages and holes',
  { skip: withoutH5py() || (process.env['TG_SLOW'] !== '1' && 'slow: TG_SLOW=1') },
  async () => {
    const path = at('pages.h5');
    runPython(
      `
f = h5py.File(sys.argv[1], 'w', libver='latest')
f.create_dataset('x', data=(np.arange(600000) % 251).astype('u1'), chunks=(1,), maxshape=(None,))
d = f.create_dataset('z', shape=(700000,), dtype='u1', chunks=(1,), maxshape=(None,))
d[350000:360000] = 5
f.close()`,
      path,
    );
    const file = await openH5(path);
    assert.ok(
      file
        .dataset('x')
        .readRaw()
        .every((b, i) => b === i % 251),
    );
    assert.ok(
      file
        .dataset('z')
        .readRaw()
        .every((b, i) => b === (i >= 350_000 && i < 360_000 ? 5 : 0)),
    );
    file.close();
  },
);

test('a file with a user block', { skip: withoutH5py() }, async () => {
  const path = at('user.h5');
  runPython(
    `
f = h5py.File(sys.argv[1], 'w', userblock_size=1024)
f.create_dataset('x', data=np.arange(10), chunks=(3,)); f['s'] = ['a', 'b']
f.close()`,
    path,
  );
  const file = await openH5(path);
  assert.deepEqual([...file.dataset('x').readRaw(9, 1)], [9, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(file.dataset('s').readStrings(), ['a', 'b']);
  file.close();
});

test(
  'a stamp on a file of others changes no id and repeats byte by byte',
  { skip: withoutH5py() },
  async () => {
    runPython(`${MAKE}\nmake(sys.argv[1], 'earliest', False)`, at('stamp1.h5'));
    writeFileSync(at('stamp2.h5'), readFileSync(at('stamp1.h5')));
    const before = await hashTree(at('stamp1.h5'));
    for (const name of ['stamp1.h5', 'stamp2.h5']) {
      await stampForeign(at(name), { tg: '{"a":1}' });
      await stampForeign(at(name), { tg: '{"a":2}' });
    }
    assert.deepEqual(await hashTree(at('stamp1.h5')), before);
    assert.ok(readFileSync(at('stamp1.h5')).equals(readFileSync(at('stamp2.h5'))));
    const file = await openH5(at('stamp1.h5'));
    assert.equal(file.attributes('/')['tg'], '{"a":2}');
    file.close();
  },
);

const { dir, skip } = fixtures();

test('all reference files, every value', { skip: skip || withoutH5py() }, async () => {
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((p) =>
    p.endsWith('.h5'),
  );
  const out = runPython(
    `${PYTHON_DUMP}
for p in sys.argv[1:]: print(json.dumps(dump(p)))`,
    ...paths.map((p) => `${dir}/${p}`),
  );
  const dumps = out.trimEnd().split('\n');
  for (const [i, path] of paths.entries()) {
    const file = await openH5(`${dir}/${path}`);
    const theirs = JSON.parse(dumps[i]!) as Dump;
    assert.deepEqual(dump(file), theirs, path);
    file.close();
  }
  assert.ok(paths.length >= 70);
});
