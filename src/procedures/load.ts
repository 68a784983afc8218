/** tg.yaml and its libraries to one Project, with all mistakes at once. Knows which file wins where two say the same; runs and imports nothing. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sortDiagnostics } from '../core/sort-diagnostics.ts';
import type { Diagnostic, LinkSettings, Project, SourceEntry, Where } from '../core/types.ts';
import type { Scope } from './choose.ts';
import { namesIn, nearestFile, shownPath } from './files.ts';
import type { Shipped } from './files.ts';
import { readLibraries } from './libraries.ts';
import { joinProject } from './project.ts';

export { findProject } from './find-project.ts';
export type { Shipped } from './files.ts';

/** Where the user stands (for paths in messages); default the working directory. */
export interface LoadOptions {
  cwd?: string;
}

export interface Loaded {
  /** Everything that could be read; also there when there are mistakes, so that further checks can tell theirs beside them. Undefined: there is no tg.yaml, or it is no mapping. */
  project?: Project;
  /** Sorted by place: tg.yaml first, then the libraries in the order they were read. */
  diagnostics: Diagnostic[];
  /** Files opened, in order. */
  files: string[];
  /** Names of procedures that are left out of the project because of their mistakes: what needs them is no mistake of its own. */
  broken: string[];
}

/** A warning about a word at which an error stands says nothing more (`always: yes`). */
function withoutEchoes(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const key = ({ where }: Diagnostic): string =>
    where === undefined ? '' : `${where.file}:${where.line}:${where.column}`;
  const errors = new Set(diagnostics.filter(({ severity }) => severity === 'error').map(key));
  return diagnostics.filter(
    (each) => each.severity === 'error' || each.where === undefined || !errors.has(key(each)),
  );
}

function load(
  paths: readonly string[],
  root: string,
  file: string,
  shipped: Shipped,
  cwd: string,
): Loaded {
  const diagnostics: Diagnostic[] = [];
  const scope: Scope = { shipped, cwd, report: (diagnostic) => diagnostics.push(diagnostic) };
  const reading = readLibraries(paths, scope);
  const { project, broken } = joinProject(root, file, reading, scope);
  const { files, libraries } = reading;
  const told = sortDiagnostics(withoutEchoes(diagnostics), files);
  // Of a tg.yaml that is no mapping nothing further can be said.
  const readable = libraries.some((library) => library.file === file) || !paths.includes(file);
  return { ...(readable ? { project } : {}), diagnostics: told, files, broken };
}

/** Reads tg.yaml and everything it names. Never throws for a mistake of the user's. */
export function loadProject(tgYaml: string, shipped: Shipped, options: LoadOptions = {}): Loaded {
  const file = resolve(tgYaml);
  if (!existsSync(file)) {
    const hint = 'tg init --example charge, or -i FILE -o FILE';
    const diagnostic: Diagnostic = {
      severity: 'error',
      code: 'no-project',
      message: 'no tg.yaml here or above',
      try: hint,
    };
    return { diagnostics: [diagnostic], files: [], broken: [] };
  }
  return load([file], dirname(file), file, shipped, options.cwd ?? process.cwd());
}

/** Direct mode: libraries (`tg:charge` or paths from the working directory) with the sources that were given, no tg.yaml. `root`: folder of the output. */
export function directProject(
  given: {
    root: string;
    libraries: readonly string[];
    sources: readonly SourceEntry[];
    link?: Partial<LinkSettings>;
    /** Default: the root. */
    build?: string;
  },
  shipped: Shipped,
  options: LoadOptions = {},
): Loaded {
  const cwd = options.cwd ?? process.cwd();
  const paths = given.libraries.map((written) =>
    written.startsWith('tg:')
      ? join(shipped.procedures, `${written.slice(3)}.yaml`)
      : resolve(cwd, written),
  );
  const missing = paths.flatMap((path, i): Diagnostic[] => {
    if (existsSync(path)) return [];
    const near = nearestFile(path);
    const hint =
      near === undefined ? 'correct the path' : `-c ${shownPath(near, cwd, shipped.procedures)}`;
    return [
      { severity: 'error', code: 'no-file', message: `no file ${given.libraries[i]!}`, try: hint },
    ];
  });
  const found = paths.filter((path) => existsSync(path));
  const loaded = load(found, given.root, found[0] ?? given.root, shipped, cwd);
  const project = loaded.project!;
  const names = given.sources.map(({ name }) => name);
  const sources = [
    ...project.sources.filter(({ name }) => !names.includes(name)),
    ...given.sources,
  ];
  const link = { ...project.link, ...given.link };
  return {
    ...loaded,
    project: { ...project, root: given.root, build: given.build ?? given.root, sources, link },
    diagnostics: [...missing, ...loaded.diagnostics],
  };
}

/** A source that is one file, for direct mode: `packets=raw/x.h5::/packets`; or several, `given` with their runs. */
export function directSource(
  name: string,
  path: string,
  place: string,
  cwd: string = process.cwd(),
  given?: SourceEntry['given'],
): SourceEntry {
  const where: Where = { file: `-i ${name}=${path}`, line: 1, column: 1 };
  return {
    name,
    pattern: resolve(cwd, path),
    written: path,
    place,
    archived: false,
    hash: 'full',
    ...(given === undefined ? {} : { given }),
    where,
  };
}

/** Shipped library, `tg:light`, that makes a name and that the project does not use; one that does so in its own right before one that does it otherwise (`replace`). */
export function unusedLibrary(
  name: string,
  project: Project,
  shipped: Shipped,
): string | undefined {
  const libraries = namesIn(shipped.procedures)
    .filter(
      (file) => file.endsWith('.yaml') && !project.files.includes(join(shipped.procedures, file)),
    )
    .map((file) => `tg:${file.slice(0, -'.yaml'.length)}`)
    // The plainer name first: tg:light before tg:light-2x2, which has tables of the same names.
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const makes = (library: string, replace: boolean): boolean => {
    const given = { root: project.root, libraries: [library], sources: [] };
    // What it only brings along stands in a library of its own.
    const file = join(shipped.procedures, `${library.slice(3)}.yaml`);
    return directProject(given, shipped).project!.procedures.some(
      (made) =>
        made.where.file === file &&
        made.replace === replace &&
        (made.name === name || made.outputs.some(({ target }) => target === name)),
    );
  };
  return (
    libraries.find((library) => makes(library, false)) ??
    libraries.find((library) => makes(library, true))
  );
}
