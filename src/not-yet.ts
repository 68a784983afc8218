/** Settings that tg.yaml may hold by its documents and that this version does not follow: said at once, never passed over. */
import type { Diagnostic, Project, Where } from './core/types.ts';

/** One error for each such setting of a project. */
export function notYet(project: Project): Diagnostic[] {
  const found: Diagnostic[] = [];
  const say = (key: string, message: string, fix: string): void => {
    const where: Where | undefined = project.places.get(`:${key}`);
    found.push({
      severity: 'error',
      code: 'bad-value',
      message,
      ...(where === undefined ? {} : { where }),
      try: fix,
    });
  };
  const { executor, cache } = project;
  if (executor?.kind === 'slurm')
    say('executor', 'executor slurm is not there in this version', 'kind: threads');
  if (cache !== undefined) say('cache', 'cache is not there in this version', 'take it out');
  return found;
}
