// What the writer refuses, at the call that gives it where that can be known, and the last thing before it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import {
  compound,
  createH5,
  dtype,
  H5Error,
  hashTree,
  openH5,
  type Dtype,
  type NodeId,
} from '../../src/h5/index.ts';
import { runTool, scratch, withoutH5py } from './peers.ts';
import { HITS } from './sample.ts';

const at = scratch();

test('what cannot be right is refused, with the place and the reason', () => {
  const writer = createH5(at('refused.h5'));
  const table = writer.table('t', HITS);
  const refused = (what: () => unknown, message: RegExp): void => {
    assert.throws(what, (error: unknown) => {
      assert.ok(error instanceof H5Error, String(error));
      assert.match(error.message, message);
      assert.equal(error.path, at('refused.h5'));
      return true;
    });
  };
  refused(
    () => table.append(new Uint8Array(HITS.size + 1)),
    /::\/t\/data: 43 bytes are no whole rows/,
  );
  refused(() => table.append(new Uint8Array(HITS.size), 2), /are not 2 rows/);
  refused(() => table.appendColumns({ iogroup: [1, 300] }), /300 does not fit u1/);
  refused(() => table.appendColumns({ id: [1.5] }), /1.5 does not fit u4/);
  refused(() => table.appendColumns({ ts_raw: [-1] }), /-1 does not fit u8/);
  refused(() => table.appendColumns({ name: ['toolong'] }), /longer than 6 bytes/);
  refused(() => table.appendColumns({ id: [1], q: [1, 2] }), /has 2 values, not 1/);
  refused(() => table.appendColumns({ idd: [1] }), /no field "idd"/);
  refused(() => writer.table('t', HITS), /is there already/);
  refused(() => writer.group('t/data/x'), /is a dataset/);
  refused(() => writer.dataset('d', 'f8', [3], new Float64Array(2)), /16 bytes for shape \[3\]/);
  refused(
    () =>
      writer.dataset(
        'big',
        { kind: 'int', size: 2, signed: true, bigEndian: true },
        [1],
        new Uint8Array(2),
      ),
    /big-endian/,
  );
  refused(() => writer.attribute('nowhere', 'x', 1), /not there yet/);
  refused(
    () =>
      writer.attribute('t', 'x', {
        dtype: { kind: 'int', size: 4, signed: true },
        shape: [2],
        bytes: new Uint8Array(4),
      }),
    /4 bytes for 2 values/,
  );
  const runs = (parent: number[], start: number[], stop: number[]) => ({
    parent: Uint32Array.from(parent),
    start: Uint32Array.from(start),
    stop: Uint32Array.from(stop),
  });
  refused(() => writer.references('t', 't', 2, runs([2], [0], [1])), /parent row 2 of 2/);
  refused(() => writer.relation('t', 'u', runs([1, 0], [0, 0], [1, 1])), /not sorted/);
  refused(() => writer.relation('t', 'u', runs([0, 0], [0, 1], [1, 2])), /touches/);
  refused(() => writer.relation('t', 'u', runs([0], [3], [3])), /empty/);
  writer.abort();
});

test('types and names that HDF5 does not read are refused', () => {
  const writer = createH5(at('types.h5'));
  const u1 = dtype('u1');
  const u4 = dtype('u4');
  const fields = (size: number, ...list: [string, number][]): Dtype => ({
    kind: 'compound',
    size,
    fields: list.map(([name, offset]) => ({ name, offset, type: u4 })),
  });
  const members = (...list: [string, number][]): Dtype => ({
    kind: 'enum',
    base: u1,
    members: list,
  });
  for (const [type, message] of [
    [fields(6, ['a', 0], ['b', 2]), /field "b" overlaps field "a"/],
    [fields(4, ['a', 2]), /field "a" stands outside its row/],
    [fields(8, ['a', 0], ['a', 4]), /field "a" comes twice/],
    [fields(4, ['', 0]), /a field needs a name/],
    [fields(4), /1 to 65 535 fields/],
    [members(), /1 to 65 535 members/],
    [members(['A', 1], ['A', 2]), /member "A" comes twice/],
    [members(['A', 1], ['B', 257]), /257 does not fit u1/],
    [{ kind: 'array', shape: [2, 0], base: u1 }, /shape \[2, 0\]/],
  ] as [Dtype, RegExp][]) {
    assert.throws(() => writer.dataset('d', type, [0], []), message);
    assert.throws(
      () => writer.attribute('/', 'a', { dtype: type, shape: [0], values: [] }),
      message,
    );
  }
  for (const value of [[[1, 2]], [null], ['1', 2], { a: 1 }, undefined])
    assert.throws(
      () => writer.attribute('/', 'a', value as never),
      /::\/: attribute "a": .* is no (number|attribute)/,
    );
  assert.throws(() => writer.dataset('i', 'u1', [1], [null]), /null does not fit u1/);
  assert.throws(() => writer.dataset('s', 'S3', [1], [null]), /null is no string/);
  assert.throws(() => writer.dataset('s', 'S3', [1], ['a\0b']), /NUL/);
  assert.throws(
    () => writer.group(`g/${'n'.repeat(70_000)}`),
    /a name of 70000 letters is too long/,
  );
  writer.abort();
});

test('a record may lack fields, whatever they are called', async () => {
  const type = compound(['constructor', 'toString', '__proto__', 'x'].map((n) => [n, 'u1']));
  const writer = createH5(at('lacking.h5'));
  writer.group('g', { a: { dtype: type, shape: [1], values: [{ x: 3 }] } });
  writer.close();
  const file = await openH5(at('lacking.h5'));
  assert.deepEqual(file.typedAttributes('g')['a']!.bytes, Uint8Array.of(0, 0, 0, 3));
  file.close();
});

test(
  'the longest attribute is one that h5repack copies; a longer one is refused',
  { skip: withoutH5py() },
  async () => {
    for (const [type, name, most] of [
      ['u1', 'a', 65_472],
      ['u1', 'twelve bytes', 65_464],
      ['f8', 'a', 8183],
      ['bool', 'a', 65_448],
      ['str', 'a', 4091],
    ] as const) {
      const write = (n: number): NodeId[] => {
        const writer = createH5(at('longest.h5'));
        const values = Array.from({ length: n }, () => (type === 'str' ? 'x' : true));
        writer.group('g', { [name]: { dtype: dtype(type), shape: [n], values }, other: 1 });
        return writer.close().nodes;
      };
      const nodes = write(most);
      runTool('h5repack', at('longest.h5'), at('longest-packed.h5'));
      assert.deepEqual(await hashTree(at('longest-packed.h5')), nodes);
      assert.throws(() => write(most + 1), /attribute "[a-z ]+" is longer than 64 KiB/);
    }
  },
);

test('references into a table that is missing or too short fail at close, and leave no file', () => {
  for (const [rows, message] of [
    [undefined, /not in this file/],
    [3, /reaches child row 3 of 3/],
  ] as const) {
    const writer = createH5(at('dangling.h5'));
    writer.table('p', HITS).append(new Uint8Array(HITS.size));
    if (rows !== undefined) writer.table('c', HITS).append(new Uint8Array(HITS.size * rows));
    writer.references('p', 'c', 1, {
      parent: Uint32Array.of(0),
      start: Uint32Array.of(0),
      stop: Uint32Array.of(4),
    });
    assert.throws(() => writer.close(), message);
    assert.equal(existsSync(at('dangling.h5')), false);
  }
});
