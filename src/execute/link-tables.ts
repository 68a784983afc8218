/** Relations of a flow file: those that tasks made, joined over the parts of a run, and those that an input flow file lends. Knows links and tables, no rows' bytes. */
import type { H5File, H5Writer, RelationForm, Typed } from '../h5/index.ts';
import { linkedRelations, relationOf, relationsIn, runsOf, storedRelation } from '../h5/index.ts';
import type { FlowJob } from './job.ts';
import { joinLinks, type PartLinks } from './join-links.ts';
import { withFile, type JoinedTable } from './joined-table.ts';

/** Where relations are written. */
export interface Linking {
  writer: H5Writer;
  refs: FlowJob['refs'];
  /** Tables of the file by place. */
  tables: ReadonlyMap<string, JoinedTable>;
  /** Of tables in parts that are not among them: the first row of each part, and the number of all. */
  rows: NonNullable<FlowJob['rows']>;
  /** Relations that are written, `parent child`. */
  linked: Set<string>;
}

interface Relation {
  parent: string;
  child: string;
  form: RelationForm | undefined;
  parts: PartLinks[];
  /** What its task says of it. */
  said: Record<string, Typed>;
}

/** Writes the relations of the parts of an artifact that this form has, between tables that are there. */
export async function linkTables(paths: readonly string[], linking: Linking): Promise<void> {
  const { writer, refs, tables, linked } = linking;
  const found = new Map<string, Relation>();
  for (const [k, path] of paths.entries())
    await withFile(path, (file) => {
      addRelations(file, k, found, linking);
    });
  for (const [key, { parent, child, form, parts, said }] of found) {
    const links = joinLinks(parts);
    if (refs === 'stored') {
      writer.relation(parent, child, links, form === undefined ? {} : { form });
      if (Object.keys(said).length > 0) writer.group(`${parent}/ref${child}`, said);
      continue;
    }
    if (form !== undefined && form !== refs) continue;
    const [p, c] = [rowsOf(tables.get(parent)!), rowsOf(tables.get(child)!)];
    if (refs === 'pairs') writer.pairs(parent, child, p, c, links);
    else writer.references(parent, child, p, runsOf(links));
    linked.add(key);
    // What the task of a relation says of it stands, as upstream has it, on the parent.
    if (Object.keys(said).length > 0) writer.group(parent, said);
  }
}

function addRelations(
  file: H5File,
  k: number,
  found: Map<string, Relation>,
  { refs, tables, rows }: Linking,
): void {
  const firstRow = (place: string): number => rowOf(tables.get(place)?.from ?? rows[place], k);
  for (const { parent, child } of relationsIn(file)) {
    if (refs !== 'stored' && !(tables.has(parent) && tables.has(child))) continue;
    const { links, form } = storedRelation(file, parent, child)!;
    const said = file.typedAttributes(`${parent}/ref${child}`);
    const key = `${parent} ${child}`;
    const relation = found.get(key) ?? { parent, child, form, parts: [], said };
    relation.parts.push({ links, parentFrom: firstRow(parent), childFrom: firstRow(child) });
    found.set(key, relation);
  }
}

/** Relations of an input flow file between tables that it lends, in either form; those made anew stand already. */
export function linkCarried(file: H5File, lent: ReadonlySet<string>, linking: Linking): void {
  const { writer, refs, tables, linked } = linking;
  for (const { parent, child } of linkedRelations(file)) {
    if (!lent.has(parent) || !lent.has(child) || linked.has(`${parent} ${child}`)) continue;
    if (refs === 'pairs' && linked.has(`${child} ${parent}`)) continue;
    linked.add(`${parent} ${child}`);
    const runs = relationOf(file, parent, child);
    const [p, c] = [rowsOf(tables.get(parent)!), rowsOf(tables.get(child)!)];
    if (refs === 'pairs') writer.pairs(parent, child, p, c, runs);
    else writer.references(parent, child, p, runs);
  }
}

/** Where part `k` begins, of a table that is in parts: one in one piece has a first row and a last. */
const rowOf = (from: readonly number[] | undefined, k: number): number =>
  from === undefined || from.length <= 2 ? 0 : from[k]!;

const rowsOf = ({ from }: JoinedTable): number => from.at(-1)!;
