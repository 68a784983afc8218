/** The ways to build raw events, by name: what each reads of its configuration, and what it writes to the file. */
import { z } from 'tg';
import { symmetricFinder, type EventFinder } from './event-finder.ts';
import { extTrigFinder } from './ext-trig-window.ts';
import type { PacketFields } from './packet-fields.ts';
import { timeDeltaFinder } from './time-delta.ts';

const ticks = 'ticks of 0.1 us';

const NAMES = ['SymmetricWindow', 'TimeDelta', 'ExtTrig'] as const;

/** `event_builder_class`; upstream's suffix is accepted. */
export const builderClass = z
  .enum([...NAMES, ...NAMES.map((name) => `${name}RawEventBuilder` as const)])
  .default('SymmetricWindow');

/** `event_builder_config` of all builders: each reads its own values. */
export const builderConfig = z
  .strictObject({
    window: z.number().positive().default(1000).describe(ticks),
    threshold: z.int().nonnegative().default(10).describe('packets per bin'),
    rollover_ticks: z.int().positive().default(10_000_000).describe(ticks),
    event_dt: z.number().nonnegative().default(1820).describe(ticks),
    max_event_dt: z.number().nonnegative().default(5460).describe(ticks),
    trig_window: z.number().nonnegative().default(2002).describe(ticks),
    trig_io_grp: z.int().min(0).max(255).default(1),
    build_off_beam_events: z.boolean().default(false),
    off_beam_window: z.number().positive().default(910).describe(ticks),
    off_beam_threshold: z.int().nonnegative().default(10).describe('packets per bin'),
  })
  .prefault({});

export type BuilderName = (typeof NAMES)[number];

export const builderName = (given: z.infer<typeof builderClass>): BuilderName =>
  given.replace(/RawEventBuilder$/, '') as BuilderName;

export type Attribute = number | string | boolean;

/** A builder ready for work. */
export interface ChosenBuilder {
  finder: EventFinder;
  /** Ticks. */
  rolloverTicks: number;
  /** Its version and configuration, as upstream writes them. */
  attributes: { event_builder_class_version: string; [name: string]: Attribute };
}

/** Reads of `config` what this builder needs and nothing else: the rest may change without rerunning it. */
export function chooseBuilder(
  name: BuilderName,
  config: z.infer<typeof builderConfig>,
  {
    fields,
    upstream,
    flushAtEnd,
  }: { fields: PacketFields; upstream: boolean; flushAtEnd: boolean },
): ChosenBuilder {
  if (name === 'TimeDelta') {
    const { event_dt, max_event_dt } = config;
    return {
      finder: timeDeltaFinder(event_dt, max_event_dt),
      // Its times are raw; the seconds are not counted.
      rolloverTicks: 1e7,
      attributes: { event_builder_class_version: '0.0.0', event_dt, max_event_dt },
    };
  }
  if (name === 'ExtTrig') return extTrig(config, fields, flushAtEnd);
  const { window, threshold, rollover_ticks } = config;
  return {
    finder: symmetricFinder(window, threshold, upstream ? 'nothing' : 'one bin'),
    rolloverTicks: rollover_ticks,
    attributes: { event_builder_class_version: '0.0.2', window, threshold, rollover_ticks },
  };
}

function extTrig(
  config: z.infer<typeof builderConfig>,
  fields: PacketFields,
  keepOpen: boolean,
): ChosenBuilder {
  const { trig_window: window, trig_io_grp, rollover_ticks, build_off_beam_events } = config;
  const finder = { fields, window, ioGroup: trig_io_grp, rolloverTicks: rollover_ticks, keepOpen };
  // `window` as upstream writes it.
  const attributes = {
    event_builder_class_version: '0.0.0',
    window,
    rollover_ticks,
    trig_io_grp,
    build_off_beam_events,
  };
  if (!build_off_beam_events) {
    return {
      finder: extTrigFinder({ ...finder, offBeam: null }),
      rolloverTicks: rollover_ticks,
      attributes,
    };
  }
  const { off_beam_window, off_beam_threshold } = config;
  return {
    finder: extTrigFinder({
      ...finder,
      offBeam: { window: off_beam_window, threshold: off_beam_threshold },
    }),
    rolloverTicks: rollover_ticks,
    attributes: { ...attributes, off_beam_window, off_beam_threshold },
  };
}
