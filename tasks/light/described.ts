/** The two geometry files of a task of the 2x2, as parameters name them. Knows no keys in them. */
import { z, type TaskContext } from 'tg';
import { neededFile } from './needed-file.ts';
import type { Described } from './light-places.ts';

export const placeParams = {
  lrs_geometry_file: z.string().nullable().default(null),
  det_geometry_file: z.string().nullable().default(null),
};

/** The `configuration` of such a task. */
export const PLACE_FILES = ['lrs_geometry_file', 'det_geometry_file'] as const;

/** @throws TaskError when one is not given; `why`: what they are for */
export function describedPlaces(
  context: TaskContext,
  table: string,
  why: string,
): { light: Described; detector: Described } {
  const [light, detector] = PLACE_FILES.map((name): Described => {
    const file = neededFile(context, table, name, why);
    return { file, root: context.configuration(name) };
  }) as [Described, Described];
  return { light, detector };
}
