/** ExtTrig: events follow trigger packets, what no trigger took is searched for off-beam events. Knows rows and times, no files. */
import type { Batch } from './batch.ts';
import { symmetricFinder, type EventFinder, type FoundEvents } from './event-finder.ts';
import { PACKET, type PacketFields } from './packet-fields.ts';
import { firstAbove, firstAtOrAbove } from './symmetric-window.ts';

export interface ExtTrigRules {
  fields: PacketFields;
  /** Ticks after a trigger, both ends included. */
  window: number;
  /** Whose trigger packets count. */
  ioGroup: number;
  /** Ticks between two SYNCs: rows at whole multiples are the PPS signal. */
  rolloverTicks: number;
  /** Bins of so many ticks with more than so many rows, among what no trigger took; null = no off-beam events. */
  offBeam: { window: number; threshold: number } | null;
  /** An off-beam event that touches the end of the batch is one as it stands: nothing is carried. */
  keepOpen: boolean;
}

/** An event of a batch, by places in the sorted rows. */
interface Event {
  start: number;
  places: Uint32Array;
}

export function extTrigFinder(rules: ExtTrigRules): EventFinder {
  return {
    rawTime: false,
    overlaps: true,
    find(sorted, n, order, batch) {
      const isTrigger = triggersOf(n, order, batch, rules);
      const used = new Uint8Array(n);
      const events = beamEvents(sorted, n, isTrigger, used, rules);
      // A batch without a trigger has no events at all.
      if (events.length > 0 && rules.offBeam !== null)
        events.push(...offBeamEvents(sorted, n, used, rules.offBeam, rules.keepOpen, batch));
      // Stable: of equal starts the beam comes first.
      events.sort((a, b) => a.start - b.start);
      return gathered(events, n, order);
    },
    flush: () => [],
  };
}

/** 1 for the trigger packets among the sorted rows. */
function triggersOf(n: number, order: Uint32Array, batch: Batch, rules: ExtTrigRules): Uint8Array {
  const { rowSize, packetType, ioGroup } = rules.fields;
  const isTrigger = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const at = batch.rows[order[i]!]! * rowSize;
    const isOne = batch.bytes[at + packetType] === PACKET.trigger;
    if (isOne && batch.bytes[at + ioGroup] === rules.ioGroup) isTrigger[i] = 1;
  }
  return isTrigger;
}

/** One event per trigger: rows from it to `window` after it, without the PPS signal. Marks what it takes. */
function beamEvents(
  sorted: Float64Array,
  n: number,
  isTrigger: Uint8Array,
  used: Uint8Array,
  { window, rolloverTicks }: ExtTrigRules,
): Event[] {
  const events: Event[] = [];
  for (let trigger = 0; trigger < n; trigger++) {
    if (isTrigger[trigger] === 0) continue;
    const start = sorted[trigger]!;
    const from = firstAtOrAbove(sorted, n, start);
    const to = firstAbove(sorted, n, start + window);
    const places = new Uint32Array(to - from);
    let count = 0;
    for (let i = from; i < to; i++) {
      if (isTrigger[i] === 0 && sorted[i]! % rolloverTicks === 0) continue;
      places[count++] = i;
      used[i] = 1;
    }
    events.push({ start, places: places.subarray(0, count) });
  }
  return events;
}

/** SymmetricWindow over the rows that no trigger took. */
function offBeamEvents(
  sorted: Float64Array,
  n: number,
  used: Uint8Array,
  { window, threshold }: { window: number; threshold: number },
  keepOpen: boolean,
  batch: Batch,
): Event[] {
  const places = new Uint32Array(n);
  const times = new Float64Array(n);
  let left = 0;
  for (let i = 0; i < n; i++) {
    if (used[i] !== 0) continue;
    places[left] = i;
    times[left++] = sorted[i]!;
  }
  const finder = symmetricFinder(window, threshold, 'one bin');
  const { spans, openFrom } = finder.find(times, left, places, batch);
  const all = keepOpen && openFrom < left ? [...spans, [openFrom, left] as const] : spans;
  return all.flatMap(([from, to]) =>
    to > from ? [{ start: times[from]!, places: places.subarray(from, to) }] : [],
  );
}

/** The rows of all events, one behind the other. Nothing is carried. */
function gathered(events: readonly Event[], n: number, order: Uint32Array): FoundEvents {
  const rows = events.reduce((sum, { places }) => sum + places.length, 0);
  const picked = new Uint32Array(rows);
  const spans: [number, number][] = [];
  let row = 0;
  for (const { places } of events) {
    spans.push([row, row + places.length]);
    for (const place of places) picked[row++] = order[place]!;
  }
  return { order: picked, spans, openFrom: n };
}
