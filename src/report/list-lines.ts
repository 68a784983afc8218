/** The tables of `tg list`: what is made from what, sources and what fits them, parameters and types. Knows no project: rows come as data. */
import { grouped, plural } from './format.ts';

export interface ListRow {
  name: string;
  /** `3 runs`, `64 points`, `1 task`. */
  many: string;
  inputs: readonly string[];
  /** Targets besides the one of its name. */
  more: readonly string[];
}

const EDGE = 79;

/** Pads all columns but the last to their widest. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

/** Further targets stand at the right edge, where there is room. */
export function listLines(rows: readonly ListRow[]): string[] {
  const lines = columns(rows.map(({ name, many, inputs }) => [name, many, inputs.join(' ')]));
  return lines.map((line, i) => {
    const { more } = rows[i]!;
    if (more.length === 0) return line;
    const text = `+ ${more.join(' ')}`;
    return `${line.padEnd(Math.max(line.length + 2, EDGE - text.length))}${text}`;
  });
}

export interface SourceRow {
  name: string;
  written: string;
  runs: readonly string[] | undefined;
  /** As shown. */
  files: readonly string[];
  gone: readonly string[];
}

/** A line per source, below it its files: five of them, or all. */
export function sourceLines(rows: readonly SourceRow[], all: boolean): string[] {
  const heads = columns(
    rows.map(({ name, written, runs, files }) => {
      const many = runs === undefined ? '' : `, ${plural(runs.length, 'run')}`;
      return [name, `${plural(files.length, 'file')}${many}`, written];
    }),
  );
  return rows.flatMap(({ files, gone }, i) => {
    const most = all || files.length <= 5 ? files.length : 4;
    const rest = files.length - most;
    return [
      heads[i]!,
      ...files.slice(0, most).map((file) => `  ${file}`),
      ...(rest > 0 ? [`  ... ${grouped(rest)} more (-v)`] : []),
      ...gone.map((file) => `  ${file}  gone`),
    ];
  });
}

export interface ParameterRow {
  /** `charge/hits.vref_default`, as `--set` takes it. */
  path: string;
  value: string;
  /** `mV`, or ''. */
  unit: string;
  /** `tg.yaml:7:5`, `default`. */
  from: string;
}

export const parameterLines = (rows: readonly ParameterRow[]): string[] =>
  columns(rows.map(({ path, value, unit, from }) => [path, value, unit, from]));
