/** Order of mistakes: by place, in the order in which the files were read. Knows no texts. */
import type { Diagnostic } from './types.ts';

/** By file (in the order of `files`, then as they come), line and column; those without a place last. Stable. */
export function sortDiagnostics(
  list: readonly Diagnostic[],
  files: readonly string[] = [],
): Diagnostic[] {
  const rank = new Map<string, number>();
  for (const file of [
    ...files,
    ...list.flatMap(({ where }) => (where === undefined ? [] : [where.file])),
  ]) {
    if (!rank.has(file)) rank.set(file, rank.size);
  }
  const key = ({ where }: Diagnostic): [number, number, number] =>
    where === undefined ? [Infinity, 0, 0] : [rank.get(where.file)!, where.line, where.column];
  return list
    .map((diagnostic) => ({ diagnostic, key: key(diagnostic) }))
    .sort((a, b) => {
      const file = a.key[0] === b.key[0] ? 0 : a.key[0] - b.key[0];
      return file || a.key[1] - b.key[1] || a.key[2] - b.key[2];
    })
    .map(({ diagnostic }) => diagnostic);
}
