/** Groups of ADC64 records of one trigger, from one stream per ADC. Knows records, no files. */
import type { AdcRecord } from './adc64.ts';
import { reaches, type Device } from './device-block.ts';
import { nextGroup, sinceSync } from './sync-match.ts';
import type { ClockTime, MatchWindows, Waiting } from './sync-match.ts';

/** A record with its device. */
export interface Trigger extends AdcRecord {
  device: Device;
}

/** A record of a group: the stream it came from, and its time. */
export interface Member {
  stream: number;
  record: Trigger;
  since: ClockTime;
  /** Its ADC has had a sync pulse: before the first one times are those of its own clock. */
  isSynced: boolean;
}

export interface SyncPulse {
  /** Sync: a sample of this channel at or above the threshold [ADC counts]. */
  channel: number;
  threshold: number;
}

interface Pending extends Waiting {
  record: Trigger;
  isSynced: boolean;
}

/**
 * One record of each stream waits; those of the next group go together. Records are good until the next group is asked for. The memory of
 * it is one record of each stream.
 */
export function* adc64Groups(
  streams: readonly Iterator<Trigger>[],
  pulse: SyncPulse,
  windows: MatchWindows,
  isUpstream: boolean,
): Generator<Member[]> {
  const syncs: (ClockTime | undefined)[] = streams.map(() => undefined);
  const waiting: (Pending | undefined)[] = streams.map(() => undefined);
  const read = (stream: number): Pending | undefined => {
    const next = streams[stream]!.next();
    if (next.done === true) return undefined;
    const record = next.value;
    const { device } = record;
    const time = { s: device.taiS, ticks: device.taiNs };
    const isSync = reaches(device, pulse.channel, pulse.threshold);
    if (isSync) syncs[stream] = time;
    const sync = syncs[stream];
    const since = isSync
      ? { s: 0, ticks: 0 }
      : sinceSync(time, sync ?? { s: 0, ticks: 0 }, isUpstream);
    return { record, isSync, since, unixMs: Number(record.unixMs), isSynced: sync !== undefined };
  };
  const ended = streams.map(() => false);
  for (;;) {
    for (let stream = 0; stream < streams.length; stream++) {
      if (ended[stream] === true || waiting[stream] !== undefined) continue;
      waiting[stream] = read(stream);
      ended[stream] = waiting[stream] === undefined;
    }
    const group = nextGroup(waiting, windows, isUpstream);
    if (group.length === 0) return;
    yield group.map((stream) => {
      const { record, since, isSynced } = waiting[stream]!;
      return { stream, record, since, isSynced };
    });
    for (const stream of group) waiting[stream] = undefined;
  }
}
