/** Relations of the parts of a run as one: rows counted on from part to part. Knows links, no files. */
import type { Links, Runs, Stretches } from '../h5/index.ts';
import { isStretches, runsOf } from '../h5/index.ts';

/** A relation within one part, and where that part's rows begin in the joined tables. */
export interface PartLinks {
  links: Links;
  parentFrom: number;
  childFrom: number;
}

/** Parts in order; parents of a part stand behind those of the part before. */
export function joinLinks(parts: readonly PartLinks[]): Links {
  const [only] = parts;
  if (parts.length === 1 && only!.parentFrom === 0 && only!.childFrom === 0) return only!.links;
  return parts.every(({ links }) => isStretches(links)) ? joinStretches(parts) : joinRuns(parts);
}

function joinRuns(parts: readonly PartLinks[]): Runs {
  const all = parts.map(({ links, ...from }) => ({ runs: runsOf(links), ...from }));
  const length = all.reduce((n, { runs }) => n + runs.parent.length, 0);
  const joined = {
    parent: new Uint32Array(length),
    start: new Uint32Array(length),
    stop: new Uint32Array(length),
  };
  let at = 0;
  for (const { runs, parentFrom, childFrom } of all)
    for (let i = 0; i < runs.parent.length; i++, at++) {
      joined.parent[at] = runs.parent[i]! + parentFrom;
      joined.start[at] = runs.start[i]! + childFrom;
      joined.stop[at] = runs.stop[i]! + childFrom;
    }
  return joined;
}

/** A stretch that goes on across the border of two parts is one. */
function joinStretches(parts: readonly PartLinks[]): Stretches {
  const parent: number[] = [];
  const child: number[] = [];
  const rows: number[] = [];
  for (const { links, parentFrom, childFrom } of parts) {
    const { parent: p, child: c, rows: r } = links as Stretches;
    for (let i = 0; i < p.length; i++) {
      const [toParent, toChild] = [p[i]! + parentFrom, c[i]! + childFrom];
      const last = parent.length - 1;
      if (
        last >= 0 &&
        parent[last]! + rows[last]! === toParent &&
        child[last]! + rows[last]! === toChild
      ) {
        rows[last]! += r[i]!;
        continue;
      }
      parent.push(toParent);
      child.push(toChild);
      rows.push(r[i]!);
    }
  }
  return {
    parent: Uint32Array.from(parent),
    child: Uint32Array.from(child),
    rows: Uint32Array.from(rows),
  };
}
