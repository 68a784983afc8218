/** Channels that are switched off and chips that are not there, as places on the anode. Knows the lists as parsed, no files. */
import { TaskError, type Json } from 'tg';
import { placeOf, type Layout } from './layout.ts';
import { createLookUp, fill, rangeOf, type LookUpTable } from './look-up-table.ts';

/** A list, and its path for messages. */
export interface DisabledList {
  content: Json;
  path: string;
}

/** Places, in order of the keys of the lists. */
export interface DisabledPixels {
  ioGroup: number[];
  /** mm. */
  x: number[];
  y: number[];
  /** Channels of the first list that the layout does not have: they have no place. */
  unplaced: number;
}

type Fail = (message: string, keys: readonly string[]) => never;

function failing(file: string): Fail {
  return (message, keys) => {
    throw new TaskError(message, {
      code: 'bad-value',
      at: { file, keys },
      try: 'correct the list',
    });
  };
}

function entriesOf({ content, path }: DisabledList, form: string): [string, readonly Json[]][] {
  const fail = failing(path);
  if (content === null || typeof content !== 'object' || Array.isArray(content))
    return fail(`no mapping {${form}}`, []);
  return Object.entries(content).map(([key, list]) =>
    Array.isArray(list) ? [key, list as readonly Json[]] : fail(`${key} is no list`, [key]),
  );
}

const isByte = (n: Json | undefined): n is number =>
  typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= 255;

/**
 * Channels `{io_group-io_channel-chip_id: [channel_id, ..]}` (`All` does not count) at their places in the layout, and places
 * `{io_group: [[x, y], ..]}` as they are, mm. Places of the layout have 4 bytes, as in upstream's tables.
 */
export function disabledPixels(
  channels: DisabledList | null,
  missing: DisabledList | null,
  layout: Layout | null,
): DisabledPixels {
  const found: DisabledPixels = { ioGroup: [], x: [], y: [], unplaced: 0 };
  const push = (ioGroup: number, x: number, y: number): void => {
    found.ioGroup.push(ioGroup);
    found.x.push(x);
    found.y.push(y);
  };
  const form = 'io_group-io_channel-chip_id: [channels]';
  for (const [key, list] of channels === null ? [] : entriesOf(channels, form)) {
    if (key === 'All') continue;
    const fail = failing(channels!.path);
    const address = /^\d+-\d+-\d+$/.test(key) ? key.split('-').map(Number) : [];
    const [ioGroup, ioChannel, chipId] = address;
    if (!isByte(ioGroup) || !isByte(ioChannel) || !isByte(chipId))
      return fail(`${key} is no io_group-io_channel-chip_id, nor All`, [key]);
    for (const [i, channelId] of list.entries()) {
      if (!isByte(channelId))
        fail(`channel of ${key}: ${JSON.stringify(channelId)}`, [key, `${i}`]);
      const at = { ioGroup, ioChannel, chipId, channelId: channelId as number };
      const place = layout === null ? 'no tile' : placeOf(layout, at);
      if (typeof place === 'string') found.unplaced++;
      else push(ioGroup, Math.fround(place.x), Math.fround(place.y));
    }
  }
  for (const [key, list] of missing === null ? [] : entriesOf(missing, 'io_group: [[x, y], ..]')) {
    const fail = failing(missing!.path);
    const ioGroup = /^\d+$/.test(key) ? Number(key) : NaN;
    if (!isByte(ioGroup)) fail(`${key} is no io_group`, [key]);
    for (const [i, place] of list.entries()) {
      const [x, y] = Array.isArray(place) && place.length === 2 ? (place as Json[]) : [];
      if (typeof x !== 'number' || typeof y !== 'number')
        return fail(`place of io_group ${key}: ${JSON.stringify(place)}, not [x, y] in mm`, [
          key,
          `${i}`,
        ]);
      push(ioGroup, x, y);
    }
  }
  return found;
}

/** By io_group and whole x and y (towards 0), mm: whether a channel within 1 mm is off. @throws RangeError when places are too far apart */
export function disabledTable({ ioGroup, x, y }: DisabledPixels): LookUpTable {
  const wide = (places: readonly number[]): readonly [number, number] => {
    const [min, max] = rangeOf(places.map(Math.trunc));
    return min > max ? [min, max] : [min - 1, max + 1];
  };
  const table = createLookUp([rangeOf(ioGroup), wide(x), wide(y)], 'bool', [], 0);
  for (let i = 0; i < x.length; i++) {
    const [column, row] = [Math.trunc(x[i]!), Math.trunc(y[i]!)];
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++) fill(table, [ioGroup[i]!, column + dx, row + dy], [1]);
  }
  return table;
}
