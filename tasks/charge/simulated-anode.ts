/** A small anode for simulations: its layout file, its pedestals and configurations. Knows no packets. */
import { parseLayout, pixelsOf, placeOf, type Layout } from './layout.ts';
import { pixelKey, type Address } from './pixel-key.ts';
import { createRandom } from './random.ts';

/** Two anode planes, io_groups 1 and 2, of `tiles` tiles each, of `chips` x `chips` chips of 7 x 7 pixels. */
export interface AnodeSize {
  /** Even. */
  tiles: number;
  chips: number;
}

/** mm. */
const PITCH = 4.434;

/** Drift distance of each plane, mm. */
export const DRIFT = 300;

/** Channels of a chip that have a pixel, seven by seven. */
const WIRED = Array.from({ length: 64 }, (_, channel) => channel).filter(
  (channel) => channel % 16 < 13 && channel < 61,
);

/** The layout in the form of multi_tile_layout 2.x. */
export function layoutText({ tiles, chips }: AnodeSize): string {
  const width = chips * 7 * PITCH;
  const lines = ['# Made by charge/simulate: no detector.', 'chip_channel_to_position:'];
  for (let chip = 0; chip < chips * chips; chip++) {
    for (let pin = 0; pin < 49; pin++) {
      const ix = (chip % chips) * 7 + (pin % 7);
      const iy = Math.floor(chip / chips) * 7 + Math.floor(pin / 7);
      lines.push(`  ${(11 + chip) * 1000 + WIRED[pin]!}: [${ix}, ${iy}]`);
    }
  }
  lines.push('multitile_layout_version: 2.0.0', `pixel_pitch: ${PITCH}`, 'tile_chip_to_io:');
  for (let tile = 1; tile <= 2 * tiles; tile++) {
    const plane = tile > tiles ? 2 : 1;
    const first = ((tile - 1) % tiles) * 4 + 1;
    lines.push(`  ${tile}:`);
    for (let chip = 0; chip < chips * chips; chip++) {
      // Four cables per tile.
      const ioChannel = first + Math.floor((4 * chip) / (chips * chips));
      lines.push(`    ${11 + chip}: ${plane * 1000 + ioChannel}`);
    }
  }
  const perTile = (key: string, list: (tile: number, plane: number) => number[]): void => {
    lines.push(`${key}:`);
    for (let tile = 1; tile <= 2 * tiles; tile++) {
      lines.push(`  ${tile}: [${list(tile, tile > tiles ? 2 : 1).join(', ')}]`);
    }
  };
  perTile('tile_indeces', (tile, plane) => [1, plane, ((tile - 1) % tiles) + 1]);
  lines.push('tile_layout_version: 2.0.0');
  perTile('tile_orientations', (_, plane) => (plane === 1 ? [1, 1, 1] : [-1, 1, -1]));
  perTile('tile_positions', (tile, plane) => {
    const place = (tile - 1) % tiles;
    const x = ((place % 2) - 0.5) * width;
    const y = (Math.floor(place / 2) - (tiles / 2 - 1) / 2) * width;
    return [plane === 1 ? -DRIFT : DRIFT, Number(y.toFixed(3)), Number(x.toFixed(3))];
  });
  lines.push('tpc_centers:', '  1: [0, 0, 0]', '  2: [0, 0, 0]', '');
  return lines.join('\n');
}

/** A pixel and its place. */
export interface PlacedPixel extends Address {
  x: number;
  y: number;
}

/** One anode plane as a raster of pixels. */
export interface Plane {
  ioGroup: number;
  /** Coordinate along the drift, mm; charge drifts towards it. */
  z: number;
  pixels: PlacedPixel[];
  /** Number of the pixel at the place, -1 where there is none; (0, 0) at minX, minY. */
  raster: Int32Array;
  columns: number;
  rows: number;
  minX: number;
  minY: number;
}

export interface Anode {
  layout: Layout;
  text: string;
  planes: Plane[];
}

/** The layout and its pixels, ready to be hit. */
export function createAnode(size: AnodeSize): Anode {
  const text = layoutText(size);
  const layout = parseLayout(text, 'simulated layout');
  const planes = [1, 2].map((ioGroup): Plane => {
    const pixels: PlacedPixel[] = [];
    for (const address of pixelsOf(layout)) {
      if (address.ioGroup !== ioGroup) continue;
      const place = placeOf(layout, address);
      if (typeof place !== 'string') pixels.push({ ...address, ...place });
    }
    const minX = Math.min(...pixels.map((pixel) => pixel.x));
    const minY = Math.min(...pixels.map((pixel) => pixel.y));
    const column = (pixel: PlacedPixel): number => Math.round((pixel.x - minX) / PITCH);
    const row = (pixel: PlacedPixel): number => Math.round((pixel.y - minY) / PITCH);
    const columns = Math.max(...pixels.map(column)) + 1;
    const rows = Math.max(...pixels.map(row)) + 1;
    const raster = new Int32Array(columns * rows).fill(-1);
    pixels.forEach((pixel, i) => (raster[row(pixel) * columns + column(pixel)] = i));
    const z = ioGroup === 1 ? -DRIFT : DRIFT;
    return { ioGroup, z, pixels, raster, columns, rows, minX, minY };
  });
  return { layout, text, planes };
}

/** Number of the pixel above which (x, y) lies, mm; -1 = none. */
export function pixelAt(plane: Plane, x: number, y: number): number {
  const column = Math.round((x - plane.minX) / PITCH);
  const row = Math.round((y - plane.minY) / PITCH);
  if (column < 0 || row < 0 || column >= plane.columns || row >= plane.rows) return -1;
  return plane.raster[row * plane.columns + column]!;
}

/** Pedestals of 97 % of the pixels, {key: {pedestal_mv}}. */
export function simulatedPedestals(anode: Anode, seed: number): Record<string, object> {
  const random = createRandom(seed);
  return perPixel(anode, () =>
    random.uniform() < 0.97 ? { pedestal_mv: round(random.normal(575, 12)) } : undefined,
  );
}

/** ADC references of half the pixels, {key: {vref_mv, vcm_mv}}. */
export function simulatedConfigurations(anode: Anode, seed: number): Record<string, object> {
  const random = createRandom(seed);
  return perPixel(anode, () =>
    random.uniform() < 0.5
      ? { vref_mv: round(random.normal(1300, 5)), vcm_mv: round(random.normal(288, 3)) }
      : undefined,
  );
}

const round = (value: number): number => Number(value.toFixed(3));

function perPixel(anode: Anode, make: () => object | undefined): Record<string, object> {
  const table: Record<string, object> = {};
  for (const address of pixelsOf(anode.layout)) {
    const entry = make();
    if (entry !== undefined) table[pixelKey(address)] = entry;
  }
  return table;
}
