/** Ids of files that are large or HDF5, taken by workers, and handed to the facts. Knows no tasks and no reasons. */
import PQueue from 'p-queue';
import type { Facts, Unknown } from './facts.ts';
import type { Workers } from './execute/threads.ts';
import { absolute } from './store/store.ts';

interface Asked {
  places: string[];
  fast: boolean;
  isSource: boolean;
}

/** Files with the places asked for in each: one job a file. */
function byPath(unknown: readonly Unknown[]): Map<string, Asked> {
  const files = new Map<string, Asked>();
  for (const { path, place, fast, isSource } of unknown) {
    const file = files.get(path) ?? { places: [], fast, isSource };
    if (place !== '' && !file.places.includes(place)) file.places.push(place);
    files.set(path, file);
  }
  return files;
}

/**
 * Takes the ids of what `facts` was asked for and did not know (`facts.unknown()`).
 * @returns files that could not be read, with the error
 */
export async function hashUnknown(
  root: string,
  facts: Facts,
  unknown: readonly Unknown[],
  workers: Workers,
  slots: PQueue,
  signal: AbortSignal,
): Promise<{ path: string; error: unknown }[]> {
  const failed: { path: string; error: unknown }[] = [];
  const hash = async (path: string, asked: Asked): Promise<void> => {
    try {
      const now = Date.now();
      const result = await workers.run(
        { kind: 'hash', path: absolute(root, path), ...asked },
        { signal, emit: () => undefined },
      );
      for (const made of result.outputs) facts.learn(path, made.target, made.id, now);
    } catch (error) {
      failed.push({ path, error });
    }
  };
  await Promise.all(
    [...byPath(unknown)].map(([path, asked]) => slots.add(() => hash(path, asked))),
  );
  return failed;
}
