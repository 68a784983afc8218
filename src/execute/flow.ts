/** The linked flow file of a run: tables of several artifacts in one HDF5 file, those of parts joined, relations as region references or index pairs. Knows nothing of why. */
import { canonical } from '../core/canonical.ts';
import type { Json } from '../core/types.ts';
import type { Dtype, H5File, H5Writer, RelationForm, TableWriter, Typed } from '../h5/index.ts';
import {
  combine,
  createH5,
  isPlain,
  itemSize,
  openH5,
  relationsIn,
  runsOf,
  stamp,
  storedRelation,
  type Written,
} from '../h5/index.ts';
import type { FlowJob } from './job.ts';
import { joinLinks, type PartLinks } from './join-links.ts';

/** Copies every table in the given order, then writes the relations between tables that are both there. */
export async function writeFlow(job: FlowJob): Promise<Written> {
  const writer = createH5(job.path);
  const tables = joinedTables(job);
  try {
    for (const table of tables) {
      const copy = startCopy(table, writer);
      for (const [k, path] of table.paths.entries())
        await withFile(path, (file) => copy.add(file, k));
      copy.close();
    }
    const written = new Map(tables.map((table) => [table.place, table]));
    const artifacts = new Map(tables.map((table) => [table.paths[0]!, table.paths]));
    const firstRow = (place: string, k: number): number =>
      rowOf(written.get(place)?.from ?? job.rows?.[place], k);
    for (const paths of artifacts.values())
      await linkTables(paths, job.refs, written, firstRow, writer);
    const done = writer.close();
    if (job.refs !== 'stored')
      stamp(job.path, { tg: provenanceOf(job, tables, done) }, { staged: true });
    return done;
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** A table and the artifacts of its parts, which are one where the run is not in parts. */
interface JoinedTable {
  place: string;
  /** Task that makes all of it. */
  task: string;
  paths: string[];
  /** First row of each part, and behind them the number of all. */
  from: number[];
}

function joinedTables(job: FlowJob): JoinedTable[] {
  const tables = new Map<string, JoinedTable>();
  for (const { place, path, task } of job.tables) {
    const known = tables.get(place);
    if (known === undefined) tables.set(place, { place, task, paths: [path], from: [0] });
    else known.paths.push(path);
  }
  return [...tables.values()];
}

/** Each table with its task and what it is: the ids of its group and rows, as they stand in this file. */
function provenanceOf(job: FlowJob, tables: readonly JoinedTable[], { nodes }: Written): string {
  const told: Record<string, Json> = {};
  for (const { place, task } of tables) {
    const own = nodes.filter(
      ({ path }) => path === place || (path.startsWith(`${place}/`) && !isRelation(path)),
    );
    told[place.slice(1)] = { task, id: combine(own).hex32 };
  }
  return canonical({ tg: job.tg, tables: told });
}

const isRelation = (path: string): boolean => path.includes('/ref/') || path.endsWith('/ref');

async function withFile<T>(path: string, what: (file: H5File) => T): Promise<T> {
  const file = await openH5(path);
  try {
    return what(file);
  } finally {
    file.close();
  }
}

/** Writes the relations of the parts of an artifact that this form has, between tables that are there. */
async function linkTables(
  paths: readonly string[],
  refs: FlowJob['refs'],
  written: ReadonlyMap<string, JoinedTable>,
  firstRow: (place: string, k: number) => number,
  writer: H5Writer,
): Promise<void> {
  const found = new Map<string, { parent: string; child: string; parts: PartLinks[] }>();
  const forms = new Map<string, RelationForm | undefined>();
  for (const [k, path] of paths.entries())
    await withFile(path, (file) => {
      for (const { parent, child } of relationsIn(file)) {
        if (refs !== 'stored' && !(written.has(parent) && written.has(child))) continue;
        const { links, form } = storedRelation(file, parent, child)!;
        const key = `${parent} ${child}`;
        let relation = found.get(key);
        if (relation === undefined) found.set(key, (relation = { parent, child, parts: [] }));
        forms.set(key, form);
        relation.parts.push({
          links,
          parentFrom: firstRow(parent, k),
          childFrom: firstRow(child, k),
        });
      }
    });
  for (const [key, { parent, child, parts }] of found) {
    const form = forms.get(key);
    const links = joinLinks(parts);
    const [p, c] = [rowsOf(written.get(parent)), rowsOf(written.get(child))];
    if (refs === 'stored') {
      writer.relation(parent, child, links, form === undefined ? {} : { form });
      continue;
    }
    if (form !== undefined && form !== refs) continue;
    if (refs === 'pairs') writer.pairs(parent, child, p, c, links);
    else writer.references(parent, child, p, runsOf(links));
  }
}

/** Where part `k` begins, of a table that is in parts: one in one piece has a first row and a last. */
const rowOf = (from: readonly number[] | undefined, k: number): number =>
  from === undefined || from.length <= 2 ? 0 : from[k]!;

const rowsOf = (table: JoinedTable | undefined): number => table?.from.at(-1) ?? 0;

/** Bytes that are copied at a time, through memory that stays with the thread. */
const BLOCK = 2 ** 22;
let space = new Uint8Array(0);

/** Counts of a part in the attributes of its table: of all parts it is their sum. */
const SUMMED = ['lost', 'repeated'] as const;

/** Copies what stands below a table's group, relations apart; row bytes go through as they are, numbers of rows counted on. */
function startCopy(
  { place, paths, from }: JoinedTable,
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
  /** Rows that are plain numbers. */
  const copyNumbers = (file: H5File, path: string): void => {
    const dataset = file.dataset(path);
    const rows = dataset.shape[0]!;
    let out = open.get(path)?.out;
    if (out === undefined) {
      const attributes = file.typedAttributes(path);
      out = writer.stream(path, dataset.dtype, [], { attributes });
      open.set(path, { out, id: undefined });
    }
    const most = Math.floor(BLOCK / itemSize(dataset.dtype));
    for (let at = 0; at < rows; at += most)
      out.append(dataset.readRaw(at, Math.min(most, rows - at)));
    from.push(out.rows);
  };
  return {
    add(file, k) {
      for (const { path, kind } of file.walk()) {
        if (path !== place && !path.startsWith(`${place}/`)) continue;
        if (isRelation(path)) continue;
        if (kind === 'group') {
          writer.group(path, joinedAttributes(file, path, counts));
          continue;
        }
        const dataset = file.dataset(path);
        const isTable = dataset.dtype.kind === 'compound' && dataset.shape.length === 1;
        if (path.endsWith('/data') && isTable) copyRows(file, path);
        else if (path === `${place}/data` && dataset.shape.length === 1 && isPlain(dataset.dtype))
          copyNumbers(file, path);
        // What is no table is the same in all parts.
        else if (k === 0) copyDataset(file, path, writer);
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
): Record<string, Typed | string | number> {
  const attributes: Record<string, Typed | string | number> = file.typedAttributes(path);
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

function copyDataset(file: H5File, path: string, writer: H5Writer): void {
  const dataset = file.dataset(path);
  const rows = dataset.shape.length === 0 ? 1 : (dataset.shape[0] ?? 1);
  const attributes = file.typedAttributes(path);
  const bytes = dataset.readRaw(0, rows);
  writer.dataset(path, dataset.dtype, dataset.shape, bytes, { attributes });
}
