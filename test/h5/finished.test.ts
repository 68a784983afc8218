// Groups that are finished while the file is written, and objects that are read one at a time.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  combine,
  createH5,
  dtype,
  hashTree,
  openH5,
  openObjects,
  scalarOf,
  takeWritten,
  type H5Object,
} from '../../src/h5/index.ts';
import { byBytes } from '../../src/h5/byte-writer.ts';
import { PYTHON_DUMP, runPython, scratch, withoutH5py } from './peers.ts';
import { writeSample } from './sample.ts';

const at = scratch();

/** Forty groups of datasets and attributes; `finish` as each is complete. */
function writeGroups(path: string, finish: boolean): void {
  const out = createH5(path);
  for (let n = 0; n < 40; n++) {
    const group = `/events/event_${n}`;
    out.group(group, { run: { dtype: dtype('i4'), shape: [], values: [n - 3] } });
    out.dataset(`${group}/a`, 'i2', [n, 5], new Int16Array(5 * n).fill(n), {
      attributes: { id: n },
    });
    out.group(`${group}/deep/er`, { word: 'x'.repeat(n) });
    out.dataset(`${group}/deep/er/b`, 'u2', [3], Uint16Array.of(n, 1, 2));
    if (finish) out.finish(group);
  }
  out.attribute('/events', 'count', 40);
  out.strings('names', ['later', 'strings']);
  out.close();
}

test('what is finished early is the same content as what is closed with the file', async () => {
  writeGroups(at('late.h5'), false);
  const late = takeWritten(at('late.h5'))!;
  writeGroups(at('early.h5'), true);
  const early = takeWritten(at('early.h5'))!;
  assert.deepEqual(early.nodes, late.nodes);
  assert.equal(early.nodes.length, 1 + 1 + 40 * 5 + 1);
  assert.deepEqual(await hashTree(at('early.h5')), late.nodes);
  assert.deepEqual(combine(early.each()), combine(late.nodes));
  assert.deepEqual(combine([...late.nodes].reverse()), combine(late.nodes));
  writeGroups(at('again.h5'), true);
  assert.ok(readFileSync(at('again.h5')).equals(readFileSync(at('early.h5'))));
});

test('h5py reads both alike', { skip: withoutH5py() }, () => {
  const read = (name: string): string => runPython(PYTHON_DUMP, at(name));
  assert.equal(read('early.h5'), read('late.h5'));
});

test('our reader reads it, too', async () => {
  const file = await openH5(at('early.h5'));
  assert.deepEqual(file.members('/events/event_7/deep/er'), ['b']);
  assert.equal(file.members('/events').length, 40);
  file.close();
});

test('nothing comes into a finished group, and what needs other objects is not finished', async () => {
  const out = createH5(at('refused.h5'));
  out.dataset('/g/a', 'i2', [1], Int16Array.of(1));
  out.strings('/s/names', ['a']);
  out.attribute('/g', 'x', 1);
  assert.throws(() => out.finish('/s'), /strings/);
  out.group('/r', { ref: { objref: '/g' } }); // still right when /g is finished
  assert.throws(() => out.finish('/r'), /references/);
  const table = out.stream('/t/rows', 'u4', [2]);
  assert.throws(() => out.finish('/t'), /still open/);
  table.close();
  assert.throws(() => out.finish('/'), /only a group/);
  assert.throws(() => out.finish('/g/a'), /only a group/);
  out.finish('/g');
  assert.throws(() => out.finish('/g'), /only a group/);
  assert.throws(() => out.dataset('/g/b', 'i2', [1], Int16Array.of(1)), /is finished/);
  assert.throws(() => out.dataset('/g/deep/b', 'i2', [1], Int16Array.of(1)), /is finished/);
  assert.throws(() => out.attribute('/g', 'y', 1), /is finished/);
  out.close();
  const file = await openH5(at('refused.h5'));
  assert.deepEqual(file.attributes('/r'), { ref: { objref: '/g' } });
  file.close();
});

test('names are in the order of their bytes, surrogates and all', () => {
  const name = fc.string({ unit: 'binary', maxLength: 4 });
  fc.assert(
    fc.property(name, name, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(byBytes(a, b)), expected);
    }),
    { numRuns: 3000 },
  );
  assert.equal(byBytes('\uffff', '\u{10000}'), -1);
});

test('objects one at a time are those of the whole reader', async () => {
  writeSample(at('sample.h5'));
  const whole = await openH5(at('sample.h5'));
  const objects = openObjects(at('sample.h5'));
  let datasets = 0;
  const visit = (object: H5Object): void => {
    assert.deepEqual(Object.keys(whole.typedAttributes(object.path)), [
      ...objects.attributes(object).keys(),
    ]);
    if (object.kind === 'group') {
      const names = [...objects.members(object).keys()].sort(byBytes);
      assert.deepEqual(names, whole.members(object.path));
      for (const name of names) visit(objects.member(object, name)!);
      return;
    }
    datasets++;
    const dataset = whole.dataset(object.path);
    const { dtype: type, shape, offset, bytes } = objects.place(object);
    assert.deepEqual([type, shape], [dataset.dtype, dataset.shape]);
    if (dataset.dtype.kind === 'reference' || dataset.dtype.kind.startsWith('vlen')) return;
    assert.deepEqual(objects.read(object), dataset.readRaw());
    if (offset !== undefined)
      assert.deepEqual(
        new Uint8Array(readFileSync(at('sample.h5')).subarray(offset, offset + bytes)),
        dataset.readRaw(),
      );
  };
  visit(objects.root());
  assert.ok(datasets > 5);
  const root = objects.root();
  assert.equal(objects.member(root, 'nowhere'), undefined);
  assert.equal(scalarOf(objects.attributes(root), 'nowhere'), undefined);
  objects.close();
  whole.close();
});

test('an address outside of the file is damage, told with the object', () => {
  const out = createH5(at('cut.h5'));
  out.dataset('/a', 'u1', [100], new Uint8Array(100).fill(7));
  out.close();
  const objects = openObjects(at('cut.h5'));
  const dataset = objects.member(objects.root(), 'a')!;
  const { offset, bytes } = objects.place(dataset);
  assert.deepEqual([bytes, offset! >= 48], [100, true]);
  objects.close();
  assert.throws(() => openObjects(at('none.h5')), /no such file/);
});
