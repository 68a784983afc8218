/** Histograms and lines in cells of a terminal. Knows columns and rows, no frame. */
import { binsFor, merged, roundStep } from './bins.ts';
import { edge } from './model.ts';
import type { Axis, Bins, Histogram, Line, Plot } from './model.ts';
import { grouped, clock, decadeLabel, tickLabels } from './numbers.ts';
import { extent, valueRange } from './scale.ts';
import { layerColumns, layerContents } from './svg-layer.ts';
import type { Cells } from './terminal.ts';

const ROWS = 12;
/** Few bins become wider, up to so many columns in all and each. */
const WIDE = { all: 48, each: 10 };
/** Marks of lines and of several histograms, one per layer. */
const MARKS = 'ox*+%@';

/** Edges of the rows from the lowest, and how they are labelled. */
interface Rows {
  edges: number[];
  label: (row: number) => string;
}

export function plotCells(plot: Plot, room: number): Cells {
  const bins = columnsOf(plot, room);
  const layers = plot.layers.map((layer) =>
    layer.kind === 'line' ? layer : inColumns(layer, bins),
  );
  const rows = rowsOf(plot.y, layers.flatMap(layerContents));
  const n = rows.edges.length - 1;
  const wide = layers.some(({ kind }) => kind === 'line') ? 1 : widthOf(bins.n);
  const signs = Array.from({ length: n }, () => new Array<string>(bins.n).fill(' '));
  layers.forEach((layer, i) => {
    const mark = MARKS[i % MARKS.length]!;
    if (layer.kind === 'line') markLine(signs, layer, bins, rows.edges, mark);
    else if (layers.length === 1) fillColumns(signs, layer, rows.edges);
    else markLine(signs, tops(layer), bins, rows.edges, mark);
  });
  const named = layers.length > 1 ? layers : [];
  return {
    rows: signs.map((row) => row.map((sign) => sign.repeat(wide)).join('')).reverse(),
    labels: Array.from({ length: n }, (_, i) => rows.label(n - i)),
    edges: edgeLabels(plot.x, bins),
    wide,
    column: columnText(plot.x, bins),
    legend: named.map(({ label }, i) => `${MARKS[i % MARKS.length]!} ${label ?? ''}`),
  };
}

/** Columns of the terminal for each of so many bins. */
export const widthOf = (n: number): number =>
  Math.max(1, Math.min(WIDE.each, Math.floor(WIDE.all / n)));

/** Columns of the terminal: the bins of the first histogram in whole groups, or a round part of what the lines reach. */
function columnsOf({ layers, x }: Plot, room: number): Bins {
  const first = layers.find((layer) => layer.kind === 'histogram');
  if (first !== undefined) return merged(first.bins, [], Math.ceil(first.bins.n / room)).bins;
  const [least, greatest] = x.range ?? extent(layers.flatMap(layerColumns));
  if (!(least <= greatest)) return { start: 0, step: 1, n: room };
  return binsFor(least, greatest, room);
}

/** A histogram in columns that are groups of its bins. */
function inColumns(layer: Histogram, bins: Bins): Histogram {
  const by = Math.max(1, Math.round(bins.step / layer.bins.step));
  const sums = merged(layer.bins, layer.counts, by).counts;
  // The last group may have less than the others.
  const size = (i: number): number => Math.min(by, layer.bins.n - i * by);
  const counts = layer.density === true ? sums.map((sum, i) => sum / size(i)) : sums;
  return { ...layer, bins, counts };
}

function rowsOf(axis: Axis, values: readonly number[]): Rows {
  if (axis.scale === 'log') {
    const [low, high] = valueRange(axis, values);
    const first = Math.floor(Math.log10(low) + 0.31);
    const decades = Math.max(1, Math.ceil(Math.log10(high / 1.5) - 1e-9) - first);
    const each = Math.max(1, Math.floor(ROWS / decades));
    const edges = Array.from({ length: decades * each + 1 }, (_, i) => 10 ** (first + i / each));
    return { edges, label: (i) => (i % each === 0 ? decadeLabel(edges[i]!) : '') };
  }
  const [least, highest] = extent(axis.range ?? [0, ...values.filter(Number.isFinite)]);
  const greatest = highest - least > 1e-290 ? highest : least;
  // Things that are counted have no halves, but may be more than one row high.
  const whole = values.every(Number.isInteger);
  const round = roundStep(greatest > least ? (greatest - least) / ROWS : 1 / ROWS);
  const step = whole && round < 1 ? 1 / Math.floor(ROWS / (greatest - least || 1)) : round;
  const first = Math.floor(least / step + 1e-9);
  const every = step < 1 && whole ? Math.round(1 / step) : 2;
  // The uppermost edge has a label.
  const last = every * Math.ceil((greatest / step - 1e-9) / every);
  const n = Math.max(1, last - first);
  const edges = Array.from({ length: n + 1 }, (_, i) => (first + i) * step);
  const named = edges.filter((_, i) => (first + i) % every === 0);
  const texts = new Map(tickLabels(named, step * every).map((text, i) => [named[i]!, text]));
  return { edges, label: (i) => texts.get(edges[i]!) ?? '' };
}

/** `#` up to the top of a row, `:` above half of it, `.` for any rest; a column that holds something shows something. */
function fillColumns(signs: string[][], { counts }: Histogram, edges: readonly number[]): void {
  counts.forEach((count, column) => {
    if (!(count > 0)) return;
    signs.forEach((row, r) => {
      const [low, high] = [edges[r]!, edges[r + 1]!];
      if (count >= high * (1 - 1e-12)) row[column] = '#';
      else if (count >= (low + high) / 2) row[column] = ':';
      else if (count > low || r === 0) row[column] = '.';
    });
  });
}

/** Of several histograms only the tops are shown: they would hide each other. */
const tops = ({ bins, counts }: Histogram): Line => ({
  kind: 'line',
  x: counts.map((_, i) => edge(bins, i + 0.5)),
  y: counts.map((count) => (count > 0 ? count : NaN)),
});

function markLine(
  signs: string[][],
  { x, y }: Line,
  bins: Bins,
  edges: readonly number[],
  mark: string,
): void {
  y.forEach((value, i) => {
    const column = Math.floor((x[i]! - bins.start) / bins.step + 1e-9);
    const above = edges.findIndex((at) => at > value);
    const row = above < 0 ? (value === edges.at(-1) ? signs.length - 1 : -1) : above - 1;
    if (column >= 0 && column < bins.n && signs[row] !== undefined) signs[row][column] = mark;
  });
}

/** Label of the left edge of any column. */
export function edgeLabels(axis: Axis, bins: Bins): (column: number) => string {
  if (axis.scale === 'time')
    return (column) => clock(edge(bins, column), Math.min(bins.step * 10, 60 * 60));
  const all = Array.from({ length: bins.n + 1 }, (_, i) => edge(bins, i));
  const texts = tickLabels(all, precision(bins.step));
  return (column) =>
    texts[column] ?? tickLabels([...all, edge(bins, column)], precision(bins.step)).at(-1)!;
}

/** A step that is not round needs no more digits than three. */
const precision = (step: number): number =>
  Number(step.toPrecision(1)) === step ? step : 10 ** Math.floor(Math.log10(step));

/** Four digits: a pitch of 4.434 mm is no round number. */
const stepText = (step: number): string =>
  step >= 1000 ? grouped(Math.round(step)) : String(Number(step.toPrecision(4)));

export const columnText = ({ unit, scale }: Axis, { step }: Bins): string =>
  `columns of ${stepText(step)}${scale === 'time' ? ' s' : unit === undefined ? '' : ` ${unit}`}`;
