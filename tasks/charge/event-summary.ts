/** What the table of events says: charge and hits of each, and when. Knows its columns, no figures. */
import type { Table } from 'tg/h5';
import { numberColumn } from './number-column.ts';
import { statistics, type Statistics } from 'tg/figures';

export interface EventSummary {
  /** mV. */
  q: ArrayLike<number>;
  nhit: ArrayLike<number>;
  /** Unix seconds of the events that have some. */
  times: Float64Array;
  numbers: {
    event_charge_mv: Statistics | undefined;
    hits_per_event: Statistics | undefined;
    /** Unix seconds of the first and the last event; null where no event has any. */
    first_unix_s: number | null;
    last_unix_s: number | null;
    /** From the first event to the last, both seconds whole; null where no event has a time. */
    live_s: number | null;
    /** Events with a time, a second. */
    events_per_s: number | null;
    /** Events before the first time stamp of their run. */
    events_without_time: number;
  };
}

export function summarizeEvents(table: Table): EventSummary {
  const [q, nhit] = [numberColumn(table, 'q'), numberColumn(table, 'nhit')];
  const unix = numberColumn(table, 'unix_ts');
  const times = Float64Array.from(unix).filter((time) => time > 0);
  let [first, last] = [Infinity, -Infinity];
  for (const time of times) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  const timed = times.length > 0;
  const live = timed ? last - first + 1 : null;
  return {
    q,
    nhit,
    times,
    numbers: {
      event_charge_mv: statistics(q),
      hits_per_event: statistics(nhit),
      first_unix_s: timed ? first : null,
      last_unix_s: timed ? last : null,
      live_s: live,
      events_per_s: live === null ? null : times.length / live,
      events_without_time: unix.length - times.length,
    },
  };
}
