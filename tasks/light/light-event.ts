/** A light event while its waveforms come together: one slot per ADC and channel. Knows bytes of rows, no files. */

/** One triggered channel of one ADC. */
export interface Waveform {
  /** Serial number of the ADC. */
  sn: number;
  ch: number;
  /** Unix time, ms. */
  utimeMs: number;
  /** Since PPS, ns, below `PPS_NS`. */
  taiNs: number;
  /** ADC counts. */
  samples: Int16Array;
}

/** ns between two PPS. */
export const PPS_NS = 1e9;

/** Size of an event. */
export interface EventShape {
  adcs: number;
  channels: number;
  samples: number;
}

export interface LightEvent {
  /** One per ADC. */
  sn: Int32Array;
  /** One per slot, ADC after ADC. */
  ch: Uint8Array;
  utimeMs: Float64Array;
  taiNs: Float64Array;
  valid: Uint8Array;
  samples: Int16Array;
  /** Waveforms in it, and the sum of their unix times. */
  n: number;
  utimeSum: number;
}

export function createEvent({ adcs, channels, samples }: EventShape): LightEvent {
  const slots = adcs * channels;
  return {
    sn: new Int32Array(adcs),
    ch: new Uint8Array(slots),
    utimeMs: new Float64Array(slots),
    taiNs: new Float64Array(slots),
    valid: new Uint8Array(slots),
    samples: new Int16Array(slots * samples),
    n: 0,
    utimeSum: 0,
  };
}

/** Slot of a channel; channels beyond the last go round, as upstream has it. */
export const slotOf = (adc: number, ch: number, { channels }: EventShape): number =>
  adc * channels + (ch % channels);

export function placeWaveform(event: LightEvent, adc: number, slot: number, from: Waveform): void {
  event.sn[adc] = from.sn;
  event.ch[slot] = from.ch;
  event.utimeMs[slot] = from.utimeMs;
  event.taiNs[slot] = from.taiNs;
  event.valid[slot] = 1;
  event.samples.set(from.samples, slot * from.samples.length);
  event.n++;
  event.utimeSum += from.utimeMs;
}

/** Bytes of a row of light/events: id u4, event i4, sn i4[adcs], then ch u1, utime_ms u8, tai_ns u8, wvfm_valid u1 per slot. */
export function eventRow(event: LightEvent, id: number): Uint8Array {
  const [adcs, slots] = [event.sn.length, event.valid.length];
  const row = new DataView(new ArrayBuffer(8 + 4 * adcs + 18 * slots));
  const bytes = new Uint8Array(row.buffer);
  row.setUint32(0, id, true);
  row.setInt32(4, id, true);
  event.sn.forEach((sn, adc) => row.setInt32(8 + 4 * adc, sn, true));
  let at = 8 + 4 * adcs;
  bytes.set(event.ch, at);
  at += slots;
  for (const times of [event.utimeMs, event.taiNs])
    for (const time of times) {
      row.setBigUint64(at, BigInt(time), true);
      at += 8;
    }
  bytes.set(event.valid, at);
  return bytes;
}
