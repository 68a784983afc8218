/** Sources of a project against what lies there and what the store knows of earlier builds. Reads folders, no file. */
import type { Expansion, MatchedSource } from './core/expansion.ts';
import { targetOf } from './core/outputs.ts';
import type { Wanted } from './core/targets.ts';
import type { Diagnostic, Procedure, Project, TargetName } from './core/types.ts';
import { goneSource, matchSource, noSource } from './procedures/sources.ts';
import type { Store } from './store/store.ts';

/**
 * Files of every source. What the store knows of earlier builds and is gone is kept when archived; else it is a mistake
 * of whoever needs it, told before anything runs.
 */
export function matchSources(
  project: Project,
  store: Store,
  cwd: string,
  diagnostics: Diagnostic[],
): Map<string, MatchedSource> {
  const known = store.knownSources();
  const matched = new Map<string, MatchedSource>();
  for (const entry of project.sources) {
    const before = known.get(entry.name) ?? [];
    const found = matchSource(entry, {
      root: project.root,
      table: project.runs,
      cwd,
      ...(entry.archived ? { known: before.map(([, path]) => path) } : {}),
    });
    diagnostics.push(...found.diagnostics);
    const first = found.sources[0]?.files[0];
    const hasRuns = first === undefined ? entry.pattern.includes('{run') : first.run !== undefined;
    const here = new Set(found.sources.map((s) => s.target));
    // Who names the files means these.
    const gone = entry.given === undefined ? before.filter(([target]) => !here.has(target)) : [];
    matched.set(entry.name, {
      entry,
      targets: found.sources,
      runs: hasRuns ? found.sources.map((s) => s.files[0]!.run!) : undefined,
      missing: found.sources.length > 0 ? undefined : (neededBy) => noSource(entry, neededBy, cwd),
      gone: gone.map(([target, path]) => ({
        target,
        diagnostic: (neededBy) =>
          goneSource(entry, target, path, neededBy, { root: project.root, cwd }),
      })),
    });
  }
  return matched;
}

/** Does a procedure need the source, not only take it where it is there? */
const needs = ({ inputs, optional }: Procedure, source: string): boolean =>
  inputs.some(
    (i) => i.target === source && !optional.includes(i.alias) && !optional.includes(source),
  );

/** Was the task of the run made, or one of all runs in which this one was read? */
export const wasMadeOf = (
  store: Store,
  procedure: string,
  selection: string,
  target: TargetName,
): boolean =>
  store.entry(targetOf(procedure, selection)) !== undefined ||
  store.entry(procedure)?.inputs.some(([input]) => input === target) === true;

/** Sources that were there in an earlier build, of which something wanted was made, and that are gone. */
export function goneSources(
  expansion: Expansion,
  wanted: Wanted,
  sources: ReadonlyMap<string, MatchedSource>,
  store: Store,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const source of sources.values()) {
    for (const { target, diagnostic } of source.gone) {
      const needy = new Set<string>();
      for (const family of expansion.families.values()) {
        if (!needs(family.procedure, source.entry.name)) continue;
        const selection = target.includes('@') ? target.slice(target.indexOf('@') + 1) : '';
        const asked = wanted.chosen.some(
          (c) => !c.word.includes('@') || c.word.slice(c.word.indexOf('@') + 1) === selection,
        );
        if (asked && wasMadeOf(store, family.procedure.name, selection, target))
          needy.add(family.procedure.name);
      }
      if (needy.size > 0) found.push(diagnostic([...needy]));
    }
  }
  return found;
}
