/** From words to a plan whose tasks are decided, for the verbs that only look. Writes nothing; knows no output. */
import type { State } from '../core/schedule.ts';
import { plan as planOf } from '../core/plan.ts';
import type { Wanted } from '../core/targets.ts';
import type { Diagnostic, Plan } from '../core/types.ts';
import { look } from '../look.ts';
import type { Look, LookOptions } from '../look.ts';
import { expandOver, readLists, readLyingLists } from '../lists.ts';
import type { Lists } from '../lists.ts';
import { Mistakes } from '../workspace.ts';
import type { Workspace } from '../workspace.ts';

export interface Decided {
  plan: Plan;
  wanted: Wanted;
  seen: Look;
  diagnostics: readonly Diagnostic[];
}

export type DecideOptions = Pick<LookOptions, 'force' | 'forceAll' | 'only'>;

/** Plan and verdicts; built lists that procedures wait for are read as they lie there. @throws Mistakes */
export async function decidedPlan(
  ws: Workspace,
  words: readonly string[],
  options: DecideOptions = {},
): Promise<Decided> {
  return decided(ws, () => ws.planFor(words, { only: options.only === true }), options);
}

/** Decides, reads the lists that are there, fresh ones first, and decides again until nothing more is known. */
async function decided(
  ws: Workspace,
  planned: () => ReturnType<Workspace['planFor']>,
  options: DecideOptions = {},
): Promise<Decided> {
  const lists: Lists = new Map();
  for (;;) {
    const { plan, wanted, diagnostics } = planned();
    if (plan === undefined) throw new Mistakes(diagnostics);
    const seen = await look(ws, plan, { ...options, named: new Set(wanted.tasks) });
    const state = (i: number): State => (seen[i]?.state === 'fresh' ? 'fresh' : 'waiting');
    // A list that will be made again tells what there was until now, and that all of it may change.
    if (!readLists(ws.root, ws.expansion, state, lists) && !readLyingLists(ws, lists))
      return { plan, wanted, seen, diagnostics };
    expandOver(ws, lists);
  }
}

/** All tasks there are, whatever `default:` says. What cannot be expanded for want of a source is left out. */
export function decidedAll(ws: Workspace): Promise<Decided> {
  return decided(ws, () => {
    const { tasks, sources } = ws.expansion;
    const all = tasks.map((_, i) => i);
    const chosen = [{ word: '', tasks: all, output: undefined }];
    return { ...planOf({ tasks, sources, wanted: all }), wanted: { tasks: all, chosen } };
  });
}
