/** Task type harmonize/simulate: a merged run made up from a seed. */
import { defineTask, z } from 'tg';
import { writeSimulatedRun } from './simulated-run.ts';

const params = z.strictObject({
  /** Four digits, as in the name of the file. */
  run: z.string().regex(/^\d{4,}$/),
  seed: z.int().min(0).max(0xffffffff).default(1),
  events: z.int().nonnegative().default(20),
  format: z.enum(['0.1.0', '1.0', '2.0']).default('1.0'),
  traces: z.int().nonnegative().default(8).describe('per event, mean'),
  samples: z.int().positive().default(64).describe('of a digitizer'),
  scalers: z.int().nonnegative().default(4),
  frib: z.boolean().default(true),
});

export default defineTask({
  version: '1',
  params,
  run(context) {
    const { run, seed, ...more } = context.params as z.infer<typeof params>;
    const path = context.output(context.task.replace(/@.*/s, ''));
    writeSimulatedRun(path, { ...more, seed: (seed * 1_000_003 + Number(run)) >>> 0 });
    context.count('events', more.events);
  },
});
