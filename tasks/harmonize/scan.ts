/** Task type harmonize/scan: the events of one merged run, where their bytes lie, and its scalers, as tables. */
import { defineTask } from 'tg';
import { compound, createH5 } from 'tg/h5';
import { findingText } from './findings.ts';
import { CHANNELS } from './merger-formats.ts';
import { sibling } from './names.ts';
import { scanRun } from './run-scan.ts';
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
    const table = sibling(context.task, 'scan');
    const run = Number(context.run);
    const out = createH5(context.output(table));
    const rows = out.table(table, EVENT);
    const pieces = out.table(`${table}/pieces`, PIECE);
    const append = (columns: EventColumns): void => {
      rows.appendColumns(columns.events());
      pieces.appendColumns(columns.pieces());
    };
    const { format, version, events, scalers, findings } = scanRun(context.input('merged'), run, {
      progress: (n, of) => context.progress(n, of, 'events'),
      block: append,
    });
    append(events);
    out.group(table, { format, version, findings: JSON.stringify(findings) });
    const width = 1 + CHANNELS.length;
    const column = (k: number): Uint32Array =>
      Uint32Array.from({ length: scalers.length / width }, (_, i) => scalers[i * width + k]!);
    out
      .table(sibling(context.task, 'run_scalers'), SCALER)
      .appendColumns(
        Object.fromEntries(['event', ...CHANNELS].map((name, k) => [name, column(k)])),
      );
    out.close();
    context.count('events', events.rows);
    // The plan tells them of all runs together.
    for (const finding of findings)
      context.note(findingText(run, finding), undefined, undefined, true);
  },
});
