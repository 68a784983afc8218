// Reading HDF5 files: the structural reader in plain JavaScript first, h5wasm for data it does not know.
// Does not know references beyond their values, or what tables mean.
import { plainAttribute, type AttributeValue } from './attributes.ts';
import { datasetOf, type H5Dataset } from './dataset.ts';
import { describe } from './dtype.ts';
import { H5Error, nearest, oneLine, Unsupported } from './errors.ts';
import { openBytes } from './file-bytes.ts';
import { openForeign, type Foreign } from './foreign.ts';
import { join } from './paths.ts';
import { tableOf, type Table } from './rows.ts';
import { openStructure, sortedNames, type Item, type Structure } from './structure.ts';
import type { Typed } from './values.ts';

export interface H5File {
  readonly path: string;
  close(): void;
  has(path: string): boolean;
  kind(path: string): 'group' | 'dataset' | undefined;
  /** Names below a group, sorted by bytes. @throws H5Error when there is no such group. */
  members(path: string): string[];
  attributes(path: string): Record<string, AttributeValue>;
  /** Attributes with exact types and shapes, as H5Writer takes them. */
  typedAttributes(path: string): Record<string, Typed>;
  /** @throws H5Error naming what is there instead. */
  dataset(path: string): H5Dataset;
  /** A group that holds `data`, or a 1-D dataset of a compound type itself. */
  table(path: string): Table;
  /** All groups and datasets, the root `/` first, parents before members, members by name; each object once. */
  walk(): Iterable<{ path: string; kind: 'group' | 'dataset' }>;
}

const structures = new WeakMap<H5File, Structure>();

/** The structure behind a file; for the chapters of this room. */
export function structureOf(file: H5File): Structure {
  return structures.get(file)!;
}

/** Opens a file for reading; h5wasm is loaded only when some dataset needs it. @throws H5Error */
export async function openH5(path: string): Promise<H5File> {
  const bytes = openBytes(path);
  let foreign: Foreign | undefined;
  try {
    const structure = openStructure(bytes);
    if ([...structure.items.values()].some((item) => item.unsupported !== undefined))
      foreign = await openForeign(path);
    return fileOf(structure, foreign);
  } catch (error) {
    bytes.close();
    foreign?.close();
    if (error instanceof Unsupported)
      throw new H5Error(path, `uses ${error.message}, which tg does not read`, {
        try: 'h5repack it with the default settings of HDF5 1.10',
      });
    throw error;
  }
}

function fileOf(structure: Structure, foreign: Foreign | undefined): H5File {
  const { path } = structure.file;
  const need = (at: string, kind?: Item['kind']): Item => {
    const item = safely(() => structure.find(at));
    if (!item) throw missing(structure, at);
    if (kind && item.kind !== kind)
      throw new H5Error(path, `is a ${item.kind}, not a ${kind}`, { dataset: item.path });
    return item;
  };
  const safely = <T>(what: () => T): T | undefined => {
    try {
      return what();
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  };
  const typedAttributes = (at: string): Map<string, Typed> => {
    const item = need(at);
    try {
      return structure.attributes(item);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      throw new H5Error(path, `uses ${error.message}, which tg does not read`, {
        dataset: item.path,
      });
    }
  };
  const dataset = (at: string): H5Dataset => datasetOf(structure, foreign, need(at, 'dataset'));
  const file: H5File = {
    path,
    close() {
      structure.file.close();
      foreign?.close();
    },
    has: (at) => safely(() => structure.find(at)) !== undefined,
    kind: (at) => {
      const kind = safely(() => structure.find(at))?.kind;
      return kind === 'type' ? undefined : kind;
    },
    members: (at) => sortedNames(need(at, 'group').members),
    attributes: (at) =>
      Object.fromEntries(
        [...typedAttributes(at)].map(([name, typed]) => [name, plainAttribute(typed)]),
      ),
    typedAttributes: (at) => Object.fromEntries(typedAttributes(at)),
    dataset,
    table(at) {
      const item = need(at);
      const found = dataset(item.kind === 'group' ? need(join(item.path, 'data')).path : item.path);
      const { dtype, shape } = found;
      if (dtype.kind !== 'compound' || shape.length !== 1)
        throw new H5Error(
          path,
          `is no table but ${describe(dtype)} of shape [${shape.join(', ')}]`,
          {
            dataset: found.path,
          },
        );
      return tableOf(found.path, dtype, shape[0]!, (start, count, into) =>
        found.readRaw(start, count, into),
      );
    },
    *walk() {
      for (const { item } of walkItems(structure))
        if (item && item.kind !== 'type') yield { path: item.path, kind: item.kind };
    },
  };
  structures.set(file, structure);
  return file;
}

/** Every link once, parents first, members by name: the object itself, or where another name leads. */
export function* walkItems(
  structure: Structure,
): Generator<{ path: string; item?: Item; alias?: string }> {
  const stack: { path: string; item?: Item; alias?: string }[] = [
    { path: '/', item: structure.root },
  ];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    yield entry;
    const names = sortedNames(entry.item?.members);
    for (let i = names.length - 1; i >= 0; i--) {
      const path = join(entry.path, names[i]!);
      const link = entry.item!.members!.get(names[i]!)!;
      if (link.kind === 'soft') stack.push({ path, alias: `soft ${link.path}` });
      else if (link.kind === 'external')
        stack.push({ path, alias: `external ${link.file} ${link.path}` });
      else {
        const item = structure.items.get(link.address)!;
        stack.push(item.path === path ? { path, item } : { path, alias: `hard ${item.path}` });
      }
    }
  }
}

function missing(structure: Structure, at: string): H5Error {
  const parts = at.split('/').filter(Boolean);
  let group = structure.root;
  let name = '';
  for (const part of parts) {
    name = part;
    const link = group.members?.get(part);
    if (link?.kind === 'external')
      return new H5Error(
        structure.file.path,
        `is a link to ${oneLine(link.file)}::${oneLine(link.path)}`,
        {
          dataset: at,
          try: 'name that file instead',
        },
      );
    const next = link?.kind === 'hard' ? structure.items.get(link.address) : undefined;
    if (!next) break;
    group = next;
  }
  const names = sortedNames(group.members);
  const near = nearest(name, names);
  const there = near.length > 0 ? near : names.slice(0, 12);
  const list = there.join(', ') + (near.length === 0 && names.length > 12 ? ', ...' : '');
  return new H5Error(
    structure.file.path,
    `is not there; ${group.path} ${names.length === 0 ? 'is empty' : `has ${list}`}`,
    {
      dataset: at,
      ...(near.length > 0 ? { try: `did you mean ${join(group.path, near[0]!)}?` } : {}),
    },
  );
}
