/** Task type light/flash_finder: light/sum_hits and light/cwvfm -> light/flash, one row per flash of a TPC (2x2). */
import { defineTask, TaskError, z, type TaskContext } from 'tg';
import { compound, openH5, type H5Writer } from 'tg/h5';
import { flashesOf, lightIn, type Flash } from './flashes.ts';
import { hitsOf, sipmsOf, type Hits } from './flash-inputs.ts';
import type { Described } from './light-places.ts';
import {
  lightBlocks,
  openLightTables,
  samplesShape,
  withOutput,
  type LightTables,
} from './light-tables.ts';
import { neededFile } from './needed-file.ts';

const params = z.strictObject({
  eps: z.number().nonnegative().default(5).describe('samples'),
  nchantpc: z
    .int()
    .positive()
    .refine((n) => n % 2 === 0, { error: 'as many on one side as on the other: an even number' })
    .default(48)
    .describe('SiPMs of a TPC'),
  lrs_geometry_file: z.string().nullable().default(null),
});

type Settings = z.infer<typeof params>;

export default defineTask({
  version: '1',
  params,
  configuration: ['lrs_geometry_file'],
  async run(context) {
    const settings = context.params as Settings;
    const why = 'which SiPM is where in its TPC';
    const file = neededFile(context, 'light/flash', 'lrs_geometry_file', why);
    const light: Described = { file, root: context.configuration('lrs_geometry_file') };
    const hitsFile = await openH5(context.input('light/sum_hits'));
    try {
      const hits = hitsOf(context, hitsFile);
      const tables = await openLightTables(context, ['light/cwvfm']);
      await withOutput(context, 'light/flash', tables, (output) =>
        findFlashes(context, output, tables, hits, light, settings),
      );
    } finally {
      hitsFile.close();
    }
  },
});

async function findFlashes(
  context: TaskContext,
  output: H5Writer,
  tables: LightTables,
  hits: Hits,
  light: Described,
  { eps, nchantpc }: Settings,
): Promise<void> {
  const shape = samplesShape(tables.tables.get('light/cwvfm')!, 'light/cwvfm');
  const [adcs, channels, samples] = shape;
  const sipms = sipmsOf(light, shape, nchantpc);
  const all = [...sipms.values()].flatMap((slots) => [...slots]);
  const missing = all.filter((slot) => slot < 0).length;
  if (missing > 0) context.note('places of SiPMs have no channel, 0 there', missing, all.length);
  const type = flashType(nchantpc);
  const table = output.table('light/flash', type, {
    attributes: {
      classname: 'FlashFinder',
      class_version: '1.0.0',
      sum_hits_dset: 'light/sum_hits',
      sipm_hits_dset: 'light/sipm_hits',
    },
  });
  const ofEvents = { parent: [] as number[], start: [] as number[], stop: [] as number[] };
  const ofHits = new Uint32Array(hits.table.rows);
  for await (const { start, rows, of } of lightBlocks(context, tables)) {
    const waveforms = of('light/cwvfm').column('samples') as Float32Array;
    const columns = hits.columns(start, rows);
    const { first } = columns;
    for (let row = 0; row < rows; row++) {
      const [from, to] = hits.of(start + row);
      if (to === from) continue;
      ofEvents.parent.push(start + row);
      ofEvents.start.push(table.rows);
      for (const flash of flashesOf(columns, from - first, to - first, eps)) {
        const slots = sipms.get(flash.tpc);
        if (slots === undefined) throw strayTpc(flash.tpc, light.file);
        const at = row * adcs * channels * samples;
        const seen = lightIn(waveforms, at, samples, slots, flash.samples);
        for (const hit of flash.hits) ofHits[first + hit] = table.rows;
        table.append(flashRow(type.size, table.rows, flash, seen));
      }
      ofEvents.stop.push(table.rows);
    }
  }
  output.relation('light/events', 'light/flash', {
    parent: Uint32Array.from(ofEvents.parent),
    start: Uint32Array.from(ofEvents.start),
    stop: Uint32Array.from(ofEvents.stop),
  });
  output.relation('light/sum_hits', 'light/flash', {
    parent: Uint32Array.from(ofHits.keys()),
    start: ofHits,
    stop: ofHits.map((flash) => flash + 1),
  });
  context.count('flashes', table.rows);
}

const strayTpc = (tpc: number, file: string): TaskError =>
  new TaskError(`light/sum_hits has hits of TPC ${tpc}, which has no SiPMs`, {
    code: 'bad-input',
    at: { file, keys: ['det_chan'] },
    try: 'the geometry that light/sum_hits was made with',
  });

const flashType = (nchantpc: number): ReturnType<typeof compound> =>
  compound([
    ['id', 'u4'],
    ['tpc', 'u1'],
    ['n_sum_hits', 'u4'],
    ['sample_range', 'u2', [2]],
    ['hit_time_range', 'f4', [2]],
    ['rising_spline_range', 'f4', [2]],
    ...(['tot_sum', 'tot_max', 'tot_sum_spline', 'tot_max_spline'] as const).map(
      (name) => [name, 'f4'] as [string, string],
    ),
    ['deconv_sum', 'f4', [2, nchantpc / 2]],
    ['deconv_max', 'f4', [2, nchantpc / 2]],
  ]);

function flashRow(
  size: number,
  id: number,
  { tpc, hits, samples, times, rising, totals }: Flash,
  { sums, maxima }: ReturnType<typeof lightIn>,
): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, id, true);
  view.setUint8(4, tpc);
  view.setUint32(5, hits.length, true);
  view.setUint16(9, samples[0], true);
  view.setUint16(11, samples[1], true);
  [...times, ...rising, ...totals, ...sums, ...maxima].forEach((value, i) =>
    view.setFloat32(13 + 4 * i, value, true),
  );
  return bytes;
}
