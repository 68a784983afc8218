/** The public API: what a task module is and what its `run` is given. Knows nothing of how tasks are scheduled. */
export type {
  Hindrance,
  InputPlace,
  Json,
  StandIns,
  StandingEntry,
  TaskContext,
  TaskModule,
} from './task-module.ts';
export { defineStanding, defineTask, StandInError } from './task-module.ts';
export { TaskError } from './task-module.ts';
export { columnIn, readAgain, valueIn } from './core/table-values.ts';
export type { ReadAgain } from './core/table-values.ts';
export { bytes as bytesOf } from './procedures/units.ts';
export { z } from 'zod';
