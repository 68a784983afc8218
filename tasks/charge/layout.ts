/** The multi-tile layout: where each pixel of the anode is. Knows the layout's text and dense tables, no packets and no files. */
import { TaskError } from 'tg';
import { isCompatible } from './class-version.ts';
import { CHANNELS, type Address } from './pixel-key.ts';
import { parsePlainYaml, PlainYamlError, type PlainValue } from './plain-yaml.ts';

const CHIPS = 256;
/** Column and row of a channel that no chip of the layout has. */
export const ABSENT = -(2 ** 31);

/** One tile: how its pixels turn and where they stand. Lists are [z, y, x] as in the file; mm. */
export interface Tile {
  name: string;
  orientation: number[];
  position: number[];
  /** Of its TPC: x, y, z. */
  center: number[];
}

/** The layout as dense tables. */
export interface Layout {
  /** mm. */
  pitch: number;
  /** Size of a tile's field of pixels, mm. */
  sizeX: number;
  sizeY: number;
  tiles: Tile[];
  /** Column and row of a pixel on its tile by chip_id*64 + channel_id; ABSENT where there is none. */
  column: Int32Array;
  row: Int32Array;
  /** io_group*256 + io_channel -> slot, -1 = no tile. */
  slots: Int32Array;
  /** slot*256 + chip_id -> tile, -1 = none. */
  tileOfChip: Int32Array;
}

/** Why a pixel has no place. */
export type NoPlace = 'no tile' | 'no pixel';

/**
 * Place of a pixel in mm, or why there is none.
 * x = (ix*p + p/2 - sx/2) * orientation[2] + position[2] + center[0]; y likewise with [1].
 */
export function placeOf(layout: Layout, address: Address): { x: number; y: number } | NoPlace {
  const slot = layout.slots[address.ioGroup * 256 + address.ioChannel]!;
  if (slot < 0) return 'no tile';
  if (address.channelId >= CHANNELS) return 'no pixel';
  const tile = layout.tiles[layout.tileOfChip[slot * CHIPS + address.chipId]!];
  const pixel = address.chipId * CHANNELS + address.channelId;
  const column = layout.column[pixel]!;
  if (tile === undefined || column === ABSENT) return 'no pixel';
  const { pitch, sizeX, sizeY } = layout;
  const { orientation, position, center } = tile;
  const x = column * pitch + pitch / 2 - sizeX / 2;
  const y = layout.row[pixel]! * pitch + pitch / 2 - sizeY / 2;
  return {
    x: x * orientation[2]! + position[2]! + center[0]!,
    y: y * orientation[1]! + position[1]! + center[1]!,
  };
}

/** Addresses of all pixels, tile by tile. */
export function* pixelsOf(layout: Layout): Generator<Address> {
  for (let io = 0; io < layout.slots.length; io++) {
    const slot = layout.slots[io]!;
    if (slot < 0) continue;
    for (let chipId = 0; chipId < CHIPS; chipId++) {
      if (layout.tileOfChip[slot * CHIPS + chipId]! < 0) continue;
      for (let channelId = 0; channelId < CHANNELS; channelId++) {
        if (layout.column[chipId * CHANNELS + channelId] === ABSENT) continue;
        yield { ioGroup: io >> 8, ioChannel: io & 255, chipId, channelId };
      }
    }
  }
}

/** Reads a layout (multi_tile_layout 2.x, YAML). Throws TaskError at `file`. */
export function parseLayout(text: string, file = 'layout'): Layout {
  const fail = (message: string, keys?: readonly string[]): never => {
    throw new TaskError(message, {
      code: 'bad-input',
      at: keys === undefined ? { file } : { file, keys },
      try: 'a multi-tile layout of version 2.x',
    });
  };
  let root: PlainValue;
  try {
    root = parsePlainYaml(text);
  } catch (error) {
    if (!(error instanceof PlainYamlError)) throw error;
    throw new TaskError(`${file}:${error.line}:${error.column}: ${error.message}`, {
      code: 'bad-input',
      try: 'correct the file',
    });
  }
  if (!(root instanceof Map)) return fail('a layout is a mapping');
  const top = root;
  const mapping = (key: string): Map<string, PlainValue> => {
    const value = top.get(key);
    if (value === undefined) return fail(`${key} is missing`);
    return value instanceof Map ? value : fail(`${key} is no mapping`, [key]);
  };
  const numbers = (value: PlainValue | undefined, length: number, keys: string[]): number[] => {
    const whole = Array.isArray(value) && value.length >= length;
    if (!whole || value.some((item) => typeof item !== 'number')) {
      return fail(`${keys.join('.')} is no list of ${length} numbers`, keys);
    }
    return value as number[];
  };

  const version = top.get('multitile_layout_version');
  if (typeof version !== 'string' && typeof version !== 'number') {
    return fail('multitile_layout_version is missing');
  }
  if (!isCompatible('2.0', String(version))) {
    return fail(`multitile_layout_version is ${version}, not 2.x`, ['multitile_layout_version']);
  }
  const pitch = top.get('pixel_pitch');
  if (pitch === undefined) return fail('pixel_pitch is missing');
  if (typeof pitch !== 'number') return fail('pixel_pitch is no number (mm)', ['pixel_pitch']);

  const layout: Layout = {
    pitch,
    sizeX: 0,
    sizeY: 0,
    tiles: [],
    column: new Int32Array(CHIPS * CHANNELS).fill(ABSENT),
    row: new Int32Array(CHIPS * CHANNELS).fill(ABSENT),
    slots: new Int32Array(65536).fill(-1),
    tileOfChip: new Int32Array(0),
  };
  const range = { minX: Infinity, maxX: -Infinity, minY: Infinity, maxY: -Infinity };
  for (const [key, value] of mapping('chip_channel_to_position')) {
    const [ix, iy] = numbers(value, 2, ['chip_channel_to_position', key]);
    const chip = Math.floor(Number(key) / 1000);
    const channel = Number(key) % 1000;
    if (!(chip < CHIPS && channel < CHANNELS)) fail(`no chip and channel: ${key}`);
    layout.column[chip * CHANNELS + channel] = ix!;
    layout.row[chip * CHANNELS + channel] = iy!;
    range.minX = Math.min(range.minX, ix!);
    range.maxX = Math.max(range.maxX, ix!);
    range.minY = Math.min(range.minY, iy!);
    range.maxY = Math.max(range.maxY, iy!);
  }
  layout.sizeX = (range.maxX - range.minX) * pitch + pitch;
  layout.sizeY = (range.maxY - range.minY) * pitch + pitch;

  const orientations = mapping('tile_orientations');
  const positions = mapping('tile_positions');
  const indeces = mapping('tile_indeces');
  const centers = mapping('tpc_centers');
  const tileOfChip: number[] = [];
  for (const [name, chips] of mapping('tile_chip_to_io')) {
    if (!(chips instanceof Map)) return fail(`tile_chip_to_io.${name} is no mapping`);
    const tpc = String(numbers(indeces.get(name), 2, ['tile_indeces', name])[1]);
    const tile = layout.tiles.length;
    layout.tiles.push({
      name,
      orientation: numbers(orientations.get(name), 3, ['tile_orientations', name]),
      position: numbers(positions.get(name), 3, ['tile_positions', name]),
      center: numbers(centers.get(tpc), 3, ['tpc_centers', tpc]),
    });
    for (const [chip, io] of chips) {
      if (typeof io !== 'number') return fail(`tile_chip_to_io.${name}.${chip} is no number`);
      const place = Math.floor(io / 1000) * 256 + (io % 1000);
      if (!(place < 65536 && Number(chip) < CHIPS)) return fail(`no io_group and channel: ${io}`);
      if (layout.slots[place] === -1) {
        layout.slots[place] = tileOfChip.length / CHIPS;
        for (let i = 0; i < CHIPS; i++) tileOfChip.push(-1);
      }
      tileOfChip[layout.slots[place]! * CHIPS + Number(chip)] = tile;
    }
  }
  layout.tileOfChip = Int32Array.from(tileOfChip);
  return layout;
}
