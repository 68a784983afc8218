/** Imports task modules: shipped ones, and a user's by path. Knows nothing of what they do. */
import { readFileSync, statSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { moduleFiles } from '../module-files.ts';
import { moduleUrl } from '../package.ts';
import { TaskError } from '../task-module.ts';
import type { TaskModule } from '../task-module.ts';

const modules = new Map<string, Promise<TaskModule>>();
let hooked = false;

/** The hook costs a thread of its own: only for modules that (or whose relative imports) speak of tg. */
const importsTg = (path: string): boolean =>
  moduleFiles(path).some((file) => {
    try {
      return /['"]tg(\/(h5|figures))?['"]/.test(readFileSync(file, 'utf8'));
    } catch {
      return false;
    }
  });

const stampOf = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.size}-${stat.mtimeMs}`;
};

/** `tg`, `tg/h5`, `tg/figures` in a user's module resolve to the tg that runs it. */
export function hookResolution(): void {
  if (hooked) return;
  hooked = true;
  register(moduleUrl('src/execute/resolve.js'));
}

/** @param anew a user edits modules while `tg watch` lives: a file that has changed is another module */
export function loadModule(at: string, user: boolean, anew = false): Promise<TaskModule> {
  const url = user && anew ? `${at}?${stampOf(fileURLToPath(at))}` : at;
  let module = modules.get(url);
  if (module === undefined) {
    if (user && importsTg(fileURLToPath(url))) hookResolution();
    module = importModule(url).then((loaded) => {
      const found = (loaded as { default?: TaskModule }).default;
      if (found === undefined || typeof found.run !== 'function')
        throw new TaskError(`${at.replace(/.*\//, '')} does not export a task module as default`, {
          code: 'bad-module',
          try: 'export default { params, run }',
        });
      return found;
    });
    modules.set(url, module);
  }
  return module;
}

async function importModule(url: string): Promise<unknown> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const path = url.replace(/\?.*/, '');
  if (!path.endsWith('.ts') || major > 22 || (major === 22 && minor >= 18)) return import(url);
  let tsx: { tsImport(url: string, parent: string): Promise<unknown> };
  try {
    tsx = (await import(createRequire(path).resolve('tsx/esm/api'))) as typeof tsx;
  } catch {
    const name = path.replace(/.*\//, '');
    throw new TaskError(`${name} needs tsx on Node ${major}`, {
      code: 'bad-module',
      try: `npm i -D tsx, or ${name.replace(/\.ts$/, '.mjs')}`,
    });
  }
  return tsx.tsImport(url, url);
}
