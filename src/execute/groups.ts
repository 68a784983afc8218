/** Process groups of commands and child processes: what they start ends with them, and none outlives this process. Knows pids only. */

const living = new Set<number>();

/** Ends a child and what it started. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}

/** From its start on: should this process end first (a second signal), the group ends with it. */
export function holdGroup(pid: number): void {
  if (living.size === 0) process.on('exit', endAll);
  living.add(pid);
}

/** The leader has ended; what it left behind goes with it. */
export function endGroup(pid: number): void {
  killGroup(pid, 'SIGKILL');
  living.delete(pid);
  if (living.size === 0) process.off('exit', endAll);
}

function endAll(): void {
  for (const pid of living) killGroup(pid, 'SIGKILL');
}
