/** Joins files and rows of a run table: which run a file belongs to. Pure text; knows no folders. */
import type { RunTable } from '../core/types.ts';

/** Columns of module0_flow's runlist.txt and the sources whose files they name. */
const COLUMNS: { readonly [column: string]: string } = {
  charge_filename: 'packets',
  light_filename: 'light_raw',
};

/** Source that a column names files of: the source of that name, or of module0_flow's columns. */
const sourceOf = (column: string): string =>
  COLUMNS[column] ?? column.replace(/_(?:filename|file)$/, '');

interface Cell {
  text: string;
  run: string;
}

const cellsOf = new WeakMap<RunTable, Map<string, Cell[]>>();

/** Cells that name files, by source; longer texts first, so that `run_12` is not taken for `run_1`. */
function cells(table: RunTable): Map<string, Cell[]> {
  const known = cellsOf.get(table);
  if (known !== undefined) return known;
  const bySource = new Map<string, Cell[]>();
  for (const { run, columns } of table.rows) {
    for (const [column, text] of Object.entries(columns)) {
      if (column === 'run' || text === '-' || text === '') continue;
      const source = sourceOf(column);
      if (!bySource.has(source)) bySource.set(source, []);
      bySource.get(source)!.push({ text, run });
    }
  }
  for (const list of bySource.values()) list.sort((a, b) => b.text.length - a.text.length);
  cellsOf.set(table, bySource);
  return bySource;
}

/**
 * Run of a file of a source: of the row whose cell is a part of its name (module0_flow's rule), or the end of its
 * path when the cell has a "/". Undefined: the table does not name the file.
 */
export function runOfFile(table: RunTable, source: string, path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const cell = cells(table)
    .get(source)
    ?.find(({ text }) =>
      text.includes('/') ? path.endsWith(text.replace(/^\.?\//, '/')) : name.includes(text),
    );
  return cell?.run;
}
