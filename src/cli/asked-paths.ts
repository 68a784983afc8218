/** Paths of what was asked for: a table lies in its run's linked file (or its artifact), a product where it is. Knows the plan, reads no disk. */
import { wholeRuns } from '../core/flow.ts';
import type { TargetName, Task } from '../core/types.ts';
import type { Wanted } from '../core/targets.ts';
import type { Workspace } from '../workspace.ts';

/** Linked file that holds a target, by target. None with `link: {when: asked}`: there a build leaves the linked files as they are. */
export function linkedFiles(ws: Workspace): Map<TargetName, string> {
  const files = new Map<TargetName, string>();
  if (ws.project.link.when === 'asked') return files;
  for (const task of ws.expansion.tasks)
    if (task.kind === 'flow')
      for (const target of task.inputs[0]!.targets) files.set(target, task.outputs[0]!.path);
  return files;
}

/** Paths relative to the root, each once, in the order asked for. @param there leaves out tasks of which nothing is there */
export function askedPaths(
  ws: Workspace,
  tasks: readonly Task[],
  wanted: Wanted,
  there: (task: number) => boolean = () => true,
): string[] {
  const linked = linkedFiles(ws);
  const found = new Set<string>();
  for (const { tasks: members, output } of wanted.chosen) {
    // Single parts lie in their artifacts; of a run that is meant whole all parts must be there.
    const isMeantWhole = wholeRuns(ws.expansion, new Set(members));
    const isThereWhole = wholeRuns(ws.expansion, new Set(members.filter(there)));
    for (const i of members) {
      const task = tasks[i]!;
      const isSingle = task.part !== undefined && !isMeantWhole(task);
      if (!there(i) || (task.part !== undefined && !isSingle && !isThereWhole(task))) continue;
      for (const { target, path, place, inner } of task.outputs) {
        const name = target.replace(/@.*/s, '');
        if (output === undefined ? inner === true : name !== output) continue;
        found.add(place === '' || isSingle ? path : (linked.get(target) ?? path));
      }
    }
  }
  return [...found];
}
