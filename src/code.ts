/** The code version of a task: `version` of its module, else the module's bytes and what it imports relatively; a command's words and `depends`. */
import { moduleFiles } from './module-files.ts';
import { sha256 } from './content-id.ts';
import type { Procedure } from './core/types.ts';
import type { TaskModule } from './task-module.ts';

/** @param fileId content id of a file, undefined when it is not there */
export function moduleCode(
  path: string,
  module: TaskModule,
  fileId: (path: string) => string | undefined,
): string {
  if (module.version !== undefined) return `version ${module.version}`;
  return `source ${sha256(
    moduleFiles(path)
      .map((f) => fileId(f) ?? 'absent')
      .join('\n'),
  ).slice(0, 16)}`;
}

export function commandCode(
  procedure: Procedure,
  fileId: (path: string) => string | undefined,
): string {
  const depends = procedure.depends.map((f) => fileId(f) ?? 'absent');
  return `command ${sha256(JSON.stringify([procedure.command, depends])).slice(0, 16)}`;
}
