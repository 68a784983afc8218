/** Light of a simulated run as two ADC64 files: flashes of its tracks, dark triggers, sync pulses, clocks of two ADCs. Knows tracks and bytes, not tg's parsers. */
import { createRandom, type Random } from '../../tasks/charge/random.ts';
import { DRIFT } from '../../tasks/charge/simulated-anode.ts';
import type { SimulatedTrack } from '../../tasks/charge/simulated-packets.ts';
import { adc64, type Channel } from '../tasks/light/device-writer.ts';

export interface LightSettings {
  seed: number;
  seconds: number;
  /** Unix time of the start, s. */
  unixStart: number;
  /** Triggers without charge per second. */
  darkPerSecond: number;
  /** Parts of the flashes that neither ADC recorded, and that one of them did not. */
  lost: number;
  halfLost: number;
  channels: readonly number[];
  /** Samples per waveform. */
  samples: number;
}

/** What happened: the truth behind a light event, whose field `event` is `number`. */
export interface Flash {
  number: number;
  /** Ticks of 0.1 us after the start of the run. */
  t: number;
  /** Pixels that saw the charge of it; 0: a dark trigger. */
  hits: number;
  /** Has ADC 0, ADC 1 recorded it? */
  recorded: readonly [boolean, boolean];
}

export interface SimulatedLight {
  /** Of the ADCs, in the order of SERIALS. */
  files: [Buffer, Buffer];
  flashes: Flash[];
}

export const SERIALS = [0x0a7a314c, 0x0a7b54bd] as const;
/** Busy signal and sync pulse. */
const [BUSY, PPS] = [0, 32];
const SECOND = 1e7;
const NS_PER_TICK = 100;
/** Length of a tick of the ADCs, ns; their clocks run by so much too fast. */
const ADC_TICK = 0.625;
const SLOPES = [-1.18e-7, 1.18e-7];
/** 10 bits, to the left in 16. */
const [STEP, HIGHEST] = [64, 511];
/** Sample at which the light of a flash begins, and height of the busy signal [steps]. */
const [BEGIN, BUSY_HEIGHT] = [40, 320];
/** Height of a pulse per pixel that saw the charge [steps]. */
const PER_HIT = 1.2;
const NOISE = 1.5;

interface Track {
  hits: number;
  /** Part of it on either side of the cathode. */
  sides: [number, number];
}

/** Tracks of one cosmic ray begin together: one flash. */
function flashesOf(tracks: readonly SimulatedTrack[]): Map<number, Track> {
  const flashes = new Map<number, Track>();
  for (const { t, hits, first, last } of tracks) {
    const flash = flashes.get(t) ?? { hits: 0, sides: [0, 0] };
    flash.hits += hits;
    const [a, b] = [first[2], last[2]]
      .map((z) => Math.min(Math.max(z, -DRIFT), DRIFT))
      .sort((u, v) => u - v) as [number, number];
    const below = a >= 0 ? 0 : b <= 0 ? 1 : -a / (b - a);
    flash.sides[0] += hits * below;
    flash.sides[1] += hits * (1 - below);
    flashes.set(t, flash);
  }
  return flashes;
}

/** Seconds and ticks that the counter of an ADC shows `ns` after the start, and `unixStart` before it. */
function reading(adc: number, unixStart: number, ns: number): { s: number; ticks: number } {
  const ticks = Math.round((ns * (1 + SLOPES[adc]!)) / ADC_TICK) + 1000 * (adc + 1);
  return { s: unixStart + 37 + Math.floor(ticks / 1e9), ticks: ticks % 1e9 };
}

/** Height of a pulse `i` samples after it began: a fast and a slow part. */
const pulse = (i: number): number =>
  i < 0 ? 0 : (1 - Math.exp(-(i + 1) / 1.5)) * (0.75 * Math.exp(-i / 5) + 0.25 * Math.exp(-i / 60));

/** A channel looks into one half of the detector: the lower channels of ADC 0 and the upper ones of ADC 1 into the first. */
const sideOf = (adc: number, channel: number): 0 | 1 => (channel < PPS === (adc === 0) ? 0 : 1);

export function simulateLight(
  tracks: readonly SimulatedTrack[],
  settings: LightSettings,
): SimulatedLight {
  const random = createRandom(settings.seed);
  const gains = SERIALS.map(() => Array.from({ length: 64 }, () => random.between(0.8, 1.2)));
  const flashes = flashesOf(tracks);
  const dark = { hits: 0, sides: [0, 0] as [number, number] };
  for (let n = settings.darkPerSecond * settings.seconds; n > 0; n--) {
    const t = Math.floor(random.between(0, settings.seconds)) * SECOND;
    flashes.set(Math.floor(t + random.between(1e6, 9.9e6)), { ...dark });
  }
  const syncs = Array.from({ length: settings.seconds }, (_, second) => second * SECOND);
  const times = [...syncs, ...flashes.keys()].sort((a, b) => a - b);
  const files: [Buffer[], Buffer[]] = [[], []];
  const told: Flash[] = [];
  for (const [number, t] of times.entries()) {
    const flash = flashes.get(t);
    const isLost = flash !== undefined && random.uniform() < settings.lost;
    const without = random.uniform() < settings.halfLost ? random.below(2) : -1;
    const recorded = [0, 1].map((adc) => !isLost && (flash === undefined || adc !== without)) as [
      boolean,
      boolean,
    ];
    const height = flash === undefined ? 0 : 1;
    const samples = (adc: number, channel: number): number[] =>
      waveform(random, settings.samples, (i) => {
        if (channel === BUSY) return i >= BEGIN - 5 ? BUSY_HEIGHT * height : 0;
        if (channel === PPS) return flash === undefined && i >= BEGIN ? BUSY_HEIGHT : 0;
        const light = (flash?.hits === 0 ? 8 : (flash?.sides[sideOf(adc, channel)] ?? 0)) * PER_HIT;
        return light * gains[adc]![channel]! * pulse(i - BEGIN);
      });
    // The host asks every few ms.
    const unixMs = settings.unixStart * 1000 + Math.floor(t / 1e4 + random.between(0, 5));
    for (const [adc, serial] of SERIALS.entries()) {
      const channels = settings.channels.map((ch): Channel => ({ ch, samples: samples(adc, ch) }));
      if (!recorded[adc]!) continue;
      const time = reading(adc, settings.unixStart, t * NS_PER_TICK);
      files[adc]!.push(adc64(number, unixMs + adc, { serial, ...time, channels }));
    }
    if (flash !== undefined) told.push({ number, t, hits: flash.hits, recorded });
  }
  return { files: [Buffer.concat(files[0]), Buffer.concat(files[1])], flashes: told };
}

/** Steps of the converter with noise, and a hum that comes again every ten samples. */
function waveform(random: Random, samples: number, height: (i: number) => number): number[] {
  return Array.from({ length: samples }, (_, i) => {
    const hum = 2 * Math.sin((2 * Math.PI * i) / 10);
    const steps = Math.round(height(i) + hum + random.normal(0, NOISE));
    return STEP * Math.min(Math.max(steps, -HIGHEST - 1), HIGHEST);
  });
}
