/** When an event happened: its first external trigger, or its first hit. Knows columns, no files. */

/** Values of `type`. LIGHT_MATCHED needs light hits, which no task makes yet. */
export const T0_TYPE = { NONE: 0, EXT_TRIG: 1, LIGHT_MATCHED: 2 } as const;

/** A trigger arrives so many ticks after what it tells of. */
const TRIGGER_DELAY = 2;

/** Standard deviation of a uniform tick. */
const TICK_ERROR = 1 / Math.sqrt(12);

/** Bytes of a row of combined/t0: id u4, ts ts_err f8 [ticks], type u1. */
export const T0_ROW = 21;

/** Earliest time of rows [from, to) of a column into `earliest[event]`, which starts as NaN. */
export function addEarliest(
  earliest: Float64Array,
  event: number,
  ts: Float64Array,
  from: number,
  to: number,
): void {
  let first = earliest[event]!;
  for (let i = from; i < to; i++) {
    // Not below, rather than above: the first time replaces NaN.
    if (!(ts[i]! >= first)) first = ts[i]!;
  }
  earliest[event] = first;
}

/**
 * Rows of combined/t0: the earliest trigger less two ticks where there is one (NaN: none), else the start of the event.
 * An event with neither hits nor triggers has NaN. All times in corrected ticks of 0.1 us.
 */
export function t0Rows(trigger: Float64Array, tsStart: Float64Array): Uint8Array {
  const rows = new DataView(new ArrayBuffer(T0_ROW * tsStart.length));
  for (let event = 0; event < tsStart.length; event++) {
    const at = T0_ROW * event;
    const isTriggered = !Number.isNaN(trigger[event]!);
    const ts = isTriggered ? trigger[event]! - TRIGGER_DELAY : tsStart[event]!;
    rows.setUint32(at, event, true);
    rows.setFloat64(at + 4, ts, true);
    rows.setFloat64(at + 12, isTriggered ? TICK_ERROR : 0, true);
    rows.setUint8(at + 20, isTriggered ? T0_TYPE.EXT_TRIG : T0_TYPE.NONE);
  }
  return new Uint8Array(rows.buffer);
}
