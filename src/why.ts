/** Why a task is as it is: from what was decided and what is recorded to the answer of `tg why`. Runs nothing, prints nothing. */
import type { Plan, Reason, TraceDocument } from './core/types.ts';
import { isDocumentOf } from './core/trace.ts';
import type { Look } from './look.ts';
import type { WhyAnswer } from './report/why-lines.ts';
import type { Workspace } from './workspace.ts';

/** Reasons as they are shown: paths from where the user stands, a source by the name it has in the procedure. */
export const shownReasons = (
  ws: Workspace,
  plan: Plan,
  reasons: readonly Reason[],
): readonly Reason[] =>
  reasons.map((reason) => {
    if (reason.kind === 'values' && reason.file !== '')
      return { ...reason, file: ws.shown(reason.file) };
    if (reason.kind === 'output-missing') return { ...reason, path: ws.shown(reason.path) };
    if (
      (reason.kind === 'input' ||
        reason.kind === 'input-added' ||
        reason.kind === 'input-removed') &&
      plan.sources.has(reason.target)
    )
      return { ...reason, target: reason.target.replace(/@.*/s, '') };
    return reason;
  });

export function whyTask(ws: Workspace, plan: Plan, seen: Look, i: number): WhyAnswer {
  const task = plan.tasks[i]!.id;
  const verdict = seen[i];
  if (verdict === undefined || verdict.state === 'fresh') {
    const entry = ws.store.entry(task)!;
    const files = entry.trace.filter((t) => t.file !== undefined && t.whole !== true);
    const read = (documents: readonly TraceDocument[]): number =>
      documents.reduce((n, document) => n + document.read, 0);
    return {
      task,
      state: 'fresh',
      made: entry.started,
      reason: entry.reason,
      inputs: entry.inputs.length,
      values: files.length === 0 ? null : read(files),
      parameters: read(entry.trace.filter((t) => isDocumentOf(t, 'param'))),
    };
  }
  if (verdict.state === 'stale')
    return { task, state: 'stale', reasons: shownReasons(ws, plan, verdict.reasons) };
  const after: string[] = [];
  let at = verdict.after;
  for (;;) {
    after.push(plan.tasks[at]!.id);
    const next = seen[at];
    if (next?.state !== 'maybe')
      return {
        task,
        state: 'maybe',
        after,
        reasons: shownReasons(ws, plan, next?.state === 'stale' ? next.reasons : []),
      };
    at = next.after;
  }
}
