/** A panel as lines of text, 60 to 120 columns of ASCII. A label stands at the upper edge of its row, or at the left edge of its column. */
import { axisTitle } from './model.ts';
import type { Panel, Table } from './model.ts';
import { cellText } from './numbers.ts';
import { mapCells } from './terminal-map.ts';
import { plotCells } from './terminal-plot.ts';

/** What the columns and rows between the axes hold. */
export interface Cells {
  /** From the top; each as long as `edges` less one. */
  rows: readonly string[];
  /** Label of the upper edge of a row, where it has one. */
  labels: readonly string[];
  /** Label of the left edge of a bin (and of the right edge of the last). */
  edges: (bin: number) => string;
  /** Only every so many columns begin where a bin begins. */
  wide: number;
  /** `columns of 20 mV`. */
  column: string;
  /** What the signs mean, one by one. */
  legend: readonly string[];
}

const LEAST = 60;
const MOST = 120;
/** Of labels on the left. */
const ROOM = 9;

/** @param width of the terminal; 80 where there is none */
export function toText(panel: Panel, width = 80): string[] {
  const columns = Math.min(MOST, Math.max(LEAST, width));
  if (panel.kind === 'table') return ascii([panel.title, ...tableLines(panel)]);
  const room = columns - ROOM - 4;
  const cells = panel.kind === 'map' ? mapCells(panel, room) : plotCells(panel, room);
  return ascii(framed(panel, cells, columns));
}

function framed(panel: Exclude<Panel, Table>, cells: Cells, columns: number): string[] {
  const { rows, labels, legend } = cells;
  const n = rows[0]?.length ?? 0;
  const left = (label: string): string => label.padStart(ROOM);
  const rule = `${left('')} +${'-'.repeat(n)}+`;
  const [signs, room] = [legend.join('  '), columns - ROOM - 2];
  const beside = signs !== '' && rule.length + 2 + signs.length <= columns;
  return [
    `${panel.title}: ${axisTitle(panel.y)}`,
    ...rows.map((row, i) => `${left(labels[i] ?? '')} |${row}|`),
    beside ? `${rule}  ${signs}` : rule,
    `${left('')}  ${edgeLine(cells, n, room)}`.trimEnd(),
    `${left('')}  ${axisTitle(panel.x)}${cells.column === '' ? '' : `, ${cells.column}`}`,
    ...(beside ? [] : wrapped(legend, room).map((line) => `${left('')}  ${line}`)),
  ].map((line) => line.trimEnd());
}

function wrapped(parts: readonly string[], room: number): string[] {
  const all: string[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (last !== undefined && last.length + 2 + part.length <= room)
      all[all.length - 1] = `${last}  ${part}`;
    else all.push(part);
  }
  return all;
}

/** As many edges as find room, equally far apart. */
function edgeLine({ edges, wide }: Cells, n: number, room: number): string {
  for (const least of [10, 20, 25, 40, 50, 100]) {
    const every = Math.ceil(least / wide) * wide;
    let line = '';
    let fits = true;
    for (let column = 0; column <= n; column += every) {
      if (line.length > column - 1 && column > 0) fits = false;
      const label = edges(column / wide);
      if (column + label.length <= room) line = line.padEnd(column) + label;
    }
    if (fits) return line;
  }
  return edges(0);
}

function tableLines({ head, rowsOf }: Table): string[] {
  const cells = [head, ...rowsOf.map((row) => row.map(cellText))];
  const widths = head.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const numeric = head.map((_, i) => typeof rowsOf[0]?.[i] === 'number');
  return cells.map((row) =>
    `  ${row.map((cell, i) => (numeric[i] === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ')}`.trimEnd(),
  );
}

/** What a terminal may not know is not sent to it. */
const ascii = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/[^\x20-\x7e]/g, '?'));
