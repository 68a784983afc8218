/** What finds the events of a batch: the contract between the batch loop and the ways to build events, and the first of them. */
import type { Batch } from './batch.ts';
import { firstAbove, firstAtOrAbove, symmetricWindow } from './symmetric-window.ts';

/** Events of one batch. */
export interface FoundEvents {
  /** Numbers of kept rows of the batch, event after event as `spans` say. */
  order: Uint32Array;
  /** Half-open runs of `order`, one per event. */
  spans: (readonly [from: number, to: number])[];
  /** Sorted rows from here on are carried to the next batch. */
  openFrom: number;
}

export interface EventFinder {
  /** Time stamps as they are, with no seconds counted. */
  rawTime: boolean;
  /** Events may share rows. */
  overlaps: boolean;
  /** `order` sorts the first `n` kept rows of the batch, `sorted` are their times. */
  find(sorted: Float64Array, n: number, order: Uint32Array, batch: Batch): FoundEvents;
  /** Events of what is left over at the end of the file: the first `n` ascending times. */
  flush(times: Float64Array, n: number): (readonly [from: number, to: number])[];
}

/** Bins of `window` ticks with more than `threshold` rows, with their neighbours. */
export function symmetricFinder(
  window: number,
  threshold: number,
  shortBatch: 'one bin' | 'nothing',
): EventFinder {
  return {
    rawTime: false,
    overlaps: false,
    find(sorted, n, order) {
      const windows = symmetricWindow(sorted, n, window, threshold, shortBatch);
      const { starts, ends, openFrom } = windows;
      return {
        order,
        spans: starts.map((start, j) => [
          firstAbove(sorted, n, start),
          firstAtOrAbove(sorted, n, ends[j]!),
        ]),
        openFrom: openFrom === undefined ? n : firstAtOrAbove(sorted, n, openFrom),
      };
    },
    flush: (_times, n) => [[0, n]],
  };
}
