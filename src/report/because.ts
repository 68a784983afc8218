/** Root causes of what ran: reasons that are not the work of another task of this build, tasks of one cause joined. Pure. */
import { reasonText } from '../core/reason.ts';
import { unitOf } from '../core/parts.ts';
import type { Reason, Task } from '../core/types.ts';
import { grouped } from './format.ts';
import type { DoneEvent } from './story.ts';

/** Keys of a file that are named; of more only the number. */
const KEYS = 3;
const RUNS = 6;

interface Cause {
  procedure: string;
  selections: string[];
  text: string;
  keys: Set<string>;
  changed: number;
  name: string | undefined;
}

/** `charge/hits@r41,r42`, `charge/hits@r1,r2,.. (12 runs)`, in natural order. */
export function joined(procedure: string, selections: readonly string[]): string {
  const named = selections.filter((selection) => selection !== '').sort(natural);
  if (named.length === 0) return procedure;
  if (named.length <= RUNS) return `${procedure}@${named.join(',')}`;
  const word = named[0]!.includes('=') ? 'points' : 'runs';
  return `${procedure}@${named.slice(0, 2).join(',')},.. (${grouped(named.length)} ${word})`;
}

export const selectionOf = (id: string): string =>
  id.includes('@') ? id.slice(id.indexOf('@') + 1) : '';

/** The text of a reason without the run, so that the same cause of two runs is one line. */
function withoutRun(reason: Reason, ...selections: string[]): string {
  const text = reasonText(reason);
  const [selection] = selections.filter((word) => word !== '' && text.includes(`@${word}`));
  return selection === undefined
    ? text
    : text.replaceAll(`@${selection}`, '').replace(/ \(.*rows\)$/, '');
}

const baseOf = (target: string): string => target.replace(/@.*/s, '');

const isOtherInput = (
  reason: Reason,
): reason is Reason & { kind: 'input-added' | 'input-removed' } =>
  reason.kind === 'input-added' || reason.kind === 'input-removed';

/** Tables of which a flow file, or a joined table, has now other parts. */
function cutTables(task: Task, reasons: readonly Reason[]): ReadonlySet<string> {
  if (task.kind !== 'flow' && task.merge?.parts !== true) return new Set();
  const inParts = (target: string): boolean => /[@,]part=\d+$/.test(target);
  return new Set(
    reasons.filter(isOtherInput).flatMap(({ target }) => (inParts(target) ? baseOf(target) : [])),
  );
}

/** `charge/hits@r41,r42: pedestal_file changed (4211697.pedestal_mv)`, one per cause, in the order in which tasks ended. */
export function rootCauses(done: readonly DoneEvent[]): string[] {
  const made = new Set(done.flatMap(({ task }) => task.outputs.map(({ target }) => target)));
  const lists = done.map(({ task }) => task).filter(({ kind }) => kind === 'cut');
  const causes = new Map<string, Cause>();
  for (const { task, reasons } of done) {
    const procedure = task.procedure.name;
    const selection = selectionOf(task.id);
    const unit = selectionOf(unitOf(task));
    const cut = cutTables(task, reasons);
    // What the part table has brought about: it stands for that with its own reason.
    const isScanned = lists.some((list) => list.run === task.run);
    for (const reason of reasons) {
      // What was never built, or was asked for, is no surprise.
      if (reason.kind === 'never-built' || reason.kind === 'forced') continue;
      if ('target' in reason && reason.kind !== 'output-edited' && made.has(reason.target))
        continue;
      const isValues = reason.kind === 'values';
      const isCut = isOtherInput(reason) && cut.has(baseOf(reason.target));
      if (isCut && isScanned) continue;
      const text = isCut
        ? 'its parts changed'
        : isValues
          ? `${reason.name} changed`
          : withoutRun(reason, selection, unit);
      const key = JSON.stringify([procedure, text, isValues ? reason.file : '']);
      let cause = causes.get(key);
      if (cause === undefined) {
        const name = isValues ? reason.name : undefined;
        cause = { procedure, selections: [], text, keys: new Set(), changed: 0, name };
        causes.set(key, cause);
      }
      if (!cause.selections.includes(unit)) cause.selections.push(unit);
      if (isValues) {
        for (const { key: path } of reason.values) cause.keys.add(path);
        cause.changed = Math.max(cause.changed, reason.changed);
      }
    }
  }
  return [...causes.values()].map((cause) => {
    const { procedure, selections, text, keys, changed } = cause;
    const isNamed = keys.size > 0 && keys.size <= KEYS && keys.size >= changed;
    const values = isNamed
      ? [...keys].join(', ')
      : `${grouped(Math.max(changed, keys.size))} values`;
    const detail = cause.name === undefined ? '' : ` (${values})`;
    return `${joined(procedure, selections)}: ${text}${detail}`;
  });
}

const natural = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true, sensitivity: 'variant' });
