/** Shipped task types and the sums of their sources: a source that changes must raise the `version` of its type. `--write` renews the sums. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleFiles } from '../src/module-files.ts';
import type { TaskModule } from '../src/task-module.ts';
import { types } from '../tasks/index.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const recorded = join(root, 'test/versions.json');

export type Versions = Record<string, { version: string; sum: string }>;

/** Version and sum of the sources (the module and what it imports relatively) of every shipped type. */
export async function versionsNow(): Promise<Versions> {
  const found: Versions = {};
  for (const [type, path] of Object.entries(types)) {
    const module = ((await import(`../tasks/${path}`)) as { default: TaskModule }).default;
    const source = join(root, 'tasks', path.replace(/\.js$/, '.ts'));
    const hash = createHash('sha256');
    for (const file of moduleFiles(source).sort()) hash.update(readFileSync(file));
    found[type] = { version: module.version ?? '', sum: hash.digest('hex').slice(0, 16) };
  }
  return found;
}

if (process.argv[2] === '--write') {
  const now = await versionsNow();
  writeFileSync(recorded, `${JSON.stringify(now, undefined, 2)}\n`);
}
