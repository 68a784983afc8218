/** Numbers as a person writes them: `55, 56, 58..60`. */

export function rangesText(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length;) {
    let j = i;
    while (j + 1 < sorted.length && sorted[j + 1] === sorted[j]! + 1) j++;
    parts.push(j > i + 1 ? `${sorted[i]!}..${sorted[j]!}` : sorted.slice(i, j + 1).join(', '));
    i = j + 1;
  }
  return parts.join(', ');
}

/** `55..59`: from the first to the last. */
export function spanText(numbers: readonly number[]): string {
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  return first === last ? `${first}` : `${first}..${last}`;
}

/** Runs of [min, max] that are not there: first and last of each gap. */
export function gapsOf(runs: readonly number[], min: number, max: number): [number, number][] {
  const gaps: [number, number][] = [];
  let next = min;
  for (const run of [...runs, max + 1]) {
    if (run > next) gaps.push([next, run - 1]);
    next = run + 1;
  }
  return gaps;
}

/** `run 57, 60..99 absent`. */
export const gapText = (gaps: readonly [number, number][]): string =>
  `run ${gaps
    .flatMap(([a, b]) => (a === b ? [`${a}`] : b === a + 1 ? [`${a}`, `${b}`] : [`${a}..${b}`]))
    .join(', ')} absent`;
