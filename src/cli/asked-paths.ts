/** Paths of what was asked for: a table lies in its run's linked file (or its artifact), a product where it is. Knows the plan, reads no disk. */
import { wholeRuns } from '../core/flow.ts';
import type { TargetName, Task } from '../core/types.ts';
import type { Wanted } from '../core/targets.ts';
import type { Workspace } from '../workspace.ts';

/** Linked file that holds a target, and the task that links it, by target. None with `link: {when: asked}`: there a build leaves the linked files as they are. */
function linkedFiles(ws: Workspace): Map<TargetName, { path: string; task: number }> {
  const files = new Map<TargetName, { path: string; task: number }>();
  if (ws.project.link.when === 'asked') return files;
  ws.expansion.tasks.forEach(({ kind, inputs, outputs }, task) => {
    if (kind !== 'flow') return;
    for (const target of inputs[0]!.targets) files.set(target, { path: outputs[0]!.path, task });
  });
  return files;
}

/**
 * Paths relative to the root, each once, in the order asked for.
 * @param there leaves out tasks of which nothing is there
 * @param unmade leaves out linked files that were to be made and were not
 */
export function askedPaths(
  ws: Workspace,
  tasks: readonly Task[],
  wanted: Wanted,
  there: (task: number) => boolean = () => true,
  unmade: (task: number) => boolean = () => false,
): string[] {
  const linked = linkedFiles(ws);
  const found = new Set<string>();
  for (const { tasks: members, output } of wanted.chosen) {
    // Single parts lie in their artifacts; of a run that is meant whole all parts must be there.
    const isMeantWhole = wholeRuns(ws.expansion, new Set(members));
    const isThereWhole = wholeRuns(ws.expansion, new Set(members.filter(there)));
    for (const i of members) {
      const task = tasks[i]!;
      // Joined for a task that knows no parts: the same table again.
      if (task.merge?.parts === true) continue;
      const isSingle = task.part !== undefined && !isMeantWhole(task);
      if (!there(i) || (task.part !== undefined && !isSingle && !isThereWhole(task))) continue;
      for (const { target, path, place, inner } of task.outputs) {
        const name = target.replace(/@.*/s, '');
        if (output === undefined ? inner === true : name !== output) continue;
        const file = place === '' || isSingle ? undefined : linked.get(target);
        if (file === undefined) found.add(path);
        else if (!unmade(file.task)) found.add(file.path);
      }
    }
  }
  return [...found];
}
