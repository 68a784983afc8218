/** Built lists: what procedures with `each: TARGET` are expanded over. Knows files; nothing of when they are made. */
import { existsSync, readFileSync } from 'node:fs';
import type { Expansion } from './core/expansion.ts';
import type { State } from './core/schedule.ts';
import type { Json, TargetName, Task } from './core/types.ts';
import { absolute } from './store/store.ts';
import { Mistakes } from './workspace.ts';
import type { Workspace } from './workspace.ts';

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

/** Adds the awaited lists that were made once and still lie there, fresh or not: for verbs that only look. @returns false: there is none */
export function readLyingLists(ws: Workspace, lists: Lists): boolean {
  const before = lists.size;
  const isThere = ({ id, outputs }: Task): boolean =>
    ws.store.entry(id) !== undefined &&
    outputs.every(({ path }) => existsSync(absolute(ws.root, path)));
  const state = (i: number): State => (isThere(ws.expansion.tasks[i]!) ? 'fresh' : 'waiting');
  try {
    readLists(ws.root, ws.expansion, state, lists);
  } catch (error) {
    // Edited by hand: it is made again before anything is made over it.
    if (!(error instanceof Mistakes)) throw error;
  }
  return lists.size > before;
}

/** Expands over all lists that lie there: what was made can be found, whatever has changed since. @throws Mistakes */
export function expandAsMade(ws: Workspace): void {
  const lists: Lists = new Map();
  while (readLyingLists(ws, lists)) expandOver(ws, lists);
}

/** @throws Mistakes */
export function expandOver(ws: Workspace, lists: Lists): void {
  const mistakes = ws.expand(lists).filter((d) => d.severity === 'error');
  if (mistakes.length > 0) throw new Mistakes(mistakes);
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
