/** Base key of a task: the lines of text that are hashed. Knows nothing of files. */
import type { ContentId, TargetName, Task } from './types.ts';

/**
 * How the inputs are known to the task, where that is not told by their targets: each alias with the number of its targets.
 * None for inputs written as a list of targets, which is nearly always.
 */
export function inputNames({ kind, inputs, procedure }: Task): (readonly [string, string])[] {
  if (kind === 'merge' || kind === 'flow') return [];
  const plain = ({ alias, targets }: Task['inputs'][number], only: boolean): boolean =>
    only
      ? procedure.inputs[0]?.target.split('@')[0] === alias
      : targets.length === 1 && targets[0]!.split('@')[0] === alias;
  if (inputs.every((input) => plain(input, inputs.length === 1))) return [];
  return inputs.map(({ alias, targets }) => [alias, String(targets.length)] as const);
}

/** Lines of the base key: type, code version, data inputs by content and name, outputs in any order. */
export function baseLines(
  task: Task,
  code: string,
  inputs: readonly (readonly [TargetName, ContentId])[],
): string[] {
  return [
    `type ${task.procedure.type}`,
    `code ${code}`,
    ...inputs.map(([target, id]) => `in ${target} ${id}`),
    ...inputNames(task).map(([alias, n]) => `as ${alias} ${n}`),
    ...task.outputs.map((o) => `out ${o.target} ${o.path}`).sort(),
  ];
}
