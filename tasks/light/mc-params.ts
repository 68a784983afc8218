/** Parameters of light/mc_events, and the slots that they mean. Knows no files. */
import { TaskError, z } from 'tg';
import type { ChannelMap } from './channel-map.ts';

const count = z.int().positive();

export const params = z.strictObject({
  n_adcs: count.nullable().default(null),
  n_channels: count.max(256).nullable().default(null),
  n_modules: count.nullable().default(null),
  n_sipms_per_module: count.default(96),
  adc_sn: z.array(z.int().nonnegative()).nullable().default(null),
  channel_map: z
    .array(z.array(z.int().min(-1)).min(1))
    .min(1)
    .describe('detectors, -1: none'),
  busy_channel: z.array(z.int().nonnegative()).nullable().default(null),
  busy_delay: z.int().nonnegative().default(123).describe('samples'),
  busy_ampl: z.number().default(20e3).describe('ADC counts'),
  disabled_channels: z.array(z.tuple([z.int(), z.int()])).default([]),
  crs_ticks: z.number().positive().default(0.1).describe('us'),
  chunk_size: count.default(32).describe('triggers'),
  start_position: z.int().nonnegative().default(0).describe('triggers'),
  end_position: z.int().nonnegative().nullable().default(null).describe('triggers'),
  compat: z.enum(['none', 'upstream']).default('none'),
});

export type Params = z.infer<typeof params>;

export interface Layout {
  map: ChannelMap;
  sn: readonly number[];
  /** utime_ms and tai_ns per channel, or per ADC (2x2, where rows have no `ch`). */
  times: 'channel' | 'adc';
  /** Detectors of all modules, of which a trigger has some; undefined: each trigger has all. */
  detectors: number | undefined;
  busy: readonly number[];
  disabled: readonly number[];
  /** Slots that hold a waveform. */
  valid: Uint8Array;
}

/** @throws TaskError when the parameters contradict each other */
export function layoutOf(settings: Params): Layout {
  const { channel_map: rows, n_modules: modules, busy_channel } = settings;
  const refuse = (message: string, fix: string): TaskError =>
    new TaskError(message, { code: 'bad-value', try: fix });
  const [adcs, channels] = [rows.length, rows[0]!.length];
  const odd = rows.findIndex((row) => row.length !== channels);
  if (odd >= 0)
    throw refuse(
      `channel_map has ${channels} channels for ADC 0 and ${rows[odd]!.length} for ADC ${odd}`,
      'as many for each',
    );
  for (const [name, is] of [
    ['n_adcs', adcs],
    ['n_channels', channels],
  ] as const)
    if ((settings[name] ?? is) !== is)
      throw refuse(`${name} is ${settings[name]}, channel_map has ${is}`, `${name}: ${is}`);
  const sn = settings.adc_sn ?? rows.map((_, adc) => adc);
  const busyOf = busy_channel ?? (modules === null ? rows.map(() => 0) : []);
  for (const [name, list] of [
    ['adc_sn', sn],
    ['busy_channel', busyOf],
  ] as const)
    if (list.length !== adcs && (name === 'adc_sn' || list.length > 0))
      throw refuse(`${name} has ${list.length} entries for ${adcs} ADCs`, 'one for each ADC');
  /** From the end, as Python counts, where it is below 0. */
  const slot = (name: string, adc: number, channel: number): number => {
    const [a, c] = [adc < 0 ? adcs + adc : adc, channel < 0 ? channels + channel : channel];
    if (a < 0 || a >= adcs || c < 0 || c >= channels)
      throw refuse(
        `${name} names channel ${channel} of ADC ${adc}, there are ${adcs} ADCs of ${channels} channels`,
        `channels from 0 to ${channels - 1}`,
      );
    return a * channels + c;
  };
  const detectors = Int32Array.from(rows.flat());
  const busy = busyOf.map((channel, adc) => slot('busy_channel', adc, channel));
  const valid = Uint8Array.from(detectors, (detector) => (detector < 0 ? 0 : 1));
  // A busy signal is a waveform, too: the alignment looks for it. Upstream has it as missing.
  if (settings.compat === 'none') for (const at of busy) valid[at] = 1;
  return {
    map: { adcs, channels, detectors },
    sn,
    times: modules === null ? 'channel' : 'adc',
    detectors: modules === null ? undefined : modules * settings.n_sipms_per_module,
    busy,
    disabled: settings.disabled_channels.map(([adc, channel]) =>
      slot('disabled_channels', adc, channel),
    ),
    valid,
  };
}
