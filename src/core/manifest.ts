/** Base key of a task: the lines of text that are hashed. Knows nothing of files. */
import type { ContentId, TargetName, Task } from './types.ts';

/** Lines of the base key: type, code version, data inputs by content, outputs. */
export function baseLines(
  task: Task,
  code: string,
  inputs: readonly (readonly [TargetName, ContentId])[],
): string[] {
  return [
    `type ${task.procedure.type}`,
    `code ${code}`,
    ...inputs.map(([target, id]) => `in ${target} ${id}`),
    ...task.outputs.map((o) => `out ${o.target} ${o.path}`),
  ];
}
