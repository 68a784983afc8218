/** Commands of a build that was killed go on without it: they are found by their task file and ended. Linux only; elsewhere they are left. */
import { readdirSync, readFileSync } from 'node:fs';
import { killGroup } from './groups.ts';

/** @param stage folder of the stages; nobody else's commands have a task file in it */
export function endOrphans(stage: string): void {
  let staged: string[];
  try {
    staged = readdirSync(stage);
  } catch {
    return;
  }
  if (staged.length === 0) return;
  for (const pid of numbers('/proc')) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      if (!environment.some((v) => v.startsWith(`TG_TASK=${stage}/`))) continue;
      // Field 5: the group, which a command leads.
      const group = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[2]!;
      killGroup(Number(group), 'SIGKILL');
    } catch {
      // It ended meanwhile, or is another user's.
    }
  }
}

function numbers(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
