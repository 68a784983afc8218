/** The linked flow file of a run: tables of several artifacts in one HDF5 file, those of parts joined, relations as region references or index pairs. Knows nothing of why. */
import { canonical } from '../core/canonical.ts';
import type { Json } from '../core/types.ts';
import { combine, createH5, stamp, type Written } from '../h5/index.ts';
import { startCopy } from './copy-table.ts';
import type { FlowJob } from './job.ts';
import { ownerOf, withFile, type JoinedTable } from './joined-table.ts';
import { linkCarried, linkTables, type Linking } from './link-tables.ts';

/** Copies every table in the given order, then writes the relations between tables that are both there. */
export async function writeFlow(job: FlowJob): Promise<Written> {
  const writer = createH5(job.path);
  const tables = joinedTables(job);
  const owner = ownerOf(tables.map(({ place }) => place));
  try {
    for (const table of tables) {
      const copy = startCopy(table, owner, writer);
      for (const [k, path] of table.paths.entries())
        await withFile(path, (file) => copy.add(file, k));
      copy.close();
    }
    const linking: Linking = {
      writer,
      refs: job.refs,
      tables: new Map(tables.map((table) => [table.place, table])),
      rows: job.rows ?? {},
      linked: new Set(),
    };
    // An artifact holds several tables, and relations of them.
    const artifacts = new Map(tables.map(({ paths }) => [paths[0]!, paths]));
    for (const paths of artifacts.values()) await linkTables(paths, linking);
    for (const path of new Set(tables.filter(isLent).flatMap(({ paths }) => paths))) {
      const lent = tables.filter((table) => isLent(table) && table.paths.includes(path));
      await withFile(path, (file) => {
        linkCarried(file, new Set(lent.map(({ place }) => place)), linking);
      });
    }
    const done = writer.close();
    if (job.refs !== 'stored')
      stamp(job.path, { tg: provenanceOf(job, tables, done) }, { staged: true });
    return done;
  } catch (error) {
    writer.abort();
    throw error;
  }
}

const isLent = ({ source }: JoinedTable): boolean => source !== undefined;

function joinedTables(job: FlowJob): JoinedTable[] {
  const tables = new Map<string, JoinedTable>();
  for (const { place, path, ...maker } of job.tables) {
    const known = tables.get(place);
    if (known === undefined) tables.set(place, { place, paths: [path], from: [0], ...maker });
    else known.paths.push(path);
  }
  return [...tables.values()];
}

/** Each table with its task (or source) and what it is: the ids of its group and rows, as they stand in this file. */
function provenanceOf(job: FlowJob, tables: readonly JoinedTable[], { nodes }: Written): string {
  const owner = ownerOf(tables.map(({ place }) => place));
  const told: Record<string, Json> = {};
  for (const { place, task, source } of tables) {
    const { hex32: id } = combine(nodes.filter(({ path }) => owner(path) === place));
    told[place.slice(1)] = source === undefined ? { task: task!, id } : { source, id };
  }
  return canonical({ tg: job.tg, tables: told });
}
