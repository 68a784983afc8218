/** Bytes of rows of alignments. Knows no task. */
import { bytesOf } from './light-tables.ts';

/** Rows {ns f8, sample_idx f4[n]}. */
export function alignmentRows(
  ns: Float64Array,
  sampleIdx: Float32Array,
  rows: number,
  n: number,
): Uint8Array {
  const size = 8 + 4 * n;
  const bytes = new Uint8Array(rows * size);
  const view = new DataView(bytes.buffer);
  const indices = bytesOf(sampleIdx);
  for (let row = 0; row < rows; row++) {
    view.setFloat64(row * size, ns[row]!, true);
    bytes.set(indices.subarray(4 * n * row, 4 * n * (row + 1)), row * size + 8);
  }
  return bytes;
}
