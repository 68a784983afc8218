/** Task type light/templates: light/fwvfm -> noise and signal spectra and the impulse of each channel, as light/deconvolution reads them. */
import { writeFileSync } from 'node:fs';
import { defineTask, TaskError, z } from 'tg';
import type { TaskContext } from 'tg';
import { extraction, type ExtractionRules, type Means } from './extraction.ts';
import { lightBlocks, openLightTables, samplesShape, type Shape } from './light-tables.ts';
import { writeNpz } from './npz.ts';

const bounds = z.tuple([z.number().nullable(), z.number().nullable()]).default([null, null]);

const params = z.strictObject({
  noise_strategy: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['pps', 'slice']))
    .default('pps'),
  noise_slice: z
    .tuple([z.int().nullable(), z.int().nullable()])
    .default([null, null])
    .describe('samples'),
  pps_channel: z.int().nonnegative().default(32),
  pps_threshold: z.number().default(0).describe('ADC counts'),
  signal_amplitude: bounds.describe('ADC counts'),
  impulse_alignment_oversampling: z.int().positive().default(10).describe('points per sample'),
  gen_noise_spectrum: z.boolean().default(true),
  gen_signal_spectrum: z.boolean().default(true),
  gen_signal_impulse: z.boolean().default(true),
  compat: z.enum(['none', 'upstream']).default('none'),
});
type Params = z.infer<typeof params>;

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as Params;
    const tables = await openLightTables(context, ['light/fwvfm']);
    try {
      const shape = samplesShape(tables.tables.get('light/fwvfm')!, 'light/fwvfm');
      const found = extraction(shape, rulesOf(settings, shape));
      for await (const { rows, events, of } of lightBlocks(context, tables))
        found.add(
          of('light/fwvfm').column('samples') as Float32Array,
          events.column('wvfm_valid') as Uint8Array,
          rows,
        );
      if (settings.gen_noise_spectrum)
        write(context, shape, 'noise_power', 'spectrum', found.noise());
      if (settings.gen_signal_spectrum)
        write(context, shape, 'signal_power', 'spectrum', found.signal());
      if (settings.gen_signal_impulse)
        write(context, shape, 'signal_impulse', 'impulse', found.impulse());
      context.count('light events', tables.events.rows);
    } finally {
      tables.close();
    }
  },
});

function rulesOf(settings: Params, [, channels, samples]: Shape): ExtractionRules {
  const { pps_channel: ppsChannel, noise_slice: slice, signal_amplitude: amplitude } = settings;
  if (ppsChannel >= channels)
    throw new TaskError(`pps_channel is ${ppsChannel}, the waveforms have ${channels} channels`, {
      code: 'bad-value',
      try: `a channel from 0 to ${channels - 1}`,
    });
  // As Python counts: below 0 from the end, beyond an end the end.
  const [from, to] = [slice[0] ?? 0, slice[1] ?? samples].map((at) =>
    Math.min(samples, at < 0 ? Math.max(0, samples + at) : at),
  ) as [number, number];
  if (settings.noise_strategy === 'slice' && to - from < 2)
    throw new TaskError(
      `noise_slice [${slice.map(String).join(', ')}] holds ${Math.max(0, to - from)} of ${samples} samples, two are needed`,
      { code: 'bad-value', try: 'noise_slice: [0, 64]' },
    );
  return {
    noise: settings.noise_strategy === 'pps' ? 'pps' : { from, to },
    ppsChannel,
    ppsThreshold: settings.pps_threshold,
    amplitude: [amplitude[0] ?? -Infinity, amplitude[1] ?? Infinity],
    oversampling: settings.impulse_alignment_oversampling,
    upstream: settings.compat === 'upstream',
  };
}

function write(
  context: TaskContext,
  [adcs, channels]: Shape,
  name: string,
  member: 'spectrum' | 'impulse',
  { length, values, n }: Means,
): void {
  const empty = n.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
  if (empty > 0) context.note(`channels have no waveform for ${name}, 0 in it`, empty, n.length);
  const arrays = new Map([
    [member, { shape: [adcs, channels, length], values }],
    ['n', { shape: [adcs, channels, 1], values: n, isWhole: true }],
  ]);
  writeFileSync(context.output(`light/templates/${name}`), writeNpz(arrays));
}
