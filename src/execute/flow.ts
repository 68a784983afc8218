/** The linked flow file of a run: tables of several artifacts in one HDF5 file, relations as real references. Knows nothing of why. */
import { canonical } from '../core/canonical.ts';
import type { H5File, H5Writer, Runs } from '../h5/index.ts';
import { createH5, openH5, relationOf } from '../h5/index.ts';
import type { FlowJob } from './job.ts';

/** Copies every table in the given order, then writes the references between tables that are both there. */
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
    const places = new Set(job.tables.map((t) => t.place));
    for (const file of files.values()) {
      for (const { parent, child } of relationsIn(file)) {
        if (!places.has(parent) || !places.has(child)) continue;
        const runs: Runs = relationOf(file, parent, child);
        writer.references(parent, child, rows.get(parent)!, runs);
      }
    }
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

/** Relations stored in an artifact: groups `<parent>/ref/<child>` that hold `runs`. */
export function relationsIn(file: H5File): { parent: string; child: string }[] {
  const found: { parent: string; child: string }[] = [];
  for (const { path, kind } of file.walk()) {
    const at = path.indexOf('/ref/');
    if (kind === 'dataset' && at >= 0 && path.endsWith('/runs'))
      found.push({ parent: path.slice(0, at), child: path.slice(at + 4, -5) });
  }
  return found;
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
