/** What a task printed in its last tries, kept for `tg log`. A file only where there is something to keep. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileNameOf } from './core/outputs.ts';

export const logPath = (folder: string, task: string, attempt: number): string => {
  const [name = '', selection = ''] = task.split(/@(.*)/s);
  return join(
    folder,
    'logs',
    `${name}${selection === '' ? '' : `@${fileNameOf(selection)}`}.${attempt}.log`,
  );
};

/** Outputs of the tries of a task, in order. */
export function readTaskLogs(folder: string, task: string): { attempt: number; text: string }[] {
  const found: { attempt: number; text: string }[] = [];
  for (let attempt = 1; existsSync(logPath(folder, task, attempt)); attempt++)
    found.push({ attempt, text: readFileSync(logPath(folder, task, attempt), 'utf8') });
  return found;
}

export function taskLog(
  folder: string,
  task: string,
  attempt: number,
): { write(text: string): void; close(): void } {
  const path = logPath(folder, task, attempt);
  let fd: number | undefined;
  // What an earlier build's tries printed is not of this one.
  if (attempt === 1)
    for (let n = 1; existsSync(logPath(folder, task, n)); n++) rmSync(logPath(folder, task, n));
  return {
    write(text) {
      try {
        if (fd === undefined) {
          mkdirSync(dirname(path), { recursive: true });
          fd = openSync(path, 'w');
        }
        writeSync(fd, text);
      } catch {
        // A full disk stops the build where it matters, not here.
      }
    },
    close() {
      if (fd !== undefined) closeSync(fd);
    },
  };
}
