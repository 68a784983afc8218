/** Names and paths of what a task makes. Knows no disk: paths are relative to the project's root. */
import type { Procedure, TargetName, TaskOutput } from './types.ts';

/** `NAME`, `NAME@r42`, `NAME@r42,a=1`. */
export const targetOf = (name: string, selection: string): TargetName =>
  selection === '' ? name : `${name}@${selection}`;

/** A selection as a file name. */
export const fileNameOf = (selection: string): string =>
  selection.replace(/[^A-Za-z0-9_.=,+-]/g, (c) =>
    c === '*' ? '_' : `%${c.codePointAt(0)!.toString(16)}`,
  );

/** Where artifacts and products lie, relative to the root. */
export interface Folders {
  artifacts: string;
  build: string;
  /** The root itself, absolute: a product that is given by an absolute path below it is known by the path from there. */
  root?: string;
}

/** A path below the build folder, which may be the root itself (''). */
export function productPath(path: string, build: string, root?: string): string {
  if (!path.startsWith('/')) return build === '' ? path : `${build}/${path}`;
  return root !== undefined && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** Outputs of a task: tables stand in the artifact named after the task, products where their pattern says. */
export function outputsOf(
  procedure: Procedure,
  selection: string,
  run: string | undefined,
  values: { readonly [name: string]: string },
  folders: Folders,
): TaskOutput[] {
  const artifact =
    selection === ''
      ? `${folders.artifacts}/${procedure.name}.h5`
      : `${folders.artifacts}/${procedure.name}/${fileNameOf(selection)}.h5`;
  return procedure.outputs.map((o) => {
    const target = targetOf(o.target, selection);
    const inner = o.inner === true ? ({ inner: true } as const) : {};
    if (o.pattern === undefined) return { target, path: artifact, place: `/${o.target}`, ...inner };
    const path = o.pattern.replace(/\{([^{}]+)\}/g, (whole, name: string) =>
      name === 'run' ? (run ?? whole) : (values[name] ?? whole),
    );
    return { target, path: productPath(path, folders.build, folders.root), place: '', ...inner };
  });
}
