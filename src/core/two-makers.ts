/** The mistake of two procedures that make one target. Knows their entries, no task. */
import type { Diagnostic, Procedure, Where } from './types.ts';

/** Where an output is declared: its entry under `outputs:`, else the procedure's name. */
export const outputPlace = ({ outputs, where }: Procedure, target: string): Where =>
  outputs.find((output) => output.target === target)?.where ?? where;

/** `target` is a name without run or point. */
export function twoMakers(target: string, second: Procedure, first: Procedure): Diagnostic {
  const { file, line, column } = outputPlace(first, target);
  return {
    severity: 'error',
    code: 'two-makers',
    message: `${target} has two makers`,
    where: outputPlace(second, target),
    other: `the other: ${file}:${line}:${column} (procedure ${first.name})`,
    try:
      second.replace || first.replace
        ? 'another name: the other makes more than is replaced'
        : 'another name, or "replace: true" here to use this one',
  };
}
