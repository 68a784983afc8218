/** From words to a plan whose tasks are decided, for the verbs that only look. Writes nothing; knows no output. */
import type { State } from '../core/schedule.ts';
import { plan as planOf } from '../core/plan.ts';
import type { Wanted } from '../core/targets.ts';
import type { Diagnostic, Plan } from '../core/types.ts';
import { look } from '../look.ts';
import type { Look, LookOptions } from '../look.ts';
import { readLists } from '../lists.ts';
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

/** Plan and verdicts; built lists that procedures wait for are read where they are fresh. @throws Mistakes */
export async function decidedPlan(
  ws: Workspace,
  words: readonly string[],
  options: DecideOptions = {},
): Promise<Decided> {
  const lists: Lists = new Map();
  for (;;) {
    const { plan, wanted, diagnostics } = ws.planFor(words, { only: options.only === true });
    if (plan === undefined) throw new Mistakes(diagnostics);
    const seen = await look(ws, plan, { ...options, named: new Set(wanted.tasks) });
    const state = (i: number): State => (seen[i]?.state === 'fresh' ? 'fresh' : 'waiting');
    if (!readLists(ws.root, ws.expansion, state, lists)) return { plan, wanted, seen, diagnostics };
    const mistakes = ws.expand(lists).filter((d) => d.severity === 'error');
    if (mistakes.length > 0) throw new Mistakes(mistakes);
  }
}

/** All tasks there are, whatever `default:` says. What cannot be expanded for want of a source is left out. */
export async function decidedAll(ws: Workspace): Promise<Decided> {
  const wanted = ws.expansion.tasks.map((_, i) => i);
  const { plan, diagnostics } = planOf({
    tasks: ws.expansion.tasks,
    sources: ws.expansion.sources,
    wanted,
  });
  if (plan === undefined) throw new Mistakes(diagnostics);
  const chosen = [{ word: '', tasks: wanted, output: undefined }];
  return { plan, wanted: { tasks: wanted, chosen }, seen: await look(ws, plan), diagnostics };
}
