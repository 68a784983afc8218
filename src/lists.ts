/** Built lists: what procedures with `each: TARGET` are expanded over. Knows files; nothing of when they are made. */
import { readFileSync } from 'node:fs';
import type { Expansion } from './core/expansion.ts';
import type { State } from './core/schedule.ts';
import type { Json, TargetName } from './core/types.ts';
import { absolute } from './store/store.ts';
import { Mistakes } from './workspace.ts';

export type Lists = Map<TargetName, readonly { name: string; value: Json }[]>;

/** Adds the lists that deferred procedures wait for and that are there now. @returns false: nothing more to expand */
export function readLists(
  root: string,
  expansion: Expansion,
  state: (task: number) => State,
  lists: Lists,
): boolean {
  const awaited = new Set<TargetName>();
  for (const { deferred } of expansion.families.values())
    if (deferred !== undefined) awaited.add(deferred);
  if (awaited.size === 0) return false;
  let more = false;
  expansion.tasks.forEach((task, i) => {
    for (const { target, path } of task.outputs) {
      if (!awaited.has(target.replace(/@.*/s, '')) || lists.has(target)) continue;
      if (state(i) !== 'fresh' && state(i) !== 'done') continue;
      lists.set(target, membersOf(target, absolute(root, path)));
      more = true;
    }
  });
  return more;
}

/** A JSON array of text, or of `{name, ..}`. @throws Mistakes */
export function membersOf(target: string, path: string): { name: string; value: Json }[] {
  const fail = (what: string): never => {
    throw new Mistakes([
      {
        severity: 'error',
        code: 'bad-value',
        message: `${target} is not a list: ${what}`,
        try: 'write a JSON array of text, or of {name, ..}',
      },
    ]);
  };
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    fail((error as Error).message);
  }
  if (!Array.isArray(list)) return fail('no array');
  const names = new Set<string>();
  return list.map((entry: unknown) => {
    const name = typeof entry === 'string' ? entry : (entry as { name?: unknown } | null)?.name;
    if (typeof name !== 'string') return fail(`${JSON.stringify(entry)} has no name`);
    if (name === '' || name.startsWith('/') || name.split('/').includes('..'))
      return fail(`"${name}" is no name: it stands in the path of what is made`);
    if (names.has(name)) return fail(`"${name}" stands in it twice`);
    names.add(name);
    return { name, value: entry as Json };
  });
}
