/** Rows of light/events and light/wvfm from the blocks of ADC64 and MPD devices, one event at a time. Knows bytes, no files. */
import { compound, type Compound } from 'tg/h5';
import { channelOf, copySamples, samplesOf, type Device } from './device-block.ts';
import type { EventShape } from './light-event.ts';

export interface RowForm extends EventShape {
  /** utime_ms and tai_ns per channel, or one of each per ADC. */
  times: 'channel' | 'adc';
  /** Has the row a `ch`? */
  ch: boolean;
}

/** Why a waveform is in no event. */
export const LOSSES = [
  'in a record cut short',
  'of another number of samples',
  'of a channel beyond n_channels',
  'of a channel twice in one event',
  'of an ADC that is not in sn_table',
  'of another ADC than the file',
  'after the end that upstream computes',
] as const;
export type Loss = (typeof LOSSES)[number];
export type Losses = Record<Loss, number>;

export const noLosses = (): Losses =>
  Object.fromEntries(LOSSES.map((reason) => [reason, 0])) as Losses;

/** id u8, event i4, sn i4[adcs], ch u1[adcs, channels] where the form has it, utime_ms u8 [ms] and tai_ns u8 [ns], wvfm_valid u1[adcs, channels]. */
export function eventType({ adcs, channels, times, ch }: RowForm): Compound {
  const slots = [adcs, channels];
  const perTime = times === 'adc' ? [adcs] : slots;
  const fields: Parameters<typeof compound>[0] = [
    ['id', 'u8'],
    ['event', 'i4'],
    ['sn', 'i4', [adcs]],
    ['ch', 'u1', slots],
    ['utime_ms', 'u8', perTime],
    ['tai_ns', 'u8', perTime],
    ['wvfm_valid', 'u1', slots],
  ];
  return compound(ch ? fields : fields.filter(([name]) => name !== 'ch'));
}

export interface EventRows {
  /** Waveforms, and ADCs with any, in the event. */
  readonly waveforms: number;
  readonly adcs: number;
  /** Events kept so far. */
  readonly kept: number;
  /** An empty event. */
  begin(): void;
  /** Puts what a device has into the place of an ADC; `event` is that of the last one. */
  place(adc: number, device: Device, event: number, unixMs: bigint, taiNs: bigint): void;
  /** The event is complete: a row of each table. True when there is room for no other: `take` them. */
  keep(): boolean;
  /** Rows of light/events and of light/wvfm (samples i2[adcs, channels, samples]) that were kept; good until the next `begin`. */
  take(): { events: Uint8Array; samples: Uint8Array };
}

/** Rows are handed on in about so many bytes: what is written in such pieces is not copied on its way. */
const PIECE = 2 ** 18;

/** Rows that are filled again and again; waveforms that do not fit are counted in `losses`. */
export function createRows(form: RowForm, losses: Losses): EventRows {
  const { adcs, channels, samples } = form;
  const slots = adcs * channels;
  const perChannel = form.times === 'channel';
  const times = perChannel ? slots : adcs;
  const snAt = 12;
  const chAt = snAt + 4 * adcs;
  const utimeAt = chAt + (form.ch ? slots : 0);
  const taiAt = utimeAt + 8 * times;
  const validAt = taiAt + 8 * times;
  const rowSize = validAt + slots;
  const samplesSize = 2 * slots * samples;
  const room = Math.max(1, Math.ceil(PIECE / samplesSize));
  const events = new Uint8Array(room * rowSize);
  const row = new DataView(events.buffer);
  const bytes = new Uint8Array(room * samplesSize);
  // Pairs of samples; an odd number, which no waveform has, leaves all of them out.
  const pairs = new Int32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
  /** Slots with a waveform in each row: what the next event does not fill anew is cleared. */
  const filled: number[][] = Array.from({ length: room }, () => []);
  let now: number[] = [];
  /** The row that is filled, and its first byte in `events`. */
  let [at, first] = [0, 0];

  const rows = {
    waveforms: 0,
    adcs: 0,
    kept: 0,
    begin() {
      first = at * rowSize;
      events.fill(0, first, first + rowSize);
      now = [];
      rows.waveforms = rows.adcs = 0;
    },
    place(adc: number, device: Device, number: number, unixMs: bigint, taiNs: bigint) {
      const sofar = rows.waveforms;
      for (const block of device.blocks) {
        const ch = channelOf(device, block);
        const slot = adc * channels + ch;
        if (ch >= channels) losses['of a channel beyond n_channels']++;
        else if (samplesOf(device, block) !== samples) losses['of another number of samples']++;
        else if (events[first + validAt + slot] === 1) losses['of a channel twice in one event']++;
        else {
          copySamples(device, block, samples, pairs, ((at * slots + slot) * samples) / 2);
          events[first + validAt + slot] = 1;
          now.push(slot);
          rows.waveforms++;
          if (form.ch) events[first + chAt + slot] = ch;
          if (!perChannel) continue;
          row.setBigUint64(first + utimeAt + 8 * slot, unixMs, true);
          row.setBigUint64(first + taiAt + 8 * slot, taiNs, true);
        }
      }
      if (rows.waveforms === sofar) return;
      rows.adcs++;
      row.setInt32(first + 8, number, true);
      row.setInt32(first + snAt + 4 * adc, device.serial, true);
      if (perChannel) return;
      row.setBigUint64(first + utimeAt + 8 * adc, unixMs, true);
      row.setBigUint64(first + taiAt + 8 * adc, taiNs, true);
    },
    keep() {
      for (const slot of filled[at]!)
        if (events[first + validAt + slot] === 0) {
          const from = 2 * (at * slots + slot) * samples;
          bytes.fill(0, from, from + 2 * samples);
        }
      filled[at] = now;
      row.setBigUint64(first, BigInt(rows.kept++), true);
      return ++at === room;
    },
    take() {
      const taken = at;
      at = 0;
      return {
        events: events.subarray(0, taken * rowSize),
        samples: bytes.subarray(0, taken * samplesSize),
      };
    },
  };
  return rows;
}

/** Time of an event [ns] as upstream computes it, in doubles: beyond 2^53 it is rounded. */
export const taiNsOf = (s: number, ticks: number, nsPerTick: number): bigint =>
  BigInt(Math.floor(Math.floor(s * 1e9 + ticks) * nsPerTick));
