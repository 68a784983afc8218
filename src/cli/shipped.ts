/** The tables of `tasks/`, as the engine takes them: where the modules of the shipped types lie, and the shipped libraries. */
import { join } from 'node:path';
import { types } from '../../tasks/index.ts';
import { PACKAGE, moduleUrl } from '../package.ts';
import type { ShippedTypes } from '../project-modules.ts';

/** Workflow files in h5flow's own format, under the names of upstream. */
export const WORKFLOWS = join(PACKAGE, 'workflows');

export const shipped: ShippedTypes = {
  types: Object.fromEntries(
    Object.entries(types).map(([type, path]) => [type, moduleUrl(`tasks/${path}`)]),
  ),
  procedures: join(PACKAGE, 'procedures'),
};
