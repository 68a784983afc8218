/** The procedures of all libraries: read, their files looked for, one of each name chosen. Knows no settings. */
import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Diagnostic, Procedure, Where } from '../core/types.ts';
import { nearestFile, shownPath } from './files.ts';
import type { Shipped } from './files.ts';
import type { Library } from './libraries.ts';
import { isModuleFile, nameOf, readProcedure } from './procedure.ts';

/** What loading goes about with: what is shipped, where the user stands, where mistakes go. */
export interface Scope {
  shipped: Shipped;
  cwd: string;
  report: (diagnostic: Diagnostic) => void;
}

/** `scan.yaml:3:9`, from where the user stands. */
export const placeText = (where: Where, { cwd, shipped }: Scope): string =>
  `${shownPath(where.file, cwd, shipped.procedures)}:${where.line}:${where.column}`;

/** Files that an entry names and that must be there: its module and what its code depends on. */
function checkFiles(procedure: Procedure, scope: Scope): void {
  const missing = (path: string, where: Where | undefined): void => {
    const near = nearestFile(path);
    const hint = near === undefined ? 'correct the path' : relative(procedure.folder, near);
    const message = `no file ${shownPath(path, scope.cwd)}`;
    const written =
      isModuleFile(procedure.type) && !hint.startsWith('.') && near !== undefined
        ? `./${hint}`
        : hint;
    scope.report({
      severity: 'error',
      code: 'no-file',
      message,
      ...(where === undefined ? {} : { where }),
      try: written,
    });
  };
  const { type, folder, places } = procedure;
  const check = (path: string, where: Where | undefined, what: string): void => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) missing(path, where);
    else if (stat.isDirectory())
      scope.report({
        severity: 'error',
        code: 'no-file',
        message: `${shownPath(path, scope.cwd)} is a folder, not a file`,
        ...(where === undefined ? {} : { where }),
        try: what,
      });
  };
  if (isModuleFile(type)) check(resolve(folder, type), places.get('type'), 'the module in it');
  for (const [i, file] of procedure.depends.entries()) {
    const where = places.get(`depends.${i}`) ?? places.get('depends');
    check(file, where, 'the files in it that are code');
  }
}

/** Entries in order; of two with one name (or one output) the one that says `replace: true` stands, in the place of the other. */
function chooseProcedures(all: readonly Procedure[], scope: Scope): Procedure[] {
  const chosen = new Map<string, Procedure>();
  for (const procedure of all) {
    const other = chosen.get(procedure.name);
    if (other === undefined || (procedure.replace && !other.replace))
      chosen.set(procedure.name, procedure);
    else if (procedure.replace === other.replace) {
      const message = `procedure ${procedure.name} is also at ${placeText(other.where, scope)}`;
      const hint = procedure.replace
        ? 'rename, or take one of the two "replace: true" out'
        : 'rename, or replace: true';
      scope.report({
        severity: 'error',
        code: 'duplicate-name',
        message,
        where: procedure.where,
        try: hint,
      });
    }
  }
  return withoutReplaced([...chosen.values()]);
}

/** Without those of another name of which everything is made by ones that say `replace: true`. */
function withoutReplaced(procedures: readonly Procedure[]): Procedure[] {
  const replaced = new Set(
    procedures.flatMap(({ replace, outputs }) => (replace ? outputs.map((o) => o.target) : [])),
  );
  return procedures.filter(
    ({ replace, outputs }) =>
      replace || outputs.length === 0 || !outputs.every((o) => replaced.has(o.target)),
  );
}

/** All procedures that could be read, and the names of those that could not. */
export function readProcedures(
  libraries: readonly Library[],
  scope: Scope,
): { procedures: Procedure[]; broken: string[] } {
  const types = Object.keys(scope.shipped.types);
  const broken: string[] = [];
  const read: Procedure[] = [];
  for (const { folder, entries } of libraries) {
    for (const entry of entries) {
      const procedure = readProcedure(entry, { folder, types });
      if (procedure !== undefined) read.push(procedure);
      else broken.push(nameOf(entry) ?? '');
    }
  }
  read.forEach((procedure) => checkFiles(procedure, scope));
  return {
    procedures: chooseProcedures(read, scope),
    broken: broken.filter((name) => name !== ''),
  };
}
