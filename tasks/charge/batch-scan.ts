/** One pass over rows of packets: what becomes of each, and when the kept ones happened. Knows no windows and no files. */
import type { Batch } from './batch.ts';
import { PACKET, SYNC_RESET, TIMESTAMP_MASK, type PacketFields } from './packet-fields.ts';
import { observe, stampUnix, type Rollovers } from './rollover.ts';

/** What became of every input row so far; the rest of the conservation is in the events. */
export interface Fates {
  rows: number;
  /** Type 4: used as time. */
  timestamps: number;
  /** Neither data, timestamp, sync nor trigger. */
  other: number;
  /** Data rows of wrong parity. */
  parity: number;
  syncCut: number;
}

export interface ScanRules {
  fields: PacketFields;
  /** Ticks, both excluded; null = no cut. */
  syncNoiseCut: readonly [number, number] | null;
  /** A data packet received at an earlier tick than its own time stamp crossed a SYNC on its way (not so in simulation). */
  lateOverSync: boolean;
  /** Upstream counts only the SYNCs that pass the cut. */
  countAfterCut: boolean;
  /** Times are the time stamps as they are, without the seconds before. */
  rawTime: boolean;
}

/** Passes over rows [from, to) of the batch and adds to it, to the rollovers and to the fates. Clears what 31 bits do not hold. */
export function scanRows(
  batch: Batch,
  from: number,
  to: number,
  rules: ScanRules,
  rollovers: Rollovers,
  fates: Fates,
): void {
  const { bytes, view, rows, times } = batch;
  const { countAfterCut, lateOverSync } = rules;
  const { rowSize, ioGroup, packetType, validParity, timestamp, triggerType, receiptTimestamp } =
    rules.fields;
  const cutLow = rules.syncNoiseCut === null ? -1 : rules.syncNoiseCut[0];
  const cutHigh = rules.syncNoiseCut === null ? Infinity : rules.syncNoiseCut[1];
  const { count, now, waiting, rolloverTicks } = rollovers;
  const second = rules.rawTime ? 0 : rolloverTicks;
  let { kept, first, last, stampsBeforeLast } = batch;
  let parity = 0;
  let cut = 0;
  let other = 0;
  let stamps = 0;
  for (let row = from; row < to; row++) {
    const at = row * rowSize;
    const type = bytes[at + packetType]!;
    const group = bytes[at + ioGroup]!;
    if (type === PACKET.timestamp) {
      const unix =
        view.getUint32(at + timestamp, true) + view.getUint32(at + timestamp + 4, true) * 2 ** 32;
      batch.stampRows.push(row);
      batch.stampUnix.push(unix);
      stampUnix(rollovers, group, unix);
      stamps++;
      continue;
    }
    if (type === PACKET.data) {
      if (bytes[at + validParity] === 0) {
        parity++;
        continue;
      }
    } else if (type !== PACKET.sync && type !== PACKET.trigger) {
      other++;
      continue;
    }
    stampsBeforeLast = batch.stampRows.length;
    const ticks = view.getUint32(at + timestamp, true) & TIMESTAMP_MASK;
    view.setUint32(at + timestamp, ticks, true);
    view.setUint32(at + timestamp + 4, 0, true);

    // A SYNC itself still belongs to the second that it ends.
    const base = count[group]! * rolloverTicks;
    let t = count[group]! * second + ticks;
    let arrival = ticks;
    if (type === PACKET.data && lateOverSync) {
      const received = view.getUint32(at + receiptTimestamp, true);
      if (received < ticks) {
        t -= second;
        arrival = received;
      }
    }
    const isReset = type === PACKET.sync && bytes[at + triggerType] === SYNC_RESET;
    const passes = ticks > cutLow && ticks < cutHigh;
    if (waiting[group] !== 0) observe(rollovers, group, base + arrival);
    now[group] = base + arrival;
    if (isReset && (passes || !countAfterCut)) {
      count[group]!++;
      now[group] = base + rolloverTicks;
    }
    if (!passes) {
      cut++;
      continue;
    }
    rows[kept] = row;
    times[kept] = t;
    if (t < first) first = t;
    if (t > last) last = t;
    kept++;
  }
  batch.kept = kept;
  batch.first = first;
  batch.last = last;
  batch.stampsBeforeLast = stampsBeforeLast;
  fates.rows += to - from;
  fates.parity += parity;
  fates.syncCut += cut;
  fates.other += other;
  fates.timestamps += stamps;
}
