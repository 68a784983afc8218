/** From packets in file order to raw events: batch by batch, with what a batch leaves open carried to the next. Knows bytes, no files. */
import { aligned, copyRows, emptyBatch, grow, type Batch } from './batch.ts';
import { scanRows, type Fates, type ScanRules } from './batch-scan.ts';
import { TIMESTAMP_MASK, PACKET, SYNC_RESET, type PacketFields } from './packet-fields.ts';
import type { EventFinder } from './event-finder.ts';
import { sortRoom, sortTimes, type SortRoom } from './radix-sort.ts';
import { createRollovers, followUnix, type RolloverJump, type Rollovers } from './rollover.ts';

export interface RawEventRules {
  fields: PacketFields;
  /** Packets that an event must have. */
  nhitCut: number;
  /** Ticks, both excluded; null = no cut. */
  syncNoiseCut: readonly [number, number] | null;
  /** How events are found among the rows of a batch. */
  finder: EventFinder;
  /** Ticks between two SYNCs. */
  rolloverTicks: number;
  /** Upstream's numbers: rollovers counted anew in each batch, short batches and what is open at the end lost. */
  upstream: boolean;
  /** What is open at the end of the file is one event. */
  flushAtEnd: boolean;
  /** Made by larnd-sim: no packet is late over a SYNC, and no cut. */
  simulated: boolean;
  /** Tell of each packet which row of the input it was. */
  origins?: boolean;
}

/** Raw events of one batch: rows of packets one behind the other, sorted by time in each event. */
export interface RawEvents {
  /** Packets of each event. */
  lengths: number[];
  /** Unix time of each event's first packet, s. */
  unix: number[];
  /** The rows, as in the input but for time stamps cut to 31 bits. Valid until the next batch. */
  packets: Uint8Array;
  rows: number;
  /** With `origins`: the row of the file that each of them was. */
  origins?: Uint32Array;
}

/** What the end of a batch leaves to the next: all that a builder must know to go on in the middle of a file. */
export interface Carried {
  /** Rows that stand in front of the next batch, sorted by time. */
  packets: Uint8Array;
  /** Their times, ticks, their unix times, s, and which rows of the file they are. */
  times: readonly number[];
  unix: readonly number[];
  origins: readonly number[];
  /** Row of the file that comes next. */
  row: number;
  /** Unix time of what comes before the next timestamp packet, s. */
  lastUnix: number;
  rollovers: Rollovers;
  /** Corrections of the rollover count made at the start of the next batch. */
  jumps: readonly RolloverJump[];
}

/** At `row` of a file of which nothing came before, and whose first timestamp packet says `unix` (s). */
export const startOfFile = (unix: number, rolloverTicks: number, row = 0): Carried => ({
  packets: new Uint8Array(0),
  times: [],
  unix: [],
  origins: [],
  row,
  lastUnix: unix,
  rollovers: createRollovers(rolloverTicks),
  jumps: [],
});

/** Memory of a builder, which the next one in this thread may have. */
export interface BuilderRoom {
  batch: Pick<Batch, 'bytes' | 'view' | 'rows' | 'times'>;
  sorting: SortRoom;
  sorted: Float64Array;
  packets: Uint8Array;
}

export const builderRoom = (): BuilderRoom => ({
  batch: emptyBatch(),
  sorting: sortRoom(0),
  sorted: new Float64Array(0),
  packets: new Uint8Array(0),
});

/** A builder in the middle of a file. */
export interface RawEventBuilder {
  readonly fates: Readonly<Fates>;
  /** Rows that it went on from. */
  readonly before: number;
  /** Rows in events so far, each counted once. */
  readonly kept: number;
  /** Rows in events beyond those: what stands in two events or more. */
  readonly repeated: number;
  /** Where to read the next `rows` rows of the open batch. */
  room(rows: number): Uint8Array;
  /** `rows` rows were read into the room: passes over them. */
  scan(rows: number): void;
  /** End of a batch. */
  close(): RawEvents;
  /** Behind the end of a batch. */
  carried(): Carried;
  /** End of the file. */
  finish(): RawEvents;
  /** Corrections of the rollover count made at the start of the batch that is open. */
  jumps(): readonly RolloverJump[];
}

/** A builder that goes on from `from`, and makes room for batches of `batchRows` rows at once. */
export function createRawEventBuilder(
  rules: RawEventRules,
  from: Carried,
  batchRows = 0,
  room = builderRoom(),
): RawEventBuilder {
  const { rowSize } = rules.fields;
  const { finder } = rules;
  const scanRules: ScanRules = {
    fields: rules.fields,
    syncNoiseCut: rules.simulated && !rules.upstream ? null : rules.syncNoiseCut,
    lateOverSync: rules.upstream || !rules.simulated,
    countAfterCut: rules.upstream,
    rawTime: finder.rawTime,
  };
  const fates: Fates = { rows: 0, timestamps: 0, other: 0, parity: 0, syncCut: 0 };
  let { rollovers } = from;
  const memory = ({ bytes, view, rows, times }: BuilderRoom['batch']): BuilderRoom['batch'] => ({
    bytes,
    view,
    rows,
    times,
  });
  let batch: Batch = { ...emptyBatch(), ...memory(room.batch) };
  // Somewhat more: what the last batch leaves over stands in front.
  grow(batch, batchRows + (batchRows >> 4), rowSize);
  /** Unix time of each carried row. */
  let carriedUnix: readonly number[] = from.unix;
  /** Row of the input of each carried row, and of the first row after those. */
  let carriedOrigins: readonly number[] = from.origins;
  let firstRow = from.row;
  let { lastUnix } = from;
  let kept = 0;
  let repeated = 0;
  let found = from.jumps;

  const unixOf = (row: number): number => {
    if (row < batch.carried) return carriedUnix[row]!;
    const stamp = lastBefore(batch.stampRows, row);
    return stamp < 0 ? lastUnix : batch.stampUnix[stamp]!;
  };

  const originOf = (row: number): number =>
    row < batch.carried ? carriedOrigins[row]! : firstRow + row - batch.carried;

  const close = (): RawEvents => {
    const { kept: n, first, last } = batch;
    const events: RawEvents = { lengths: [], unix: [], packets: room.packets, rows: 0 };
    let openFrom = n;
    // Upstream forgets what it carried when a batch brings nothing.
    if (n > (rules.upstream ? batch.carried : 0)) {
      if (room.sorting.order.length < n) room.sorting = sortRoom(batch.rows.length);
      if (room.sorted.length < n) room.sorted = new Float64Array(batch.rows.length);
      const { sorting, sorted } = room;
      const order = sortTimes(batch.times, n, first, last, sorting);
      gather(batch.times, order, n, sorted);
      const made = finder.find(sorted, n, order, batch);
      openFrom = made.openFrom;
      const spans = made.spans.filter(([from, to]) => to > from && to - from >= rules.nhitCut);
      const rows = spans.reduce((sum, [from, to]) => sum + to - from, 0);
      if (room.packets.length < rows * rowSize) room.packets = aligned(rows * rowSize);
      const { packets } = room;
      let place = 0;
      if (rules.origins === true) events.origins = new Uint32Array(rows);
      for (const [from, to] of spans) {
        for (let i = from; events.origins && i < to; i++)
          events.origins[place + i - from] = originOf(batch.rows[made.order[i]!]!);
        copyRows(batch, made.order, from, to, rowSize, packets, place);
        place += to - from;
        events.lengths.push(to - from);
        events.unix.push(unixOf(batch.rows[made.order[from]!]!));
      }
      events.packets = packets;
      events.rows = rows;
      const distinct = finder.overlaps ? distinctRows(made.order, spans, n) : rows;
      kept += distinct;
      repeated += rows - distinct;
    }
    carry(openFrom, n);
    return events;
  };

  /** Opens the next batch with sorted rows [first, end) of this one at its front. */
  const carry = (first: number, end: number): void => {
    const { order } = room.sorting;
    const rows = aligned((end - first) * rowSize);
    const unixTimes: number[] = [];
    const origins: number[] = [];
    const times: number[] = [];
    copyRows(batch, order, first, end, rowSize, rows, 0);
    for (let i = first; i < end; i++) {
      unixTimes.push(unixOf(batch.rows[order[i]!]!));
      origins.push(originOf(batch.rows[order[i]!]!));
      times.push(batch.times[order[i]!]!);
    }
    if (batch.stampsBeforeLast > 0) lastUnix = batch.stampUnix[batch.stampsBeforeLast - 1]!;
    // The memory of the old batch is that of the next one.
    room.batch = memory(batch);
    batch = { ...emptyBatch(), ...room.batch };
    carriedUnix = unixTimes;
    place(rows, times);
    carriedOrigins = origins;
    firstRow = from.row + fates.rows;
    if (rules.upstream) {
      rollovers = createRollovers(rules.rolloverTicks);
      recount(batch, rules, rollovers.count);
      found = [];
    } else found = followUnix(rollovers);
    widen();
  };

  /** Puts carried rows to the front of an empty batch. */
  const place = (rows: Uint8Array, times: readonly number[]): void => {
    const carried = times.length;
    grow(batch, carried, rowSize);
    batch.bytes.set(rows);
    batch.carried = batch.filled = batch.kept = carried;
    for (let i = 0; i < carried; i++) {
      batch.rows[i] = i;
      batch.times[i] = times[i]!;
    }
  };
  const widen = (): void => {
    for (let i = 0; i < batch.carried; i++) {
      batch.first = Math.min(batch.first, batch.times[i]!);
      batch.last = Math.max(batch.last, batch.times[i]!);
    }
  };
  place(from.packets, from.times);
  widen();

  return {
    fates,
    before: from.times.length,
    get kept() {
      return kept;
    },
    get repeated() {
      return repeated;
    },
    room(rows) {
      grow(batch, batch.filled + rows, rowSize);
      return batch.bytes.subarray(batch.filled * rowSize, (batch.filled + rows) * rowSize);
    },
    scan(rows) {
      scanRows(batch, batch.filled, batch.filled + rows, scanRules, rollovers, fates);
      batch.filled += rows;
    },
    close,
    carried: () => ({
      packets: batch.bytes.slice(0, batch.carried * rowSize),
      times: Array.from(batch.times.subarray(0, batch.carried)),
      unix: carriedUnix,
      origins: carriedOrigins,
      row: firstRow,
      lastUnix,
      rollovers,
      jumps: found,
    }),
    finish() {
      const n = batch.carried;
      const events: RawEvents = { lengths: [], unix: [], packets: batch.bytes, rows: 0 };
      if (rules.upstream || !rules.flushAtEnd || n === 0) return events;
      const origins: number[] = [];
      for (const [from, to] of finder.flush(batch.times, n)) {
        if (to - from < rules.nhitCut) continue;
        batch.bytes.copyWithin(events.rows * rowSize, from * rowSize, to * rowSize);
        events.lengths.push(to - from);
        events.unix.push(carriedUnix[from]!);
        for (let row = from; rules.origins === true && row < to; row++)
          origins.push(carriedOrigins[row]!);
        events.rows += to - from;
      }
      if (rules.origins === true) events.origins = Uint32Array.from(origins);
      kept += events.rows;
      return events;
    },
    jumps: () => (finder.rawTime ? [] : found),
  };
}

/** By itself: a loop of a batch within `close` is compiled anew for each builder. */
function gather(times: Float64Array, order: Uint32Array, n: number, sorted: Float64Array): void {
  for (let i = 0; i < n; i++) sorted[i] = times[order[i]!]!;
}

/** How many of `n` rows are in one of the spans or more. */
function distinctRows(
  order: Uint32Array,
  spans: readonly (readonly [from: number, to: number])[],
  n: number,
): number {
  const seen = new Uint8Array(n);
  let distinct = 0;
  for (const [from, to] of spans) {
    for (let i = from; i < to; i++) {
      const row = order[i]!;
      if (seen[row] === 0) distinct++;
      seen[row] = 1;
    }
  }
  return distinct;
}

/** Upstream: the carried rows, in their sorted order, are counted from the start again. */
function recount(batch: Batch, rules: RawEventRules, count: Float64Array): void {
  const { fields, rolloverTicks } = rules;
  for (let row = 0; row < batch.carried; row++) {
    const at = row * fields.rowSize;
    const type = batch.bytes[at + fields.packetType]!;
    const group = batch.bytes[at + fields.ioGroup]!;
    const ticks = batch.view.getUint32(at + fields.timestamp, true) & TIMESTAMP_MASK;
    let t = ticks + count[group]! * rolloverTicks;
    if (type === PACKET.data && batch.view.getUint32(at + fields.receiptTimestamp, true) < ticks) {
      t -= rolloverTicks;
    }
    if (type === PACKET.sync && batch.bytes[at + fields.triggerType] === SYNC_RESET)
      count[group]!++;
    batch.rows[row] = row;
    batch.times[row] = t;
  }
}

/** Index of the last of the ascending `rows` below `row`, -1 when there is none. */
function lastBefore(rows: readonly number[], row: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
