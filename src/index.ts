/** The public API: what a task module is and what its `run` is given. Knows nothing of how tasks are scheduled. */
export type { Json, TaskContext, TaskModule, InputPlace } from './task-module.ts';
export { defineTask } from './task-module.ts';
export { TaskError } from './task-module.ts';
export { columnIn, readAgain, valueIn } from './core/table-values.ts';
export type { ReadAgain } from './core/table-values.ts';
export { z } from 'zod';
