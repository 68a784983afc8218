/** The ways to build raw events, by name: what each reads of its configuration, and what it writes to the file. */
import { z } from 'tg';
import { symmetricFinder, type EventFinder } from './event-finder.ts';
import { timeDeltaFinder } from './time-delta.ts';

const ticks = 'ticks of 0.1 us';

const NAMES = ['SymmetricWindow', 'TimeDelta'] as const;

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
  })
  .prefault({});

export type BuilderName = (typeof NAMES)[number];

export const builderName = (given: z.infer<typeof builderClass>): BuilderName =>
  given.replace(/RawEventBuilder$/, '') as BuilderName;

/** A builder ready for work. */
export interface ChosenBuilder {
  finder: EventFinder;
  /** Ticks. */
  rolloverTicks: number;
  /** Its version and configuration, as upstream writes them. */
  attributes: { event_builder_class_version: string; [name: string]: number | string };
}

/** Reads of `config` what this builder needs and nothing else: the rest may change without rerunning it. */
export function chooseBuilder(
  name: BuilderName,
  config: z.infer<typeof builderConfig>,
  upstream: boolean,
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
  const { window, threshold, rollover_ticks } = config;
  return {
    finder: symmetricFinder(window, threshold, upstream ? 'nothing' : 'one bin'),
    rolloverTicks: rollover_ticks,
    attributes: { event_builder_class_version: '0.0.2', window, threshold, rollover_ticks },
  };
}
