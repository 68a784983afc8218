/** `tg clean`: removes what tg made of the targets, and its records. Takes the lock; the rest is in clean.ts. */
import { join } from 'node:path';
import { cleanTask, sourcePaths } from '../clean.ts';
import type { Cleaned, Removed } from '../clean.ts';
import { targetOf } from '../core/outputs.ts';
import { expandAsMade } from '../lists.ts';
import { bytes, plural } from '../report/format.ts';
import { Mistakes } from '../workspace.ts';
import type { Workspace } from '../workspace.ts';
import { locate, lockStore, openLocated } from './open-project.ts';
import { tell } from './tell.ts';
import { PROJECT_FLAGS } from './verb.ts';
import type { Call, Verb } from './verb.ts';

/** More tasks than this are told by procedure. */
const MOST = 8;

/** Tasks whose source is gone: no word expands to them any more, but their records hold up every build until they are cleaned. */
function ofGone(ws: Workspace): Cleaned[] {
  const targets = [...ws.sources.values()].flatMap(({ entry, gone }) =>
    gone.map(({ target }) => ({ source: entry.name, target })),
  );
  return targets.flatMap(({ source, target }) =>
    ws.project.procedures
      .filter(({ inputs }) => inputs.some((i) => i.target === source))
      .map((procedure) => ({
        id: targetOf(procedure.name, target.split('@')[1] ?? ''),
        outputs: [],
        procedure,
      })),
  );
}

/** Tasks meant; a measurement only when its procedure was named in full. */
function meant(ws: Workspace, asked: readonly string[]): { tasks: Cleaned[]; kept: string[] } {
  const all = ws.expansion.tasks;
  const gone = ofGone(ws).filter(
    ({ id, procedure }) =>
      asked.length === 0 || asked.some((w) => w === id || w === procedure.name),
  );
  const words = asked.filter((word) => !gone.some(({ id }) => id === word && id.includes('@')));
  const { wanted, diagnostics } =
    asked.length === 0
      ? { wanted: { tasks: all.map((_, i) => i), chosen: [] }, diagnostics: [] }
      : words.length === 0
        ? { wanted: { tasks: [], chosen: [] }, diagnostics: [] }
        : ws.planFor(words, { only: true });
  // A source that is gone hinders a build, not the removal of what was made of it.
  const mistakes = diagnostics.filter((d) => d.severity === 'error' && d.code !== 'no-source');
  if (mistakes.length > 0) throw new Mistakes(mistakes);
  const named = new Set(words.map((word) => word.replace(/@.*/s, '')));
  const kept = new Set<string>();
  const tasks = wanted.tasks.flatMap((i): Cleaned[] => {
    const task = all[i]!;
    const { name, type } = task.procedure;
    if (type !== 'daq' || named.has(name)) return [task];
    if (ws.store.entry(task.id) !== undefined) kept.add(name);
    return [];
  });
  return { tasks: [...tasks, ...formerParts(ws, tasks), ...gone], kept: [...kept] };
}

/** What was made of the same runs when they were in other parts, or in one; of a part that was named nothing else is meant. */
function formerParts(ws: Workspace, tasks: readonly Cleaned[]): Cleaned[] {
  const named = new Set(tasks.map(({ id }) => id));
  const procedures = new Map<string, Cleaned['procedure']>();
  for (const { id, procedure } of tasks) {
    const unit = targetOf(procedure.name, runOf(id));
    if (
      ws.expansion.families
        .get(procedure.name)
        ?.parts.get(runOf(id))
        ?.tasks.every((i) => named.has(ws.expansion.tasks[i]!.id)) ??
      true
    )
      procedures.set(unit, procedure);
  }
  return [...ws.store.tasks()].flatMap((id) => {
    const procedure = procedures.get(targetOf(id.replace(/@.*/s, ''), runOf(id)));
    return procedure === undefined || named.has(id) ? [] : [{ id, outputs: [], procedure }];
  });
}

/** `r42` of `charge/hits@r42,part=3`. */
const runOf = (id: string): string =>
  id.includes('@') ? id.slice(id.indexOf('@') + 1).replace(/(^|,)part=\d+$/, '') : '';

const line = ({ files, bytes: size }: Omit<Removed, 'task'>, what: string): string =>
  `removed ${what}: ${plural(files, 'file')}, ${bytes(size)}\n`;

function show(call: Call, removed: readonly (Removed & { procedure: string })[]): void {
  if (call.json) {
    for (const { task, files, bytes: size } of removed)
      call.line({ type: 'removed', task, files, bytes: size });
    return;
  }
  if (call.quiet) return;
  if (removed.length === 0) call.err('nothing to remove\n');
  if (removed.length <= MOST || call.verbose) {
    for (const one of removed) call.out(line(one, one.task));
    return;
  }
  const sums = new Map<string, { tasks: number; files: number; bytes: number }>();
  for (const { procedure, files, bytes: size } of removed) {
    const sum = sums.get(procedure) ?? { tasks: 0, files: 0, bytes: 0 };
    sums.set(procedure, {
      tasks: sum.tasks + 1,
      files: sum.files + files,
      bytes: sum.bytes + size,
    });
  }
  for (const [name, sum] of sums) call.out(line(sum, `${name}, ${plural(sum.tasks, 'task')}`));
}

export const verb: Verb = {
  flags: [...PROJECT_FLAGS, { name: 'wait', help: 'until another build has ended' }],
  examples: ['tg clean charge/hits@r42'],
  async run(call) {
    const located = await locate(call);
    const lock = await lockStore(located.store, call.has('wait'), call.err);
    try {
      const ws = await openLocated(call, located, true);
      tell(call, ws.warnings);
      expandAsMade(ws);
      const { tasks, kept } = meant(ws, call.words);
      const keep = sourcePaths(ws.root, ws.expansion.sources);
      const tops = [join(ws.store.folder, 'artifacts'), ws.project.build];
      const removed = tasks.flatMap((task) => {
        const one = cleanTask(ws.store, task, keep, tops);
        return one === undefined ? [] : [{ ...one, procedure: task.procedure.name }];
      });
      await ws.store.close();
      for (const name of kept)
        if (!call.json && !call.quiet)
          call.err(`note: ${name} is kept: measurements must be named: tg clean ${name}\n`);
      show(call, removed);
      return 0;
    } finally {
      lock.release();
    }
  },
};
