/** Reads tables of flow files for comparison: rows as text, floats rounded to the digits that must agree. */
import assert from 'node:assert/strict';
import type { H5File, Runs, Typed } from 'tg/h5';

/** Digits of mm: px and py agree to 1e-4 mm; everything else to 1e-6 of its value. */
const COORDINATES = new Set(['px', 'py']);

/** Columns that count rows: their order is not upstream's. */
const IDS = new Set(['id']);

/** Rows [from, to) of a table as text (to -1: all). The id stands only in whole tables. */
export function childRows(file: H5File, name: string, from: number, to: number): string[] {
  const table = file.table(`/${name}`);
  const stop = to < 0 ? table.rows : to;
  const block = table.read(from, stop - from);
  const names = table.dtype.fields.map((field) => field.name).filter((n) => to < 0 || !IDS.has(n));
  const columns = names.map((field) => block.column(field));
  return Array.from({ length: stop - from }, (_, row) =>
    columns.map((column, i) => cell(Number(column[row]!), names[i]!)).join(' '),
  );
}

function cell(value: number, name: string): string {
  if (Number.isInteger(value)) return String(value);
  if (COORDINATES.has(name)) return value.toFixed(4);
  return value.toPrecision(9);
}

/** parent row -> sorted text of its child rows. */
export function relationRows(file: H5File, child: string, runs: Runs): Map<number, string[]> {
  const all = childRows(file, child, 0, file.table(`/${child}`).rows);
  const found = new Map<number, string[]>();
  for (let i = 0; i < runs.parent.length; i++) {
    const rows = found.get(runs.parent[i]!) ?? [];
    for (let row = runs.start[i]!; row < runs.stop[i]!; row++) rows.push(all[row]!);
    found.set(runs.parent[i]!, rows);
  }
  for (const rows of found.values()) rows.sort();
  return found;
}

/** Attributes of a table's group with their types. */
export const attributesOf = (file: H5File, table: string): Record<string, Typed> =>
  file.typedAttributes(`/${table}`);

/** Differ by name of the input, by what the association adds, and in the trigger channels that upstream never used. */
const NOT_COMPARED =
  /^(?:input_filename|lost|light_event_dset|charge_to_light.*|larpix_trigger_channels)$/;

/** Every attribute that upstream wrote is there, with the same type and value. */
export function compareAttributes(
  ours: Record<string, Typed>,
  theirs: Record<string, Typed>,
  table: string,
): void {
  const names = (of: object): string[] =>
    Object.keys(of)
      .filter((name) => !NOT_COMPARED.test(name))
      .sort();
  assert.deepEqual(names(ours), names(theirs), table);
  for (const name of names(theirs)) {
    assert.deepEqual(ours[name], theirs[name], `${table} ${name}`);
  }
}

/** Rows of a table as they are read: field -> number. */
export function rowsOf(file: H5File, name: string): Record<string, number>[] {
  const table = file.table(`/${name}`);
  const columns = table.dtype.fields.map((f) => [f.name, table.column(f.name)] as const);
  return Array.from({ length: table.rows }, (_, row) =>
    Object.fromEntries(columns.map(([field, column]) => [field, Number(column[row]!)])),
  );
}

/** Items of each parent, in order of the runs. */
export function perEvent<T>(runs: Runs, items: readonly T[]): Map<number, T[]> {
  const found = new Map<number, T[]>();
  for (let i = 0; i < runs.parent.length; i++) {
    const list = found.get(runs.parent[i]!) ?? [];
    for (let row = runs.start[i]!; row < runs.stop[i]!; row++) list.push(items[row]!);
    found.set(runs.parent[i]!, list);
  }
  return found;
}
