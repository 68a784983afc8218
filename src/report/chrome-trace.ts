/** What ran when, as Chrome trace events (`--trace FILE`): one track per worker. Written whole at the end. Knows no terminal. */
import { writeFileSync } from 'node:fs';
import type { Reporter } from '../core/types.ts';

export function traceReporter(file: string): Reporter {
  const begun = new Map<string, { t: number; worker: number }>();
  const events: object[] = [];
  return (event, t) => {
    switch (event.type) {
      case 'started':
        begun.set(event.task.id, { t, worker: event.worker });
        return;
      case 'done':
      case 'failed':
      case 'retry': {
        const start = begun.get(event.task.id);
        if (start === undefined) return;
        begun.delete(event.task.id);
        events.push({
          name: event.task.id,
          cat: event.task.procedure.name,
          ph: 'X',
          ts: Math.round(start.t * 1e6),
          dur: Math.round((t - start.t) * 1e6),
          pid: 1,
          tid: start.worker,
          args: { ended: event.type },
        });
        return;
      }
      case 'finished':
        writeFileSync(file, `${JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' })}\n`);
        return;
      default:
        return;
    }
  };
}
