/** What one input of a procedure stands for, before a run is chosen: targets by run, of a source or of what other procedures make. */
import type { ExpandInput, Expansion, MatchedSource, Parts } from './expansion.ts';
import { globMatcher, matchPoint, matchRuns, parseTarget } from './names.ts';
import type { Select } from './names.ts';
import type { Diagnostic, Procedure, TargetName, TaskInput, Where } from './types.ts';
import { unknownName } from './unknown-target.ts';

/** What one input of a procedure stands for, before a run is chosen. */
export interface InputFamily {
  alias: string;
  written: string;
  optional: boolean;
  /** Targets by run ('' for those without). */
  byRun: ReadonlyMap<string, readonly TargetName[]>;
  runs: readonly string[] | undefined;
  missing: Diagnostic | undefined;
  /** Some of its makers' tasks wait for this list. */
  deferred: TargetName | undefined;
  /** Runs for which they do ('' without runs). */
  waiting: ReadonlySet<string>;
  /** Runs that its only maker makes part by part. */
  parts: ReadonlyMap<string, Parts>;
  /** Runs for which a maker has joined parts: its tables are of the whole run. */
  joined: ReadonlySet<string>;
  /** A selection was given: all of it belongs to every task. */
  fixed: boolean;
}

/** Resolves `charge/hits`, `packets`, `leaf@r1..r9`, `x@a=1` or a glob against sources and families made so far. */
export function inputFamily(
  expansion: Expansion,
  input: ExpandInput,
  procedure: Procedure,
  declared: { alias: string; target: string; where: Where },
): InputFamily {
  const optional =
    procedure.optional.includes(declared.alias) || procedure.optional.includes(declared.target);
  const base = { alias: declared.alias, written: declared.target, optional };
  const word = parseTarget(declared.target);
  const name = word?.kind === 'name' ? word.name : declared.target;
  const select = word?.kind === 'name' ? word.select : undefined;
  const none: InputFamily = {
    ...base,
    byRun: new Map(),
    runs: undefined,
    missing: undefined,
    deferred: undefined,
    waiting: new Set(),
    parts: new Map(),
    joined: new Set(),
    fixed: false,
  };

  const source = input.sources.get(name);
  if (source !== undefined) {
    if (source.missing !== undefined && source.targets.length === 0)
      return { ...none, missing: source.missing([procedure.name]) };
    return selected({ ...none, ...bySource(source) }, select);
  }
  const matches = name.includes('*') ? globMatcher(name) : undefined;
  const makers =
    matches === undefined
      ? [expansion.makerOf.get(name) ?? expansion.families.get(name)?.procedure].filter(
          (p) => p !== undefined,
        )
      : [...expansion.families.values()]
          .map((f) => f.procedure)
          .filter((p) => p !== procedure && p.outputs.some((o) => matches(o.target)));
  if (makers.length === 0) {
    const names = [...expansion.makerOf.keys(), ...input.sources.keys()];
    return {
      ...none,
      missing: { ...unknownName(name, names, input.elsewhere), where: declared.where },
    };
  }
  const byRun = new Map<string, TargetName[]>();
  let runs: readonly string[] | undefined;
  let missing: Diagnostic | undefined;
  let deferred: TargetName | undefined;
  const waiting = new Set<string>();
  const joined = new Set<string>();
  const isMeant = matchRuns(select?.runs ?? []);
  for (const maker of makers) {
    const family = expansion.families.get(maker.name);
    if (family === undefined) continue; // a cycle, told already
    missing ??= family.missing;
    deferred ??= family.deferred;
    for (const run of family.waiting) if (run === '' || isMeant(run)) waiting.add(run);
    for (const run of family.joined) joined.add(run);
    if (family.runs !== undefined) runs = runs ?? family.runs;
    const usesPoints = select !== undefined && select.point.length > 0;
    const isWhole = !usesPoints && (family.whole.size > 0 || family.parts.size > 0);
    const tasks = (isWhole ? [...family.whole.values()] : family.tasks).map(
      (i) => expansion.tasks[i]!,
    );
    if (isWhole) for (const { whole } of family.parts.values()) tasks.push(whole);
    for (const task of tasks) {
      if (select !== undefined && !(isMeant(task.run ?? '') && matchPoint(select)(task.point)))
        continue;
      for (const output of task.outputs) {
        const target = output.target.replace(/@.*/s, '');
        if (
          matches === undefined
            ? target !== name && !(name === maker.name && expansion.makerOf.get(name) === undefined)
            : !matches(target)
        )
          continue;
        const key = task.run ?? '';
        const list = byRun.get(key);
        if (list === undefined) byRun.set(key, [output.target]);
        else list.push(output.target);
      }
    }
  }
  const only = makers.length === 1 ? expansion.families.get(makers[0]!.name) : undefined;
  const parts = only?.parts ?? none.parts;
  const fixed = select !== undefined;
  return { ...base, byRun, runs, missing, deferred, waiting, parts, joined, fixed };
}

/** The list that must be made before the input is known for a run (undefined: for all there is). */
export function awaited(f: InputFamily, run: string | undefined): TargetName | undefined {
  const isWaiting =
    run === undefined || f.fixed || f.runs === undefined ? f.waiting.size > 0 : f.waiting.has(run);
  return isWaiting ? f.deferred : undefined;
}

function bySource(source: MatchedSource): {
  byRun: Map<string, TargetName[]>;
  runs: readonly string[] | undefined;
} {
  const byRun = new Map<string, TargetName[]>();
  if (source.runs === undefined)
    byRun.set(
      '',
      source.targets.map((t) => t.target),
    );
  else source.runs.forEach((run, i) => byRun.set(run, [source.targets[i]!.target]));
  return { byRun, runs: source.runs };
}

function selected(f: InputFamily, select: Select | undefined): InputFamily {
  if (select === undefined) return f;
  const matches = matchRuns(select.runs);
  return { ...f, fixed: true, byRun: new Map([...f.byRun].filter(([run]) => matches(run))) };
}

/** Runs that all inputs with runs have, in natural order; undefined when no input has runs. */
export function commonRuns(families: readonly InputFamily[]): readonly string[] | undefined {
  let common: readonly string[] | undefined;
  for (const f of families) {
    if (f.runs === undefined || f.optional || f.fixed) continue;
    if (common === undefined) common = f.runs;
    else if (common !== f.runs) {
      const has = new Set(f.runs);
      common = common.filter((r) => has.has(r));
    }
  }
  return common;
}

export function inputOf(f: InputFamily, run: string | undefined): TaskInput {
  const targets =
    run !== undefined && !f.fixed && f.runs !== undefined
      ? (f.byRun.get(run) ?? [])
      : f.byRun.size === 1
        ? [...f.byRun.values()][0]!
        : [...f.byRun.values()].flat();
  return f.optional ? { alias: f.alias, targets, optional: true } : { alias: f.alias, targets };
}
