/** What was made of entries that a list has no longer: removed when it is as tg made it, named when it is not, or not tg's. Runs no task. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cleanTask, sourcePaths } from './clean.ts';
import { compareNatural } from './core/names.ts';
import { productPath, targetOf } from './core/outputs.ts';
import type { Family } from './core/expansion.ts';
import type { Diagnostic, TargetName } from './core/types.ts';
import type { Lists } from './lists.ts';
import { absolute, below } from './store/store.ts';
import type { Workspace } from './workspace.ts';

/** Told and done for every procedure over a list that this build has made or found fresh. The lock of the store must be held. */
export function dropLeftMembers(ws: Workspace, lists: Lists): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const family of ws.expansion.families.values()) {
    const { each } = family.procedure;
    if (typeof each !== 'object' || family.waiting.size > 0) continue;
    const isKnown = knownRuns(family, each.target, lists);
    if (isKnown === undefined) continue;
    found.push(...dropOf(ws, family, each.target, isKnown));
    found.push(...strangers(ws, family));
  }
  return found;
}

/**
 * Is the list known that a selection (`r42,name`) was an entry of? What was made of a run that is not there today is left alone: its
 * list may be as it was. Undefined: none is known.
 */
function knownRuns(
  { runs }: Family,
  list: TargetName,
  lists: Lists,
): ((selection: string) => boolean) | undefined {
  if (runs === undefined) return lists.has(list) ? () => true : undefined;
  const known = new Set(runs.filter((run) => lists.has(targetOf(list, run))));
  return known.size === 0 ? undefined : (selection) => known.has(selection.replace(/,.*/s, ''));
}

function dropOf(
  ws: Workspace,
  { procedure, tasks }: Family,
  list: TargetName,
  isKnown: (selection: string) => boolean,
): Diagnostic[] {
  const { store, root, expansion } = ws;
  const now = new Set(tasks.map((i) => expansion.tasks[i]!.id));
  const left = [...store.tasks()].filter(
    (id) =>
      id.startsWith(`${procedure.name}@`) &&
      !now.has(id) &&
      isKnown(id.slice(procedure.name.length + 1)),
  );
  if (left.length === 0) return [];
  const keep = sourcePaths(root, expansion.sources);
  for (const { outputs } of expansion.tasks)
    for (const { path } of outputs) keep.add(absolute(root, path));
  const tops = [join(store.folder, 'artifacts'), ws.project.build];
  const shown = (path: string): string => ws.shown(absolute(root, path));
  const found: Diagnostic[] = [];
  const gone: string[] = [];
  for (const id of left.sort(compareNatural)) {
    const outputs = store.entry(id)?.outputs ?? [];
    const products = outputs.filter(([, path]) => !path.startsWith(below(root, store.folder)));
    const changed = products.find(([, path, was]) => {
      const is = idOf(ws, path);
      return is !== null && is !== was;
    });
    if (changed !== undefined) {
      found.push({
        severity: 'warning',
        code: 'left-over',
        message: `${shown(changed[1])} is of an entry that ${list} has no longer, and was changed since tg made it`,
        try: `rm ${shown(changed[1])}, or keep it elsewhere`,
      });
    } else if (cleanTask(store, { id, outputs: [], procedure }, keep, tops) !== undefined)
      gone.push(...products.map(([, path]) => shown(path)));
  }
  if (gone.length > 0)
    found.push({
      severity: 'note',
      code: 'left-over',
      message: `removed ${few(gone)}: ${list} has no such ${gone.length === 1 ? 'entry' : 'entries'} any more`,
    });
  return found;
}

/** Five names at most. */
const few = (names: readonly string[]): string =>
  names.length <= 5
    ? names.join(' ')
    : `${names.slice(0, 5).join(' ')} and ${names.length - 5} more`;

/** Id of a product by its stat; undefined when it is not as it was. */
function idOf(ws: Workspace, path: string): string | undefined | null {
  const id = ws.facts.id(path, '');
  ws.facts.unknown();
  return id;
}

/** Files that fit the path of a product which must stand alone, and are nobody's. */
function strangers(ws: Workspace, { procedure }: Family): Diagnostic[] {
  const { root } = ws;
  const build = below(root, ws.project.build);
  return procedure.outputs.flatMap(({ pattern, alone }): Diagnostic[] => {
    if (alone !== true || pattern === undefined) return [];
    const path = absolute(root, productPath(pattern, build === root ? '' : build, root));
    const [before, after] = basename(path).split('{name}');
    if (before === undefined || after === undefined) return [];
    const known = new Set<string>();
    for (const { outputs } of ws.expansion.tasks)
      for (const output of outputs) known.add(absolute(root, output.path));
    for (const id of ws.store.tasks())
      if (id.startsWith(`${procedure.name}@`))
        for (const [, at] of ws.store.entry(id)!.outputs) known.add(absolute(root, at));
    const names = namesOf(dirname(path)).filter(
      (name) =>
        name.length > before.length + after.length &&
        name.startsWith(before) &&
        name.endsWith(after) &&
        !known.has(join(dirname(path), name)),
    );
    if (names.length === 0) return [];
    const shown = few(names.map((name) => ws.shown(join(dirname(path), name))));
    return [
      {
        severity: 'warning',
        code: 'not-ours',
        message: `${shown}: not made by tg, but named as ${procedure.name} are, so who reads the folder takes them for current`,
        try: 'remove them, or another folder',
      },
    ];
  });
}

function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
