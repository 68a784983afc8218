/** Colours: of layers, and of contents on a linear or logarithmic scale (viridis, which colour-blind eyes and grey printers keep apart). */
import { interpolateViridis } from 'd3-scale-chromatic';
import type { HeatMap } from './model.ts';
import { extent, logRange } from './scale.ts';

/** Okabe and Ito's, without the yellow that white paper swallows. */
export const LAYERS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];

/** Shades from 1 on; 0 is "nothing here". */
export const SHADES = 255;

/** `#rrggbb` of shades 1 to 255, at the index of the shade. */
export const shadeColours: readonly string[] = Array.from({ length: SHADES + 1 }, (_, i) =>
  hex(interpolateViridis((Math.max(1, i) - 1) / (SHADES - 1))),
);

function hex(colour: string): string {
  if (colour.startsWith('#')) return colour;
  const parts = colour.match(/\d+/g) ?? [];
  return `#${parts.map((n) => Number(n).toString(16).padStart(2, '0')).join('')}`;
}

/** What the colours reach from and to. */
export function colourRange({ z, counts }: Pick<HeatMap, 'z' | 'counts'>): [number, number] {
  if (z.range !== undefined) return z.scale === 'log' ? logRange(...z.range) : [...z.range];
  const shown = counts.filter((count) => count > 0 && count < Infinity);
  const [least, greatest] = extent(shown);
  if (!(least <= greatest)) return [1, 10];
  if (z.scale !== 'log') return [0, greatest];
  return logRange(least, greatest > least ? greatest : least * 10);
}

/** Contents -> shade; 0 where there is nothing to draw. */
export function shader(map: Pick<HeatMap, 'z' | 'counts'>): (count: number) => number {
  const [low, high] = colourRange(map);
  const log = map.z.scale === 'log';
  const of = log ? Math.log : (n: number): number => n;
  const [from, span] = [of(low), of(high) - of(low)];
  return (count) => {
    if (!(count > 0 && count < Infinity)) return 0;
    const part = Math.min(1, Math.max(0, (of(count) - from) / span));
    return 1 + Math.round(part * (SHADES - 1));
  };
}
