// Columns and blocks of tables, types and their spellings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compound,
  createH5,
  describe,
  dtype,
  encodeRows,
  extract,
  itemSize,
  openH5,
  rowsOf,
  sameDtype,
} from '../../src/h5/index.ts';
import { Cursor } from '../../src/h5/cursor.ts';
import { decodeType } from '../../src/h5/decode-type.ts';
import { encodeType } from '../../src/h5/encode-type.ts';
import { scratch } from './peers.ts';

const at = scratch();
const ROW = compound([
  ['a', 'u1'],
  ['b', 'u8'],
  ['c', 'i8'],
  ['d', 'i2', [2, 2]],
  ['e', 'f4'],
  ['f', 'i4'],
  ['g', 'S3'],
  ['h', 'u2', [40]],
]);

test('types: spellings, sizes, descriptions', () => {
  assert.equal(ROW.size, 1 + 8 + 8 + 8 + 4 + 4 + 3 + 80);
  assert.equal(itemSize(dtype('regref')), 12);
  assert.equal(itemSize(dtype('str')), 16);
  assert.deepEqual(dtype('<u4'), dtype('u4'));
  for (const wrong of ['u3', 'f1', 'S0', 'x', '>u4', 'S'])
    assert.throws(() => dtype(wrong), /no type/);
  assert.equal(
    describe(
      compound([
        ['id', 'u4'],
        ['w', 'i2', [2, 64]],
      ]),
    ),
    '{id:u4, w:i2[2,64]}',
  );
  assert.ok(sameDtype(ROW, structuredClone(ROW)));
  assert.ok(!sameDtype(dtype('u4'), dtype('i4')));
  assert.throws(
    () =>
      compound([
        ['x', 'u1'],
        ['x', 'u2'],
      ]),
    /comes twice/,
  );
  assert.throws(() => compound([]), /at least one/);
  assert.deepEqual(decodeType(new Cursor(encodeType(ROW))), ROW);
});

test('every width comes out right, at any offset, signed and unsigned', () => {
  const columns = {
    a: [0, 255, 7],
    b: [0n, 2n ** 64n - 1n, 2n ** 53n - 1n],
    c: [-1n, -(2n ** 63n), 2n ** 53n - 1n],
    d: [1, -2, 3, -32768, 5, 6, 7, 8, 9, 10, 11, 32767],
    e: [0.5, -1e30, NaN],
    f: [-1, 2 ** 31 - 1, -(2 ** 31)],
    g: ['', 'ab', 'xyz'],
    h: Uint16Array.from({ length: 120 }, (_, i) => 65535 - i),
  };
  const { bytes, rows } = encodeRows(ROW, columns);
  assert.equal(rows, 3);
  const block = rowsOf(ROW, bytes);
  assert.deepEqual([...block.column('a')], columns.a);
  assert.deepEqual([...block.columnBig('b')], columns.b);
  assert.deepEqual([...block.columnBig('c')], columns.c);
  assert.deepEqual([...block.column('b')], [0, 2 ** 64, 2 ** 53 - 1]);
  assert.deepEqual([...block.column('c')], [-1, -(2 ** 63), 2 ** 53 - 1]);
  assert.deepEqual([...block.column('d')], columns.d);
  assert.deepEqual([...block.column('e')], [...Float32Array.from(columns.e)]);
  assert.deepEqual([...block.column('f')], columns.f);
  assert.deepEqual(block.strings('g'), columns.g);
  assert.deepEqual(block.column('h'), columns.h);
  assert.equal(block.column('h'), block.column('h'));
  assert.throws(() => block.column('g'), /field "g": only numbers/);
  assert.throws(() => block.columnBig('a'), /8-byte integers/);
  assert.throws(() => block.column('zz'), /no field "zz"/);
});

test('2-byte floats round to the nearest and keep their specials', () => {
  const type = compound([
    ['x', 'f2'],
    ['y', 'u1'],
  ]);
  const values = [
    0,
    -0,
    1,
    65504,
    65519,
    65520,
    1e9,
    -Infinity,
    2 ** -24,
    2 ** -25,
    2 ** -14,
    1 / 3,
    2049,
    2051,
  ];
  const { bytes } = encodeRows(type, { x: values });
  const want = [
    0,
    -0,
    1,
    65504,
    65504,
    Infinity,
    Infinity,
    -Infinity,
    2 ** -24,
    0,
    2 ** -14,
    0.333251953125,
    2048,
    2052,
  ];
  assert.deepEqual([...rowsOf(type, bytes).column('x')], want);
  assert.ok(Number.isNaN(rowsOf(type, encodeRows(type, { x: [NaN] }).bytes).column('x')[0]));
});

test('blocks and columns of a table that is longer than a block', async () => {
  const type = compound([
    ['i', 'u4'],
    ['j', 'u8'],
  ]);
  const n = 300_001;
  const writer = createH5(at('long.h5'));
  const table = writer.table('t', type);
  for (let start = 0; start < n; start += 70_000) {
    const i = Uint32Array.from({ length: Math.min(70_000, n - start) }, (_, k) => start + k);
    table.appendColumns({ i, j: BigUint64Array.from(i, (x) => BigInt(x) << 20n) });
  }
  writer.close();
  const file = await openH5(at('long.h5'));
  const read = file.table('t');
  let next = 0;
  for (const block of read.blocks()) {
    assert.equal(block.start, next);
    assert.equal(block.column('i')[0], next);
    next += block.rows;
  }
  assert.equal(next, n);
  const column = read.column('i');
  assert.equal(column.length, n);
  assert.ok(column.every((x: number | bigint, k: number) => x === k));
  assert.equal(read.columnBig('j')[n - 1], BigInt(n - 1) << 20n);
  const into = new Uint8Array(2 * type.size);
  assert.equal(read.read(n - 2, 2, into).bytes, into);
  assert.deepEqual([...read.read(n - 2, 2).column('i')], [n - 2, n - 1]);
  assert.equal(read.read(5, 0).rows, 0);
  assert.throws(() => read.read(n - 1, 2), /has rows 0 to 300001/);
  file.close();
});

test('extract works on any bytes', () => {
  const bytes = Uint8Array.of(9, 1, 0, 9, 2, 0);
  assert.deepEqual(extract(bytes, 2, 3, 1, dtype('u2')), Uint16Array.of(1, 2));
});
