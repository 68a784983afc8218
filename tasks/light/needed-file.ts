/** A file parameter that must be given. Knows nothing of its content. */
import { TaskError, type TaskContext } from 'tg';

/** @throws TaskError saying what it is for */
export function neededFile(context: TaskContext, table: string, name: string, why: string): string {
  const file = context.file(name);
  if (file !== null) return file;
  throw new TaskError(`${table} has no ${name}: ${why}`, {
    code: 'bad-value',
    try: `parameters: {${table}: {${name}: FILE.yaml}}`,
  });
}
