/** The linked flow file of a run: tables of several artifacts in one HDF5 file, relations as region references or index pairs. Knows nothing of why. */
import { canonical } from '../core/canonical.ts';
import type { H5File, H5Writer, Runs, Typed } from '../h5/index.ts';
import {
  createH5,
  linkedRelations,
  openH5,
  relationOf,
  relationsIn,
  runsOf,
  storedRelation,
} from '../h5/index.ts';
import type { FlowJob } from './job.ts';

/** Where the tables are and go, while they are joined. */
interface Joining {
  writer: H5Writer;
  refs: FlowJob['refs'];
  /** Rows of each table, by place. */
  rows: Map<string, number>;
  /** Relations that are written, `parent child`. */
  linked: Set<string>;
}

/** Copies every table in the given order, then writes the relations between tables that are both there. */
export async function writeFlow(job: FlowJob): Promise<{ rows: Map<string, number> }> {
  const writer = createH5(job.path);
  const files = new Map<string, H5File>();
  const joining: Joining = { writer, refs: job.refs, rows: new Map(), linked: new Set() };
  const owner = ownerOf(job.tables.map(({ place }) => place));
  // As h5flow has it: first what the input holds, then what was made.
  const tables = [
    ...job.tables.filter(({ task }) => task === undefined),
    ...job.tables.filter(({ task }) => task !== undefined),
  ];
  try {
    for (const table of tables) {
      let file = files.get(table.path);
      if (file === undefined) files.set(table.path, (file = await openH5(table.path)));
      joining.rows.set(table.place, copyTable(file, table.place, owner, writer));
    }
    for (const file of files.values()) linkTables(file, joining);
    for (const [path, file] of files) {
      const carried = tables.filter((t) => t.path === path && t.task === undefined);
      if (carried.length > 0)
        linkCarried(file, new Set(carried.map(({ place }) => place)), joining);
    }
    const provenance = {
      tg: job.tg,
      tables: Object.fromEntries(
        tables.map((t) => [
          t.place.slice(1),
          t.task === undefined ? { source: t.target, id: t.id } : { task: t.task, id: t.id },
        ]),
      ),
    };
    writer.attribute('/', 'tg', canonical(provenance));
    writer.close();
  } catch (error) {
    writer.abort();
    throw error;
  } finally {
    for (const file of files.values()) file.close();
  }
  return { rows: joining.rows };
}

/** Path -> the innermost of the places that holds it. */
function ownerOf(places: readonly string[]): (path: string) => string | undefined {
  const known = new Set(places);
  return (path) => {
    let at = path;
    while (at !== '' && !known.has(at)) at = at.slice(0, at.lastIndexOf('/'));
    return at === '' ? undefined : at;
  };
}

/** Writes the relations of an artifact that this form has, between tables that are there. */
function linkTables(file: H5File, joining: Joining): void {
  const { writer, refs, rows } = joining;
  for (const { parent, child } of relationsIn(file)) {
    if (!rows.has(parent) || !rows.has(child)) continue;
    const { links, form = refs } = storedRelation(file, parent, child)!;
    if (form !== refs) continue;
    const [parentRows, childRows] = [rows.get(parent)!, rows.get(child)!];
    if (refs === 'pairs') writer.pairs(parent, child, parentRows, childRows, links);
    else writer.references(parent, child, parentRows, runsOf(links));
    joining.linked.add(`${parent} ${child}`);
    // What the task of a relation says of it stands, as upstream has it, on the parent.
    const said = file.typedAttributes(`${parent}/ref${child}`);
    if (Object.keys(said).length > 0) writer.group(parent, said);
  }
}

/** Relations of an input flow file between tables that it lends, in either form; those made anew stand already. */
function linkCarried(file: H5File, carried: ReadonlySet<string>, joining: Joining): void {
  const { writer, refs, rows, linked } = joining;
  for (const { parent, child } of linkedRelations(file)) {
    if (!carried.has(parent) || !carried.has(child) || linked.has(`${parent} ${child}`)) continue;
    if (refs === 'pairs' && linked.has(`${child} ${parent}`)) continue;
    linked.add(`${parent} ${child}`);
    const runs: Runs = relationOf(file, parent, child);
    const [parentRows, childRows] = [rows.get(parent)!, rows.get(child)!];
    if (refs === 'pairs') writer.pairs(parent, child, parentRows, childRows, runs);
    else writer.references(parent, child, parentRows, runs);
  }
}

/** Copies what stands below a table's group, relations and tables of their own apart; row bytes go through as they are. Returns the rows of its data. */
function copyTable(
  file: H5File,
  place: string,
  owner: (path: string) => string | undefined,
  writer: H5Writer,
): number {
  let rows = 0;
  for (const { path, kind } of file.walk()) {
    if (path !== place && !path.startsWith(`${place}/`)) continue;
    if (path.includes('/ref/') || path.endsWith('/ref') || owner(path) !== place) continue;
    if (kind === 'group') {
      writer.group(path, lasting(file.typedAttributes(path), owner));
      continue;
    }
    const dataset = file.dataset(path);
    if (path.endsWith('/data') && dataset.dtype.kind === 'compound' && dataset.shape.length === 1) {
      const table = file.table(path.slice(0, -5));
      const out = writer.table(path.slice(0, -5), table.dtype);
      for (const block of table.blocks()) out.append(block.bytes, block.rows);
      out.close();
      if (path === `${place}/data`) rows = table.rows;
    } else {
      const n = dataset.shape[0] ?? 1;
      writer.dataset(
        path,
        dataset.dtype,
        dataset.shape,
        dataset.readRaw(0, dataset.shape.length === 0 ? 1 : n),
        { attributes: lasting(file.typedAttributes(path), owner) },
      );
    }
  }
  return rows;
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
