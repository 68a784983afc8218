/** Rows of alignments: of ADCs, and from those of channels or detectors. Knows no task. */
import type { Rows } from 'tg/h5';
import type { Member } from './detector-sums.ts';
import { bytesOf, type Shape } from './light-tables.ts';

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

/**
 * Rows for `places`, from `aligned` per ADC or per channel: each place has the sample_idx of its last valid channel, and an event without any is 0.
 * @param valid (events, ADCs, channels)
 */
export function placesAligned(
  aligned: Rows,
  [adcs, channels]: Shape,
  valid: Uint8Array,
  members: readonly Omit<Member, 'gain'>[],
  places: number,
): Uint8Array {
  const { rows } = aligned;
  const times = aligned.column('ns') as Float64Array;
  const indices = aligned.column('sample_idx') as Float32Array;
  const isPerAdc = indices.length === rows * adcs;
  const ns = new Float64Array(rows);
  const sampleIdx = new Float32Array(rows * places);
  for (let row = 0; row < rows; row++)
    for (const { adc, channel, place } of members) {
      const slot = (row * adcs + adc) * channels + channel;
      if (valid[slot] === 0) continue;
      ns[row] = times[row]!;
      sampleIdx[row * places + place] = indices[isPerAdc ? row * adcs + adc : slot]!;
    }
  return alignmentRows(ns, sampleIdx, rows, places);
}
