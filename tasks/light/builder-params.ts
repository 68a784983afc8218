/** Parameters of light/event_builder, and what their defaults are in each format. */
import { z } from 'tg';

/** A serial number of an ADC; text is hexadecimal, as upstream has it for MPD. */
const serial = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^(?:0x)?[0-9a-f]{1,8}$/i, 'is no hexadecimal number')
    .transform((text) => parseInt(text, 16)),
]);

export const params = z.strictObject({
  format: z.enum(['auto', 'rwf', 'adc64', 'mpd']).default('auto'),
  sn_table: z.array(serial).min(1).nullable().default(null),
  n_adcs: z.int().positive().nullable().default(null),
  n_channels: z.int().positive().max(256).default(64),
  n_samples: z.int().positive().nullable().default(null).describe('samples'),
  times: z.enum(['channel', 'adc']).nullable().default(null),
  skip_underflow: z.boolean().default(true),
  sync_channel: z.int().nonnegative().nullable().default(null),
  sync_threshold: z.number().nullable().default(null).describe('ADC counts'),
  sync_buffer: z.int().nonnegative().default(200),
  clock_timestamp_factor: z.number().positive().nullable().default(null).describe('ns per tick'),
  utime_ms_window: z.number().nonnegative().default(1000).describe('ms'),
  tai_ns_window: z.number().nonnegative().default(1000).describe('ns'),
  chunk_size: z.int().positive().default(128).describe('events'),
  batch_size: z.int().positive().nullable().default(null).describe('events'),
  start_position: z.int().nonnegative().default(0).describe('waveforms, or events'),
  end_position: z.int().nonnegative().nullable().default(null).describe('waveforms, or events'),
  compat: z.enum(['none', 'upstream']).default('none'),
});

export type Params = z.infer<typeof params>;

export type Format = 'rwf' | 'adc64' | 'mpd';

/** Defaults of upstream's classes, where they differ. */
export const DEFAULTS = {
  adc64: {
    batch_size: 128,
    sync_channel: 32,
    sync_threshold: 5000,
    clock_timestamp_factor: 0.625,
  },
  mpd: { batch_size: 64, sync_channel: 0, sync_threshold: 40000, clock_timestamp_factor: 1 },
} as const;

/** Number of ADCs where nothing else tells it. */
export const ADCS: Readonly<Record<Format, number>> = { rwf: 2, adc64: 2, mpd: 8 };
