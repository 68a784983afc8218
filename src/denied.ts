/** What the file system refused: whose file it is, and whether it cannot be read or not be written. Knows no task. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';

/** `permission denied (owner prod, mode 644)` and the `chmod` that would help. */
export function denied(path: string): { what: string; chmod: 'chmod u+r' | 'chmod u+w' } {
  try {
    const { uid, mode } = statSync(path);
    const owner = nameOf(uid) ?? String(uid);
    return {
      what: `permission denied (owner ${owner}, mode ${(mode & 0o777).toString(8)})`,
      chmod: mayRead(path) ? 'chmod u+w' : 'chmod u+r',
    };
  } catch {
    return { what: 'permission denied', chmod: 'chmod u+w' };
  }
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function nameOf(uid: number): string | undefined {
  try {
    const users = readFileSync('/etc/passwd', 'utf8').split('\n');
    return users.map((line) => line.split(':')).find((user) => user[2] === String(uid))?.[0];
  } catch {
    return undefined;
  }
}
