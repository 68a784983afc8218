/** Pixels in the order they are first met, found by a dense table over what was met. Knows nothing of what belongs to a pixel. */

/** Channels of a chip. */
export const CHANNELS = 64;

const CHIPS = 256;
const SLOT = CHIPS * CHANNELS;

/** Address of a pixel: io_group, io_channel, chip_id, channel_id. */
export interface Address {
  ioGroup: number;
  ioChannel: number;
  chipId: number;
  channelId: number;
}

/** Key of a pixel in pedestal and configuration files. */
export function pixelKey({ ioGroup, ioChannel, chipId, channelId }: Address): number {
  return ((ioGroup * 256 + ioChannel) * CHIPS + chipId) * CHANNELS + channelId;
}

/** Numbers of pixels: 0, 1, 2, ... in the order of `numberOf` calls. */
export interface PixelIndex {
  /** slot*65536 + chip_id*256 + channel_id, slot = io_group*256 + io_channel. */
  addresses: number[];
  /** (io_group, io_channel) -> first place in `dense`, -1 while no pixel of it was met. */
  slots: Int32Array;
  /** Number of the pixel, -1 while not met; the first `used` places are in use. */
  dense: Int32Array;
  used: number;
  /** Pixels with channel_id above 63, which no chip has. */
  odd: Map<number, number>;
}

export function createPixelIndex(): PixelIndex {
  return {
    addresses: [],
    slots: new Int32Array(65536).fill(-1),
    dense: new Int32Array(16 * SLOT),
    used: 0,
    odd: new Map(),
  };
}

/** Number of the pixel, a new one when it is met for the first time (then it is `addresses.length - 1`). */
export function numberOf(
  index: PixelIndex,
  ioGroup: number,
  ioChannel: number,
  chipId: number,
  channelId: number,
): number {
  const slot = ioGroup * 256 + ioChannel;
  if (channelId >= CHANNELS) return oddNumber(index, slot, chipId, channelId);
  let base = index.slots[slot]!;
  if (base < 0) base = openSlot(index, slot);
  const place = base + chipId * CHANNELS + channelId;
  const number = index.dense[place]!;
  if (number >= 0) return number;
  const next = index.addresses.push(packed(slot, chipId, channelId)) - 1;
  index.dense[place] = next;
  return next;
}

/** Places for the pixels of one io_channel. */
function openSlot(index: PixelIndex, slot: number): number {
  const base = index.used;
  index.used += SLOT;
  if (index.used > index.dense.length) {
    const wider = new Int32Array(2 * index.dense.length);
    wider.set(index.dense);
    index.dense = wider;
  }
  index.dense.fill(-1, base, index.used);
  index.slots[slot] = base;
  return base;
}

function oddNumber(index: PixelIndex, slot: number, chipId: number, channelId: number): number {
  const key = (slot * CHIPS + chipId) * 256 + channelId;
  const known = index.odd.get(key);
  if (known !== undefined) return known;
  const next = index.addresses.push(packed(slot, chipId, channelId)) - 1;
  index.odd.set(key, next);
  return next;
}

const packed = (slot: number, chipId: number, channelId: number): number =>
  slot * 65536 + chipId * 256 + channelId;

/** Address of a pixel by its number. */
export function addressOf({ addresses }: PixelIndex, pixel: number): Address {
  const address = addresses[pixel]!;
  const slot = Math.floor(address / 65536);
  return {
    ioGroup: slot >> 8,
    ioChannel: slot & 255,
    chipId: (address >> 8) & 255,
    channelId: address & 255,
  };
}
