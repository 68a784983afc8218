/** `tg plan`: what a build would do, and why. Decides in look.ts, prints in report/plan-lines.ts; writes nothing. */
import { availableParallelism } from 'node:os';
import { estimate } from '../core/estimate.ts';
import { waiting } from '../core/graph.ts';
import { readingOrder } from '../look.ts';
import { planLines, planSummary } from '../report/plan-lines.ts';
import type { PlanRow } from '../report/plan-lines.ts';
import { shownReasons } from '../why.ts';
import { missingFiles } from '../missing-files.ts';
import { Mistakes } from '../workspace.ts';
import type { Workspace } from '../workspace.ts';
import { decidedPlan } from './decided-plan.ts';
import type { Decided } from './decided-plan.ts';
import { openProject } from './open-project.ts';
import { tell } from './tell.ts';
import { PROJECT_FLAGS, WHOLE_FROM_1 } from './verb.ts';
import type { Call, Verb } from './verb.ts';

/** Tasks that are asked for or needed, in reading order. */
function rowsOf(ws: Workspace, { plan, seen }: Decided): { row: PlanRow; task: number }[] {
  return readingOrder(plan).flatMap((i): { row: PlanRow; task: number }[] => {
    const verdict = seen[i];
    if (plan.wanted[i] === 0 || verdict === undefined) return [];
    const { id } = plan.tasks[i]!;
    const entry = ws.store.entry(id);
    const base = { task: id, ms: entry?.ms };
    if (verdict.state === 'fresh')
      return [{ task: i, row: { ...base, state: 'fresh', made: entry?.started ?? 0 } }];
    if (verdict.state === 'maybe') {
      const after = plan.tasks[verdict.after]!.id;
      return [{ task: i, row: { ...base, state: 'maybe', after } }];
    }
    const reasons = shownReasons(ws, plan, verdict.reasons);
    return [{ task: i, row: { ...base, state: 'stale', reasons } }];
  });
}

/** Prints the plan of an open project. Also what `tg build --dry-run` does. @returns the exit code */
export async function showPlan(ws: Workspace, call: Call): Promise<number> {
  const decided = await decidedPlan(ws, call.words, {
    force: call.has('force'),
    forceAll: call.has('force-all'),
    only: call.has('only'),
  });
  // A plan is what build would do: build would stop here.
  const missing = missingFiles(decided.plan, ws.root, ws.cwd);
  if (missing.length > 0) throw new Mistakes(missing);
  tell(call, [...ws.warnings, ...decided.diagnostics]);
  const rows = rowsOf(ws, decided);
  const open = rows.filter(({ row }) => row.state !== 'fresh');
  const workers = Number(call.value('workers') ?? ws.project.workers ?? availableParallelism());
  const ms = estimate(
    decided.plan,
    new Set(open.map(({ task }) => task)),
    workers,
    (i) => ws.store.entry(decided.plan.tasks[i]!.id)?.ms,
  );
  const seconds = ms === undefined ? undefined : ms / 1000;
  if (call.json)
    tellJson(
      rows.map(({ row }) => row),
      seconds,
      call,
    );
  else {
    const shown = (call.verbose ? rows : open).map(({ row }) => row);
    call.out(
      planLines(shown, call.ink.out)
        .map((line) => `${line}\n`)
        .join(''),
    );
    for (const { name, list } of waiting(ws.expansion, decided.plan))
      call.err(`note: ${name}: its tasks are known once ${list} is made\n`);
    if (!call.quiet)
      call.err(
        `${planSummary(
          rows.map(({ row }) => row),
          seconds,
        )}\n`,
      );
  }
  return call.has('exit-code') && open.length > 0 ? 1 : 0;
}

function tellJson(rows: readonly PlanRow[], seconds: number | undefined, call: Call): void {
  for (const row of rows) {
    if (row.state === 'stale') call.line({ type: 'stale', task: row.task, reasons: row.reasons });
    else if (row.state === 'maybe') call.line({ type: 'maybe', task: row.task, after: row.after });
    else call.line({ type: 'fresh', task: row.task });
  }
  const count = (state: PlanRow['state']): number => rows.filter((r) => r.state === state).length;
  call.line({
    type: 'planned',
    tasks: rows.length,
    stale: count('stale'),
    maybe: count('maybe'),
    fresh: count('fresh'),
    ...(seconds === undefined ? {} : { seconds }),
  });
}

export const verb: Verb = {
  flags: [
    ...PROJECT_FLAGS,
    { name: 'exit-code', help: '1 when anything is not fresh' },
    { name: 'force', short: 'B', help: 'as if the named targets were to be made again' },
    { name: 'force-all', help: 'and what they need' },
    { name: 'only', help: 'not what they need' },
    { name: 'workers', short: 'w', takes: 'N', must: WHOLE_FROM_1, help: 'for the estimate' },
  ],
  examples: ['tg plan charge/events@r42', 'tg plan --set charge/hits.vref_default=1305'],
  run: async (call) => showPlan(await openProject(call), call),
};
