// What a writer of HDF5 files can do, and what it hands back. Does not do it: write.ts does.
import type { AttributeInput, Attributes } from './attributes.ts';
import type { NodeId } from './canonical.ts';
import type { Compound, Dtype } from './dtype.ts';
import type { ColumnInput } from './insert.ts';
import type { Region, Value } from './values.ts';
import type { Links } from './write-pairs.ts';
import type { Runs } from './write-references.ts';

export interface H5Writer {
  readonly path: string;
  /** Makes a group and its parents; repeated calls add attributes. */
  group(path: string, attributes?: Attributes): void;
  /** Sets an attribute of a group or dataset that is there; possible until close(). */
  attribute(path: string, name: string, value: AttributeInput): void;
  /**
   * A whole dataset. `data`: raw little-endian bytes or a typed array of them for plain types, a flat list of
   * values for any type (the only way for strings of variable length and references). Contiguous unless
   * `chunks` are given; shape [] is a scalar.
   */
  dataset(
    path: string,
    type: Dtype | string,
    shape: number[],
    data: ArrayBufferView | readonly Value[],
    options?: DatasetOptions,
  ): void;
  /** Makes group `path` with `attributes` and its table `path/data`: 1-D, chunked, unlimited. */
  table(path: string, type: Compound, options?: TableOptions): TableWriter;
  /** The same for a bare dataset whose rows have `rowShape`; attributes go on the dataset. */
  stream(
    path: string,
    type: Dtype | string,
    rowShape: number[],
    options?: TableOptions,
  ): TableWriter;
  /**
   * The stored form of a relation: `<parent>/ref/<child>/runs`, rows {parent, start, stop} u4, or `.../stretches`, rows
   * {parent, child, rows} u4. `form`: a flow file of the other form leaves it out.
   */
  relation(parent: string, child: string, links: Links, options?: { form?: RelationForm }): void;
  /**
   * The region-reference form: `<parent>/ref/<child>/{ref, ref_valid}` with `parentRows` entries, as h5flow's.
   * `<child>/data` must be in this file by the time it is closed; `runs` are kept until then.
   */
  references(parent: string, child: string, parentRows: number, runs: Runs): void;
  /**
   * The form of index pairs: `<parent>/ref/<child>/{ref, ref_region}` and `<child>/ref/<parent>/ref_region`, as h5flow's
   * since 0.2. @throws H5Error when the file has the relation already, in either direction.
   */
  pairs(parent: string, child: string, parentRows: number, childRows: number, links: Links): void;
  /** A 1-D dataset of region references of any kind; null makes a null reference. */
  regions(path: string, regions: readonly (Region | null)[], options?: DatasetOptions): void;
  /** A 1-D dataset of UTF-8 strings of variable length. */
  strings(path: string, values: readonly string[], options?: DatasetOptions): void;
  /**
   * Nothing more comes into this group: its headers, and those of all below it, are written now, and only their ids are kept.
   * For files of very many groups. Not for what holds strings of variable length or references.
   */
  finish(path: string): void;
  /** Finishes the file. @throws H5Error and removes the file when something in it cannot be written. */
  close(): Written;
  /** Removes the file. Does nothing after close(). */
  abort(): void;
}

/** How a flow file holds relations: region references, or index pairs. */
export type RelationForm = 'region' | 'pairs';

export interface DatasetOptions {
  attributes?: Attributes;
  /** Elements of a chunk, one number per axis. */
  chunks?: number[];
  /** Largest shape, null for unlimited; needs `chunks`. Default: the shape itself. */
  maxshape?: (number | null)[];
}

export interface TableOptions {
  attributes?: Attributes;
  /** Rows per chunk; by default a power of two that makes about 128 KiB. */
  chunk?: number;
}

export interface TableWriter {
  /** Absolute path of the dataset. */
  readonly path: string;
  readonly rows: number;
  /** Appends raw rows. @throws H5Error when they are no whole rows, or not `rows` many. */
  append(bytes: ArrayBufferView, rows?: number): void;
  /** Appends rows given by column (array members flat); columns left out are zero. */
  appendColumns(columns: Record<string, ColumnInput>): void;
  /** Ends the table early; close() of the writer does it otherwise. */
  close(): void;
}

export interface Written {
  path: string;
  /** Size of the file. */
  bytes: number;
  /** Logical ids of all groups and datasets, parents first, members by name. */
  readonly nodes: NodeId[];
  /** The same one by one. */
  each(): Iterable<NodeId>;
}
