/** A table copied from the artifacts of its parts, one behind the other. Knows files of HDF5, no relations. */
import type { Dtype, H5Dataset, H5File, H5Writer, TableWriter, Typed } from '../h5/index.ts';
import { isPlain, itemSize } from '../h5/index.ts';
import type { JoinedTable } from './joined-table.ts';

/** Bytes that are copied at a time, through memory that stays with the thread. */
const BLOCK = 2 ** 22;
let space = new Uint8Array(0);

/** A dataset with a first axis, of values that are copied as bytes, and with bytes in a row. */
const isRows = ({ dtype, shape }: H5Dataset): boolean =>
  shape.length > 0 && isPlain(dtype) && shape.slice(1).every((n) => n > 0);

/** Counts of a part in the attributes of its table: of all parts it is their sum. */
const SUMMED = ['lost', 'repeated'] as const;

/** Copies what stands below a table's group, relations and tables of their own apart; row bytes go through as they are, numbers of rows counted on. */
export function startCopy(
  { place, paths, from }: JoinedTable,
  owner: (path: string) => string | undefined,
  writer: H5Writer,
): { add(file: H5File, k: number): void; close(): void } {
  const open = new Map<string, { out: TableWriter; id: Counter | undefined }>();
  const counts = new Map<string, Counts>();
  const copyRows = (file: H5File, path: string): void => {
    const group = path.slice(0, -5);
    const table = file.table(group);
    let to = open.get(path);
    if (to === undefined) {
      const out = writer.table(group, table.dtype);
      open.set(path, (to = { out, id: paths.length > 1 ? rowNumbers(table.dtype) : undefined }));
    }
    const { out, id } = to;
    const first = out.rows;
    const most = Math.max(1, Math.floor(BLOCK / table.rowSize));
    const room = Math.min(most, table.rows) * table.rowSize;
    if (space.length < room) space = new Uint8Array(room);
    for (let at = 0; at < table.rows; at += most) {
      const rows = Math.min(most, table.rows - at);
      const { bytes } = table.read(at, rows, space.subarray(0, rows * table.rowSize));
      if (id !== undefined && first > 0) countOn(bytes, table.rowSize, id, first);
      out.append(bytes, rows);
    }
    if (path === `${place}/data`) from.push(out.rows);
  };
  /** Rows that are plain numbers, or have axes of their own. */
  const copyNumbers = (file: H5File, path: string): void => {
    const dataset = file.dataset(path);
    const [rows, ...rowShape] = dataset.shape as [number, ...number[]];
    let out = open.get(path)?.out;
    if (out === undefined) {
      const attributes = lasting(file.typedAttributes(path), owner);
      out = writer.stream(path, dataset.dtype, rowShape, { attributes });
      open.set(path, { out, id: undefined });
    }
    const rowSize = rowShape.reduce((size, n) => size * n, itemSize(dataset.dtype));
    const most = Math.max(1, Math.floor(BLOCK / rowSize));
    for (let at = 0; at < rows; at += most)
      out.append(dataset.readRaw(at, Math.min(most, rows - at)));
    from.push(out.rows);
  };
  return {
    add(file, k) {
      for (const { path, kind } of file.walk()) {
        if (owner(path) !== place) continue;
        if (kind === 'group') {
          writer.group(path, joinedAttributes(file, path, counts, owner));
          continue;
        }
        const dataset = file.dataset(path);
        const isTable = dataset.dtype.kind === 'compound' && dataset.shape.length === 1;
        if (path.endsWith('/data') && isTable) copyRows(file, path);
        else if (path === `${place}/data` && isRows(dataset)) copyNumbers(file, path);
        // What is no table is the same in all parts.
        else if (k === 0) copyDataset(file, path, owner, writer);
      }
      if (from.length < k + 2) from.push(from.at(-1)!);
    },
    close() {
      for (const { out } of open.values()) out.close();
    },
  };
}

type Counts = Map<string, number>;

/** Attributes of the last part, with the counts of all. */
function joinedAttributes(
  file: H5File,
  path: string,
  counts: Map<string, Counts>,
  owner: (path: string) => string | undefined,
): Record<string, Typed | string | number> {
  const attributes: Record<string, Typed | string | number> = lasting(
    file.typedAttributes(path),
    owner,
  );
  const plain = file.attributes(path);
  for (const name of SUMMED) {
    const value = plain[name];
    if (typeof value !== 'number' && typeof value !== 'string') continue;
    const key = `${path} ${name}`;
    const sums = counts.get(key);
    const own = typeof value === 'number' ? { '': value } : (JSON.parse(value) as object);
    const all: Counts = sums ?? new Map<string, number>();
    for (const [reason, n] of Object.entries(own) as [string, number][])
      all.set(reason, (all.get(reason) ?? 0) + n);
    counts.set(key, all);
    if (sums === undefined) continue;
    attributes[name] =
      typeof value === 'number' ? all.get('')! : JSON.stringify(Object.fromEntries(all));
  }
  return attributes;
}

/** The column `id` of a table is the number of its row. */
interface Counter {
  offset: number;
  size: 4 | 8;
}

function rowNumbers(type: Dtype & { kind: 'compound' }): Counter | undefined {
  const field = type.fields.find(({ name }) => name === 'id');
  if (field?.type.kind !== 'int' || (field.type.size !== 4 && field.type.size !== 8)) return;
  return { offset: field.offset, size: field.type.size };
}

function countOn(
  bytes: Uint8Array,
  rowSize: number,
  { offset, size }: Counter,
  first: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = offset; at < bytes.length; at += rowSize) {
    if (size === 4) view.setUint32(at, view.getUint32(at, true) + first, true);
    else view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(first), true);
  }
}

function copyDataset(
  file: H5File,
  path: string,
  owner: (path: string) => string | undefined,
  writer: H5Writer,
): void {
  const dataset = file.dataset(path);
  const rows = dataset.shape.length === 0 ? 1 : (dataset.shape[0] ?? 1);
  const attributes = lasting(file.typedAttributes(path), owner);
  const bytes = dataset.readRaw(0, rows);
  writer.dataset(path, dataset.dtype, dataset.shape, bytes, { attributes });
}

/** A reference in an attribute whose target is not in the flow file leads nowhere. */
function lasting(
  attributes: Record<string, Typed>,
  owner: (path: string) => string | undefined,
): Record<string, Typed> {
  const leads = ({ dtype, values = [] }: Typed): boolean =>
    dtype.kind !== 'reference' ||
    values.every((value) => typeof value === 'string' && owner(value) !== undefined);
  return Object.fromEntries(Object.entries(attributes).filter(([, typed]) => leads(typed)));
}
