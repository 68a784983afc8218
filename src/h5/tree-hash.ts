// Logical ids of any HDF5 file by reading it: equal content, equal ids, whoever wrote it.
// Does not decide what of a node counts: canonical.ts does.
import {
  aliasId,
  attributesHash,
  dataHash,
  datasetId,
  groupId,
  type DataHash,
  type NodeId,
  type ShapeOf,
} from './canonical.ts';
import { isPlain, itemSize } from './dtype.ts';
import { openH5, structureOf, walkItems, type H5File } from './read.ts';
import type { H5Dataset } from './dataset.ts';
import { referenceHash } from './reference-hash.ts';
import { scanReferences } from './references.ts';
import { RunList } from './run-list.ts';
import { elements } from './values.ts';

/** Bytes read at once. */
const BLOCK = 4 * 2 ** 20;
/** Values decoded at once where the bytes are not the content. */
const VALUES = 16384;

/** Ids of all nodes, parents first, members by name. @throws H5Error */
export async function hashTree(path: string): Promise<NodeId[]> {
  const file = await openH5(path);
  try {
    return hashFile(file);
  } finally {
    file.close();
  }
}

export function hashFile(file: H5File): NodeId[] {
  const structure = structureOf(file);
  const shapeOf: ShapeOf = (at) => {
    const item = structure.find(at);
    return item?.kind === 'dataset' ? (structure.layout(item).shape ?? undefined) : undefined;
  };
  const out: NodeId[] = [];
  for (const { path, item, alias } of walkItems(structure)) {
    if (!item) out.push(aliasId(path, alias ?? ''));
    else if (item.kind !== 'type') {
      const attributes = attributesHash(structure.attributes(item), path === '/', shapeOf);
      out.push(
        item.kind === 'group'
          ? groupId(path, attributes)
          : hashDataset(file, path, attributes, shapeOf),
      );
    }
  }
  return out;
}

function hashDataset(file: H5File, path: string, attributes: string, shapeOf: ShapeOf): NodeId {
  const dataset = file.dataset(path);
  const { dtype, shape } = dataset;
  const hash = dataHash(dtype, shapeOf);
  const rows = shape.length === 0 ? 1 : shape[0]!;
  const perRow = elements(shape.slice(1));
  if (isPlain(dtype)) {
    const rowSize = perRow * itemSize(dtype);
    const step = Math.max(1, Math.floor(BLOCK / Math.max(1, rowSize)));
    const buffer = new Uint8Array(Math.min(step, rows) * rowSize);
    for (let start = 0; start < rows; start += step) {
      const count = Math.min(step, rows - start);
      hash.bytes(dataset.readRaw(start, count, buffer.subarray(0, count * rowSize)));
    }
  } else if (!hashReferences(file, dataset, hash)) {
    const step = Math.max(1, Math.floor(VALUES / Math.max(1, perRow)));
    for (let start = 0; start < rows; start += step)
      hash.values(dataset.readValues(start, Math.min(step, rows - start)));
  }
  // h5py's Empty has no shape at all; a dataset of no rows has one.
  const structure = structureOf(file);
  const stored = structure.layout(structure.find(path)!).shape;
  return datasetId(path, dtype, stored, attributes, hash.raw);
}

/** Region references to 1-D targets, without an object each; false, nothing hashed, for anything else. */
function hashReferences(file: H5File, dataset: H5Dataset, hash: DataHash): boolean {
  if (dataset.dtype.kind !== 'reference' || dataset.dtype.to !== 'region') return false;
  const scan = scanReferences(file, dataset.path);
  return structureOf(file).guard(dataset.path, () => {
    for (let i = 0; i < scan.n; i++) if (!scan.isRows(i)) return false;
    const canonical = referenceHash(hash);
    const list = new RunList(16);
    for (let i = 0; i < scan.n; i++) {
      list.length = 0;
      scan.append(i, list);
      list.join();
      canonical.runs(scan.target(i), list.start, list.stop, 0, list.length);
    }
    canonical.flush();
    return true;
  });
}
