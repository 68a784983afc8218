/** A project folder for one test: files written, loaded, and what tg would print about them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import type { Diagnostic } from '../../src/core/types.ts';
import { shownPath } from '../../src/procedures/files.ts';
import { loadProject } from '../../src/procedures/load.ts';
import type { Loaded, Shipped } from '../../src/procedures/load.ts';
import { renderDiagnostics } from '../../src/report/diagnostic.ts';

export interface Folder {
  root: string;
  shipped: Shipped;
  write(files: { readonly [path: string]: string }): void;
  load(): Loaded;
  /** The text of `list`, or of what loading tells. */
  text(list?: readonly Diagnostic[]): string;
}

/** Types the tests speak of; the library tg:charge is written by the tests that need it. */
const TYPES = [
  'charge/hit_builder',
  'charge/event_builder',
  'charge/raw_event_builder',
  'light/hit_finder',
];

/** A temporary folder with these files, removed when the tests of the file are over. Library `tg:x` is `shipped/x.yaml`. */
export function folder(files: { readonly [path: string]: string }): Folder {
  const root = mkdtempSync(join(tmpdir(), 'tg-procedures-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const shipped = {
    types: Object.fromEntries(TYPES.map((type) => [type, type])),
    procedures: join(root, 'shipped'),
  };
  const write = (more: { readonly [path: string]: string }): void => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };
  write(files);
  const load = (): Loaded => loadProject(join(root, 'tg.yaml'), shipped, { cwd: root });
  const nameOf = (file: string): string | undefined => {
    const name = shownPath(file, root, shipped.procedures);
    return name.startsWith('tg:') ? name : undefined;
  };
  const textOf = (file: string): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  const text = (list: readonly Diagnostic[] = load().diagnostics): string =>
    renderDiagnostics(list, { cwd: root, textOf, nameOf });
  return { root, shipped, write, load, text };
}

/** Lines as a transcript has them: the common indent of a template text taken off. */
export function lines(text: string): string {
  const all = text.replace(/^\n/, '').replace(/\n *$/, '\n').split('\n');
  const indent = Math.min(
    ...all.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  );
  return all.map((line) => line.slice(indent)).join('\n');
}
