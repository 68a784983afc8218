/** The hits of events with their places: hits and their drift, read block by block, event by event. Knows tables, no tracks. */
import { setImmediate } from 'node:timers/promises';
import { TaskError, type TaskContext } from 'tg';
import { describe, type Rows, type Table } from 'tg/h5';
import { BLOCK_ROWS } from './packets-file.ts';
import type { Runs } from './runs.ts';
import { spaced } from './spaced.ts';
import type { EventHits } from './tracklets.ts';

/** Hits of one event that have a place. */
export interface PlacedEvent {
  event: number;
  /** All hits of the event. */
  nhit: number;
  hits: EventHits;
  /** Rows of `hits` in charge/hits, ascending. */
  row: Uint32Array;
}

/** Columns that are read, and what they are. */
const HIT_COLUMNS = ['px', 'py', 'q', 'ts'] as const;

/** Hits and drift of the same run; throws TaskError when they are not. */
export function checkTables(hits: Table, drift: Table, { stop }: Runs): void {
  for (const [table, names] of [
    [hits, HIT_COLUMNS],
    [drift, ['z']],
  ] as const) {
    for (const name of names) {
      const field = table.dtype.fields.find((of) => of.name === name);
      if (field?.type.kind === 'float') continue;
      const what = field === undefined ? 'no column' : `${describe(field.type)} in column`;
      const make = 'tables of charge/hit_builder and charge/drift';
      throw new TaskError(`${table.path} has ${what} ${name}`, { try: make });
    }
  }
  if (hits.rows !== drift.rows) {
    throw new TaskError(
      `combined/hit_drift has ${spaced(drift.rows)} rows, charge/hits ${spaced(hits.rows)}`,
      { try: 'hits and their drift of the same run' },
    );
  }
  const last = stop.reduce((a, b) => Math.max(a, b), 0);
  if (last > hits.rows) {
    throw new TaskError(
      `charge/events has hit ${spaced(last - 1)}, charge/hits ${spaced(hits.rows)} rows`,
      { try: 'events and hits of the same run' },
    );
  }
}

/** The events that have hits, in order; hits without x, y or z are left out. Reports progress. */
export async function* placedEvents(
  context: TaskContext,
  hits: Table,
  drift: Table,
  runs: Runs,
): AsyncGenerator<PlacedEvent> {
  for (const { first, end, start, stop } of eventBlocks(runs, BLOCK_ROWS)) {
    await setImmediate();
    context.signal.throwIfAborted();
    const rows = hits.read(start, stop - start);
    const z = drift.read(start, stop - start).column('z') as Float64Array;
    for (let run = first; run < end;) {
      const from = run;
      while (run < end && runs.parent[run] === runs.parent[from]) run++;
      yield placedEvent(runs, from, run, start, rows, z);
    }
    context.progress(stop, hits.rows, 'hits');
  }
}

/** Runs [first, end) of whole events, whose rows lie in [start, stop). */
export interface EventBlock {
  first: number;
  end: number;
  start: number;
  stop: number;
}

/** Events that follow one another are read together while their rows span no more than `most`. */
export function* eventBlocks({ parent, start, stop }: Runs, most: number): Generator<EventBlock> {
  let block: EventBlock | undefined;
  for (let run = 0; run < parent.length;) {
    const event = { first: run, end: run, start: start[run]!, stop: stop[run]! };
    for (; event.end < parent.length && parent[event.end] === parent[run]; event.end++) {
      event.start = Math.min(event.start, start[event.end]!);
      event.stop = Math.max(event.stop, stop[event.end]!);
    }
    run = event.end;
    const both = block && {
      first: block.first,
      end: event.end,
      start: Math.min(block.start, event.start),
      stop: Math.max(block.stop, event.stop),
    };
    if (block !== undefined && both!.stop - both!.start > most) {
      yield block;
      block = event;
    } else block = both ?? event;
  }
  if (block !== undefined) yield block;
}

function placedEvent(
  runs: Runs,
  from: number,
  to: number,
  start: number,
  rows: Rows,
  z: Float64Array,
): PlacedEvent {
  const column = (name: string): Float64Array => rows.column(name) as Float64Array;
  const columns = { x: column('px'), y: column('py'), z, q: column('q'), ts: column('ts') };
  const { x, y } = columns;
  const event = runs.parent[from]!;
  let nhit = 0;
  for (let run = from; run < to; run++) nhit += runs.stop[run]! - runs.start[run]!;
  const row = new Uint32Array(nhit);
  let n = 0;
  for (let run = from; run < to; run++) {
    for (let i = runs.start[run]!; i < runs.stop[run]!; i++) {
      if (Number.isFinite(x[i - start]! + y[i - start]! + z[i - start]!)) row[n++] = i;
    }
  }
  if (n === nhit && to === from + 1) {
    // As nearly all events: what was read is what is asked for, without a copy.
    const first = runs.start[from]! - start;
    return { event, nhit, hits: eachColumn(columns, (c) => c.subarray(first, first + n)), row };
  }
  const placed = row.subarray(0, n);
  const pick = (c: Float64Array): Float64Array => Float64Array.from(placed, (i) => c[i - start]!);
  return { event, nhit, hits: eachColumn(columns, pick), row: placed };
}

const eachColumn = (
  { x, y, z, q, ts }: EventHits,
  pick: (column: Float64Array) => Float64Array,
): EventHits => ({ x: pick(x), y: pick(y), z: pick(z), q: pick(q), ts: pick(ts) });
