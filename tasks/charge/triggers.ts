/** External triggers among the packets of an event: words of the PACMANs and pulses on LArPix channels. Knows bytes, no files. */
import { PACKET, type PacketFields } from './packet-fields.ts';

export interface TriggerRules {
  /** Bits of trigger_type that count; 0 = none do. */
  wordFilter: number;
  /** 1 at ((io_group*256 + io_channel)*256 + chip_id)*256 + channel_id; null = no LArPix channel is a trigger. */
  channels: Set<number> | null;
  /** Channels that are triggers on every chip. */
  everywhere: Set<number>;
}

/** `channels` maps `io_group-io_channel-chip_id`, or `All`, to channel numbers. */
export function triggerRules(
  pacmanEnabled: boolean,
  wordFilter: number,
  channels: Readonly<Record<string, readonly number[]>>,
): TriggerRules {
  const rules: TriggerRules = {
    wordFilter: pacmanEnabled ? wordFilter : 0,
    channels: Object.keys(channels).length === 0 ? null : new Set(),
    everywhere: new Set(channels['All'] ?? []),
  };
  for (const [chip, numbers] of Object.entries(channels)) {
    const [ioGroup, ioChannel, chipId] = chip.split('-').map(Number);
    if (chipId === undefined) continue;
    for (const channel of numbers) {
      rules.channels?.add(channelKey(ioGroup!, ioChannel!, chipId, channel));
    }
  }
  return rules;
}

const channelKey = (
  ioGroup: number,
  ioChannel: number,
  chipId: number,
  channelId: number,
): number => ((ioGroup * 256 + ioChannel) * 256 + chipId) * 256 + channelId;

/** Bytes of a row of charge/ext_trigs: id u4, ts f8 [ticks], ts_raw i8 [ticks], type i2 (trigger word, -1 = LArPix), iogroup u1. */
export const TRIGGER_ROW = 23;

/** The LArPix trigger before the next row, so that an event may come in pieces. */
export interface LastPulse {
  event: number;
  /** Ticks; -1 = none in this event. */
  ticks: number;
}

export const noPulse = (): LastPulse => ({ event: -1, ticks: -1 });

/** A piece of `event` comes: pulses of another event are forgotten. */
export function continueEvent(last: LastPulse, event: number): void {
  if (event !== last.event) last.ticks = -1;
  last.event = event;
}

/**
 * Triggers among rows [from, to) of one event, in packet order, written to row `place` and on of `out`; `firstId` is the
 * id of the first. `times` are the corrected times. Equal time stamps of LArPix triggers that follow one another are one.
 * Returns how many there are.
 */
export function findTriggers(
  bytes: Uint8Array,
  from: number,
  to: number,
  fields: PacketFields,
  times: Float64Array,
  rules: TriggerRules,
  last: LastPulse,
  firstId: number,
  out: DataView,
  place: number,
): number {
  const { rowSize, packetType, triggerType, ioGroup, timestamp } = fields;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found = 0;
  for (let row = from; row < to; row++) {
    const at = row * rowSize;
    const type = bytes[at + packetType]!;
    let word: number;
    if (type === PACKET.trigger) {
      word = bytes[at + triggerType]!;
      if ((word & rules.wordFilter) === 0) continue;
    } else if (type === PACKET.data && rules.channels !== null) {
      if (!isTriggerChannel(bytes, at, fields, rules)) continue;
      const ticks = view.getUint32(at + timestamp, true);
      if (ticks === last.ticks) continue;
      last.ticks = ticks;
      word = -1;
    } else {
      continue;
    }
    const target = (place + found) * TRIGGER_ROW;
    out.setUint32(target, firstId + found, true);
    out.setFloat64(target + 4, times[row]!, true);
    out.setUint32(target + 12, view.getUint32(at + timestamp, true), true);
    out.setUint32(target + 16, view.getUint32(at + timestamp + 4, true), true);
    out.setInt16(target + 20, word, true);
    out.setUint8(target + 22, bytes[at + ioGroup]!);
    found++;
  }
  return found;
}

function isTriggerChannel(
  bytes: Uint8Array,
  at: number,
  fields: PacketFields,
  rules: TriggerRules,
): boolean {
  const channel = bytes[at + fields.channelId]!;
  if (rules.everywhere.has(channel)) return true;
  const key = channelKey(
    bytes[at + fields.ioGroup]!,
    bytes[at + fields.ioChannel]!,
    bytes[at + fields.chipId]!,
    channel,
  );
  return rules.channels!.has(key);
}
