// A relation between two tables, in whichever of the forms a file keeps it. Does not know what it relates.
import { describe, itemSize } from './dtype.ts';
import { H5Error } from './errors.ts';
import { extract } from './extract.ts';
import { absolute, join } from './paths.ts';
import type { H5Dataset } from './dataset.ts';
import type { H5File } from './read.ts';
import { readReferences } from './references.ts';
import { RunList } from './run-list.ts';
import { checkStretches, isStretches, type Links } from './write-pairs.ts';
import { checkRuns, type Runs } from './write-references.ts';
import type { RelationForm } from './writer.ts';

/**
 * Rows of `child` that belong to each row of `parent`: from stored runs or stretches (tg's artifacts), region
 * references or index pairs, in either direction for pairs.
 * @throws H5Error when the file has none of them.
 */
export function relationOf(file: H5File, parent: string, child: string): Runs {
  const at = placeOf(parent, child);
  const stored = storedRelation(file, parent, child);
  if (stored) return asDamage(file, at, () => runsOf(stored.links));
  if (file.kind(join(at, 'ref')) === 'dataset') {
    const dataset = file.dataset(join(at, 'ref'));
    return dataset.dtype.kind === 'reference'
      ? readReferences(file, dataset.path).runs()
      : pairedRuns(file, dataset, 0);
  }
  const inverse = join(placeOf(child, parent), 'ref');
  if (file.kind(inverse) === 'dataset') {
    const dataset = file.dataset(inverse);
    if (dataset.dtype.kind === 'int') return pairedRuns(file, dataset, 1);
  }
  throw new H5Error(file.path, `has no relation from ${absolute(parent)} to ${absolute(child)}`, {
    dataset: at,
    try: 'build the task that makes it',
  });
}

function placeOf(parent: string, child: string): string {
  return `${join(absolute(parent), 'ref')}${absolute(child)}`;
}

/** A relation as an artifact stores it, and the form of flow files that alone has it; undefined when it is not stored. */
export function storedRelation(
  file: H5File,
  parent: string,
  child: string,
): { links: Links; form?: RelationForm } | undefined {
  const at = placeOf(parent, child);
  for (const { name, type } of STORED) {
    const path = join(at, name);
    if (file.kind(path) !== 'dataset') continue;
    const dataset = file.dataset(path);
    if (describe(dataset.dtype) !== type || dataset.shape.length !== 1)
      throw new H5Error(file.path, `holds ${describe(dataset.dtype)}, not ${name}`, {
        dataset: path,
      });
    const bytes = dataset.readRaw();
    const n = dataset.shape[0]!;
    const u4 = { kind: 'int', size: 4, signed: false } as const;
    const column = (i: number): Uint32Array => extract(bytes, n, 12, 4 * i, u4) as Uint32Array;
    const [a, b, c] = [column(0), column(1), column(2)];
    const links =
      name === 'runs' ? { parent: a, start: b, stop: c } : { parent: a, child: b, rows: c };
    asDamage(file, path, () => {
      const [parents, children] = [rowsIn(file, parent), rowsIn(file, child)];
      if (isStretches(links)) checkStretches(links, parents, children);
      else checkRuns(links, parents, children);
    });
    const form = file.attributes(path)['form'];
    return form === 'region' || form === 'pairs' ? { links, form } : { links };
  }
  return undefined;
}

/** Rows of a table, where the file has it: an artifact has one side of its relations. */
function rowsIn(file: H5File, table: string): number {
  const path = join(absolute(table), 'data');
  return file.kind(path) === 'dataset' ? (file.dataset(path).shape[0] ?? 0) : 2 ** 32;
}

/** A stored relation that breaks the rules of the writer, or has more rows than memory, is damage of its file. */
function asDamage<T>(file: H5File, path: string, what: () => T): T {
  try {
    return what();
  } catch (error) {
    if (error instanceof RangeError)
      throw new H5Error(file.path, error.message, { dataset: path, try: 'build it again' });
    throw error;
  }
}

const STORED = [
  { name: 'runs', type: '{parent:u4, start:u4, stop:u4}' },
  { name: 'stretches', type: '{parent:u4, child:u4, rows:u4}' },
] as const;

/** Parents and children of the relations that an artifact stores. */
export function relationsIn(file: H5File): { parent: string; child: string }[] {
  const found: { parent: string; child: string }[] = [];
  for (const { path, kind } of file.walk()) {
    const stored = /^(.*?)\/ref(\/.*)\/(?:runs|stretches)$/s.exec(path);
    if (kind === 'dataset' && stored) found.push({ parent: stored[1]!, child: stored[2]! });
  }
  return found;
}

/** Parents and children of the relations that a flow file holds, as region references or index pairs. */
export function linkedRelations(file: H5File): { parent: string; child: string }[] {
  const found: { parent: string; child: string }[] = [];
  for (const { path, kind } of file.walk()) {
    const linked = /^(.*?)\/ref(\/.*)\/ref$/s.exec(path);
    if (kind === 'dataset' && linked) found.push({ parent: linked[1]!, child: linked[2]! });
  }
  return found;
}

/** 3 GB of runs. */
const MOST_RUNS = 2 ** 28;

/** Any relation as runs: a stretch is a run of one row for each of its parents. */
export function runsOf(links: Links): Runs {
  if (!isStretches(links)) return links;
  const total = links.rows.reduce((n, rows) => n + rows, 0);
  if (total > MOST_RUNS) throw new RangeError(`${total} rows row by row are too many for runs`);
  const list = new RunList(total);
  links.rows.forEach((rows, i) => {
    const [parent, child] = [links.parent[i]!, links.child[i]!];
    for (let k = 0; k < rows; k++) list.push(parent + k, child + k, child + k + 1);
  });
  return list.runs();
}

/** Pairs (parent row, child row) in any order, each possibly more than once; `column` is the parent's. */
function pairedRuns(file: H5File, dataset: H5Dataset, column: 0 | 1): Runs {
  const { dtype, shape } = dataset;
  if (dtype.kind !== 'int' || shape.length !== 2 || shape[1] !== 2)
    throw new H5Error(
      file.path,
      `holds ${describe(dtype)} of shape [${shape.join(', ')}], not pairs`,
      {
        dataset: dataset.path,
      },
    );
  const size = itemSize(dtype);
  const bytes = dataset.readRaw();
  const pick = (i: number): ArrayLike<number> =>
    extract(bytes, shape[0]!, 2 * size, i * size, dtype) as unknown as ArrayLike<number>;
  const parents = pick(column);
  const children = pick(1 - column);
  // One 64-bit key per pair, sorted natively: parent in the high word, child in the low one.
  const keys = new BigUint64Array(parents.length);
  const words = new Uint32Array(keys.buffer);
  for (let i = 0; i < parents.length; i++) {
    const p = parents[i]!;
    const c = children[i]!;
    if (!(p >= 0 && p < 2 ** 32 && c >= 0 && c < 2 ** 32))
      throw new H5Error(file.path, `pair ${i} is (${p}, ${c})`, { dataset: dataset.path });
    words[2 * i] = c;
    words[2 * i + 1] = p;
  }
  keys.sort();
  const list = new RunList(parents.length);
  for (let i = 0; i < parents.length;) {
    const p = words[2 * i + 1]!;
    const first = words[2 * i]!;
    let stop = first + 1;
    for (i++; i < parents.length && words[2 * i + 1] === p && words[2 * i]! <= stop; i++)
      stop = Math.max(stop, words[2 * i]! + 1);
    list.push(p, first, stop);
  }
  return list.runs();
}
