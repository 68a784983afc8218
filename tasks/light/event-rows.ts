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
  /** The row of light/events. */
  readonly event: Uint8Array;
  /** The row of light/wvfm: samples i2[adcs, channels, samples]. */
  readonly samples: Uint8Array;
  /** Waveforms, and ADCs with any, in it. */
  readonly waveforms: number;
  readonly adcs: number;
  /** An empty event. */
  begin(): void;
  /** Puts what a device has into the place of an ADC; `event` is that of the last one. */
  place(adc: number, device: Device, event: number, unixMs: bigint, taiNs: bigint): void;
  /** The event is complete: row `id`. */
  end(id: number): void;
}

/** One event that is filled again and again; waveforms that do not fit are counted in `losses`. */
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
  const event = new Uint8Array(validAt + slots);
  const row = new DataView(event.buffer);
  // Pairs of samples; an odd number, which no waveform has, leaves all of them out.
  const bytes = new Uint8Array(2 * slots * samples);
  const pairs = new Int32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
  /** Slots of this event, and of the one before: what it does not fill anew is cleared. */
  let filled: number[] = [];
  let before: number[] = [];

  const rows = {
    event,
    samples: bytes,
    waveforms: 0,
    adcs: 0,
    begin() {
      event.fill(0);
      [filled, before] = [before, filled];
      filled.length = 0;
      rows.waveforms = rows.adcs = 0;
    },
    place(adc: number, device: Device, number: number, unixMs: bigint, taiNs: bigint) {
      const sofar = rows.waveforms;
      for (const block of device.blocks) {
        const ch = channelOf(device, block);
        const slot = adc * channels + ch;
        if (ch >= channels) losses['of a channel beyond n_channels']++;
        else if (samplesOf(device, block) !== samples) losses['of another number of samples']++;
        else if (event[validAt + slot] === 1) losses['of a channel twice in one event']++;
        else {
          copySamples(device, block, samples, pairs, (slot * samples) / 2);
          event[validAt + slot] = 1;
          filled.push(slot);
          rows.waveforms++;
          if (form.ch) event[chAt + slot] = ch;
          if (!perChannel) continue;
          row.setBigUint64(utimeAt + 8 * slot, unixMs, true);
          row.setBigUint64(taiAt + 8 * slot, taiNs, true);
        }
      }
      if (rows.waveforms === sofar) return;
      rows.adcs++;
      row.setInt32(8, number, true);
      row.setInt32(snAt + 4 * adc, device.serial, true);
      if (perChannel) return;
      row.setBigUint64(utimeAt + 8 * adc, unixMs, true);
      row.setBigUint64(taiAt + 8 * adc, taiNs, true);
    },
    end(id: number) {
      for (const slot of before)
        if (event[validAt + slot] === 0)
          bytes.fill(0, 2 * slot * samples, 2 * (slot + 1) * samples);
      row.setBigUint64(0, BigInt(id), true);
    },
  };
  return rows;
}

/** Time of an event [ns] as upstream computes it, in doubles: beyond 2^53 it is rounded. */
export const taiNsOf = (s: number, ticks: number, nsPerTick: number): bigint =>
  BigInt(Math.floor(Math.floor(s * 1e9 + ticks) * nsPerTick));
