/** Where one harmonic file ends and the next begins: prefix sums over the payload of events. Knows sizes, no files. */

/** A stretch of events of one run: [first, first + events) among those it has. */
export interface Stretch {
  run: string;
  first: number;
  events: number;
}

/** What one harmonic file holds. */
export interface HarmonicFile {
  stretches: Stretch[];
  events: number;
  /** Payload: bytes of the datasets. */
  bytes: number;
}

/**
 * A file ends behind the event with which its payload reaches the limit; no event is split, and the last file holds what is left.
 * There is no empty file, but for a range without any event.
 * @param runs payload of each event, bytes, in order
 * @param limit bytes; 0 makes a file of each event
 */
export function partition(
  runs: Iterable<{ run: string; bytes: ArrayLike<number> }>,
  limit: number,
): HarmonicFile[] {
  const files: HarmonicFile[] = [];
  let file: HarmonicFile = { stretches: [], events: 0, bytes: 0 };
  for (const { run, bytes } of runs) {
    let first = 0;
    for (let i = 0; i < bytes.length; i++) {
      file.bytes += bytes[i]!;
      file.events++;
      if (file.bytes < limit) continue;
      file.stretches.push({ run, first, events: i + 1 - first });
      files.push(file);
      file = { stretches: [], events: 0, bytes: 0 };
      first = i + 1;
    }
    if (first < bytes.length) file.stretches.push({ run, first, events: bytes.length - first });
  }
  if (file.events > 0 || files.length === 0) files.push(file);
  return files;
}

/** `0000` of run_0000.h5: harmonic runs count from 0. */
export const harmonicName = (k: number): string => String(k).padStart(4, '0');

/** `55:13+11 56:0+3`: of run 55 the eleven events from the fourteenth, .. */
export const stretchesText = (stretches: readonly Stretch[]): string =>
  stretches.map(({ run, first, events }) => `${run}:${first}+${events}`).join(' ');

/** The same read again. */
export const stretchesOf = (text: string): Stretch[] =>
  [...text.matchAll(/(\S+):(\d+)\+(\d+)/g)].map(([, run, first, events]) => ({
    run: run!,
    first: Number(first),
    events: Number(events),
  }));
