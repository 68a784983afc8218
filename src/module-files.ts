/** The files a module is made of: itself and what it imports relatively. Knows text, runs nothing. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** `from './a.mjs'`, `import './a.mjs'`, `import('./a.mjs')`, `require('./a.cjs')`, with or without blanks and comments between. */
const IMPORT =
  /\b(?:from|import|require|createRequire\([^()]*\))(?:\s|\(|\/\*[^*]*\*\/)*(?:'(\.\.?\/[^'\n]+)'|"(\.\.?\/[^"\n]+)"|`(\.\.?\/[^`$\n]+)`)/g;

/** Endings that TypeScript and CommonJS let one leave out, or write otherwise. */
const ENDINGS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];

/** The module and the files it imports relatively, in order of discovery. Imports of packages are not looked into. */
export function moduleFiles(path: string): string[] {
  const seen = new Set<string>([path]);
  for (const file of seen) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue;
    }
    for (const match of text.matchAll(IMPORT))
      seen.add(fileOf(resolve(dirname(file), (match[1] ?? match[2] ?? match[3])!)));
  }
  return [...seen];
}

/** The file that an import means: as written, else with another ending, else the index of a folder; as written when there is none. */
function fileOf(written: string): string {
  if (statSync(written, { throwIfNoEntry: false })?.isFile() === true) return written;
  const bare = written.replace(/\.([mc]?)js$/, '');
  const named = [...new Set([bare, written])].flatMap((name) => ENDINGS.map((e) => name + e));
  const inside = ENDINGS.map((e) => `${written}/index${e}`);
  return [...named, ...inside].find((name) => existsSync(name)) ?? written;
}
