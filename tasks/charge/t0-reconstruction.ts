/** Task type charge/t0: events and their external triggers -> combined/t0, one row per event. */
import { defineTask, z } from 'tg';
import { writeT0 } from './t0-tables.ts';

export default defineTask({
  version: '1',
  params: z.strictObject({}),
  parts: 'each',
  run: (context) => writeT0(context),
});
