/** Task type light/deconvolution: light/fwvfm -> light/deconv, with the templates that were used. */
import { basename } from 'node:path';
import { defineTask, TaskError, z } from 'tg';
import { compound, dtype, type H5Writer, rowByRow } from 'tg/h5';
import { deconvolver } from './deconvolution.ts';
import type { ChannelFilter } from './deconvolution.ts';
import {
  bytesOf,
  channelMask,
  lightBlocks,
  openLightTables,
  samplesShape,
  withOutput,
} from './light-tables.ts';
import type { Shape } from './light-tables.ts';
import { readTemplates } from './templates.ts';
import type { Templates } from './templates.ts';

const FILES = [
  'noise_spectrum_filename',
  'signal_spectrum_filename',
  'signal_impulse_filename',
] as const;

const params = z.strictObject({
  filter_type: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['wiener', 'inverse', 'matched']))
    .default('wiener'),
  gaus_filter_width: z.number().nonnegative().default(0).describe('samples'),
  filter_channels: z.array(z.int().nonnegative()),
  noise_spectrum_filename: z.string().nullable().default(null),
  signal_spectrum_filename: z.string().nullable().default(null),
  signal_impulse_filename: z.string().nullable().default(null),
});

export default defineTask({
  version: '2',
  params,
  files: [...FILES],
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const paths = FILES.map((name) => {
      const path = context.file(name);
      if (path === null)
        throw new TaskError(`light/deconv has no ${name}`, {
          code: 'bad-value',
          try: `parameters: {light/deconv: {${name}: FILE.npz}}`,
        });
      return path;
    });
    const [noise, signal, impulse] = paths as [string, string, string];
    const tables = await openLightTables(context, ['light/fwvfm']);
    await withOutput(context, 'light/deconv', tables, async (output) => {
      const shape = samplesShape(tables.tables.get('light/fwvfm')!, 'light/fwvfm');
      const [adcs, channels, samples] = shape;
      const isListed = channelMask(settings.filter_channels, channels, 'filter_channels');
      const templates = readTemplates({ noise, signal, impulse }, shape);
      if (templates.odd > 0)
        context.note(
          'channels have templates with values that are no numbers, 0 used',
          templates.odd,
          adcs * channels,
        );
      const machine = deconvolver(samples, settings.filter_type, settings.gaus_filter_width);
      const filters: (ChannelFilter | undefined)[] = Array.from(
        { length: adcs * channels },
        (_, i) =>
          isListed[i % channels] === 0
            ? undefined
            : machine.filterOf(templates.of(Math.floor(i / channels), i % channels)),
      );
      const table = output.table('light/deconv', compound([['samples', 'f4', [...shape]]]), {
        attributes: {
          classname: 'WaveformDeconvolution',
          class_version: '0.0.1',
          noise_spectrum: { objref: '/light/deconv/noise_spectrum/data' },
          signal_spectrum: { objref: '/light/deconv/signal_spectrum/data' },
          signal_impulse: { objref: '/light/deconv/signal_impulse/data' },
          filter_channels: {
            dtype: dtype('i8'),
            shape: [settings.filter_channels.length],
            values: [...settings.filter_channels],
          },
        },
      });
      writeTemplates(output, templates, shape, [noise, signal, impulse]);
      let out = new Float32Array(0);
      for await (const { events, of } of lightBlocks(context, tables)) {
        const filtered = of('light/fwvfm').column('samples') as Float32Array;
        const valid = events.column('wvfm_valid') as Uint8Array;
        // What is not filtered is as it was.
        if (out.length !== filtered.length) out = new Float32Array(filtered.length);
        out.set(filtered);
        machine.apply(filters, valid, filtered, out);
        table.append(bytesOf(out));
      }
      output.relation('light/events', 'light/deconv', rowByRow(tables.events.rows));
      context.count('light events', tables.events.rows);
    });
  },
});

function writeTemplates(
  output: H5Writer,
  { noise, signal, impulse, isImpulseSingle }: Templates,
  [adcs, channels, samples]: Shape,
  files: readonly [string, string, string],
): void {
  const write = (
    name: string,
    member: 'spectrum' | 'impulse',
    length: number,
    values: Float64Array | Float32Array,
    file: string,
  ): void =>
    output
      .table(
        `light/deconv/${name}`,
        compound([
          [member, values instanceof Float32Array ? 'f4' : 'f8', [adcs, channels, length]],
        ]),
        { attributes: { filename: basename(file) } },
      )
      .append(bytesOf(values));
  write('noise_spectrum', 'spectrum', samples + 1, noise, files[0]);
  write('signal_spectrum', 'spectrum', samples + 1, signal, files[1]);
  write(
    'signal_impulse',
    'impulse',
    2 * samples,
    isImpulseSingle ? Float32Array.from(impulse) : impulse,
    files[2],
  );
}
