/** When an event happened: the rising edge of its largest light hit, its first external trigger, or its first hit. Knows columns, no files. */

/** Values of `type`. */
export const T0_TYPE = { NONE: 0, EXT_TRIG: 1, LIGHT_MATCHED: 2 } as const;

/** A trigger arrives so many ticks after what it tells of. */
const TRIGGER_DELAY = 2;

/** Standard deviation of a uniform tick. */
const TICK_ERROR = 1 / Math.sqrt(12);

/** Ticks of 0.1 us in a nanosecond. */
const TICKS_PER_NS = 0.01;

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

/** Columns of light/hits; times in ns. */
export interface LightHits {
  ns: ArrayLike<number>;
  busy_ns: ArrayLike<number>;
  rising_spline: ArrayLike<number>;
  rising_err_spline: ArrayLike<number>;
  sum_spline: ArrayLike<number>;
}

/** The largest light hit of each event (of light or of charge): its sum, NaN without one, and its rising edge in ticks. */
export interface LargestHits {
  sum: Float64Array;
  ts: Float64Array;
  error: Float64Array;
}

export function noHits(events: number): LargestHits {
  const unknown = (): Float64Array => new Float64Array(events).fill(NaN);
  return { sum: unknown(), ts: unknown(), error: unknown() };
}

/** Is a sum larger than the largest so far? Of equal ones the first counts; one that is no number never. */
const isLarger = (sum: number, largest: number): boolean => !Number.isNaN(sum) && !(sum <= largest);

/** Rows [from, to) of light/hits belong to `event`. */
export function addHits(
  largest: LargestHits,
  event: number,
  hits: LightHits,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    if (!isLarger(hits.sum_spline[i]!, largest.sum[event]!)) continue;
    largest.sum[event] = hits.sum_spline[i]!;
    largest.ts[event] = (hits.ns[i]! + hits.busy_ns[i]! + hits.rising_spline[i]!) * TICKS_PER_NS;
    largest.error[event] = hits.rising_err_spline[i]! * TICKS_PER_NS;
  }
}

/** Light event `light` belongs to charge event `event`. */
export function addLight(
  largest: LargestHits,
  event: number,
  ofLight: LargestHits,
  light: number,
): void {
  if (light >= ofLight.sum.length || !isLarger(ofLight.sum[light]!, largest.sum[event]!)) return;
  for (const name of ['sum', 'ts', 'error'] as const) largest[name][event] = ofLight[name][light]!;
}

/**
 * Rows of combined/t0: the largest light hit where there is one, else the earliest trigger less two ticks (NaN: none), else the start of the event.
 * An event with neither hits nor triggers has NaN. All times in corrected ticks of 0.1 us. (module0_flow T0Reconstruction.)
 */
export function t0Rows(
  trigger: Float64Array,
  tsStart: Float64Array,
  light: LargestHits = noHits(tsStart.length),
): Uint8Array {
  const rows = new DataView(new ArrayBuffer(T0_ROW * tsStart.length));
  for (let event = 0; event < tsStart.length; event++) {
    const at = T0_ROW * event;
    const isTriggered = !Number.isNaN(trigger[event]!);
    const isLit = !Number.isNaN(light.sum[event]!);
    const [ts, error, type] = isLit
      ? [light.ts[event]!, light.error[event]!, T0_TYPE.LIGHT_MATCHED]
      : isTriggered
        ? [trigger[event]! - TRIGGER_DELAY, TICK_ERROR, T0_TYPE.EXT_TRIG]
        : [tsStart[event]!, 0, T0_TYPE.NONE];
    rows.setUint32(at, event, true);
    rows.setFloat64(at + 4, ts, true);
    rows.setFloat64(at + 12, error, true);
    rows.setUint8(at + 20, type);
  }
  return new Uint8Array(rows.buffer);
}
