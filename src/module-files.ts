/** The files a module is made of: itself and what it imports relatively. Knows text, runs nothing. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const IMPORT =
  /(?:^|[\s;}])(?:import|export)\s[^'"`;]*?from\s*['"](\.[^'"]+)['"]|(?:^|[\s;])import\s*['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/g;

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
    for (const match of text.matchAll(IMPORT)) {
      const found = resolve(dirname(file), (match[1] ?? match[2] ?? match[3])!);
      seen.add(found);
    }
  }
  return [...seen];
}
