/** Task type harmonize/scan: the events of one merged run, where their bytes lie, and its scalers, as tables. */
import { defineTask, type TaskContext } from 'tg';
import { compound, createH5, type H5Writer } from 'tg/h5';
import { findingText } from './findings.ts';
import { CHANNELS } from './merger-formats.ts';
import { sibling } from './names.ts';
import { scanRun, type RunScan } from './run-scan.ts';
import { EVENT, PIECE, type EventColumns } from './scan-columns.ts';

/** Columns of a scaler event: its number, then the channels. */
export const SCALER = compound([
  ['event', 'u4'],
  ...CHANNELS.map((name): [string, string] => [name, 'u4']),
]);

export default defineTask({
  version: '1',
  params: {},
  run(context) {
    const out = createH5(context.output(sibling(context.task, 'scan')));
    try {
      const { events, findings } = writeScan(context, out);
      out.close();
      context.count('events', events.rows);
      // The plan tells them of all runs together.
      for (const finding of findings)
        context.note(findingText(Number(context.run), finding), undefined, undefined, true);
    } catch (error) {
      out.abort();
      throw error;
    }
  },
});

function writeScan(context: TaskContext, out: H5Writer): RunScan {
  const table = sibling(context.task, 'scan');
  const rows = out.table(table, EVENT);
  const pieces = out.table(`${table}/pieces`, PIECE);
  const append = (columns: EventColumns): void => {
    rows.appendColumns(columns.events());
    pieces.appendColumns(columns.pieces());
  };
  const scan = scanRun(context.input('merged'), Number(context.run), {
    progress: (n, of) => context.progress(n, of, 'events'),
    block: append,
  });
  const { format, version, scalers, findings } = scan;
  append(scan.events);
  out.group(table, { format, version, findings: JSON.stringify(findings) });
  const width = 1 + CHANNELS.length;
  const column = (k: number): Uint32Array =>
    Uint32Array.from({ length: scalers.length / width }, (_, i) => scalers[i * width + k]!);
  out
    .table(sibling(context.task, 'run_scalers'), SCALER)
    .appendColumns(Object.fromEntries(['event', ...CHANNELS].map((name, k) => [name, column(k)])));
  return scan;
}
