/** A table of hits of waveforms with an alignment, one row per pulse: of detectors, or of single SiPMs. Knows no geometry. */
import { TaskError, z, type TaskContext } from 'tg';
import { dtype, type H5Writer } from 'tg/h5';
import {
  byPlace,
  shownPlace,
  strangersIn,
  valueOf,
  type ByPlace,
  type PlaceWords,
} from './by-place.ts';
import { hitRows, type HitPlace } from './hit-rows.ts';
import {
  lightBlocks,
  openLightTables,
  samplesShape,
  withOutput,
  type Shape,
} from './light-tables.ts';
import { around, findPeaks, peakMeasure } from './peaks.ts';

/** Parameters of every kind of hits. */
export const hitParams = {
  near_samples: z.int().positive().max(64).default(3).describe('samples'),
  interpolation: z.int().min(2).default(256).describe('points'),
  threshold: z.union([z.number(), byPlace]).default(2000),
  mask: z.array(z.int().nonnegative()).default([]).describe('detectors or channels without hits'),
  lrs_ticks: z.number().positive().default(0.01).describe('length of a sample, us'),
  compat: z.enum(['none', 'upstream']).default('none'),
};
export type HitSettings = z.infer<z.ZodObject<typeof hitParams>>;

/** Where a table of thresholds says nothing (module0_flow). */
const THRESHOLD = 2000;

export interface HitKind {
  /** Table that is made. */
  hits: string;
  /** Table of the waveforms; the alignment is `WAVEFORMS/alignment`. */
  waveforms: string;
  words: PlaceWords;
  /** What a report calls them. */
  counted: string;
  place(shape: Shape): HitPlace;
  /** Attributes of this kind alone. */
  attributes?: Readonly<Record<string, string>>;
}

/** @throws TaskError */
export async function findHits(
  context: TaskContext,
  settings: HitSettings,
  kind: HitKind,
): Promise<void> {
  const { hits: name, waveforms } = kind;
  const tables = await openLightTables(context, [waveforms, `${waveforms}/alignment`]);
  await withOutput(context, name, tables, async (output) => {
    const shape = samplesShape(tables.tables.get(waveforms)!, waveforms);
    const [ones, others, samples] = shape;
    const places = ones * others;
    const thresholds = thresholdsOf(settings.threshold, shape, kind.words);
    const near = settings.near_samples;
    const sampleNs = settings.lrs_ticks * 1000;
    const isUpstream = settings.compat === 'upstream';
    const place = kind.place(shape);
    const rows = hitRows(place, near);
    const { mask } = settings;
    const table = output.table(name, rows.type, {
      attributes: {
        classname: 'WaveformHitFinder',
        class_version: '2.0.0',
        wvfm_dset: waveforms,
        t_ns_dset: 'light/t_ns',
        near_samples: near,
        thresholds: { dtype: dtype('f8'), shape: [ones, others, 1], values: [...thresholds] },
        // numpy's type of an empty list.
        mask: {
          dtype: dtype(mask.length > 0 ? 'i8' : 'f8'),
          shape: [mask.length],
          values: [...mask],
        },
        ntpc: ones,
        ndet: others,
        nsamples: samples,
        ...kind.attributes,
      },
    });
    const points = settings.interpolation;
    const measure = peakMeasure({ near, points, sampleNs, upstream: isUpstream });
    const isMasked = new Set(mask);
    const sought = [...thresholds.keys()].filter(
      (at) => !isMasked.has(at % others) && place.without?.has(at) !== true,
    );
    const values = new Float32Array(2 * near + 1);
    /** First hit of each event. */
    const first: number[] = [];
    let hits = 0;
    for await (const block of lightBlocks(context, tables)) {
      const waves = block.of(waveforms).column('samples') as Float32Array;
      const alignment = block.of(`${waveforms}/alignment`);
      const ns = alignment.column('ns') as Float64Array;
      const busy = alignment.column('sample_idx') as Float32Array;
      for (let row = 0; row < block.rows; row++) {
        first.push(hits);
        for (const at of sought) {
          const slot = row * places + at;
          for (const p of findPeaks(waves, slot * samples, samples, thresholds[at]!)) {
            around(waves, slot * samples, samples, p, values);
            const isFull = rows.add({
              id: hits++,
              place: at,
              numbers: [Math.floor(at / others), at % others],
              sampleIdx: p,
              ns: ns[row]!,
              busyNs: (p - busy[slot]!) * sampleNs,
              samples: values,
              max: waves[slot * samples + p]!,
              shape: measure.of(values),
            });
            if (isFull) table.append(rows.take());
          }
        }
      }
    }
    table.append(rows.take());
    relate(output, first, hits, kind);
    context.count(kind.counted, hits);
  });
}

/** Hits of each event. Upstream relates waveforms to hits by the same numbers: there is one row of waveforms per event. */
function relate(
  output: H5Writer,
  first: readonly number[],
  hits: number,
  { hits: name, waveforms }: HitKind,
): void {
  const stopOf = (row: number): number => first[row + 1] ?? hits;
  const parent = Uint32Array.from(first.keys()).filter((row) => stopOf(row) > first[row]!);
  const runs = { parent, start: parent.map((row) => first[row]!), stop: parent.map(stopOf) };
  output.relation('light/events', name, runs);
  output.relation(waveforms, name, runs);
}

/** Place by place. @throws TaskError for places that there are not */
function thresholdsOf(given: number | ByPlace, shape: Shape, words: PlaceWords): Float64Array {
  const [ones, others] = shape;
  const thresholds = new Float64Array(ones * others);
  if (typeof given === 'number') return thresholds.fill(given);
  const [far] = strangersIn(given, shape, 'threshold', words);
  if (far !== undefined) {
    const own = given[far];
    const b = typeof own === 'object' ? Object.keys(own)[0] : undefined;
    const what = b === undefined ? `${words[0]} ${far}` : shownPlace(words, far, Number(b));
    throw new TaskError(`threshold names ${what}, there are ${ones} ${words[0]}s of ${others}`, {
      code: 'bad-value',
      try: `${words[0]}s from 0 to ${ones - 1}`,
    });
  }
  return thresholds.map((_, i) => valueOf(given, Math.floor(i / others), i % others, THRESHOLD));
}
