/** Rows of tables of hits: whose pulse, where that is, and the pulse. Knows bytes, no tables. */
import { compound, type Compound } from 'tg/h5';
import type { PeakShape } from './peaks.ts';

/** What a kind of hits tells of where it was seen. */
export interface HitPlace {
  /** The two numbers of a place. */
  numbers: readonly [string, string];
  /** What else is known of it: shape, and values place by place. */
  more?: { name: string; shape: readonly number[]; values: Float32Array };
  /** Places that have no hits. */
  without?: ReadonlySet<number>;
}

const PULSE = [
  'sum',
  'max',
  'sum_spline',
  'max_spline',
  'ns_spline',
  'rising_spline',
  'rising_err_spline',
  'fwhm_spline',
] as const;

export interface Hit {
  id: number;
  /** Place of its waveform among all, and the two numbers of it. */
  place: number;
  numbers: readonly [number, number];
  sampleIdx: number;
  /** ns. */
  ns: number;
  busyNs: number;
  samples: Float32Array;
  max: number;
  shape: PeakShape;
}

export interface HitRows {
  type: Compound;
  /** Adds a row; true when there is room for no other: `take` them. */
  add(hit: Hit): boolean;
  /** The rows that were added; good until the next one. */
  take(): Uint8Array;
}

/** Rows that are handed on together. */
const ROOM = 1024;

/** Rows {id u4, the two numbers u1, what else is known f4, sample_idx u2, ns f8, busy_ns f8, samples f4[2 near + 1], the pulse f4}. */
export function hitRows({ numbers: [one, other], more }: HitPlace, near: number): HitRows {
  const type = compound([
    ['id', 'u4'],
    [one, 'u1'],
    [other, 'u1'],
    ...(more === undefined
      ? []
      : [[more.name, 'f4', [...more.shape]] as [string, string, number[]]]),
    ['sample_idx', 'u2'],
    ['ns', 'f8'],
    ['busy_ns', 'f8'],
    ['samples', 'f4', [2 * near + 1]],
    ...PULSE.map((name) => [name, 'f4'] as [string, string]),
  ]);
  const size = more?.shape.reduce((a, b) => a * b, 1) ?? 0;
  const bytes = new Uint8Array(ROOM * type.size);
  const view = new DataView(bytes.buffer);
  let rows = 0;
  return {
    type,
    add({ id, place, numbers, sampleIdx, ns, busyNs, samples, max, shape }) {
      let at = rows * type.size;
      view.setUint32(at, id, true);
      view.setUint8(at + 4, numbers[0]);
      view.setUint8(at + 5, numbers[1]);
      at += 6;
      for (let i = 0; i < size; i++, at += 4)
        view.setFloat32(at, more!.values[place * size + i]!, true);
      view.setUint16(at, sampleIdx, true);
      view.setFloat64(at + 2, ns, true);
      view.setFloat64(at + 10, busyNs, true);
      at += 18;
      for (let i = 0; i < samples.length; i++, at += 4) view.setFloat32(at, samples[i]!, true);
      view.setFloat32(at, shape.sum, true);
      view.setFloat32(at + 4, max, true);
      view.setFloat32(at + 8, shape.sumSpline, true);
      view.setFloat32(at + 12, shape.maxSpline, true);
      view.setFloat32(at + 16, shape.nsSpline, true);
      view.setFloat32(at + 20, shape.rising, true);
      view.setFloat32(at + 24, shape.risingError, true);
      view.setFloat32(at + 28, shape.fwhm, true);
      return ++rows === ROOM;
    },
    take() {
      const taken = bytes.subarray(0, rows * type.size);
      rows = 0;
      return taken;
    },
  };
}
