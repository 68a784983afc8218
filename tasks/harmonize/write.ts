/** Task type harmonize/write: one harmonic file, copied event by event from the runs that the plan names. */
import { defineTask, z } from 'tg';
import type { Json, TaskContext } from 'tg';
import { stretchesOf, type Stretch } from './partition.ts';
import { slowReader, type SlowReader } from './slow-piece.ts';
import { readEvents } from './read-scan.ts';
import { writeHarmonic, type SourceEvents } from './write-harmonic.ts';

/** An entry of the plan, as much of it as is read here. */
const member = z.object({ layout: z.enum(['1.0', '2.0']), stretches: z.string() });

async function* sourcesOf(
  context: TaskContext,
  stretches: readonly Stretch[],
): AsyncIterable<SourceEvents> {
  const merged = new Map(context.inputs('merged').map(({ run, path }) => [run, path]));
  const scans = new Map(context.inputs('scan').map((place) => [place.run, place]));
  for (const { run, first, events } of stretches) {
    const { path, place } = scans.get(run)!;
    const from = merged.get(run)!;
    let slow: SlowReader | undefined;
    try {
      for await (const { scan, format, events: n } of readEvents(path, place, first, events)) {
        const { read } = (slow ??= slowReader(from, format));
        yield { run: Number(run), path: from, first: 0, events: n, scan, read };
      }
    } finally {
      slow?.close();
    }
  }
}

export default defineTask({
  version: '1',
  params: { member: {} },
  async run(context) {
    const told = context.params['member'] as Record<string, Json>;
    const { layout, stretches } = member.parse({
      layout: told['layout'],
      stretches: told['stretches'],
    });
    const list = stretchesOf(stretches);
    const total = list.reduce((n, { events }) => n + events, 0);
    const path = context.output(context.task.replace(/@.*/s, ''));
    const { events, bytes } = await writeHarmonic(path, sourcesOf(context, list), layout, {
      progress: (n) => context.progress(n, total, 'events'),
      signal: context.signal,
    });
    context.count('events', events);
    context.count('bytes', bytes);
  },
});
