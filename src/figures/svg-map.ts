/** The cells of a heat map: few as one path per colour, many as an embedded picture with a pixel per cell. */
import { SHADES, shadeColours, shader } from './colours.ts';
import type { HeatMap } from './model.ts';
import { dataUrl, palettePng } from './palette-image.ts';
import type { Box } from './svg-panel.ts';
import { round } from './svg-text.ts';

/** Above this, a picture is smaller and faster than rectangles. */
const MOST_CELLS = 10_000;

export function drawMap(map: HeatMap, box: Box): string[] {
  return map.xBins.n * map.yBins.n > MOST_CELLS ? drawPicture(map, box) : drawCells(map, box);
}

function drawCells(map: HeatMap, box: Box): string[] {
  const { xBins, yBins, counts } = map;
  const shade = shader(map);
  const [width, height] = [(box.right - box.left) / xBins.n, (box.bottom - box.top) / yBins.n];
  const paths = new Map<number, string>();
  for (let row = 0; row < yBins.n; row++)
    for (let column = 0; column < xBins.n; column++) {
      const colour = shade(counts[row * xBins.n + column] ?? 0);
      if (colour === 0) continue;
      const [left, right] = [column, column + 1].map((n) => round(box.left + n * width));
      const [low, high] = [row, row + 1].map((n) => round(box.bottom - n * height));
      const cell = `M${left!} ${low!}H${right!}V${high!}H${left!}Z`;
      paths.set(colour, (paths.get(colour) ?? '') + cell);
    }
  const lines = [...paths]
    .sort(([a], [b]) => a - b)
    .map(([colour, path]) => `<path d="${path}" fill="${shadeColours[colour]!}"/>`);
  return ['<g shape-rendering="crispEdges">', ...lines, '</g>'];
}

function drawPicture(map: HeatMap, box: Box): string[] {
  const { xBins, yBins, counts } = map;
  const shade = shader(map);
  const indexes = new Uint8Array(xBins.n * yBins.n);
  for (let row = 0; row < yBins.n; row++)
    for (let column = 0; column < xBins.n; column++)
      indexes[(yBins.n - 1 - row) * xBins.n + column] = shade(counts[row * xBins.n + column] ?? 0);
  const palette = new Uint8Array(3 * (SHADES + 1));
  shadeColours.forEach((colour, i) => {
    const rgb = Number.parseInt(colour.slice(1), 16);
    palette.set([rgb >> 16, (rgb >> 8) & 0xff, rgb & 0xff], 3 * i);
  });
  const href = dataUrl(palettePng(xBins.n, yBins.n, indexes, palette));
  return [
    `<image x="${round(box.left)}" y="${round(box.top)}" width="${round(box.right - box.left)}" height="${round(box.bottom - box.top)}" preserveAspectRatio="none" image-rendering="optimizeSpeed" href="${href}"/>`,
  ];
}
