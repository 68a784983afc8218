/** Files beside the inputs that a plan's tasks will read and that are not there: told before anything runs. Reads no content. */
import { statSync } from 'node:fs';
import type { Diagnostic, Plan, Task } from './core/types.ts';
import { nearestFile, shownPath } from './procedures/files.ts';
import { absolute } from './store/store.ts';

/** One mistake per place; what a task of the plan makes may be missing yet. */
export function missingFiles(plan: Plan, root: string, cwd: string): Diagnostic[] {
  const seen = new Set<Task['files']>();
  const found = new Map<string, Diagnostic>();
  for (const i of plan.order) {
    const { files, kind, procedure } = plan.tasks[i]!;
    if ((kind !== 'module' && kind !== 'command') || seen.has(files)) continue;
    seen.add(files);
    for (const [name, { path, where }] of Object.entries(files)) {
      if (path === null) continue;
      const problem = problemOf(path);
      if (problem === undefined || isMade(plan, root, path)) continue;
      const near = problem === 'no file' ? nearestFile(path) : undefined;
      // Without a place it was given by --set.
      const said = where === undefined ? `${procedure.name}.${name}` : name;
      const place = where === undefined ? said : `${where.file}:${where.line}:${where.column}`;
      found.set(`${place} ${path}`, {
        severity: 'error',
        code: 'no-file',
        message: `${said}: ${problem} ${shownPath(path, cwd)}`,
        ...(where === undefined ? {} : { where }),
        try: near === undefined ? 'correct the path' : shownPath(near, cwd),
      });
    }
  }
  return [...found.values()];
}

function problemOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'no file';
  return stat.isDirectory() ? 'this is a folder, no file:' : undefined;
}

const isMade = (plan: Plan, root: string, path: string): boolean =>
  plan.tasks.some((task) => task.outputs.some((output) => absolute(root, output.path) === path));
