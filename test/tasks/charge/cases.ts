/** The reference cases in the words of tg: their parameters, what upstream made of them, and how its tables are compared with ours. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Json } from 'tg';
import { relationOf, type H5File } from 'tg/h5';
import { fixture } from './fixtures.ts';
import { attributesOf, childRows, compareAttributes, relationRows } from './flow-file.ts';

export interface Case {
  raw_event_generator: Record<string, Json>;
  reconstruction: Record<string, Json>;
  outputs: { regref?: Record<string, number> };
}

export const caseOf = (name: string): Case =>
  JSON.parse(readFileSync(fixture(name, 'case.json'), 'utf8')) as Case;

/** Parameters of a case by procedure. */
export function paramsOf(
  { raw_event_generator: raw, reconstruction }: Case,
  compat: string,
): Record<string, Record<string, Json>> {
  const events = Object.fromEntries(
    Object.entries(raw).filter(([name]) => name !== 'packets_dset_name'),
  );
  const file = (name: string): string | null => {
    const value = reconstruction[name] as string;
    return value === '' ? null : fixture(value);
  };
  return {
    'charge/raw_events': { ...events, compat },
    'charge/packets_corr_ts': { correction: reconstruction['correction'] ?? {} },
    'charge/hits': {
      pedestal_file: file('pedestal_file'),
      configuration_file: file('configuration_file'),
      geometry_file: file('geometry'),
      compat,
    },
    'combined/hit_drift': { geometry_file: file('geometry'), compat },
  };
}

/** Parent and child of every relation up to events. */
export const RELATIONS = [
  ['charge/raw_events', 'charge/packets'],
  ['charge/raw_events', 'charge/packets_corr_ts'],
  ['charge/raw_events', 'charge/ext_trigs'],
  ['charge/raw_events', 'charge/hits'],
  ['charge/events', 'charge/ext_trigs'],
  ['charge/events', 'charge/hits'],
] as const;

/** Where the tables of ours are: a flow file has them all. */
export interface Ours {
  holder(table: string): H5File;
}

/** Tables against those of upstream: rows of each event as multisets. */
export function compareAll(ours: Ours, upstream: H5File, attributes: boolean): void {
  for (const table of ['charge/raw_events', 'charge/events']) {
    const file = ours.holder(table);
    assert.equal(
      childRows(file, table, 0, -1).join('\n'),
      childRows(upstream, table, 0, -1).join('\n'),
    );
    if (attributes)
      compareAttributes(attributesOf(file, table), attributesOf(upstream, table), table);
  }
  for (const [parent, child] of RELATIONS) {
    const file = ours.holder(child);
    const holder = parent === 'charge/events' ? ours.holder(parent) : file;
    if (attributes)
      compareAttributes(attributesOf(file, child), attributesOf(upstream, child), child);
    const mine = relationOf(holder, parent, child);
    const theirs = relationOf(upstream, parent, child);
    const where = `${parent} -> ${child}`;
    assert.deepEqual(relationRows(file, child, mine), relationRows(upstream, child, theirs), where);
  }
}
