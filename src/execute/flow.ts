/** The linked flow file of a run: tables of several artifacts in one HDF5 file, relations as region references or index pairs. Knows nothing of why. */
import { canonical } from '../core/canonical.ts';
import type { H5File, H5Writer } from '../h5/index.ts';
import { createH5, isPlain, openH5, relationsIn, runsOf, storedRelation } from '../h5/index.ts';
import type { FlowJob } from './job.ts';

/** Rows of plain numbers copied at a time. */
const PLAIN_ROWS = 1 << 17;

/** Copies every table in the given order, then writes the relations between tables that are both there. */
export async function writeFlow(job: FlowJob): Promise<{ rows: Map<string, number> }> {
  const writer = createH5(job.path);
  const files = new Map<string, H5File>();
  const rows = new Map<string, number>();
  try {
    for (const table of job.tables) {
      let file = files.get(table.path);
      if (file === undefined) files.set(table.path, (file = await openH5(table.path)));
      rows.set(table.place, copyTable(file, table.place, writer));
    }
    for (const file of files.values()) linkTables(file, job.refs, rows, writer);
    const provenance = {
      tg: job.tg,
      tables: Object.fromEntries(
        job.tables.map((t) => [t.place.slice(1), { task: t.task, id: t.id }]),
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
  return { rows };
}

/** Writes the relations of an artifact that this form has, between tables that are there. */
function linkTables(
  file: H5File,
  refs: FlowJob['refs'],
  rows: ReadonlyMap<string, number>,
  writer: H5Writer,
): void {
  for (const { parent, child } of relationsIn(file)) {
    const [parentRows, childRows] = [rows.get(parent), rows.get(child)];
    if (parentRows === undefined || childRows === undefined) continue;
    const { links, form = refs } = storedRelation(file, parent, child)!;
    if (form !== refs) continue;
    if (refs === 'pairs') writer.pairs(parent, child, parentRows, childRows, links);
    else writer.references(parent, child, parentRows, runsOf(links));
  }
}

/** Copies what stands below a table's group, relations apart; row bytes go through as they are. Returns the rows of its data. */
function copyTable(file: H5File, place: string, writer: H5Writer): number {
  let rows = 0;
  for (const { path, kind } of file.walk()) {
    if (path !== place && !path.startsWith(`${place}/`)) continue;
    if (path.includes('/ref/') || path.endsWith('/ref')) continue;
    if (kind === 'group') {
      writer.group(path, file.typedAttributes(path));
      continue;
    }
    const dataset = file.dataset(path);
    if (path.endsWith('/data') && dataset.dtype.kind === 'compound' && dataset.shape.length === 1) {
      const table = file.table(path.slice(0, -5));
      const out = writer.table(path.slice(0, -5), table.dtype);
      for (const block of table.blocks()) out.append(block.bytes, block.rows);
      out.close();
      if (path === `${place}/data`) rows = table.rows;
    } else if (path === `${place}/data` && dataset.shape.length === 1 && isPlain(dataset.dtype)) {
      // Rows that are plain numbers.
      const attributes = file.typedAttributes(path);
      const out = writer.stream(path, dataset.dtype, [], { attributes });
      rows = dataset.shape[0]!;
      for (let start = 0; start < rows; start += PLAIN_ROWS)
        out.append(dataset.readRaw(start, Math.min(PLAIN_ROWS, rows - start)));
      out.close();
    } else {
      const n = dataset.shape[0] ?? 1;
      writer.dataset(
        path,
        dataset.dtype,
        dataset.shape,
        dataset.readRaw(0, dataset.shape.length === 0 ? 1 : n),
        { attributes: file.typedAttributes(path) },
      );
    }
  }
  return rows;
}
