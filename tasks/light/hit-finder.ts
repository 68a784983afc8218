/** Task type light/hit_finder: light/swvfm -> light/hits, one row per pulse of a detector. */
import { defineTask, TaskError, z } from 'tg';
import { compound, dtype } from 'tg/h5';
import {
  lightBlocks,
  openLightTables,
  samplesShape,
  withOutput,
  type Shape,
} from './light-tables.ts';
import { around, findPeaks, peakMeasure } from './peaks.ts';

const byDetector = z.record(
  z.string().regex(/^\d+$/),
  z.record(z.string().regex(/^\d+$/), z.number()),
);
const params = z.strictObject({
  near_samples: z.int().positive().max(64).default(3).describe('samples'),
  interpolation: z.int().min(2).default(256).describe('points'),
  threshold: z.union([z.number(), byDetector]).default(2000),
  mask: z.array(z.int().nonnegative()).default([]).describe('detectors without hits'),
  lrs_ticks: z.number().positive().default(0.01).describe('length of a sample, us'),
  compat: z.enum(['none', 'upstream']).default('none'),
});
type Params = z.infer<typeof params>;

/** Of detectors that a table of thresholds does not name (module0_flow). */
const THRESHOLD = 2000;

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as Params;
    const tables = await openLightTables(context, ['light/swvfm', 'light/swvfm/alignment']);
    await withOutput(context, 'light/hits', tables, async (output) => {
      const shape = samplesShape(tables.tables.get('light/swvfm')!, 'light/swvfm');
      const [tpcs, dets, samples] = shape;
      const thresholds = thresholdsOf(settings.threshold, shape);
      const near = settings.near_samples;
      const sampleNs = settings.lrs_ticks * 1000;
      const type = compound([
        ['id', 'u4'],
        ['tpc', 'u1'],
        ['det', 'u1'],
        ['sample_idx', 'u2'],
        ['ns', 'f8'],
        ['busy_ns', 'f8'],
        ['samples', 'f4', [2 * near + 1]],
        ...(
          [
            'sum',
            'max',
            'sum_spline',
            'max_spline',
            'ns_spline',
            'rising_spline',
            'rising_err_spline',
            'fwhm_spline',
          ] as const
        ).map((name) => [name, 'f4'] as [string, string]),
      ]);
      const { mask } = settings;
      const table = output.table('light/hits', type, {
        attributes: {
          classname: 'WaveformHitFinder',
          class_version: '2.0.0',
          wvfm_dset: 'light/swvfm',
          t_ns_dset: 'light/t_ns',
          near_samples: near,
          thresholds: { dtype: dtype('f8'), shape: [tpcs, dets, 1], values: [...thresholds] },
          mask: { dtype: dtype('i8'), shape: [mask.length], values: [...mask] },
          ntpc: tpcs,
          ndet: dets,
          nsamples: samples,
        },
      });
      const rules = {
        near,
        points: settings.interpolation,
        sampleNs,
        upstream: settings.compat === 'upstream',
      };
      const measure = peakMeasure(rules);
      const isMasked = new Set(mask);
      const first: number[] = [];
      let hits = 0;
      for await (const { rows, of } of lightBlocks(context, tables)) {
        const waves = of('light/swvfm').column('samples') as Float32Array;
        const alignment = of('light/swvfm/alignment');
        const ns = alignment.column('ns') as Float64Array;
        const busy = alignment.column('sample_idx') as Float32Array;
        for (let row = 0; row < rows; row++) {
          first.push(hits);
          for (let place = 0; place < tpcs * dets; place++) {
            const det = place % dets;
            if (isMasked.has(det)) continue;
            const at = (row * tpcs * dets + place) * samples;
            for (const p of findPeaks(waves, at, samples, thresholds[place]!)) {
              const values = around(waves, at, samples, p, near);
              const shapeOf = measure.of(values);
              const bytes = new Uint8Array(type.size);
              const view = new DataView(bytes.buffer);
              view.setUint32(0, hits++, true);
              view.setUint8(4, Math.floor(place / dets));
              view.setUint8(5, det);
              view.setUint16(6, p, true);
              view.setFloat64(8, ns[row]!, true);
              view.setFloat64(16, (p - busy[row * tpcs * dets + place]!) * sampleNs, true);
              const { sum, sumSpline, maxSpline, nsSpline, rising, risingError, fwhm } = shapeOf;
              const floats = [
                ...values,
                sum,
                waves[at + p]!,
                sumSpline,
                maxSpline,
                nsSpline,
                rising,
                risingError,
                fwhm,
              ];
              floats.forEach((value, i) => view.setFloat32(24 + 4 * i, value, true));
              table.append(bytes);
            }
          }
        }
      }
      const parent = Uint32Array.from(first.keys()).filter(
        (row) => (first[row + 1] ?? hits) > first[row]!,
      );
      const runs = {
        parent,
        start: parent.map((row) => first[row]!),
        stop: parent.map((row) => first[row + 1] ?? hits),
      };
      output.relation('light/events', 'light/hits', runs);
      output.relation('light/swvfm', 'light/hits', runs);
      context.count('light hits', hits);
    });
  },
});

/** By place, tpc * detectors + detector. @throws TaskError for detectors that there are not */
function thresholdsOf(given: Params['threshold'], [tpcs, dets]: Shape): Float64Array {
  const thresholds = new Float64Array(tpcs * dets);
  if (typeof given === 'number') return thresholds.fill(given);
  thresholds.fill(THRESHOLD);
  for (const [tpc, of] of Object.entries(given))
    for (const [det, value] of Object.entries(of)) {
      if (Number(tpc) >= tpcs || Number(det) >= dets)
        throw new TaskError(
          `threshold names detector ${det} of TPC ${tpc}, there are ${tpcs} TPCs of ${dets}`,
          {
            code: 'bad-value',
            try: 'the detectors of lrs_geometry_file',
          },
        );
      thresholds[Number(tpc) * dets + Number(det)] = value;
    }
  return thresholds;
}
