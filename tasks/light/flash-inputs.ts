/** What flashes are made of: hits event by event, and where the SiPMs of each TPC are. Knows no flashes. */
import { TaskError, type TaskContext } from 'tg';
import { relationOf, type H5File, type Table } from 'tg/h5';
import { channelMap } from './detector-channels.ts';
import type { HitColumns } from './flashes.ts';
import { sipmPlaces, type Described } from './light-places.ts';
import type { Shape } from './light-tables.ts';

const COLUMNS = [
  'tpc',
  'sample_idx',
  'busy_ns',
  'rising_spline',
  'sum',
  'max',
  'sum_spline',
  'max_spline',
] as const;

/** Hits of events, which stand event by event. */
export interface Hits {
  table: Table;
  /** First hit of an event, and the one behind its last. */
  of(event: number): [number, number];
  /** Hits of `rows` events from `start` on; `first` is the number of the first. */
  columns(start: number, rows: number): HitColumns & { first: number };
}

/** @throws TaskError when hits of an event do not follow each other */
export function hitsOf(context: TaskContext, file: H5File): Hits {
  const table = file.table(context.place('light/sum_hits') || '/light/sum_hits');
  const { parent, start, stop } = relationOf(file, 'light/events', 'light/sum_hits');
  const ranges = new Map<number, [number, number]>();
  let next = 0;
  parent.forEach((event, k) => {
    const known = ranges.get(event);
    if (start[k] !== next || (known !== undefined && known[1] !== next))
      throw new TaskError(`light/sum_hits: the hits of event ${event} do not follow each other`, {
        code: 'bad-input',
        at: { file: table.path },
        try: 'build light/sum_hits',
      });
    next = stop[k]!;
    ranges.set(event, [known?.[0] ?? start[k], next]);
  });
  const of = (event: number): [number, number] => ranges.get(event) ?? [0, 0];
  return {
    table,
    of,
    columns(begin, rows) {
      const own = Array.from({ length: rows }, (_, i) => of(begin + i)).filter(([a, b]) => b > a);
      const first = own[0]?.[0] ?? 0;
      const read = table.read(first, (own.at(-1)?.[1] ?? first) - first);
      const columns = COLUMNS.map((name) => [name, read.column(name)] as const);
      return { ...(Object.fromEntries(columns) as unknown as HitColumns), first };
    },
  };
}

/** Slots of the SiPMs of each TPC, (2 sides, half of them from the bottom), -1 where there is none. @throws TaskError for what has no place */
export function sipmsOf(light: Described, shape: Shape, nchantpc: number): Map<number, Int32Array> {
  const half = nchantpc / 2;
  const sipms = new Map<number, Int32Array>();
  const map = channelMap(light.root, light.file, shape);
  for (const { adc, channel, tpc, side, bin } of sipmPlaces(light, map)) {
    const slots = sipms.get(tpc) ?? new Int32Array(nchantpc).fill(-1);
    sipms.set(tpc, slots);
    const refuse = (what: string, keys: readonly string[]): TaskError =>
      new TaskError(`channel ${channel} of ADC ${adc} ${what}`, {
        code: 'bad-value',
        at: { file: light.file, keys },
        try: 'nchantpc, or the geometry',
      });
    if (side !== 0 && side !== 1)
      throw refuse(`is on side ${side} of TPC ${tpc}, there are 0 and 1`, ['det_side']);
    const bins = ['ch_to_vert_bin', String(adc), String(channel)];
    if (bin >= half)
      throw refuse(
        `is SiPM ${bin} of its side of TPC ${tpc}, nchantpc ${nchantpc} has ${half} on a side`,
        bins,
      );
    const other = slots[side * half + bin]!;
    if (other >= 0)
      throw refuse(
        `is SiPM ${bin} of side ${side} of TPC ${tpc}, as is channel ${other % shape[1]} of ADC ${Math.floor(other / shape[1])}`,
        bins,
      );
    slots[side * half + bin] = adc * shape[1] + channel;
  }
  return sipms;
}
