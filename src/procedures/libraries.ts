/** Reads tg.yaml and, recursively, the libraries it names: every file once, in reading order. Knows the two forms of a library, not what an entry means. */
import { existsSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import type { Diagnostic, Where } from '../core/types.ts';
import { libraryPath, namesIn, nearestFile, shownPath } from './files.ts';
import type { Shipped } from './files.ts';
import { nearest } from '../core/nearest.ts';
import { readText } from './read-text.ts';
import { asList, asText, child, isList, isMapping, items, kindOf, mistake } from './schema.ts';
import type { Cursor } from './schema.ts';
import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { parseYaml } from './yaml.ts';
import type { YamlFile } from './yaml.ts';

/** One library file: its entries, and its settings when it has the form of tg.yaml. */
export interface Library {
  file: string;
  folder: string;
  parsed: YamlFile;
  settings: Settings | undefined;
  entries: readonly Cursor[];
}

export interface ReadOptions {
  shipped: Shipped;
  cwd: string;
  report: (diagnostic: Diagnostic) => void;
}

/** All files that hang on the first ones. `libraries`: those read, included ones before the file that names them. */
export interface Reading {
  libraries: Library[];
  /** Every file that was opened, in order. */
  files: string[];
}

/** The library that is not there: nearest shipped name, or nearest file as it would be written. */
function missingLibrary(
  at: Cursor,
  written: string,
  path: string,
  folder: string,
  options: ReadOptions,
): undefined {
  const { shipped, cwd } = options;
  if (written.startsWith('tg:')) {
    const known = namesIn(shipped.procedures).filter((name) => name.endsWith('.yaml'));
    const names = known.map((name) => `tg:${basename(name, '.yaml')}`).sort();
    const near = nearest(written, names);
    mistake(
      at,
      'no-file',
      `tg has no library ${written}`,
      near.join(', ') || names.join(', ') || './FILE.yaml',
    );
    return;
  }
  const near = nearestFile(path);
  const hint = near === undefined ? 'correct the path' : relative(folder, near);
  mistake(at, 'no-file', `no file ${shownPath(path, cwd)}`, hint);
}

/** Entries of a list of procedures, with what is wrong when it is a mapping. */
function entriesOf(list: Cursor | undefined): Cursor[] {
  if (list === undefined || list.value === null) return [];
  if (isList(list.value)) return items(list).map((entry) => ({ ...entry, name: '' }));
  const where = isMapping(list.value)
    ? list.file.places.key([...list.path, Object.keys(list.value)[0] ?? ''])
    : list.file.places.value(list.path);
  const message = 'procedures must be a list: each entry begins with "- name:"';
  list.report({ severity: 'error', code: 'wrong-type', message, where, try: 'add "- "' });
  return [];
}

/** Is a mapping a single procedure whose "- " was forgotten? */
const isLoneEntry = (cursor: Cursor): boolean =>
  isMapping(cursor.value) &&
  Object.hasOwn(cursor.value, 'name') &&
  (Object.hasOwn(cursor.value, 'type') || Object.hasOwn(cursor.value, 'inputs'));

/** Is a mapping a library whose entries stand under their names, instead of being a list? */
const isNamedEntries = (cursor: Cursor): boolean =>
  isMapping(cursor.value) &&
  Object.keys(cursor.value).length > 0 &&
  Object.values(cursor.value).every((part) => isMapping(part) && Object.hasOwn(part, 'type'));

/** Reads a file and what it includes. `chain`: the files that are being read, the outermost first; `named`: where it is named. */
function readInto(
  reading: Reading,
  path: string,
  chain: readonly string[],
  options: ReadOptions,
  named?: Where,
): void {
  reading.files.push(path);
  const read = readText(path, options.cwd, options.shipped.procedures);
  if ('problem' in read) {
    options.report({ ...(named === undefined ? {} : { where: named }), ...read.problem });
    return;
  }
  const { text } = read;
  const parsed = parseYaml(text, path);
  parsed.diagnostics.forEach(options.report);
  const folder = dirname(path);
  const { report } = options;
  if (parsed.value === undefined) return;
  const root: Cursor = { value: parsed.value, path: [], file: parsed, name: '', report };
  const library = (settings: Settings | undefined, entries: Cursor[]): void => {
    reading.libraries.push({ file: path, folder, parsed, settings, entries });
  };
  if (root.value === null) {
    library(undefined, []);
    return;
  }
  const isProject = chain.length === 0 && basename(path) === 'tg.yaml';
  if (isProject && !isMapping(root.value)) {
    const hint = isList(root.value)
      ? 'libraries: [./procedures.yaml] in tg.yaml, and this list there'
      : 'libraries: [./procedures.yaml]';
    const remark = `this is ${kindOf(root.value)}`;
    mistake(root, 'wrong-type', 'tg.yaml must be a mapping', hint, remark);
    if (!isList(root.value)) return;
  }
  if (isList(root.value) || isLoneEntry(root)) {
    library(undefined, entriesOf(root));
    return;
  }
  if (!isMapping(root.value)) {
    const message = 'a library must be a list of procedures, or a mapping like tg.yaml';
    mistake(root, 'wrong-type', message, '- name: my/fit', `this is ${kindOf(root.value)}`);
    return;
  }
  if (!isProject && isNamedEntries(root)) {
    library(undefined, entriesOf(root));
    return;
  }
  const settings = readSettings(root, folder);
  asList(child(root, 'libraries'), (item) =>
    readIncluded(reading, item, [...chain, path], folder, options),
  );
  library(settings, entriesOf(child(root, 'procedures')));
}

function readIncluded(
  reading: Reading,
  item: Cursor,
  chain: readonly string[],
  folder: string,
  options: ReadOptions,
): undefined {
  const written = asText(item, 'tg:charge');
  if (written === undefined) return;
  const path = libraryPath(written, folder, options.shipped);
  if (chain.includes(path)) {
    const shown = [...chain.slice(chain.indexOf(path)), path].map((file) =>
      shownPath(file, options.cwd, options.shipped.procedures),
    );
    mistake(item, 'cycle', `libraries include themselves: ${shown.join(' -> ')}`, 'take one out');
  } else if (!existsSync(path)) missingLibrary(item, written, path, folder, options);
  else if (!reading.files.includes(path))
    readInto(reading, path, chain, options, item.file.places.value(item.path));
}

/** Reads files and all libraries they include, each file once. */
export function readLibraries(paths: readonly string[], options: ReadOptions): Reading {
  const reading: Reading = { libraries: [], files: [] };
  for (const path of paths) {
    if (!reading.files.includes(path)) readInto(reading, path, [], options);
  }
  return reading;
}
