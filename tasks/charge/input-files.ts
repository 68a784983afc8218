/** The input files of a task: opened when asked for, closed together; of tables that no class of ours reads it tells. */
import type { TaskContext } from 'tg';
import { openH5, type H5File } from 'tg/h5';
import { checkClass } from './class-version.ts';
import { tablePlace } from './raw-event-packets.ts';

export interface InputFiles {
  open(name: string): Promise<H5File>;
  close(): void;
}

export function inputFiles(context: TaskContext): InputFiles {
  const files: H5File[] = [];
  return {
    async open(name) {
      const file = await openH5(context.input(name));
      files.push(file);
      checkClass(file, name, tablePlace(context, name));
      return file;
    },
    close() {
      for (const file of files) file.close();
    },
  };
}
