/** After a run: is every declared output there, and what is its content id? Stamps provenance. Knows staged files, not where they go. */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { canonical } from '../core/canonical.ts';
import type { ContentId, Json, TraceDocument } from '../core/types.ts';
import type { NodeId } from '../h5/index.ts';
import { fileId } from '../content-id.ts';
import { TaskError } from '../task-module.ts';
import type { OutputId, StagedOutput, TaskJob } from './job.ts';

const HDF5 = Buffer.from('894844460d0a1a0a', 'hex');

export function isHdf5(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(8);
    return readSync(fd, head, 0, 8, 0) === 8 && head.equals(HDF5);
  } finally {
    closeSync(fd);
  }
}

/** Bytes that the main thread may hash without holding up everything else. */
const LIGHT = 4_000_000;

/** Is taking the ids of what was made the work of a worker? */
export const isHeavy = (job: TaskJob): boolean =>
  job.outputs.some(({ path, place }) => {
    if (place !== '') return true;
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true && (stat.size > LIGHT || isHdf5(path));
  });

/** @throws TaskError `no-output`, `extra-output` */
export function checkOutputs(job: TaskJob): void {
  const expected = new Set(job.outputs.map((o) => o.path));
  for (const output of job.outputs) {
    if (!existsSync(output.path))
      throw new TaskError(`${job.task} ended well but did not make ${shown(output)}`, {
        code: 'no-output',
        try: `write to output("${output.target.replace(/@.*/s, '')}")`,
      });
  }
  for (const name of readdirSync(job.stage)) {
    const path = join(job.stage, name);
    if (
      name === 'scratch' ||
      name === 'task.json' ||
      expected.has(path) ||
      [...expected].some((e) => e.startsWith(`${path}/`))
    )
      continue;
    throw new TaskError(`${job.task} made undeclared ${relative(job.stage, path)}`, {
      code: 'extra-output',
      try: 'outputs:, or write to the scratch folder',
    });
  }
}

const shown = (output: StagedOutput): string =>
  output.place === '' ? output.shown : `table ${output.place.slice(1)}`;

/** Ids of all outputs and provenance in (or beside) each file. */
export async function finishOutputs(
  job: TaskJob,
  trace: readonly TraceDocument[],
): Promise<{ outputs: OutputId[]; sidecars: string[] }> {
  checkOutputs(job);
  const provenance = canonical({ ...job.provenance, trace: trace as unknown as Json });
  const outputs: OutputId[] = [];
  const sidecars: string[] = [];
  const byFile = new Map<string, StagedOutput[]>();
  for (const o of job.outputs) byFile.set(o.path, [...(byFile.get(o.path) ?? []), o]);
  for (const [path, list] of byFile) {
    const tables = list.some((o) => o.place !== '');
    if (tables || isHdf5(path)) {
      outputs.push(...(await hdf5Outputs(job, path, list, provenance)));
      continue;
    }
    if (statSync(path).isDirectory())
      throw new TaskError(
        `${job.task} made a folder where a file was declared: ${basename(path)}`,
        { code: 'no-output', try: 'write one file' },
      );
    for (const o of list)
      outputs.push({ target: o.target, id: fileId(path), rows: null, bytes: statSync(path).size });
    const sidecar = `${path}.tg.json`;
    writeFileSync(sidecar, `${provenance}\n`);
    sidecars.push(sidecar);
  }
  const order = new Map(job.outputs.map((o, i) => [o.target, i]));
  outputs.sort((a, b) => order.get(a.target)! - order.get(b.target)!);
  return { outputs, sidecars };
}

/** Id of a table: its rows stand in it, so that a difference can be told in rows wherever an id is known. */
export const tableId = (hex32: string, bytes: number, rows: number | undefined): ContentId =>
  `${hex32}.${bytes}${rows === undefined ? '' : `.${rows}`}`;

async function hdf5Outputs(
  job: TaskJob,
  path: string,
  list: readonly StagedOutput[],
  provenance: string,
): Promise<OutputId[]> {
  const h5 = await import('../h5/index.ts');
  const written = h5.takeWritten(path);
  const hashed = written === undefined ? await h5.hashTree(path) : undefined;
  const found: OutputId[] = [];
  for (const output of list) {
    if (output.place === '') {
      const { hex32, bytes } = h5.combine(hashed ?? written!.each());
      found.push({
        target: output.target,
        id: `${hex32}.${bytes}`,
        rows: null,
        bytes: statSync(path).size,
      });
      continue;
    }
    const own = nodesOf(hashed ?? written!.nodes, output.place, list);
    const data = dataOf(own, output.place);
    if (data === undefined && !own.some((n) => n.path.startsWith(output.place)))
      throw new TaskError(
        `${job.task} ended well but did not make table ${output.place.slice(1)}`,
        {
          code: 'no-output',
          try: `write the table ${output.place} into output("${output.target.replace(/@.*/s, '')}")`,
        },
      );
    const { hex32, bytes } = h5.combine(own);
    found.push({
      target: output.target,
      id: tableId(hex32, bytes, data?.rows),
      rows: data?.rows ?? null,
      bytes,
    });
  }
  if (written !== undefined) h5.stamp(path, { tg: provenance }, { staged: true });
  else await h5.stampForeign(path, { tg: provenance });
  return found;
}

/** Of the nodes of a table the one that holds its rows; its relations have rows of their own. */
export const dataOf = (own: readonly NodeId[], place: string): NodeId | undefined =>
  own.find((n) => n.path === `${place}/data`) ??
  own.find((n) => n.path === place && n.kind === 'dataset');

/**
 * The nodes that are the content of one table: what stands below its group, and its relations to other tables. A relation
 * `P/ref/C` belongs to the one of the two that this task makes; of two made by one task, to the child.
 */
export function nodesOf(
  nodes: readonly NodeId[],
  place: string,
  made: readonly { place: string }[],
): NodeId[] {
  const places = new Set(made.map((o) => o.place));
  const longest = (path: string): string | undefined => longestOf(places, path);
  return nodes.filter((node) => {
    const at = node.path.indexOf('/ref/');
    if (at >= 0) {
      const child = longest(node.path.slice(at + 4));
      if (child !== undefined && places.has(node.path.slice(0, at + 4 + child.length)))
        return place === node.path.slice(0, at + 4 + child.length);
      if (
        longest(node.path) !== undefined &&
        node.path.slice(0, longest(node.path)!.length).includes('/ref/')
      )
        return longest(node.path) === place;
      return (child ?? longest(node.path.slice(0, at))) === place;
    }
    if (node.path.endsWith('/ref')) return false;
    return longest(node.path) === place;
  });
}

/** The longest of the places that a path is at or below. */
function longestOf(places: Iterable<string>, path: string): string | undefined {
  let best: string | undefined;
  for (const p of places)
    if (
      p !== '' &&
      (path === p || path.startsWith(`${p}/`)) &&
      (best === undefined || p.length > best.length)
    )
      best = p;
  return best;
}

/**
 * The nodes that are the content of one place of a file that nobody here made: what stands below it, but for other tables below a table, and
 * its relations to other tables in both directions. Whatever else is asked of the file does not matter.
 */
export function nodesAt(nodes: readonly NodeId[], place: string): NodeId[] {
  const tables = nodes.flatMap(({ path, kind }) =>
    kind === 'dataset' && path.endsWith('/data') && !path.includes('/ref/')
      ? [path.slice(0, -'/data'.length)]
      : [],
  );
  const isTable = tables.includes(place);
  const others = tables.filter((table) => isTable || !table.startsWith(`${place}/`));
  const places = new Set([place, ...others]);
  return nodes.filter(({ path }) => {
    const at = path.indexOf('/ref/');
    if (at < 0) return !path.endsWith('/ref') && longestOf(places, path) === place;
    const [parent, child] = [path.slice(0, at), path.slice(at + 4)];
    return longestOf(places, parent) === place || longestOf(places, child) === place;
  });
}
