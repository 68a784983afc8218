/** scalers.parquet: thirteen columns of u32 that other readers take. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { COLUMNS, scalersParquet } from '../../../tasks/harmonize/parquet.ts';

const bufferOf = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer;
const rowsOf = async (bytes: Uint8Array) =>
  (await parquetReadObjects({ file: bufferOf(bytes) })) as Record<string, number>[];

test('values over the whole range of u32 come back, in order', async () => {
  const values = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  const bytes = scalersParquet(COLUMNS.map((_, k) => values.map((v) => (v + k) % 2 ** 32)));
  const rows = await rowsOf(bytes);
  assert.deepEqual(Object.keys(rows[0]!), [...COLUMNS]);
  // hyparquet hands u32 beyond 2^31 out as they are.
  COLUMNS.forEach((name, k) =>
    assert.deepEqual(
      rows.map((row) => row[name]),
      values.map((v) => (v + k) % 2 ** 32),
    ),
  );
  assert.deepEqual(
    bytes,
    scalersParquet(COLUMNS.map((_, k) => values.map((v) => (v + k) % 2 ** 32))),
  );
});

test('the types are those that polars writes, without the logical type that others refuse', () => {
  const { schema, num_rows: rows } = parquetMetadata(
    bufferOf(scalersParquet(COLUMNS.map(() => []))),
  );
  assert.equal(Number(rows), 0);
  assert.deepEqual(
    schema
      .slice(1)
      .map(({ name, type, converted_type, logical_type, repetition_type }) => [
        name,
        type,
        converted_type,
        logical_type,
        repetition_type,
      ]),
    COLUMNS.map((name) => [name, 'INT32', 'UINT_32', undefined, 'OPTIONAL']),
  );
});
