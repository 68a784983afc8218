/** Is every event of the runs in the harmonic files, once, in order and of the same payload? Knows numbers, no files. */

export interface Input {
  run: number;
  event: ArrayLike<number>;
  bytes: ArrayLike<number>;
}

export interface Output {
  run: ArrayLike<number>;
  event: ArrayLike<number>;
  bytes: ArrayLike<number>;
}

export interface Conservation {
  /** Events of the runs. */
  inputs: number;
  /** Of them: in no file, in more than one place, of another payload. */
  lost: number;
  twice: number;
  changed: number;
  /** Events of the files that no run has. */
  strange: number;
  /** Neighbours in the files that stand in another order than in the runs. */
  unordered: number;
  /** The first few that are not as they should be, `run 7 event 2`. */
  examples: string[];
}

const MOST = 5;

export const isConserved = (c: Conservation): boolean =>
  c.lost + c.twice + c.changed + c.strange + c.unordered === 0;

export function checkConservation(
  inputs: Iterable<Input>,
  outputs: readonly Output[],
): Conservation {
  const found: Conservation = {
    ...{ inputs: 0, lost: 0, twice: 0, changed: 0, strange: 0, unordered: 0 },
    examples: [],
  };
  const note = (kind: 'lost' | 'twice' | 'changed' | 'strange', run: number, event: number) => {
    found[kind]++;
    if (found.examples.length < MOST) found.examples.push(`run ${run} event ${event} ${kind}`);
  };
  const places = placesByRun(outputs, found);
  for (const { run, event, bytes } of inputs) {
    const of = places.get(run) ?? new Map<number, number[]>();
    places.delete(run);
    found.inputs += event.length;
    for (let i = 0; i < event.length; i++) {
      const sizes = of.get(event[i]!);
      of.delete(event[i]!);
      if (sizes === undefined) note('lost', run, event[i]!);
      else if (sizes.length > 1) note('twice', run, event[i]!);
      else if (sizes[0] !== bytes[i]) note('changed', run, event[i]!);
    }
    for (const event of of.keys()) note('strange', run, event);
  }
  for (const [run, of] of places) for (const event of of.keys()) note('strange', run, event);
  return found;
}

/** Payloads by run and event; counts what stands out of order. */
function placesByRun(
  outputs: readonly Output[],
  found: Conservation,
): Map<number, Map<number, number[]>> {
  const places = new Map<number, Map<number, number[]>>();
  let [lastRun, lastEvent] = [-Infinity, -Infinity];
  for (const { run, event, bytes } of outputs) {
    for (let i = 0; i < run.length; i++) {
      const [r, e] = [run[i]!, event[i]!];
      if (r < lastRun || (r === lastRun && e <= lastEvent)) found.unordered++;
      [lastRun, lastEvent] = [r, e];
      let of = places.get(r);
      if (of === undefined) places.set(r, (of = new Map<number, number[]>()));
      const sizes = of.get(e);
      if (sizes === undefined) of.set(e, [bytes[i]!]);
      else sizes.push(bytes[i]!);
    }
  }
  return places;
}
