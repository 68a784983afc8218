/** Finds tg.yaml. Reads nothing of it, so that a build with nothing to do need not load what reads YAML. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** tg.yaml of a folder or of one above it. */
export function findProject(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const file = join(at, 'tg.yaml');
    if (existsSync(file)) return file;
    if (at === dirname(at)) return undefined;
  }
}
