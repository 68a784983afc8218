/** One panel as lines of SVG: frame, axes with ticks and titles, layers, colour bar, table. Knows its own size, not the sheet. */
import { colourRange, LAYERS, SHADES, shadeColours } from './colours.ts';
import { axisTitle, edge } from './model.ts';
import { cellText } from './numbers.ts';
import type { Axis, HeatMap, Panel, Plot, Table } from './model.ts';
import { extent, scaleOf, valueRange } from './scale.ts';
import type { Scale } from './scale.ts';
import { drawLayer, layerColumns, layerContents, layerValues } from './svg-layer.ts';
import { drawMap } from './svg-map.ts';
import { round, text, widthOf } from './svg-text.ts';

export interface Size {
  width: number;
  height: number;
}

/** Where the data are drawn. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const TOP = 30;
const BOTTOM = 46;
const RIGHT = 18;
const BAR = 66;

/** @param id a word that no other panel of the sheet has, for what must be referred to */
export function drawPanel(panel: Panel, size: Size, id: string): string[] {
  switch (panel.kind) {
    case 'plot':
      return drawPlot(panel, size, id);
    case 'map':
      return drawHeatMap(panel, size, id);
    case 'table':
      return drawTable(panel);
  }
}

const title = (words: string): string => text(18, 18, words, 'font-size="13" font-weight="bold"');

function drawPlot(plot: Plot, size: Size, id: string): string[] {
  const xRange = plot.x.range ?? spread(extent(plot.layers.flatMap(layerColumns)), plot);
  const values = plot.layers.flatMap(layerContents);
  const yRange = valueRange(plot.y, plot.layers.flatMap(layerValues));
  // Things that are counted have no halves.
  const finest = values.every(Number.isInteger) ? 1 : 0;
  const { box, x, y } = axes(plot.x, xRange, plot.y, yRange, size, RIGHT, { finest });
  return [
    title(plot.title),
    ...grid(box, x, y),
    clip(id, box),
    `<g clip-path="url(#${id})">`,
    ...plot.layers.flatMap((layer, i) =>
      drawLayer(layer, x, y, box.bottom, LAYERS[i % LAYERS.length]!),
    ),
    '</g>',
    ...frame(box, x, y, plot.x, plot.y),
    ...legend(plot, box),
  ];
}

function drawHeatMap(map: HeatMap, size: Size, id: string): string[] {
  const { xBins, yBins } = map;
  const xRange = [edge(xBins, 0), edge(xBins, xBins.n)] as const;
  const yRange = [edge(yBins, 0), edge(yBins, yBins.n)] as const;
  const { box, x, y } = axes(map.x, xRange, map.y, yRange, size, BAR, { oneScale: isotropic(map) });
  const range = colourRange(map);
  const z = scaleOf(map.z, range, box.bottom, box.top, 8);
  const bar = box.right + 14;
  const stops = Array.from({ length: 18 }, (_, i) => {
    const shade = 1 + Math.round((i / 17) * (SHADES - 1));
    return `<stop offset="${round(i / 17)}" stop-color="${shadeColours[shade]!}"/>`;
  });
  return [
    title(map.title),
    ...drawMap(map, box),
    ...frame(box, x, y, map.x, map.y),
    `<linearGradient id="${id}" x1="0" y1="1" x2="0" y2="0">${stops.join('')}</linearGradient>`,
    `<rect x="${round(bar)}" y="${round(box.top)}" width="10" height="${round(box.bottom - box.top)}" fill="url(#${id})"/>`,
    ...z.ticks.map(({ at, text: words }) =>
      words === '' ? '' : text(bar + 14, z.place(at) + 4, words),
    ),
    text(bar + 10, box.top - 8, axisTitle(map.z), 'text-anchor="middle"'),
  ].filter((line) => line !== '');
}

/** Two axes of one unit are drawn to one scale: a map. */
const isotropic = ({ x, y }: HeatMap): boolean => x.unit !== undefined && x.unit === y.unit;

/** One value alone has a width, too; marks at the ends of lines are not cut by the frame. */
function spread([least, greatest]: [number, number], { x, layers }: Plot): [number, number] {
  if (!(least <= greatest)) return [0, 1];
  if (least === greatest) return [least - 0.5, least + 0.5];
  const lines = layers.every(({ kind }) => kind === 'line');
  const room = lines && x.scale !== 'log' ? 0.02 * (greatest - least) : 0;
  return [least - room, greatest + room];
}

function axes(
  xAxis: Axis,
  xRange: readonly [number, number],
  yAxis: Axis,
  yRange: readonly [number, number],
  size: Size,
  right: number,
  { finest = 0, oneScale = false }: { finest?: number; oneScale?: boolean },
): { box: Box; x: Scale; y: Scale } {
  const [top, bottom] = [TOP, size.height - BOTTOM];
  const room = Math.max(3, Math.round((bottom - top) / 45));
  const yTicks = finest > 0 ? Math.max(1, Math.min(room, yRange[1] / finest)) : room;
  // The labels decide how much is left for the data.
  const first = scaleOf(yAxis, yRange, bottom, top, yTicks);
  const labels = Math.max(...first.ticks.map((tick) => widthOf(tick.text)), 8);
  const box = { left: 18 + 16 + labels + 8, top, right: size.width - right, bottom };
  if (oneScale) shrink(box, xRange[1] - xRange[0], yRange[1] - yRange[0]);
  const width = box.right - box.left;
  let most = Math.max(2, Math.floor(width / 60));
  let x = scaleOf(xAxis, xRange, box.left, box.right, most);
  while (most > 1 && x.ticks.reduce((n, tick) => n + widthOf(tick.text) + 12, 0) > width)
    x = scaleOf(xAxis, xRange, box.left, box.right, --most);
  return { box, x, y: scaleOf(yAxis, yRange, box.bottom, box.top, yTicks) };
}

/** Takes away from the longer side what one scale for both leaves empty. */
function shrink(box: Box, xSpan: number, ySpan: number): void {
  const scale = Math.min((box.right - box.left) / xSpan, (box.bottom - box.top) / ySpan);
  box.right = box.left + xSpan * scale;
  box.bottom = box.top + ySpan * scale;
}

const clip = (id: string, box: Box): string =>
  `<clipPath id="${id}"><rect x="${round(box.left)}" y="${round(box.top)}" width="${round(box.right - box.left)}" height="${round(box.bottom - box.top)}"/></clipPath>`;

function grid(box: Box, x: Scale, y: Scale): string[] {
  const down = x.ticks
    .filter(({ text: words }) => words !== '')
    .map(({ at }) => `M${round(x.place(at))} ${round(box.top)}V${round(box.bottom)}`);
  const across = y.ticks
    .filter(({ text: words }) => words !== '')
    .map(({ at }) => `M${round(box.left)} ${round(y.place(at))}H${round(box.right)}`);
  return [`<path d="${[...down, ...across].join('')}" stroke="#e6e6e6" fill="none"/>`];
}

function frame(box: Box, x: Scale, y: Scale, xAxis: Axis, yAxis: Axis): string[] {
  const length = (words: string): number => (words === '' ? 3 : 5);
  const marks = [
    ...x.ticks.map((t) => `M${round(x.place(t.at))} ${round(box.bottom)}v${length(t.text)}`),
    ...y.ticks.map((t) => `M${round(box.left)} ${round(y.place(t.at))}h-${length(t.text)}`),
  ];
  const named = (scale: Scale): { at: number; text: string }[] =>
    scale.ticks.filter((tick) => tick.text !== '');
  const middle = (box.top + box.bottom) / 2;
  return [
    `<path d="M${round(box.left)} ${round(box.top)}H${round(box.right)}V${round(box.bottom)}H${round(box.left)}Z${marks.join('')}" stroke="#444" fill="none"/>`,
    ...named(x).map((t) => text(x.place(t.at), box.bottom + 17, t.text, 'text-anchor="middle"')),
    ...named(y).map((t) => text(box.left - 8, y.place(t.at) + 4, t.text, 'text-anchor="end"')),
    text(
      (box.left + box.right) / 2,
      box.bottom + 36,
      axisTitle(xAxis),
      'text-anchor="middle" font-size="12"',
    ),
    text(
      26,
      middle,
      axisTitle(yAxis),
      `text-anchor="middle" font-size="12" transform="rotate(-90 26 ${round(middle)})"`,
    ),
  ];
}

function legend(plot: Plot, box: Box): string[] {
  if (plot.layers.length < 2) return [];
  const width = Math.max(...plot.layers.map(({ label }) => widthOf(label ?? '')));
  return plot.layers.flatMap(({ label }, i) => {
    const y = box.top + 16 + 16 * i;
    const x = box.right - width - 30;
    const colour = LAYERS[i % LAYERS.length]!;
    return [
      `<path d="M${round(x)} ${round(y - 4)}h16" stroke="${colour}" stroke-width="2"/>`,
      text(x + 22, y, label ?? ''),
    ];
  });
}

function drawTable({ title: words, head, rowsOf }: Table): string[] {
  const cells = [head, ...rowsOf.map((row) => row.map(cellText))];
  const widths = head.map((_, i) => Math.max(...cells.map((row) => widthOf(row[i] ?? '', 12))));
  const lines = [title(words)];
  cells.forEach((row, r) => {
    let x = 18;
    row.forEach((cell, i) => {
      const right =
        r > 0 ? typeof rowsOf[r - 1]![i] === 'number' : typeof rowsOf[0]?.[i] === 'number';
      const style = `font-size="12"${r === 0 ? ' fill="#666"' : ''}${right ? ' text-anchor="end"' : ''}`;
      lines.push(text(right ? x + widths[i]! : x, 44 + 20 * r, cell, style));
      x += widths[i]! + 24;
    });
  });
  return lines;
}
