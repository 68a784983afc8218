/** Files as messages name them: relative to where the user stands, shipped ones as tg:NAME; and the nearest file to one that is missing. */
import { readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { nearest } from '../core/nearest.ts';

/** What tg ships: the names of its task types and the folder of its libraries. */
export interface Shipped {
  /** Type -> anything (the module); only the names are used here. */
  types: { readonly [type: string]: unknown };
  /** Folder with `charge.yaml`, `light.yaml` .. */
  procedures: string;
}

/** `charge` of `<procedures>/charge.yaml`, else undefined. */
function shippedName(file: string, folder: string | undefined): string | undefined {
  if (folder === undefined || dirname(file) !== resolve(folder) || !file.endsWith('.yaml'))
    return undefined;
  return basename(file, '.yaml');
}

/** A path as the user sees it: relative to `cwd`, absolute when more than two `..` up, `tg:charge` for a shipped library. */
export function shownPath(file: string, cwd: string, shipped?: string): string {
  const name = shippedName(file, shipped);
  if (name !== undefined) return `tg:${name}`;
  if (!isAbsolute(file)) return file;
  const path = relative(cwd, file);
  if (path === '') return '.';
  const up = path.split(sep).filter((step) => step === '..').length;
  return up > 2 ? file : path;
}

/**
 * A text in which every absolute path is as the user sees it: below the folder the user stands in, its parent and the one
 * above that, relative (not below `/` itself: places inside of HDF5 files begin so, too). Texts of tasks hold absolute paths,
 * for they do not know where the user stands.
 */
export function shownPaths(text: string, cwd: string): string {
  let told = text;
  let folder = resolve(cwd);
  for (let prefix = ''; prefix.length <= 6 && dirname(folder) !== folder; prefix += '../') {
    // Before it nothing that could belong to a longer path.
    const beginning = new RegExp(`(?<![\\w./~-])${escaped(folder)}/`, 'g');
    told = told.replace(beginning, () => prefix);
    folder = dirname(folder);
  }
  return told;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** Absolute path of a library as it is written in a file of `folder`. */
export function libraryPath(written: string, folder: string, shipped: Shipped): string {
  return written.startsWith('tg:')
    ? join(shipped.procedures, `${written.slice(3)}.yaml`)
    : resolve(folder, written);
}

/** Names in a folder; none when it cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The file (or, when its folder is missing, the folder) that `path` may have meant, absolute. */
export function nearestFile(path: string): string | undefined {
  const folder = dirname(path);
  const names = namesIn(folder);
  if (names.length === 0 && folder !== dirname(folder)) {
    const other = nearestFile(folder);
    const inside = other === undefined ? undefined : join(other, basename(path));
    return inside === undefined
      ? undefined
      : namesIn(other!).includes(basename(path))
        ? inside
        : other;
  }
  const near = nearest(basename(path), names, 1)[0];
  return near === undefined ? undefined : join(folder, near);
}
