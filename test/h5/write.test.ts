// The writer: same calls, same bytes; what others make of its files; what it refuses.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Group } from 'h5wasm/node';
import { compound, createH5, H5Error, hashTree, openH5, takeWritten } from '../../src/h5/index.ts';
import { loadH5 } from '../../src/h5/index.ts';
import { dump, PYTHON_DUMP, runPython, runTool, scratch, withoutH5py } from './peers.ts';
import { ATTRIBUTES, hitColumns, HITS, ROWS, writeSample } from './sample.ts';

const at = scratch();

test('the same calls give the same bytes, however the rows were cut', () => {
  const a = writeSample(at('a.h5'));
  const b = writeSample(at('b.h5'));
  const c = writeSample(at('c.h5'), 777);
  const bytes = readFileSync(at('a.h5'));
  assert.equal(bytes.length, a.bytes);
  assert.ok(bytes.equals(readFileSync(at('b.h5'))));
  assert.ok(bytes.equals(readFileSync(at('c.h5'))));
  assert.deepEqual(a.nodes, b.nodes);
  assert.deepEqual(a.nodes, c.nodes);
});

test('rows of odd size do not depend on how they were cut either', () => {
  const type = compound([['x', 'u1', [20_001]]]);
  const rows = new Uint8Array(30 * type.size).map((_, i) => i);
  const files = [1, 7, 30].map((block) => {
    const writer = createH5(at(`odd${block}.h5`));
    const table = writer.table('t', type);
    for (let i = 0; i < 30; i += block)
      table.append(rows.subarray(i * type.size, Math.min(30, i + block) * type.size));
    writer.close();
    return readFileSync(at(`odd${block}.h5`));
  });
  assert.ok(files[0]!.equals(files[1]!) && files[0]!.equals(files[2]!));
});

test('our reader gives back what was written', async () => {
  writeSample(at('own.h5'));
  const file = await openH5(at('own.h5'));
  const table = file.table('charge/hits');
  assert.equal(table.rows, ROWS);
  const columns = hitColumns(ROWS);
  assert.deepEqual(table.column('q'), columns.q);
  assert.deepEqual(table.columnBig('ts_raw'), columns.ts_raw);
  assert.deepEqual([...table.column('ts_raw')].map(BigInt as never), [...columns.ts_raw]);
  assert.deepEqual(table.strings('name'), columns.name);
  assert.deepEqual(table.column('wave'), columns.wave);
  assert.deepEqual([...table.column('half')], columns.half);
  assert.deepEqual([...table.column('valid')], columns.valid.map(Number));
  assert.deepEqual(file.members('charge'), ['events', 'hits', 'none']);
  assert.equal(file.members('many').length, 300);
  const attributes = file.attributes('charge/hits');
  assert.equal(attributes['nhit_cut'], 100);
  assert.equal(attributes['sync_noise_cut_enabled'], true);
  assert.equal(attributes['huge'], ATTRIBUTES.huge);
  assert.equal(attributes['nothing'], null);
  assert.deepEqual(attributes['words'], ATTRIBUTES.words);
  assert.deepEqual(attributes['fixed'], ['abc', 'defghijk']);
  const channels = attributes['larpix_trigger_channels'] as { values: unknown };
  assert.deepEqual(channels.values, ATTRIBUTES.larpix_trigger_channels.values);
  assert.deepEqual(file.attributes('charge/events/ref')['parent'], {
    objref: '/charge/events/data',
  });
  assert.deepEqual(
    file.dataset('cube').readRaw(3, 1),
    new Uint8Array(Int16Array.from({ length: 12 }, (_, i) => 36 + i).buffer),
  );
  assert.equal(file.dataset('strings').readStrings()[3]!.length, 5000);
  file.close();
});

test(
  'h5py reads every value as we do, and h5dump reads the file',
  { skip: withoutH5py() },
  async () => {
    writeSample(at('peer.h5'));
    const theirs: unknown = JSON.parse(
      runPython(`${PYTHON_DUMP}\nprint(json.dumps(dump(sys.argv[1])))`, at('peer.h5')),
    );
    const file = await openH5(at('peer.h5'));
    assert.deepEqual(dump(file), theirs);
    file.close();
    assert.match(runTool('h5dump', at('peer.h5')), /DATASET "regions"/);
  },
);

test(
  'h5repack keeps everything, attributes and references included',
  { skip: withoutH5py() },
  async () => {
    const written = writeSample(at('pack.h5'));
    runTool(
      'h5repack',
      '-l',
      '/charge/hits/data:CHUNK=100',
      '-f',
      '/charge/hits/data:GZIP=1',
      at('pack.h5'),
      at('packed.h5'),
    );
    runTool('h5diff', at('pack.h5'), at('packed.h5'));
    assert.deepEqual(await hashTree(at('packed.h5')), written.nodes);
  },
);

test(
  'h5py appends: rows, members of small and large groups, attributes',
  { skip: withoutH5py() },
  async () => {
    writeSample(at('grow.h5'));
    runPython(
      `
f = h5py.File(sys.argv[1], 'a')
d = f['charge/hits/data']
n = len(d)
d.resize((n + 5000,)); d[n:] = d[:5000]
r = f['charge/events/ref/charge/hits/ref']
r.resize((6,)); r[5] = d.regionref[3:9]
f['charge/hits'].attrs['extra'] = 3
for i in range(20): f['charge/events'].attrs['a%d' % i] = i
for i in range(20): f.create_group('charge/events/g%d' % i)
for i in range(50): f.create_group('many/z%d' % i)
f['charge/new'] = np.arange(10)
f.attrs['root'] = 'x'
f.close()`,
      at('grow.h5'),
    );
    const file = await openH5(at('grow.h5'));
    const ids = file.table('charge/hits').column('id');
    assert.deepEqual([...ids.slice(9998, 10002)], [9998, 9999, 0, 1]);
    assert.equal(ids.length, ROWS + 5000);
    assert.equal(file.members('many').length, 350);
    assert.equal(file.members('charge/events').length, 22);
    assert.equal(file.attributes('charge/events')['a19'], 19);
    assert.equal(file.attributes('charge/hits')['extra'], 3);
    file.close();
    assert.match(runTool('h5dump', '-H', at('grow.h5')), /"z49"/);
  },
);

test(
  'h5py replaces attributes, strings, members, rows: no seal of ours cries',
  { skip: withoutH5py() },
  async () => {
    const writer = createH5(at('edit.h5'));
    for (let i = 0; i < 40; i++)
      writer.group(`many/g${i + 10}`, { text: `text ${i + 10}`, more: ['a', 'b'] });
    const table = writer.table('t', compound([['x', 'u1', [64 * 1024]]]));
    for (let i = 0; i < 100; i++) table.append(new Uint8Array(64 * 1024).fill(i));
    writer.strings(
      'names',
      Array.from({ length: 300 }, (_, i) => `name ${i + 100}`),
    );
    writer.close();
    runPython(
      `
f = h5py.File(sys.argv[1], 'a')
m = f['many']
for i in range(10, 50, 3): m['g%d' % i].attrs['text'] = 'TEXT %d' % i
for i in range(11, 50, 3): m['g%d' % i].attrs.modify('text', 'Text %d' % i)
for i in range(20, 30): del m['g%d' % i]
for i in range(20, 25): m.create_group('h%d' % i)
n = f['names']
for i in range(0, 300, 7): n[i] = 'NAME %d' % (i + 100)
for i in range(3, 300, 7): n[i] = 'a longer name %d' % i
d = f['t/data']
d.resize((40,)); d.resize((180,)); d[170:] = d[:10]
f.close()`,
      at('edit.h5'),
    );
    const theirs: unknown = JSON.parse(
      runPython(`${PYTHON_DUMP}\nprint(json.dumps(dump(sys.argv[1])))`, at('edit.h5')),
    );
    const file = await openH5(at('edit.h5'));
    assert.deepEqual(dump(file), theirs);
    file.close();
  },
);

test('h5wasm reads tables, attributes and references', async () => {
  writeSample(at('wasm.h5'));
  const { File, Dataset } = await loadH5();
  const file = new File(at('wasm.h5'), 'r');
  try {
    const scalar = file.get('scalar');
    assert.ok(scalar instanceof Dataset);
    assert.equal(scalar.value, 3.25);
    const hits = file.get('charge/hits/data');
    assert.ok(hits instanceof Dataset);
    assert.deepEqual(hits.shape, [ROWS]);
    const events = file.get('charge/events/data');
    assert.ok(events instanceof Dataset);
    assert.deepEqual(events.json_value, [[0], [1], [2], [3], [4]]);
    assert.equal((file.get('charge/hits') as Group).attrs['class_version']!.value, '0.0.0');
    assert.equal((file.get('many/g299') as Group).attrs['number']!.value, 299n);
  } finally {
    file.close();
  }
});

test("a file that was not closed is nobody's HDF5, and an aborted one is gone", async () => {
  const writer = createH5(at('open.h5'));
  writer.table('t', HITS).append(new Uint8Array(HITS.size * 9000));
  await assert.rejects(openH5(at('open.h5')), /unfinished/);
  writer.abort();
  assert.equal(existsSync(at('open.h5')), false);
  writer.abort();
  assert.throws(() => writer.close(), H5Error);
});

test('takeWritten hands out the ids once', () => {
  const written = writeSample(at('taken.h5'));
  assert.equal(takeWritten(at('taken.h5')), written);
  assert.equal(takeWritten(at('taken.h5')), undefined);
});

test('the tail of the last chunk takes no room on disk', () => {
  const writer = createH5(at('small.h5'));
  for (let i = 0; i < 50; i++) writer.table(`t${i}`, HITS).append(new Uint8Array(HITS.size));
  writer.close();
  const stat = statSync(at('small.h5'));
  assert.ok(stat.size > 50 * 80_000);
  // File systems without holes may differ; those of the tests have them.
  assert.ok(stat.blocks * 512 < stat.size / 4, `${stat.blocks * 512} of ${stat.size}`);
});

test('a large existing file is replaced, not patched', async () => {
  writeFileSync(at('old.h5'), Buffer.alloc(1e6, 7));
  const writer = createH5(at('old.h5'));
  writer.dataset('x', 'u1', [1], Uint8Array.of(1));
  const { bytes } = writer.close();
  assert.equal(statSync(at('old.h5')).size, bytes);
  (await openH5(at('old.h5'))).close();
});
