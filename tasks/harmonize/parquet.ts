/** scalers.parquet: thirteen columns of u32 as polars' engine reads them. Knows rows, no files. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { CHANNELS } from './merger-formats.ts';

export const COLUMNS = ['run', 'event', ...CHANNELS] as const;

/**
 * A column is `INT32` converted to `UINT_32` and nullable. Never the logical type INTEGER: hyparquet-writer writes its bit width so
 * that DuckDB and polars refuse the file. Plain arrays: typed ones of u32 are refused by the writer.
 * @param columns one array of whole numbers in [0, 2^32) for each of COLUMNS
 */
export function scalersParquet(columns: readonly (readonly number[])[]): Uint8Array {
  const schema = [
    { name: 'root', num_children: COLUMNS.length },
    ...COLUMNS.map((name) => ({
      name,
      type: 'INT32' as const,
      converted_type: 'UINT_32' as const,
      repetition_type: 'OPTIONAL' as const,
    })),
  ];
  const columnData = COLUMNS.map((name, k) => ({ name, data: [...columns[k]!] }));
  return new Uint8Array(parquetWriteBuffer({ schema, columnData, createdBy: 'tg' }));
}
