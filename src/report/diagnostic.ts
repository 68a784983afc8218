/** Mistakes as the user reads them: message, line, squiggle, what to do next. Pure: texts of files come in by a function, lines go out. */
import { isAbsolute, relative, sep } from 'node:path';
import { sortDiagnostics } from '../core/sort-diagnostics.ts';
import type { Diagnostic, Where } from '../core/types.ts';

/** Colours a word; identity for plain text. */
export type Paint = (text: string, colour: 'red' | 'yellow') => string;

export interface DiagnosticView {
  /** Paths are shown relative to this folder. */
  cwd: string;
  /** Text of a file, or undefined when there is none to show. */
  textOf: (file: string) => string | undefined;
  /** Other name of a file: `tg:charge` for a shipped library. */
  nameOf?: (file: string) => string | undefined;
  paint?: Paint;
  /** Files in the order their mistakes are told; default: the order in which they come. */
  files?: readonly string[];
  /** The last line `3 errors, nothing was run`; default: when an error has a place. */
  closing?: boolean;
}

/** No more than this many are written out. */
const MOST = 20;

/** A path as the user sees it: relative, but absolute when more than two `..` up. */
export function relativePath(file: string, cwd: string): string {
  if (!isAbsolute(file)) return file;
  const path = relative(cwd, file);
  const up = path.split(sep).filter((step) => step === '..').length;
  return up > 2 || path === '' ? file : path;
}

/** Splits texts into lines once per file. */
function lineReader(textOf: DiagnosticView['textOf']): (where: Where) => string | undefined {
  const split = new Map<string, string[] | undefined>();
  return ({ file, line }) => {
    if (!split.has(file)) split.set(file, textOf(file)?.split(/\r?\n/));
    return split.get(file)?.[line - 1];
  };
}

const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/g; // eslint-disable-line no-control-regex

/** Source line with its number, and the squiggle under the place. A tab counts as one column and is shown as a blank. */
function sourceLines(
  where: Where,
  line: string,
  remark: string | undefined,
  width: number,
): [string, string] {
  const plain = line.replace(/\t/g, ' ').replace(CONTROL, '?').trimEnd();
  const length = Math.max(1, Math.min(where.length ?? 1, plain.length - where.column + 1));
  const number = String(where.line).padStart(3);
  const beside = remark === undefined ? '' : ` ${remark}`;
  const shown = width > 0 && beside !== '' ? `${plain.padEnd(width)}${beside}` : plain;
  const squiggle = `${' '.repeat(where.column - 1)}${'~'.repeat(length)}${width > 0 ? '' : beside}`;
  return [`${number} | ${shown}`, `${' '.repeat(number.length)} | ${squiggle}`];
}

/** A sentence with places in it (`/p/lib.yaml:3:9`): their files as the user sees them. */
export const withShownPlaces = (text: string, shown: (file: string) => string): string =>
  text.replace(/\/.*?(?=:\d+:\d+)/g, shown);

/** One diagnostic: its lines. */
function renderOne(
  diagnostic: Diagnostic,
  view: DiagnosticView,
  lineOf: (where: Where) => string | undefined,
): string[] {
  const { severity, where, message, remark, other, related = [] } = diagnostic;
  const paint: Paint = view.paint ?? ((text) => text);
  const name = (file: string): string => view.nameOf?.(file) ?? relativePath(file, view.cwd);
  const place = where === undefined ? '' : `${name(where.file)}:${where.line}:${where.column}: `;
  const label =
    severity === 'note' ? 'note' : paint(severity, severity === 'error' ? 'red' : 'yellow');
  const lines = [`${label}: ${place}${message}`];
  if (where !== undefined) {
    const places = [{ where, remark }, ...related.filter((each) => each.where.file === where.file)];
    const sources = places.map((each) => ({ ...each, line: lineOf(each.where) }));
    const width =
      related.length === 0
        ? 0
        : Math.max(...sources.map(({ line }) => line?.trimEnd().length ?? 0));
    for (const each of sources) {
      if (each.line !== undefined)
        lines.push(...sourceLines(each.where, each.line, each.remark, width));
    }
  }
  for (const each of related.filter((candidate) => candidate.where.file !== where?.file)) {
    lines.push(
      `  ${name(each.where.file)}:${each.where.line}:${each.where.column}: ${each.remark}`,
    );
  }
  if (other !== undefined) lines.push(`  ${withShownPlaces(other, name)}`);
  if (diagnostic.try !== undefined) lines.push(`  try: ${diagnostic.try}`);
  return lines;
}

/** `3 errors, nothing was run`; with more than 20, how many of them were shown. */
export function closingLine(errors: number, hidden: number): string {
  const shown = hidden > 0 ? `, ${hidden} more not shown` : '';
  return `${errors} ${errors === 1 ? 'error' : 'errors'}${shown}, nothing was run`;
}

/** All diagnostics, sorted by place, 20 at most: lines joined by newlines, with one at the end; '' for none. */
export function renderDiagnostics(list: readonly Diagnostic[], view: DiagnosticView): string {
  const sorted = sortDiagnostics(list, view.files);
  const lineOf = lineReader(view.textOf);
  const lines = sorted.slice(0, MOST).flatMap((diagnostic) => renderOne(diagnostic, view, lineOf));
  const errors = sorted.filter(({ severity }) => severity === 'error');
  const closing = view.closing ?? errors.some(({ where }) => where !== undefined);
  const hidden = Math.max(0, sorted.length - MOST);
  if (errors.length > 0 && closing) lines.push(closingLine(errors.length, hidden));
  else if (hidden > 0) lines.push(`${hidden} more not shown`);
  return lines.map((line) => `${line}\n`).join('');
}
