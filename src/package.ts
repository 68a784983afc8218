/** Where this tg lies: its package, and the code that runs, as compiled (`dist`) or as bundled from that (`lib`). */
import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(import.meta.url);

function packageOf(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Folder of package.json. */
export const PACKAGE = packageOf(here);

const code = join(PACKAGE, relative(PACKAGE, here).split(sep)[0]!);

/** URL of a module of this tg: `src/execute/worker.js`. A bundle's pieces lie elsewhere than their sources, so nothing is found relative to them. */
export const moduleUrl = (path: string): string => pathToFileURL(join(code, path)).href;
