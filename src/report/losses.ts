/** What the tasks of this build lost and noted, summed over their runs. Pure; an entry speaks for its task. */
import { unitOf } from '../core/parts.ts';
import { noteText } from '../core/text.ts';
import type { LogEntry, Task } from '../core/types.ts';
import { grouped, plural } from './format.ts';
import type { Story } from './story.ts';

/** `5 984 of 23 974 packets: 4 430 in no event, 1 313 sync cut, 241 parity`, one line per procedure that lost something. */
export function lossLines(story: Story): string[] {
  const byProcedure = new Map<string, { unit: string; of: number; reasons: Map<string, number> }>();
  for (const { task, entry } of story.done) {
    if (entry.lost.length === 0) continue;
    const { name, inputs } = task.procedure;
    let sum = byProcedure.get(name);
    if (sum === undefined)
      byProcedure.set(
        name,
        (sum = { unit: inputs[0]?.alias ?? 'rows', of: 0, reasons: new Map() }),
      );
    sum.of += Math.max(...entry.lost.map(([, of]) => of));
    for (const [n, , reason] of entry.lost)
      sum.reasons.set(reason, (sum.reasons.get(reason) ?? 0) + n);
  }
  const lossy = [...byProcedure].filter(([, { reasons }]) =>
    [...reasons.values()].some((n) => n > 0),
  );
  return lossy.map(([name, { unit, of, reasons }]) => {
    const parts = [...reasons].filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    const lost = parts.reduce((n, [, part]) => n + part, 0);
    const list = parts.map(([reason, n]) => `${grouped(n)} ${reason}`).join(', ');
    const subject = lossy.length === 1 ? '' : `${name}: `;
    return `${subject}${grouped(lost)} of ${grouped(of)} ${unit}: ${list}`;
  });
}

type Note = LogEntry['notes'][number];

/** Notes of one task, each in full: with -v. */
export const notesOf = (task: Task, entry: LogEntry): string[] =>
  entry.notes.map((note) => `${task.id}: ${noteText(note)}`);

/** `charge/hits: 482 pixels have no pedestal, 580 mV used (3 runs; -v: each)`. What a task noted in the same words last time is not news. */
export function noteLines(story: Story): string[] {
  const groups = new Map<string, { name: string; members: { task: Task; note: Note }[] }>();
  for (const { task, entry } of story.done) {
    const known = new Set(story.before.get(task.id)?.notes.map((note) => JSON.stringify(note)));
    for (const note of entry.notes) {
      if (note[3] || known.has(JSON.stringify(note))) continue;
      const { name } = task.procedure;
      const key = JSON.stringify([name, note[0]]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { name, members: [{ task, note }] });
      else group.members.push({ task, note });
    }
  }
  return [...groups.values()].map(({ name, members }) => {
    const { task, note } = members[0]!;
    if (members.length === 1) return `${task.id}: ${noteText(note)}`;
    const n = members.reduce((sum, member) => sum + (member.note[1] ?? 0), 0);
    const word = members.every((member) => member.task.run !== undefined) ? 'run' : 'task';
    const text = note[1] === null ? note[0] : `${grouped(n)} ${note[0]}`;
    const units = new Set(members.map((member) => unitOf(member.task))).size;
    // What parts of a run have in common is counted in each of them.
    const parts = members.length > units ? `${plural(members.length, 'part')} of ` : '';
    return `${name}: ${text} (${parts}${plural(units, word)}; -v: each)`;
  });
}
