/** Which text a project's YAML files had in which build: for telling later what was edited in them. Knows nothing of what they say. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContentId } from '../core/types.ts';
import { absolute } from './store.ts';
import type { Store } from './store.ts';

const NAME = 'yaml';

/** Lines `build, path, id` in order, one more whenever a file is not as it was in the build before. */
function lines(store: Store): [build: number, path: string, id: ContentId][] {
  let text: string;
  try {
    text = readFileSync(join(store.folder, NAME), 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line): [number, string, ContentId][] => {
    const [build, path, id] = line.split('\t');
    return id === undefined ? [] : [[Number(build), path!, id]];
  });
}

/** @param files paths as they stand in records, with their ids today */
export function rememberYaml(
  store: Store,
  build: number,
  files: readonly (readonly [path: string, id: ContentId])[],
): void {
  const last = new Map(lines(store).map(([, path, id]) => [path, id]));
  const changed = files.filter(([path, id]) => last.get(path) !== id);
  if (changed.length === 0) return;
  for (const [path, id] of changed) store.keepCopy(id, absolute(store.root, path));
  const text = changed.map(([path, id]) => `${build}\t${path}\t${id}\n`).join('');
  appendFileSync(join(store.folder, NAME), text);
}

/** The copy of a file as it was in a build; undefined when none was kept. */
export function yamlThen(store: Store, path: string, build: number): string | undefined {
  const found = lines(store).findLast(([b, p]) => p === path && b <= build);
  return found === undefined ? undefined : store.copy(found[2]);
}
