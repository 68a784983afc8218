/** A heat map in cells of a terminal: a sign per cell, each sign ten times (or so) the one before it. Knows columns and rows, no frame. */
import { edge } from './model.ts';
import type { Bins, HeatMap } from './model.ts';
import { grouped, tickLabels } from './numbers.ts';
import { columnText, edgeLabels, widthOf } from './terminal-plot.ts';
import type { Cells } from './terminal.ts';

const ROWS = 24;
/** From little to much. */
const SIGNS = '.:-=+*#%@';

export function mapCells(map: HeatMap, room: number): Cells {
  const [across, down] = [Math.ceil(map.xBins.n / room), Math.ceil(map.yBins.n / ROWS)];
  const bins = group(map.xBins, across);
  const rows = group(map.yBins, down);
  const sums = new Array<number>(bins.n * rows.n).fill(0);
  map.counts.forEach((count, i) => {
    const [row, column] = [Math.floor(i / map.xBins.n), i % map.xBins.n];
    sums[Math.floor(row / down) * bins.n + Math.floor(column / across)]! += count;
  });
  const scale = signsFor(sums);
  const wide = widthOf(bins.n);
  const lines = Array.from({ length: rows.n }, (_, row) =>
    sums
      .slice(row * bins.n, (row + 1) * bins.n)
      .map((sum) => scale.sign(sum).repeat(wide))
      .join(''),
  );
  const tops = Array.from({ length: rows.n }, (_, i) => edge(rows, rows.n - i));
  const texts = tickLabels(tops, 10 ** Math.floor(Math.log10(rows.step)));
  return {
    rows: lines.reverse(),
    labels: texts.map((text, i) => (i % 4 === 0 ? text : '')),
    edges: edgeLabels(map.x, bins),
    wide,
    column: columnText(map.x, bins),
    legend: scale.legend,
  };
}

const group = ({ start, step, n }: Bins, by: number): Bins => ({
  start,
  step: step * by,
  n: Math.ceil(n / by),
});

/** Every sign begins at a round number: 1, 2, 5 of a decade where that is fine enough, else whole decades. */
function signsFor(sums: readonly number[]): { sign: (sum: number) => string; legend: string[] } {
  const held = sums.filter((sum) => sum > 0 && sum < Infinity);
  if (held.length === 0) return { sign: () => ' ', legend: [] };
  const least = held.reduce((a, b) => Math.min(a, b));
  const greatest = held.reduce((a, b) => Math.max(a, b));
  const from = ladder(least, greatest);
  return {
    sign: (sum) => {
      if (!(sum > 0)) return ' ';
      let i = from.length - 1;
      while (i > 0 && from[i]! > sum) i--;
      return SIGNS[i]!;
    },
    legend: from.map((at, i) => {
      const named = at >= 1e4 ? at.toExponential(0).replace('+', '') : grouped(at);
      return `${SIGNS[i]!} ${named}`;
    }),
  };
}

/** At most nine lower bounds from `least` to `greatest`. */
function ladder(least: number, greatest: number): number[] {
  // One lower: the logarithm of 9.99999999 may be 1.
  const low = Math.floor(Math.log10(least)) - 1;
  for (const parts of [[1, 2, 5], [1, 3], [1]]) {
    const steps: number[] = [];
    for (let decade = low; 10 ** decade <= greatest; decade++)
      for (const part of parts) steps.push(decade < 0 ? part / 10 ** -decade : part * 10 ** decade);
    const first = steps.findLastIndex((at) => at <= least);
    const used = steps.slice(Math.max(0, first)).filter((at) => at <= greatest);
    if (used.length <= SIGNS.length) return used;
  }
  const decades = Math.ceil(Math.log10(greatest / least) / SIGNS.length);
  return Array.from({ length: SIGNS.length }, (_, i) => 10 ** (low + i * decades));
}
