/** Task type harmonize/scalers: the scaler events of all runs in one parquet file. */
import { writeFileSync } from 'node:fs';
import { defineTask, TaskError } from 'tg';
import { openH5 } from 'tg/h5';
import { sibling } from './names.ts';
import { COLUMNS, scalersParquet } from './parquet.ts';

export default defineTask({
  version: '1',
  params: {},
  async run(context) {
    const columns = COLUMNS.map((): number[] => []);
    const inputs = [...context.inputs('scalers')].sort((a, b) => Number(a.run) - Number(b.run));
    for (const { path, place, run } of inputs) {
      const file = await openH5(path);
      try {
        const table = file.table(place);
        // u32: upstream's column cannot hold a run below 0 either.
        if (Number(run) < 0 && table.rows > 0)
          throw new TaskError(`run ${run}: scalers.parquet holds no negative run`, {
            try: 'min_run: 0',
          });
        COLUMNS.forEach((name, k) => {
          const values =
            name === 'run'
              ? new Array<number>(table.rows).fill(Number(run))
              : (table.column(name) as ArrayLike<number>);
          for (let i = 0; i < values.length; i++) columns[k]!.push(values[i]!);
        });
      } finally {
        file.close();
      }
    }
    writeFileSync(context.output(sibling(context.task, 'scalers')), scalersParquet(columns));
    context.count('rows', columns[0]!.length);
  },
});
