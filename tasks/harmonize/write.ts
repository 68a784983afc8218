/** Task type harmonize/write: one harmonic file, copied event by event from the runs that the plan names. */
import { defineTask, TaskError, z } from 'tg';
import type { TaskContext } from 'tg';
import { slowReader } from './slow-piece.ts';
import { readEvents } from './read-scan.ts';
import { writeHarmonic, type SourceEvents } from './write-harmonic.ts';

/** An entry of the plan. */
const member = z.object({
  name: z.string(),
  layout: z.enum(['1.0', '2.0']),
  events: z.int(),
  runs: z.array(z.string()),
  first: z.array(z.int()),
  counts: z.array(z.int()),
});

type Member = z.infer<typeof member>;

async function* sourcesOf(context: TaskContext, file: Member): AsyncIterable<SourceEvents> {
  const merged = new Map(context.inputs('merged').map(({ run, path }) => [run, path]));
  const scans = new Map(context.inputs('scan').map((place) => [place.run, place]));
  for (const [k, run] of file.runs.entries()) {
    const { path, place } = scans.get(run)!;
    const { scan, format } = await readEvents(path, place);
    const [first, events] = [file.first[k]!, file.counts[k]!];
    if (first + events > scan.event.length)
      throw new TaskError(`run ${run} has ${scan.event.length} events, not ${first + events}`, {
        code: 'input-changed',
        try: 'build again',
      });
    const from = merged.get(run)!;
    yield { run: Number(run), path: from, first, events, scan, read: slowReader(from, format) };
  }
}

export default defineTask({
  version: '1',
  params: { member: {} },
  async run(context) {
    const file = member.parse(context.params['member']);
    const path = context.output(context.task.replace(/@.*/s, ''));
    const { events, bytes } = await writeHarmonic(path, sourcesOf(context, file), file.layout, {
      progress: (n) => context.progress(n, file.events, 'events'),
      signal: context.signal,
    });
    context.count('events', events);
    context.count('bytes', bytes);
  },
});
