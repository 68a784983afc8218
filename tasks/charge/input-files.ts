/** The input files of a task: opened when asked for, closed together. Knows no tables. */
import type { TaskContext } from 'tg';
import { openH5, type H5File } from 'tg/h5';

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
      return file;
    },
    close() {
      for (const file of files) file.close();
    },
  };
}
