/** Hits: the charge and the place of data packets. Knows bytes and pixels, no files. */
import { PACKET, type PacketFields } from './packet-fields.ts';
import {
  addressOf,
  createPixelIndex,
  numberOf,
  type Address,
  type PixelIndex,
} from './pixel-key.ts';

/** What is known of a pixel. mV and mm. */
export interface Pixel {
  pedestal: number;
  vref: number;
  vcm: number;
  x: number;
  y: number;
}

/** The pixels met so far; `hits` counts how often each was. */
export interface PixelTable {
  index: PixelIndex;
  /** How many are described. */
  described: number;
  /** Asked once per pixel, when it is first met. */
  describe: (address: Address) => Pixel;
  /** Five numbers per pixel, side by side in memory: x, y in mm, vref - vcm, vcm, pedestal in mV. */
  constants: Float64Array;
  hits: Uint32Array;
}

const CONSTANTS = 5;

export function createPixelTable(describe: (address: Address) => Pixel): PixelTable {
  return {
    index: createPixelIndex(),
    described: 0,
    describe,
    constants: new Float64Array(CONSTANTS * 4096),
    hits: new Uint32Array(4096),
  };
}

/** Bytes of a row of charge/hits: id u4, px py f8 [mm], ts f8 [ticks], ts_raw u8 [ticks], q f8 [mV], five i8. */
export const HIT_ROW = 84;

/**
 * Hits of the data packets among rows [from, to), in packet order, written to row `place` and on of `out`; `firstId` is
 * the id of the first, `times` are the corrected times. q = dataword/256 * (vref - vcm) + vcm - pedestal.
 * Returns how many there are.
 */
export function buildHits(
  bytes: Uint8Array,
  from: number,
  to: number,
  fields: PacketFields,
  times: Float64Array,
  pixels: PixelTable,
  firstId: number,
  out: DataView,
  place: number,
): number {
  const { rowSize, packetType, ioGroup, ioChannel, chipId, channelId, timestamp, dataword } =
    fields;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found = 0;
  for (let row = from; row < to; row++) {
    const at = row * rowSize;
    if (bytes[at + packetType] !== PACKET.data) continue;
    const group = bytes[at + ioGroup]!;
    const channel = bytes[at + ioChannel]!;
    const chip = bytes[at + chipId]!;
    const pin = bytes[at + channelId]!;
    const pixel = numberOf(pixels.index, group, channel, chip, pin);
    if (pixel >= pixels.described) fill(pixels, pixel);
    pixels.hits[pixel]!++;
    const target = (place + found) * HIT_ROW;
    out.setUint32(target, firstId + found, true);
    const constant = pixel * CONSTANTS;
    const { constants } = pixels;
    out.setFloat64(target + 4, constants[constant]!, true);
    out.setFloat64(target + 12, constants[constant + 1]!, true);
    out.setFloat64(target + 20, times[row]!, true);
    out.setUint32(target + 28, view.getUint32(at + timestamp, true), true);
    out.setUint32(target + 32, view.getUint32(at + timestamp + 4, true), true);
    const q =
      (bytes[at + dataword]! / 256) * constants[constant + 2]! +
      constants[constant + 3]! -
      constants[constant + 4]!;
    out.setFloat64(target + 36, q, true);
    out.setUint32(target + 44, group, true);
    out.setUint32(target + 52, channel, true);
    out.setUint32(target + 60, chip, true);
    out.setUint32(target + 68, pin, true);
    // The high words of these four and `geom` are always 0: `out` is never written elsewhere.
    found++;
  }
  return found;
}

function fill(pixels: PixelTable, pixel: number): void {
  if (pixel >= pixels.hits.length) widen(pixels);
  const { pedestal, vref, vcm, x, y } = pixels.describe(addressOf(pixels.index, pixel));
  const { constants } = pixels;
  const at = pixel * CONSTANTS;
  constants[at] = x;
  constants[at + 1] = y;
  constants[at + 2] = vref - vcm;
  constants[at + 3] = vcm;
  constants[at + 4] = pedestal;
  pixels.described++;
}

function widen(pixels: PixelTable): void {
  const constants = new Float64Array(2 * pixels.constants.length);
  constants.set(pixels.constants);
  pixels.constants = constants;
  const hits = new Uint32Array(2 * pixels.hits.length);
  hits.set(pixels.hits);
  pixels.hits = hits;
}
