/** Where along the drift a hit was: velocity of electrons in liquid argon, anodes and directions. Knows columns, no files. */
import type { Layout } from './layout.ts';

const CHIPS = 256;

/** BNL's fit of the mobility. */
export const MOBILITY = [551.6, 7158.3, 4440.43, 4.29, 43.63, 0.2053] as const;

/** Temperature of the fit, K. */
const FIT_TEMPERATURE = 89;

/** Electron mobility in cm^2/V/s; field in kV/cm, temperature in K. */
export function electronMobility(
  eField: number,
  temperature: number,
  fit: readonly number[] = MOBILITY,
): number {
  const e = eField;
  const [a0, a1, a2, a3, a4, a5] = fit as readonly [number, number, number, number, number, number];
  const above = a0 + a1 * e + a2 * e ** 1.5 + a3 * e ** 2.5;
  const below = 1 + (a1 / a0) * e + a4 * e ** 2 + a5 * e ** 3;
  return (above / below) * (temperature / FIT_TEMPERATURE) ** -1.5;
}

/** Drift velocity in mm/us; field in kV/cm, temperature in K. */
export function driftVelocity(eField: number, temperature: number): number {
  // kV/cm to V/cm, cm/s to mm/us.
  return (electronMobility(eField, temperature) * eField * 1e3) / 1e5;
}

/** Anodes by io_group*256 + io_channel. */
export interface Anodes {
  /** mm. */
  z: Float64Array;
  /** 1 when z grows along the drift, -1 when it falls; 0 where there is no tile. */
  direction: Int8Array;
  /** z of hits without a tile. */
  elsewhere: number;
}

/** Anodes of a layout, none of null. Of two tiles on one io_channel the later counts. */
export function anodesOf(layout: Layout | null, elsewhere: number): Anodes {
  const anodes = { z: new Float64Array(65536), direction: new Int8Array(65536), elsewhere };
  if (layout === null) return anodes;
  for (let io = 0; io < layout.slots.length; io++) {
    const slot = layout.slots[io]!;
    if (slot < 0) continue;
    const tiles = layout.tileOfChip.subarray(slot * CHIPS, (slot + 1) * CHIPS);
    const { position, orientation } = layout.tiles[tiles.reduce((a, b) => Math.max(a, b))]!;
    anodes.z[io] = position[0]!;
    anodes.direction[io] = orientation[0]!;
  }
  return anodes;
}

/** Columns of charge/hits in a block. */
export interface HitColumns {
  /** Ticks of 0.1 us. */
  ts: Float64Array;
  iogroup: ArrayLike<number>;
  iochannel: ArrayLike<number>;
}

/** Bytes of a row of combined/hit_drift: id u4, t_drift f8 [ticks], d_drift z f8 [mm]. */
export const DRIFT_ROW = 28;

/**
 * Drift of hits [from, to) of one event with start `t0` (ticks), written to the same rows of `out`; `firstId` is the id
 * of row 0 of the block. Hits before t0 have a negative drift. `mmPerTick` is the drift velocity. `misses` counts hits
 * without a tile by io_group*256 + io_channel.
 */
export function driftHits(
  hits: HitColumns,
  from: number,
  to: number,
  t0: number,
  mmPerTick: number,
  anodes: Anodes,
  misses: Uint32Array,
  firstId: number,
  out: DataView,
): void {
  for (let i = from; i < to; i++) {
    const io = hits.iogroup[i]! * 256 + hits.iochannel[i]!;
    const t = hits.ts[i]! - t0;
    const d = t * mmPerTick;
    const direction = anodes.direction[io]!;
    let z = anodes.elsewhere;
    if (direction === 0) misses[io]!++;
    else z = anodes.z[io]! + direction * d;
    const at = i * DRIFT_ROW;
    out.setUint32(at, firstId + i, true);
    out.setFloat64(at + 4, t, true);
    out.setFloat64(at + 12, d, true);
    out.setFloat64(at + 20, z, true);
  }
}
