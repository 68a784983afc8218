/** When triggers and light events happened, from their tables. Knows tables, no matches. */
import type { Rows, Runs, Table } from 'tg/h5';
import { addLightTimes, createLightTimes, type LightTimes } from './light-times.ts';
import type { TriggerTimes } from './match.ts';

/** Corrected times of the triggers [ticks], and unix times [s] of the events that they belong to (NaN: of none). */
export function triggerTimes(triggers: Table, ofEvents: Runs, events: Table): TriggerTimes {
  const unix = new Float64Array(triggers.rows).fill(NaN);
  const unixOf = events.column('unix_ts') as Float64Array;
  const { parent, start, stop } = ofEvents;
  for (let i = 0; i < parent.length; i++) unix.fill(unixOf[parent[i]!]!, start[i], stop[i]);
  return { unix, ts: triggers.column('ts') as Float64Array };
}

/** Bytes of a block of light events: columns of it stay in the cache. */
const PIECE = 2 ** 20;

/** Times of all light events, block by block; `each` is told of every block. */
export function lightTimes(light: Table, adcs: number, each?: (block: Rows) => void): LightTimes {
  const times = createLightTimes(light.rows);
  for (const block of light.blocks(Math.ceil(PIECE / light.rowSize))) {
    each?.(block);
    addLightTimes(times, block, adcs);
  }
  return times;
}
