/** Corrected times of packets: offset and slope of each PACMAN's clock. Knows bytes, no files. */
import type { PacketFields } from './packet-fields.ts';

/** Linear correction per io_group, dense: ts = (timestamp - offset) / (1 + slope). */
export interface Correction {
  /** Ticks of 0.1 us. */
  offset: Float64Array;
  /** 1 + slope. */
  scale: Float64Array;
}

/** `correction` maps an io_group to [offset in ticks, slope]; others are left as they are. */
export function denseCorrection(
  correction: Readonly<Record<string, readonly [number, number]>>,
): Correction {
  const dense = { offset: new Float64Array(256), scale: new Float64Array(256).fill(1) };
  for (const [ioGroup, [offset, slope]] of Object.entries(correction)) {
    dense.offset[Number(ioGroup)] = offset;
    dense.scale[Number(ioGroup)] = 1 + slope;
  }
  return dense;
}

/** Bytes of a row of charge/packets_corr_ts: id u4, ts f8 [ticks]. */
export const CORRECTED_ROW = 12;

/** Rows of charge/packets_corr_ts for `rows` packets, the first of which has row number `firstId`; written to the front of `out`. */
export function correctTimes(
  bytes: Uint8Array,
  rows: number,
  fields: PacketFields,
  correction: Correction,
  firstId: number,
  out: DataView,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { rowSize, ioGroup, timestamp } = fields;
  const { offset, scale } = correction;
  for (let row = 0; row < rows; row++) {
    const at = row * rowSize;
    const group = bytes[at + ioGroup]!;
    const ticks =
      view.getUint32(at + timestamp, true) + view.getUint32(at + timestamp + 4, true) * 2 ** 32;
    out.setUint32(row * CORRECTED_ROW, firstId + row, true);
    out.setFloat64(row * CORRECTED_ROW + 4, (ticks - offset[group]!) / scale[group]!, true);
  }
}
