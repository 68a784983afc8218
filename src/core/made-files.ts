/** Files beside the inputs that another task makes (a calibration that an earlier step writes): their maker comes first. Knows paths only. */
import type { TargetName, Task } from './types.ts';

/** Targets of other tasks that a task reads as a file beside its inputs. @param makerOf by the path of the output */
const targetsOf = (task: Task, makerOf: ReadonlyMap<string, TargetName>): TargetName[] =>
  Object.values(task.files).flatMap(({ path }) => {
    const target = path === null ? undefined : makerOf.get(path);
    return target === undefined ||
      task.after.includes(target) ||
      task.outputs.some((o) => o.target === target)
      ? []
      : [target];
  });

/** Adds the makers of such files to `after` of who reads them. @param absolute path of an output as files have theirs */
export function afterMadeFiles(tasks: Task[], absolute: (path: string) => string): void {
  const read = new Set<string>();
  const seen = new Set<Task['files']>();
  for (const { files } of tasks) {
    if (seen.has(files)) continue;
    seen.add(files);
    for (const { path } of Object.values(files)) if (path !== null) read.add(path);
  }
  if (read.size === 0) return;
  const makerOf = new Map<string, TargetName>();
  for (const { outputs } of tasks)
    for (const { path, place, target } of outputs) {
      const file = place === '' ? absolute(path) : '';
      if (read.has(file)) makerOf.set(file, target);
    }
  if (makerOf.size === 0) return;
  tasks.forEach((task, i) => {
    const made = targetsOf(task, makerOf);
    if (made.length > 0) tasks[i] = { ...task, after: [...task.after, ...made] };
  });
}
