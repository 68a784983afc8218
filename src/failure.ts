/** Errors as the user sees them. What is nobody's fault but tg's is passed on. */
import type { TaskFailure } from './core/types.ts';
import { denied } from './denied.ts';
import { JobFailure } from './execute/threads.ts';
import { TaskError } from './task-module.ts';

/** @throws the error itself when it is a bug of tg */
export function failureOf(error: unknown): TaskFailure {
  if (error instanceof JobFailure) {
    const { code, message, stack, lines, at, try: fix } = error.error;
    return {
      code,
      message,
      ...(fix === undefined ? {} : { try: fix }),
      ...(stack === undefined ? {} : { stack }),
      ...(lines === undefined ? {} : { lines }),
      ...(at === undefined ? {} : { at }),
    };
  }
  if (error instanceof TaskError) {
    const { code, message, at, try: fix } = error;
    return {
      code,
      message,
      ...(fix === undefined ? {} : { try: fix }),
      ...(at === undefined ? {} : { at }),
    };
  }
  // Of a rename both ends are known: what was to be there says more than where it was staged.
  const { code, path, dest, syscall, message } = error as NodeJS.ErrnoException & { dest?: string };
  if (code === 'ENOSPC')
    return {
      code: 'no-space',
      message: `${path ?? 'the build folder'}: no space left`,
      try: 'make room, then the same build',
    };
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const where = dest ?? path ?? '';
    const { what, chmod } = denied(where);
    const fix =
      chmod === 'chmod u+r' ? `${chmod}, then the same build` : `${chmod}, or build: elsewhere`;
    return { code: 'no-access', message: `${where}: ${what}`, try: fix };
  }
  if (code === 'EISDIR' && path !== undefined)
    return {
      code: 'bad-input',
      message: `${path} is a folder, not a file`,
      try: 'take it away, or correct the pattern under sources:',
    };
  if (syscall !== undefined)
    return { code: 'no-file', message, try: 'look at the file, then the same build' };
  throw error;
}
