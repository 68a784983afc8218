// Region references in bulk: pointers, heap objects and selections parsed from their bytes, millions per second.
// Does not ask h5wasm: it throws on point and null references and costs 100 us for each.
import { Corrupt } from './cursor.ts';
import { describe } from './dtype.ts';
import { H5Error } from './errors.ts';
import type { Collection } from './global-heap.ts';
import { structureOf, type H5File } from './read.ts';
import { boxesOf, parseSelection } from './selection.ts';
import type { Region } from './values.ts';
import { RunList } from './run-list.ts';
import type { Runs } from './write-references.ts';

export interface References {
  /** Number of references. */
  readonly n: number;
  /** Path of the dataset reference i points into; undefined for a null reference. */
  target(i: number): string | undefined;
  /** Rows of a 1-D target in the order of the selection; empty for null and `none`. */
  rows(i: number): Uint32Array;
  /** Target and selection of any rank as they are stored; undefined for a null reference. */
  region(i: number): Region | undefined;
  /** All of them as a relation: rows sorted, each once, neighbours joined. */
  runs(): Runs;
}

/** References read one by one in order of their number, without bounds or error handling. */
export interface ReferenceScan {
  n: number;
  path: string;
  target(i: number): string | undefined;
  region(i: number): Region | undefined;
  /** Whether reference i is null or its target has one axis. */
  isRows(i: number): boolean;
  /** Appends the runs of reference i in stored order; false when its target has not one axis. */
  append(i: number, out: RunList): boolean;
  fail(cause: string): H5Error;
}

/** @throws H5Error when the dataset holds no region references. */
export function scanReferences(file: H5File, datasetPath: string): ReferenceScan {
  const structure = structureOf(file);
  const dataset = file.dataset(datasetPath);
  const fail = (cause: string): H5Error => new H5Error(file.path, cause, { dataset: dataset.path });
  if (dataset.dtype.kind !== 'reference' || dataset.dtype.to !== 'region')
    throw fail(`holds ${describe(dataset.dtype)}, not region references`);
  const raw = dataset.readRaw();
  const n = raw.length / 12;
  const words = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);

  // Neighbouring references share collection and target: both are looked up only when they change.
  let heapAt = -1;
  let heap: Collection;
  let targetAt = -1;
  let targetRows = 0;
  /** Start of heap object i in `heap`, or -1 for a null reference. */
  const locate = (i: number): number => {
    const low = words.getUint32(12 * i, true);
    const high = words.getUint32(12 * i + 4, true);
    if (low === 0 && high === 0) return -1;
    const address = high * 2 ** 32 + low;
    if (address !== heapAt) {
      heap = structure.heap.collection(address);
      heapAt = address;
    }
    const index = words.getUint32(12 * i + 8, true);
    const start = index < heap.starts.length ? heap.starts[index]! : 0;
    if (start === 0) throw new Corrupt(`reference ${i} leads to a heap object that is not there`);
    if (heap.lengths[index]! < 12)
      throw new Corrupt(`reference ${i} leads to a heap object too short`);
    return start;
  };
  const lengthOf = (i: number): number => heap.lengths[words.getUint32(12 * i + 8, true)]!;
  const targetOf = (start: number): number => {
    const address =
      heap.view.getUint32(start, true) + heap.view.getUint32(start + 4, true) * 2 ** 32;
    if (address !== targetAt) {
      const item = structure.items.get(address);
      if (item?.kind !== 'dataset')
        throw new Corrupt('a reference to something that is no dataset');
      const shape = structure.layout(item).shape ?? [];
      targetRows = shape.length === 1 ? shape[0]! : -1;
      targetAt = address;
    }
    return address;
  };
  const region = (i: number): Region | undefined => {
    const start = locate(i);
    if (start < 0) return undefined;
    const item = structure.items.get(targetOf(start))!;
    const object = heap.bytes.subarray(start + 8, start + lengthOf(i));
    return {
      path: item.path,
      selection: parseSelection(object, structure.layout(item).shape ?? []),
    };
  };
  /** Appends the runs of reference i in stored order. Slabs of version 1 and points of version 1 are the usual case. */
  const append = (i: number, out: RunList): boolean => {
    const start = locate(i);
    if (start < 0) return true;
    targetOf(start);
    if (targetRows < 0) return false;
    const { view } = heap;
    const length = lengthOf(i);
    const kind = length >= 32 ? view.getUint32(start + 8, true) : 0;
    const usual = (kind === 1 || kind === 2) && view.getUint32(start + 12, true) === 1;
    if (!usual || view.getUint32(start + 24, true) !== 1) {
      appendAny(i, out);
      return true;
    }
    const count = view.getUint32(start + 28, true);
    if (32 + count * 4 * kind > length) throw new Corrupt(`reference ${i} ends too early`);
    for (let k = 0, at = start + 32; k < count; k++, at += 4 * kind) {
      const first = view.getUint32(at, true);
      const last = kind === 2 ? view.getUint32(at + 4, true) : first;
      if (last < first || last >= targetRows)
        throw new Corrupt(`reference ${i} reaches row ${last} of ${targetRows}`);
      out.push(i, first, last + 1);
    }
    return true;
  };
  const appendAny = (i: number, out: RunList): void => {
    const { selection } = region(i)!;
    const boxes = boxesOf(selection, [targetRows]);
    for (let k = 0; k < boxes.length; k += 2) {
      if (boxes[k + 1]! >= 2 ** 32) throw fail(`reference ${i} reaches beyond row 2^32`);
      out.push(i, boxes[k]!, boxes[k + 1]!);
    }
  };
  return {
    n,
    path: dataset.path,
    target: (i) => {
      const start = locate(i);
      return start < 0 ? undefined : structure.items.get(targetOf(start))!.path;
    },
    region,
    isRows: (i) => {
      const start = locate(i);
      return start < 0 || (targetOf(start) > 0 && targetRows >= 0);
    },
    append,
    fail,
  };
}

/** @throws H5Error when the dataset holds no region references or one of them is damaged. */
export function readReferences(file: H5File, datasetPath: string): References {
  const scan = scanReferences(file, datasetPath);
  const { n } = scan;
  const checked = <T>(i: number, what: () => T): T => {
    if (!(i >= 0 && i < n && Number.isInteger(i)))
      throw scan.fail(`has references 0 to ${n}, not ${i}`);
    return structureOf(file).guard(scan.path, what);
  };
  const append = (i: number, list: RunList): void => {
    if (!scan.append(i, list))
      throw scan.fail(`reference ${i} points into ${scan.target(i) ?? ''}, which has not one axis`);
  };
  return {
    n,
    target: (i) => checked(i, () => scan.target(i)),
    region: (i) => checked(i, () => scan.region(i)),
    rows: (i) =>
      checked(i, () => {
        const list = new RunList(16);
        append(i, list);
        return list.rows();
      }),
    runs() {
      const list = new RunList(n);
      structureOf(file).guard(scan.path, () => {
        for (let i = 0; i < n; i++) {
          const before = list.length;
          append(i, list);
          list.settle(before);
        }
      });
      return list.runs();
    },
  };
}
