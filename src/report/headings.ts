/** First line of a summary: what was asked for, how much of it is there, what is in it. Knows entries, no files. */
import { unitOf } from '../core/parts.ts';
import type { Task } from '../core/types.ts';
import { counted, plural } from './format.ts';
import type { Outcome } from './outcome.ts';

type Contents = NonNullable<ReturnType<Outcome['contents']>>;

/** More procedures than this are summed up in one line. */
const MOST = 3;

/** What is named: the procedures asked for with their tasks; of a glob or of everything only what nothing else of it stands on. */
function asked({ plan, wanted }: Outcome): Map<string, number[]> {
  const isEverything = wanted.chosen.some(({ word }) => word === '');
  const isMany = isEverything || wanted.chosen.some(({ word }) => /\*|\/$/.test(word));
  const groups = new Map<string, number[]>();
  const needed = new Set<string>();
  for (const i of new Set(wanted.tasks)) {
    const task = plan.tasks[i]!;
    const { name } = task.procedure;
    if ((task.kind === 'flow' && isEverything) || task.kind === 'cut') continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [i]);
    else group.push(i);
    for (const k of plan.needs[i]!) {
      const other = plan.tasks[k]!.procedure.name;
      if (other !== name && task.kind !== 'flow') needed.add(other);
    }
  }
  // Several targets that were typed are all named.
  if (isMany) for (const name of needed) groups.delete(name);
  return groups;
}

/** `3 runs`, `2 of 3 runs`, `64 points`; nothing for a single one. */
function extent(tasks: readonly Task[], there: readonly Task[]): string[] {
  const points = tasks.filter(isPoint);
  const isScan = points.length > 0;
  const all = new Set((isScan ? points : tasks).map(unitOf));
  if (all.size <= 1) return [];
  const here = new Set(there.map(unitOf));
  // Of a run in parts all of them.
  for (const task of tasks) if (!there.includes(task)) here.delete(unitOf(task));
  const n = [...all].filter((unit) => here.has(unit)).length;
  const word = isScan ? 'point' : tasks.every((task) => task.run !== undefined) ? 'run' : 'task';
  const whole = plural(all.size, word);
  return [n === all.size ? whole : `${n} of ${whole}`];
}

const isPoint = ({ point, part, kind }: Task): boolean =>
  point !== undefined && part === undefined && kind !== 'merge';

/** Counts of the tasks, summed by name; without counts the rows of their tables. */
function contents(entries: readonly Contents[], name: string): string[] {
  const counts = new Map<string, number>();
  for (const entry of entries)
    for (const [what, n] of entry.counts) counts.set(what, (counts.get(what) ?? 0) + n);
  if (counts.size > 0) return [...counts].map(([what, n]) => counted(n, what));
  const rows = new Map<string, number>();
  for (const entry of entries)
    for (const [target, , , n] of entry.outputs) {
      const table = target.replace(/@.*/s, '');
      if (n !== null) rows.set(table, (rows.get(table) ?? 0) + n);
    }
  return [...rows].map(([table, n]) =>
    table === name ? counted(n, 'rows') : `${counted(n, 'rows')} of ${table}`,
  );
}

/** One line per procedure asked for; none where nothing of it is there. */
export function headings(outcome: Outcome): string[] {
  const { plan } = outcome;
  const groups = [...asked(outcome)];
  const lines = groups.flatMap(([name, members]) => {
    const tasks = members.map((i) => plan.tasks[i]!);
    const there = members.filter(outcome.there).map((i) => plan.tasks[i]!);
    if (there.length === 0) return [];
    // Of a scan the merges hold what the points hold.
    const whole = there.filter(({ point, part }) => point === undefined || part !== undefined);
    const entries = (whole.length > 0 ? whole : there)
      .map(outcome.contents)
      .filter((entry) => entry !== undefined);
    const parts = [...extent(tasks, there), ...contents(entries, name)];
    const units = new Set(tasks.map(unitOf));
    const subject = units.size === 1 ? [...units][0]! : name;
    // A single product without counts.
    if (parts.length === 0) parts.push(plural(entries[0]?.outputs.length ?? 0, 'file'));
    return [`${subject}: ${parts.join(', ')}`];
  });
  if (lines.length <= MOST) return lines;
  return [...lines.slice(0, MOST - 1), `and ${lines.length - MOST + 1} more, see tg status`];
}
