/** Reads a run table: module0_flow's runlist.txt as it is, CSV or YAML, to rows of run and columns. Knows no sources. */
import { basename } from 'node:path';
import type { Diagnostic, Json, RunTable, Where } from '../core/types.ts';
import { readText } from './read-text.ts';
import { isList, isMapping, kindOf } from './schema.ts';
import { parseYaml } from './yaml.ts';

type Row = RunTable['rows'][number];
interface Cell {
  text: string;
  column: number;
}

/** Cells of a CSV line, quotes taken off (a doubled quote stands for one). */
function csvCells(line: string): Cell[] {
  const cells: Cell[] = [];
  const cell = /(\s*)(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/y;
  while (cell.lastIndex <= line.length) {
    const at = cell.lastIndex;
    const match = cell.exec(line);
    if (match === null) break;
    const text = match[2]?.replaceAll('""', '"') ?? match[3]!.trim();
    cells.push({ text, column: at + match[1]!.length + 1 });
    if (!match[0].endsWith(',')) break;
  }
  return cells;
}

const spaceCells = (line: string): Cell[] =>
  [...line.matchAll(/\S+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));

/** Run of a row: its `run` column, else the charge file's name without folder and ending. */
function runOf(columns: { readonly [column: string]: string }): string | undefined {
  const text =
    columns['run'] ??
    Object.entries(columns).find(([name, cell]) => name.endsWith('_filename') && cell !== '-')?.[1];
  return text === undefined || text === ''
    ? undefined
    : basename(text).replace(/\.(?:h5|hdf5|data|raw)$/i, '');
}

function textRows(
  text: string,
  file: string,
  cellsOf: (line: string) => Cell[],
  diagnostics: Diagnostic[],
): Row[] {
  let header: Cell[] | undefined;
  const rows: Row[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const cells = cellsOf(line);
    if (header === undefined) {
      header = cells;
      continue;
    }
    const where: Where = {
      file,
      line: i + 1,
      column: cells[0]!.column,
      length: line.trim().length,
    };
    if (cells.length !== header.length) {
      const message = `row of ${cells.length} cells, the header has ${header.length}`;
      diagnostics.push({
        severity: 'error',
        code: 'bad-value',
        message,
        where,
        try: 'one cell per column ("-" for none)',
      });
      continue;
    }
    const columns = Object.fromEntries(header.map(({ text: name }, k) => [name, cells[k]!.text]));
    addRow(rows, columns, where, diagnostics);
  }
  return rows;
}

function addRow(
  rows: Row[],
  columns: { readonly [column: string]: string },
  where: Where,
  diagnostics: Diagnostic[],
): void {
  const run = runOf(columns);
  if (run !== undefined) rows.push({ run, columns, where });
  else {
    const message = 'row has no run';
    diagnostics.push({
      severity: 'error',
      code: 'missing-key',
      message,
      where,
      try: 'a column run, or charge_filename',
    });
  }
}

/** A list of mappings, or {run: {column: value}}; a list in a cell makes one row of each member. */
function yamlRows(
  value: Json,
  where: (path: readonly (string | number)[]) => Where,
  diagnostics: Diagnostic[],
): Row[] {
  const rows: Row[] = [];
  const row = (entry: Json, path: readonly (string | number)[], run: string | undefined): void => {
    if (!isMapping(entry)) {
      const message = 'a row of a run table must be a mapping';
      const remark = `this is ${kindOf(entry)}`;
      diagnostics.push({
        severity: 'error',
        code: 'wrong-type',
        message,
        where: where(path),
        remark,
        try: '- {run: r41, packets: raw/a.h5}',
      });
      return;
    }
    const cells = Object.entries(entry).map(
      ([name, cell]) =>
        [
          name,
          (isList(cell) ? cell : [cell]).map((part) =>
            part === null ? '-' : typeof part === 'object' ? JSON.stringify(part) : String(part),
          ),
        ] as const,
    );
    const most = Math.max(1, ...cells.map(([, texts]) => texts.length));
    for (let i = 0; i < most; i++) {
      const columns = Object.fromEntries(
        cells.map(([name, texts]) => [name, texts.length === 1 ? texts[0]! : (texts[i] ?? '-')]),
      );
      addRow(rows, run === undefined ? columns : { run, ...columns }, where(path), diagnostics);
    }
  };
  if (isList(value)) value.forEach((entry, i) => row(entry, [i], undefined));
  else if (isMapping(value))
    for (const [run, entry] of Object.entries(value)) row(entry, [run], run);
  else if (value !== null) {
    const message = 'a run table must be a list of rows';
    diagnostics.push({
      severity: 'error',
      code: 'wrong-type',
      message,
      where: where([]),
      remark: `this is ${kindOf(value)}`,
      try: '- {run: r41, packets: raw/a.h5}',
    });
  }
  return rows;
}

/** Reads a run table by its ending: .csv, .yaml, .yml, .json, anything else white-space columns. */
export function readRunTable(
  file: string,
  cwd = process.cwd(),
): { table: RunTable; diagnostics: Diagnostic[] } {
  const read = readText(file, cwd);
  if ('problem' in read) return { table: { file, rows: [] }, diagnostics: [read.problem] };
  const { text } = read;
  const diagnostics: Diagnostic[] = [];
  if (/\.(?:ya?ml|json)$/i.test(file)) {
    const parsed = parseYaml(text, file);
    diagnostics.push(...parsed.diagnostics);
    const rows =
      parsed.value === undefined
        ? []
        : yamlRows(parsed.value, (path) => parsed.places.value(path), diagnostics);
    return { table: { file, rows }, diagnostics };
  }
  const rows = textRows(text, file, /\.csv$/i.test(file) ? csvCells : spaceCells, diagnostics);
  return { table: { file, rows }, diagnostics };
}
