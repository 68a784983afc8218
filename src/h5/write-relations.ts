// Relations of a file being written: stored for linking, as region references, as index pairs. Does not know tables.
import type { Attributes } from './attributes.ts';
import { compound, dtype as named, type Dtype } from './dtype.ts';
import { H5Error } from './errors.ts';
import { absolute, join } from './paths.ts';
import { find, type Dataset, type Group } from './write-node.ts';
import {
  checkStretches,
  isStretches,
  REF_REGION,
  streamPairs,
  streamRegions,
} from './write-pairs.ts';
import { checkRuns, REFERENCE_CHUNK } from './write-references.ts';
import type { DatasetOptions, H5Writer } from './writer.ts';

const RUNS = compound([
  ['parent', 'u4'],
  ['start', 'u4'],
  ['stop', 'u4'],
]);

const STRETCHES = compound([
  ['parent', 'u4'],
  ['child', 'u4'],
  ['rows', 'u4'],
]);

/** What a writer lends: it makes the datasets. */
export interface WriterParts {
  path: string;
  root: Group;
  guard<T>(dataset: string, what: () => T): T;
  add(at: string, type: Dtype, shape: number[], options?: DatasetOptions): Dataset;
  setAttributes(at: string, attributes: Attributes): void;
  dataset: H5Writer['dataset'];
  stream: H5Writer['stream'];
}

export function relationWriter({
  path,
  root,
  guard,
  add,
  setAttributes,
  dataset,
  stream,
}: WriterParts): Pick<H5Writer, 'relation' | 'references' | 'pairs'> {
  const references: H5Writer['references'] = (parent, child, parentRows, runs) =>
    guard(parent, () => {
      checkRuns(runs, parentRows);
      const [p, c] = [absolute(parent), absolute(child)];
      const at = `${join(p, 'ref')}${c}`;
      const options = {
        chunks: [REFERENCE_CHUNK],
        maxshape: [null],
        attributes: { child: { objref: join(c, 'data') } },
      };
      const node = add(join(at, 'ref'), named('regref'), [parentRows], options);
      const kept = {
        parent: runs.parent.slice(),
        start: runs.start.slice(),
        stop: runs.stop.slice(),
      };
      node.late = { kind: 'runs', runs: kept, child: join(c, 'data') };
      const valid = new Uint8Array(parentRows);
      for (const row of runs.parent) valid[row] = 1;
      dataset(join(at, 'ref_valid'), 'u1', [parentRows], valid, options);
      setAttributes(join(p, 'ref'), { parent: { objref: join(p, 'data') } });
    });

  const relation: H5Writer['relation'] = (parent, child, links, options = {}) =>
    guard(parent, () => {
      const stretches = isStretches(links);
      if (stretches) checkStretches(links);
      else checkRuns(links, 2 ** 32);
      const columns = stretches
        ? [links.parent, links.child, links.rows]
        : [links.parent, links.start, links.stop];
      const n = links.parent.length;
      const words = new Uint32Array(3 * n);
      columns.forEach((column, k) => column.forEach((word, i) => (words[3 * i + k] = word)));
      const at = `${join(absolute(parent), 'ref')}${absolute(child)}`;
      const [name, type] = stretches ? ['stretches', STRETCHES] : ['runs', RUNS];
      const attributes = options.form ? { form: options.form } : {};
      dataset(join(at, name), type, [n], words, { attributes });
    });

  const pairs: H5Writer['pairs'] = (parent, child, parentRows, childRows, links) =>
    guard(parent, () => {
      if (isStretches(links)) checkStretches(links, parentRows, childRows);
      else checkRuns(links, parentRows, childRows);
      const [p, c] = [absolute(parent), absolute(child)];
      const at = `${join(p, 'ref')}${c}`;
      const back = `${join(c, 'ref')}${p}`;
      if (p === c || find(root, join(back, 'ref')))
        throw new H5Error(
          path,
          p === c
            ? `${p} leads to itself: pairs have no place for both directions of that`
            : `${c} leads to ${p} already: one list of pairs serves both directions`,
          {
            dataset: at,
            try: "relation(.., {form: 'region'}) for one of them, or link: {refs: region}",
          },
        );
      const options = { chunk: REFERENCE_CHUNK };
      const index = stream(join(at, 'ref'), 'u4', [2], {
        ...options,
        attributes: {
          dset0: join(p, 'data'),
          dset1: join(c, 'data'),
          ref_region0: join(at, 'ref_region'),
          ref_region1: join(back, 'ref_region'),
        },
      });
      streamPairs(links, index);
      index.close();
      const lookUps = [
        ['parent', at, parentRows],
        ['child', back, childRows],
      ] as const;
      for (const [side, place, rows] of lookUps) {
        const attributes = { ref: join(at, 'ref') };
        const table = stream(join(place, 'ref_region'), REF_REGION, [], { ...options, attributes });
        streamRegions(links, side, rows, table);
        table.close();
      }
    });

  return { relation, references, pairs };
}
