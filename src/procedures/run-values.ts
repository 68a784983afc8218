/** Values of a run's row in the run table as parameters, `{column: e_field, times: 0.001, default: 0.5}`. Pure; knows no folders. */
import { basename, dirname } from 'node:path';
import type { Expansion } from '../core/expansion.ts';
import { grouped } from '../core/text.ts';
import type { Diagnostic, Json, KeyPath, Project, RunTable, Where } from '../core/types.ts';
import { valueAt } from './check-parameters.ts';
import { layered } from './layered.ts';
import type { Assignment, ParameterLayer } from './parameters.ts';
import { isMapping } from './schema.ts';
import type { Mapping } from './schema.ts';

/** A parameter that is a cell of the run's row: as text, or with `times` as a number. */
export interface ColumnValue {
  path: KeyPath;
  column: string;
  times: number | undefined;
  /** For runs that have no such cell; undefined: they must have one. */
  default: Json | undefined;
  /** Where the parameter is given. */
  where: Where | undefined;
}

const KEYS = ['column', 'times', 'default'];

/** Is a value of a parameter a word about the run table? */
export const isColumn = (value: Json | undefined): value is Mapping & { column: string } =>
  isMapping(value) &&
  typeof value['column'] === 'string' &&
  Object.keys(value).every((key) => KEYS.includes(key)) &&
  ['undefined', 'number'].includes(typeof value['times']);

/** All of them in layers of parameters. */
export function columnsOf(layers: readonly ParameterLayer[]): ColumnValue[] {
  const found: ColumnValue[] = [];
  const merged = layers.reduce<Json>((under, { values }) => layered(under, values), {});
  const visit = (value: Json, path: KeyPath): void => {
    if (isColumn(value)) {
      const given = layers.findLast(({ values }) => valueAt(values, path) !== undefined);
      const { column, times } = value;
      found.push({
        path,
        column,
        times: times as number | undefined,
        default: value['default'],
        where: given?.place(path, 'value'),
      });
    } else if (isMapping(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
    }
  };
  visit(merged, []);
  return found;
}

type Row = RunTable['rows'][number];
const byRun = new WeakMap<RunTable, Map<string, Row[]>>();

/** Rows of a run: several where it has several files. */
function rowsOf(table: RunTable, run: string): readonly Row[] {
  let rows = byRun.get(table);
  if (rows === undefined) {
    rows = new Map<string, Row[]>();
    byRun.set(table, rows);
    for (const row of table.rows) rows.set(row.run, [...(rows.get(row.run) ?? []), row]);
  }
  return rows.get(run) ?? [];
}

/** The name of the table itself is a column, too, unless it has one of that name. */
const TABLE_NAME = 'runlist_file';

const cellIn = ({ columns }: Row, column: string): string | undefined => {
  const text = Object.hasOwn(columns, column) ? columns[column] : undefined;
  return text === '' || text === '-' ? undefined : text;
};

const has = (table: RunTable, column: string): boolean =>
  table.rows.some(({ columns }) => Object.hasOwn(columns, column));

/** The parameters of a run, as assignments over what was written; mistakes of the table are reported. */
export function assignmentsOfRow(
  project: Project,
  columns: readonly ColumnValue[],
  run: string | undefined,
  report: (diagnostic: Diagnostic) => void,
): Assignment[] {
  const { runs: table, root } = project;
  return columns.map((value): Assignment => {
    const { path, column, times, where } = value;
    const set = (to: Json, at: Where | undefined): Assignment => ({
      key: path,
      value: to,
      ...(at === undefined ? {} : { where: at }),
      folder: at === undefined ? root : dirname(at.file),
    });
    if (table !== undefined && column === TABLE_NAME && !has(table, column))
      return set(basename(table.file), where);
    const rows = table === undefined || run === undefined ? [] : rowsOf(table, run);
    const cells = rows.filter((row) => cellIn(row, column) !== undefined);
    const row = cells[0];
    if (row === undefined) {
      const none = value.default === undefined ? missing(value, table, run, report) : value.default;
      return set(none, where);
    }
    const text = cellIn(row, column)!;
    // A run of several files has several names of files.
    const several = column.endsWith('_filename');
    const other = several ? undefined : cells.find((each) => cellIn(each, column) !== text);
    if (other !== undefined)
      report({
        severity: 'error',
        code: 'bad-value',
        message: `${column} of run ${run!} is ${cellIn(other, column)!} here and ${text} in line ${row.where.line}`,
        where: other.where,
        try: 'one value for all files of a run',
      });
    if (times === undefined) return set(text, row.where);
    const number = Number(text);
    if (Number.isFinite(number)) return set(scaled(number, times), row.where);
    report({
      severity: 'error',
      code: 'wrong-type',
      message: `${column} of run ${run!} must be a number, not "${text}"`,
      where: row.where,
      try: `a number, or "-" for none`,
    });
    return set(value.default ?? null, row.where);
  });
}

/** 500 V/cm times 0.001 is 0.5 kV/cm to the last digit. */
const scaled = (number: number, times: number): number => Number((number * times).toPrecision(15));

function missing(
  { path, column, where }: ColumnValue,
  table: RunTable | undefined,
  run: string | undefined,
  report: (diagnostic: Diagnostic) => void,
): null {
  const what =
    table === undefined
      ? 'tg.yaml has no run table (runs:)'
      : run === undefined
        ? 'its task belongs to no run'
        : `${basename(table.file)} has none of run ${run}`;
  report({
    severity: 'error',
    code: 'missing-key',
    message: `${path.join('.')} is column ${column} of the run table, and ${what}`,
    ...(where === undefined ? {} : { where }),
    try: `{column: ${column}, default: ..}`,
  });
  return null;
}

/** Warns of a run table that no file fits, and of runs that take defaults because it has no row of them. */
export function unlistedRuns(
  { runs: table }: Project,
  families: Expansion['families'],
  columns: ReadonlyMap<string, readonly ColumnValue[]>,
): Diagnostic[] {
  const first = table?.rows[0];
  if (table === undefined || first === undefined) return [];
  const all = new Set<string>();
  const unlisted = new Set<string>();
  const taken = new Set<string>();
  for (const [name, { runs }] of families) {
    for (const run of runs ?? []) all.add(run);
    const used = (columns.get(name) ?? []).filter(({ column }) => has(table, column));
    const without = (runs ?? []).filter((run) => rowsOf(table, run).length === 0);
    if (used.length === 0 || without.length === 0) continue;
    for (const run of without) unlisted.add(run);
    for (const { column } of used) taken.add(column);
  }
  const twice = sameFile(table);
  if (twice !== undefined) return [twice];
  const name = basename(table.file);
  const warn = (message: string, hint: string): Diagnostic[] => [
    { severity: 'warning', code: 'no-source', message, where: first.where, try: hint },
  ];
  if (all.size > 0 && ![...all].some((run) => rowsOf(table, run).length > 0))
    return warn(
      `${name} names no file that is there (${grouped(all.size)} runs: ${few([...all])})`,
      'parts of the names of the files, or their runs in a column run',
    );
  if (unlisted.size === 0) return [];
  return warn(
    `${name} has no row of run ${few([...unlisted])}: defaults for ${few([...taken])}`,
    'a row with a part of its file name',
  );
}

/** Columns of files that belong to one run each; a light file may go with several. */
const OWN = ['charge_filename', 'packets'];

/** A file in rows of two runs: it can be of one alone, and the values of the other would be of none. */
function sameFile(table: RunTable): Diagnostic | undefined {
  const seen = new Map<string, Row>();
  for (const row of table.rows) {
    for (const column of OWN) {
      const cell = cellIn(row, column);
      if (cell === undefined) continue;
      const first = seen.get(cell);
      if (first === undefined) seen.set(cell, row);
      else if (first.run !== row.run)
        return {
          severity: 'error',
          code: 'duplicate-run',
          message: `${cell} is of run ${row.run} here and of run ${first.run} in line ${first.where.line}`,
          where: row.where,
          try: 'more of the name of the file, or one row',
        };
    }
  }
  return undefined;
}

const few = (names: readonly string[]): string =>
  names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${grouped(names.length - 3)} more`;
