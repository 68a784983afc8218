/** A figure as one SVG text, complete in itself and the same for the same figure; runs in a browser, too. Places panels, does not draw them. */
import type { Figure, Panel } from './model.ts';
import { drawPanel } from './svg-panel.ts';
import { escape, round, text } from './svg-text.ts';

const CELL = { width: 470, height: 300 };
const EDGE = 12;
const HEAD = 40;

interface Place {
  panel: Panel;
  column: number;
  row: number;
}

/** Panels in their order, each in the first free cell; one of several rows takes those below as well. */
function places(panels: readonly Panel[], columns: number): Place[] {
  const taken = new Set<string>();
  let at = 0;
  return panels.map((panel) => {
    const free = (cell: number): boolean =>
      !taken.has(`${cell % columns},${Math.floor(cell / columns)}`);
    while (!free(at)) at++;
    const [column, row] = [at % columns, Math.floor(at / columns)];
    for (let i = 0; i < (panel.rows ?? 1); i++) taken.add(`${column},${row + i}`);
    return { panel, column, row };
  });
}

/** The figure as SVG. */
export function toSvg(figure: Figure): string {
  const columns = Math.max(1, figure.columns ?? Math.min(2, figure.panels.length));
  const placed = places(figure.panels, columns);
  const rows = Math.max(0, ...placed.map(({ panel, row }) => row + (panel.rows ?? 1)));
  const width = columns * CELL.width + 2 * EDGE;
  const height = HEAD + rows * CELL.height + EDGE;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Arial, Arimo, Helvetica, sans-serif" font-size="11" fill="#222">`,
    `<title>${escape(figure.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(EDGE + 6, 26, figure.title, 'font-size="16" font-weight="bold"'),
  ];
  placed.forEach(({ panel, column, row }, i) => {
    const [x, y] = [EDGE + column * CELL.width, HEAD + row * CELL.height];
    const size = { width: CELL.width, height: CELL.height * (panel.rows ?? 1) };
    lines.push(`<g id="${escape(panel.name)}" transform="translate(${round(x)} ${round(y)})">`);
    lines.push(...drawPanel(panel, size, `p${i}`), '</g>');
  });
  return `${lines.join('\n')}\n</svg>\n`;
}
