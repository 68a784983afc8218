/** Look-up tables of the charge geometry: where pixels and tiles are. Knows the layout, no files. */
import { createLookUp, fill, rangeOf, type LookUpTable } from './look-up-table.ts';
import { ABSENT, pixelsOf, placeOf, type Layout } from './layout.ts';
import { CHANNELS } from './pixel-key.ts';

const CHIPS = 256;

/** By io_group, io_channel, chip_id, channel_id: x, y in mm. */
function pixelTable(layout: Layout): LookUpTable {
  const chips: number[] = [];
  const channels: number[] = [];
  for (let pixel = 0; pixel < layout.column.length; pixel++) {
    if (layout.column[pixel] === ABSENT) continue;
    chips.push(Math.floor(pixel / CHANNELS));
    channels.push(pixel % CHANNELS);
  }
  const keys = [...ioRanges(layout), rangeOf(chips), rangeOf(channels)];
  const table = createLookUp(keys, 'f4', [2], 0);
  for (const pixel of pixelsOf(layout)) {
    const place = placeOf(layout, pixel);
    if (typeof place === 'string') continue;
    const key = [pixel.ioGroup, pixel.ioChannel, pixel.chipId, pixel.channelId];
    fill(table, key, [place.x, place.y]);
  }
  return table;
}

/** Tile of each io_group*256 + io_channel that has one: of several the last. */
function tilesOf(layout: Layout): Map<number, number> {
  const found = new Map<number, number>();
  layout.slots.forEach((slot, io) => {
    if (slot < 0) return;
    const tiles = layout.tileOfChip.subarray(slot * CHIPS, (slot + 1) * CHIPS);
    found.set(
      io,
      tiles.reduce((a, b) => Math.max(a, b)),
    );
  });
  return found;
}

function ioRanges(layout: Layout): readonly (readonly [number, number])[] {
  const io = [...tilesOf(layout).keys()];
  return [rangeOf(io.map((place) => place >> 8)), rangeOf(io.map((place) => place & 255))];
}

/** By io_group, io_channel: number of the tile, -1 = none. */
function tileTable(layout: Layout): LookUpTable {
  const table = createLookUp(ioRanges(layout), 'i4', [], -1);
  for (const [io, tile] of tilesOf(layout))
    fill(table, [io >> 8, io & 255], [Number(layout.tiles[tile]!.name)]);
  return table;
}

/** By tile: a number of its position or orientation along the drift. */
function byTile(layout: Layout, spelling: string, of: 'position' | 'orientation'): LookUpTable {
  const range = rangeOf(layout.tiles.map(({ name }) => Number(name)));
  const table = createLookUp([range], spelling, [], 0);
  for (const tile of layout.tiles) fill(table, [Number(tile.name)], [tile[of][0]!]);
  return table;
}

/** The tables by name; each is made when it is asked for. */
export const CHARGE_TABLES: Readonly<Record<string, (layout: Layout) => LookUpTable>> = {
  pixel_xy: pixelTable,
  tile_id: tileTable,
  anode_z: (layout) => byTile(layout, 'f4', 'position'),
  drift_dir: (layout) => byTile(layout, 'i1', 'orientation'),
};
