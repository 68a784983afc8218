/** A table that is joined from the artifacts of its parts, which are one where the run is not in parts. Knows paths and rows. */
import { openH5, type H5File } from '../h5/index.ts';

export interface JoinedTable {
  place: string;
  /** Task that makes all of it; else the source that lends it. */
  task?: string;
  source?: string;
  paths: string[];
  /** First row of each part, and behind them the number of all; grows while parts are copied. */
  from: number[];
}

export async function withFile<T>(path: string, what: (file: H5File) => T): Promise<T> {
  const file = await openH5(path);
  try {
    return what(file);
  } finally {
    file.close();
  }
}

export const isRelation = (path: string): boolean =>
  path.includes('/ref/') || path.endsWith('/ref');

/** Path -> the innermost of the places that holds it, relations apart. */
export function ownerOf(places: readonly string[]): (path: string) => string | undefined {
  const known = new Set(places);
  return (path) => {
    if (isRelation(path)) return undefined;
    let at = path;
    while (at !== '' && !known.has(at)) at = at.slice(0, at.lastIndexOf('/'));
    return at === '' ? undefined : at;
  };
}
