/** Optical detectors of a simulation at the channels of ADCs. Knows numbers and bytes of rows, no files. */

/** Which detector stands in each slot, ADC after ADC; -1: none. */
export interface ChannelMap {
  adcs: number;
  channels: number;
  detectors: Int32Array;
}

/** Samples of a trigger as the ADCs would have them. */
export interface SampleRules {
  map: ChannelMap;
  samples: number;
  /** Detector of the first waveform. */
  first: number;
  /** The busy signal: slots that have it, from sample `delay` on, with this height. */
  busy: { slots: readonly number[]; delay: number; height: number };
  /** Slots that are 0 throughout. */
  disabled: readonly number[];
}

/** As numpy's int16 holds it: what is beyond is its end, fractions go towards 0. */
const asInt16 = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.trunc(Math.min(32767, Math.max(-32768, value)));

/**
 * Waveforms turned in sign (a simulated pulse is negative), at their channels; then the busy signal, then what is disabled. Slots without a detector are 0.
 * (ndlar_flow LightEventGeneratorMC.)
 *
 * @param waveforms (detectors, samples) from place `from` on
 * @param out i2 (ADCs, channels, samples)
 */
export function mapSamples(
  waveforms: ArrayLike<number>,
  from: number,
  detectors: number,
  { map, samples, first, busy, disabled }: SampleRules,
  out: Int16Array,
): void {
  out.fill(0);
  map.detectors.forEach((detector, slot) => {
    const row = detector - first;
    if (detector < 0 || row < 0 || row >= detectors) return;
    for (let i = 0; i < samples; i++)
      out[slot * samples + i] = asInt16(-waveforms[from + row * samples + i]!);
  });
  for (const slot of busy.slots)
    out.fill(asInt16(busy.height), slot * samples + busy.delay, (slot + 1) * samples);
  for (const slot of disabled) out.fill(0, slot * samples, (slot + 1) * samples);
}

/** Columns of simulated light, of one module of several or of all: which of them hold a detector's own light. */
export interface TruthColumns {
  /** Bytes of an element, and of the number of photons in it. */
  size: number;
  photons: { offset: number; size: number };
  /** Columns that the file has, and the detector of the first that is its own; other detectors repeat them with no photon. */
  columns: number;
  first: number;
  /** The file has a column for each detector. */
  isWhole: boolean;
}

/**
 * Rows (detectors) as rows (ADCs, channels): the light of each detector at its channel, bytes as they are. A slot without a detector is 0; upstream repeats there
 * the last detector (`last`).
 */
export function mapTruth(
  rows: Uint8Array,
  { adcs, channels, detectors }: ChannelMap,
  { size, photons, columns, first, isWhole }: TruthColumns,
  last: number | undefined,
): Uint8Array {
  const slots = adcs * channels;
  const n = rows.length / (columns * size);
  const out = new Uint8Array(n * slots * size);
  for (let slot = 0; slot < slots; slot++) {
    const detector = detectors[slot]! < 0 ? last : detectors[slot]!;
    if (detector === undefined) continue;
    const column = isWhole ? detector : detector % columns;
    const isOwn = isWhole || (detector >= first && detector < first + columns);
    for (let row = 0; row < n; row++) {
      const from = (row * columns + column) * size;
      const to = (row * slots + slot) * size;
      out.set(rows.subarray(from, from + size), to);
      if (!isOwn) out.fill(0, to + photons.offset, to + photons.offset + photons.size);
    }
  }
  return out;
}

/**
 * tai_ns of a trigger: ticks since the PPS, and of its time in seconds what is left of a tick, both in ns.
 * @param sync ticks of `tick` us
 */
export const simulatedTai = (sync: number, seconds: number, tick: number): number =>
  Math.trunc((sync * tick + ((seconds * 1e6) % tick)) / 1e-3);
