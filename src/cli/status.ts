/** `tg status`: how much is fresh, stale, failed, and whether a build runs now. Never waits and writes nothing. */
import { join } from 'node:path';
import { statusLines } from '../report/status-lines.ts';
import type { Running, StatusRow } from '../report/status-lines.ts';
import { holder, progressOf } from '../store/lock.ts';
import type { Workspace } from '../workspace.ts';
import { decidedAll, decidedPlan } from './decided-plan.ts';
import type { Decided } from './decided-plan.ts';
import { openProject } from './open-project.ts';
import { tell } from './tell.ts';
import { PROJECT_FLAGS } from './verb.ts';
import type { Call, Verb } from './verb.ts';

/** A row per procedure that has tasks in the plan, in library order; a task counts once. */
function rowsOf(ws: Workspace, { plan, seen }: Decided): StatusRow[] {
  const rows = new Map<string, StatusRow>();
  for (const i of [...plan.order].sort((a, b) => a - b)) {
    const verdict = seen[i];
    if (plan.wanted[i] === 0 || verdict === undefined) continue;
    const task = plan.tasks[i]!;
    const { name } = task.procedure;
    let row = rows.get(name);
    if (row === undefined)
      rows.set(
        name,
        (row = { name, fresh: 0, stale: 0, maybe: 0, failed: 0, never: 0, last: undefined }),
      );
    const entry = ws.store.entry(task.id);
    if (entry !== undefined) row.last = Math.max(row.last ?? 0, entry.started + entry.ms / 1000);
    if (verdict.state !== 'fresh' && ws.store.unfinished(task.id)?.kind === 'failed') row.failed++;
    else if (verdict.state === 'stale' && verdict.reasons[0]?.kind === 'never-built') row.never++;
    else row[verdict.state]++;
  }
  return [...rows.values()];
}

function running(ws: Workspace): Running | undefined {
  const lock = join(ws.store.folder, 'lock');
  const who = holder(lock);
  if (who === undefined) return undefined;
  return { pid: who.pid, host: who.host, since: who.since, ...progressOf(lock) };
}

function tellJson(call: Call, rows: readonly StatusRow[], now: Running | undefined): void {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  for (const { last, ...row } of rows)
    call.line({ type: 'status', ...row, ...(last === undefined ? {} : { last: iso(last) }) });
  if (now !== undefined) call.line({ type: 'running', ...now, since: iso(now.since) });
}

export const verb: Verb = {
  flags: [...PROJECT_FLAGS, { name: 'exit-code', help: '1 when anything is not fresh' }],
  examples: ['tg status', 'tg status charge/events@r42 --exit-code'],
  async run(call) {
    const ws = await openProject(call);
    const decided =
      call.words.length === 0 ? await decidedAll(ws) : await decidedPlan(ws, call.words);
    tell(call, [...ws.warnings, ...decided.diagnostics]);
    const rows = rowsOf(ws, decided);
    const now = running(ws);
    if (call.json) tellJson(call, rows, now);
    else
      call.out(
        statusLines(rows, now, call.ink.out)
          .map((line) => `${line}\n`)
          .join(''),
      );
    const open = rows.some((row) => row.stale + row.maybe + row.failed + row.never > 0);
    return call.has('exit-code') && open ? 1 : 0;
  },
};
