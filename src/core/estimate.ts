/** How long a build will take, from how long its tasks took before. Knows durations, no clock. */
import type { Plan } from './types.ts';

/**
 * Milliseconds for the tasks that are to run on so many workers: their sum shared out, but at least the longest chain.
 * @param learnt ms of a task's last run; tasks without one count like the mean of their procedure
 * @returns undefined when nothing is known of any of them
 */
export function estimate(
  plan: Plan,
  toRun: ReadonlySet<number>,
  workers: number,
  learnt: (task: number) => number | undefined,
): number | undefined {
  const families = new Map<string, { sum: number; n: number }>();
  for (const i of plan.order) {
    const ms = learnt(i);
    if (ms === undefined) continue;
    const { name } = plan.tasks[i]!.procedure;
    const family = families.get(name) ?? { sum: 0, n: 0 };
    families.set(name, { sum: family.sum + ms, n: family.n + 1 });
  }
  let known = false;
  let sum = 0;
  let longest = 0;
  const ends = new Float64Array(plan.tasks.length);
  for (const i of plan.order) {
    let begin = 0;
    for (const need of plan.needs[i]!) begin = Math.max(begin, ends[need]!);
    ends[i] = begin;
    if (!toRun.has(i)) continue;
    const family = families.get(plan.tasks[i]!.procedure.name);
    const ms = learnt(i) ?? (family === undefined ? undefined : family.sum / family.n);
    if (ms === undefined) continue;
    known = true;
    sum += ms;
    ends[i] = begin + ms;
    longest = Math.max(longest, ends[i]);
  }
  return known ? Math.max(longest, sum / workers) : undefined;
}
