// The logical content of a node as a hash: what of it counts, in which order, whatever the file looks like.
// Changing anything here (or describe() in dtype.ts) changes every id ever given; test/h5/ids.test.ts notices.
import { ByteWriter, byBytes, utf8 } from './byte-writer.ts';
import { describe, isPacked, itemSize, type Dtype } from './dtype.ts';
import { hashBytes, hashed, hasher, type Hasher } from './hash.ts';
import { boxesOf } from './selection.ts';
import { putCanonical } from './canonical-value.ts';
import { elements, type Region, type Typed, type Value } from './values.ts';

/** Id of the logical content of one group or dataset. */
export interface NodeId {
  /** Absolute path: `/charge/hits/data`; the root group is `/`. */
  path: string;
  kind: 'group' | 'dataset';
  /** 32 hex digits. */
  id: string;
  /** Canonical size of the data: rows x row size for plain types; 0 for groups. */
  bytes: number;
  /** Length of axis 0 of a dataset that is no scalar. */
  rows?: number;
}

/** Attribute of the root group that is provenance and never content. */
export const PROVENANCE = 'tg';

/** Shape of a reference's target, for `all`; undefined when it is no dataset. */
export type ShapeOf = (path: string) => readonly number[] | undefined;

/**
 * Canonical form of references: number of the target by first occurrence (0 null), with its path at that
 * first occurrence, then for regions rank, number of boxes, and boxes as u64 starts and stops.
 */
export function referenceForm(shapeOf: ShapeOf): (out: ByteWriter, value: Value) => void {
  const codes = new Map<string, number>();
  return (out, value) => {
    if (value === null) {
      out.u32(0);
      return;
    }
    const region = typeof value === 'object' ? (value as Region) : undefined;
    putTarget(out, codes, region ? region.path : (value as string));
    if (!region) return;
    const shape = shapeOf(region.path) ?? [];
    const boxes = boxesOf(region.selection, shape);
    const rank = 'rank' in region.selection ? region.selection.rank : Math.max(1, shape.length);
    out.u32(rank);
    out.u32(boxes.length / (2 * rank));
    for (const x of boxes) out.u64(x);
  };
}

/** Number of a target, and its path when it is new. */
export function putTarget(out: ByteWriter, codes: Map<string, number>, path: string): void {
  const known = codes.get(path);
  out.u32(known ?? codes.size + 1);
  if (known !== undefined) return;
  codes.set(path, codes.size + 1);
  out.sizedText(path);
}

/** Streams the data of one dataset into its hash. */
export interface DataHash {
  /** Raw rows of a plain type. */
  bytes(rows: Uint8Array): void;
  /** Values of a type that is not plain. */
  values(values: readonly Value[]): void;
  /** Bytes that are canonical already. */
  raw: Hasher;
}

export function dataHash(type: Dtype, shapeOf: ShapeOf): DataHash {
  const raw = hasher();
  const gaps = gapsOf(type);
  const reference = referenceForm(shapeOf);
  // Made when needed: most datasets are plain, and a file may have 100 000 of them.
  let out: ByteWriter | undefined;
  return {
    raw,
    bytes: (rows) => raw.update(gaps.length === 0 ? rows : withoutGaps(rows, itemSize(type), gaps)),
    values(values) {
      out ??= new ByteWriter(1024);
      for (const value of values) {
        putCanonical(out, type, value, reference);
        if (out.length > 65536) {
          raw.update(out.written());
          out.clear();
        }
      }
      raw.update(out.written());
      out.clear();
    },
  };
}

/** The same of all raw rows at once. */
export function wholeHash(type: Dtype, rows: Uint8Array): DataHash {
  const gaps = gapsOf(type);
  const raw = hashed(gaps.length === 0 ? rows : withoutGaps(rows, itemSize(type), gaps));
  const full = (): never => {
    throw new Error('all rows were there already');
  };
  return { raw, bytes: full, values: full };
}

/** What rows are, whatever the file they lie in: their type, their number and what they hold. */
export interface RowsId {
  add(rows: Uint8Array): void;
  /** 32 hex digits. */
  id(): string;
}

export function rowsId(type: Dtype): RowsId {
  const data = dataHash(type, () => undefined);
  return {
    add: data.bytes,
    id: () =>
      hashBytes(utf8(['rows', describe(type), data.raw.bytes, data.raw.digest()].join('\n'))),
  };
}

/** Bytes of a row that belong to no field: [start, stop) pairs. They hold anything and mean nothing. */
function gapsOf(type: Dtype, base = 0): [number, number][] {
  if (type.kind === 'array') {
    const inner = gapsOf(type.base);
    if (inner.length === 0) return [];
    const size = itemSize(type.base);
    return Array.from({ length: elements(type.shape) }, (_, i) =>
      inner.map(([a, b]): [number, number] => [base + i * size + a, base + i * size + b]),
    ).flat();
  }
  if (type.kind !== 'compound') return [];
  const out: [number, number][] = [];
  let end = 0;
  if (!isPacked(type))
    for (const field of [...type.fields].sort((a, b) => a.offset - b.offset)) {
      if (field.offset > end) out.push([base + end, base + field.offset]);
      end = Math.max(end, field.offset + itemSize(field.type));
    }
  else end = type.size;
  if (type.size > end) out.push([base + end, base + type.size]);
  return [...out, ...type.fields.flatMap((f) => gapsOf(f.type, base + f.offset))];
}

function withoutGaps(rows: Uint8Array, size: number, gaps: [number, number][]): Uint8Array {
  const out = rows.slice();
  for (let at = 0; at < out.length; at += size)
    for (const [start, stop] of gaps) out.fill(0, at + start, at + stop);
  return out;
}

const scratch = new ByteWriter(4096);

/** Hash of all attributes of a node, '' when it has none. */
export function attributesHash(
  attributes: Map<string, Typed>,
  root: boolean,
  shapeOf: ShapeOf,
): string {
  const names = [...attributes.keys()].filter((name) => !(root && name === PROVENANCE));
  if (names.length === 0) return '';
  const out = scratch;
  out.clear();
  for (const name of names.sort(byBytes)) {
    const typed = attributes.get(name)!;
    const head = JSON.stringify([name, describe(typed.dtype), typed.shape]);
    out.sizedText(head);
    const length = out.skip(8);
    const start = out.length;
    if (typed.bytes) {
      const gaps = gapsOf(typed.dtype);
      out.put(
        gaps.length === 0 ? typed.bytes : withoutGaps(typed.bytes, itemSize(typed.dtype), gaps),
      );
    } else {
      const reference = referenceForm(shapeOf);
      for (const value of typed.values ?? []) putCanonical(out, typed.dtype, value, reference);
    }
    out.setU64(length, out.length - start);
  }
  return hashBytes(out.written());
}

/** Hash of a text in UTF-8. */
function textHash(text: string): string {
  scratch.clear();
  scratch.text(text);
  return hashBytes(scratch.written());
}

export function groupId(path: string, attributes: string): NodeId {
  return { path, kind: 'group', id: textHash(`group\n${attributes}`), bytes: 0 };
}

export function datasetId(
  path: string,
  type: Dtype,
  shape: readonly number[] | null,
  attributes: string,
  data: Hasher,
): NodeId {
  const text = [
    'dataset',
    describe(type),
    JSON.stringify(shape),
    attributes,
    data.bytes,
    data.digest(),
  ];
  const id: NodeId = {
    path,
    kind: 'dataset',
    id: textHash(text.join('\n')),
    bytes: data.bytes,
  };
  if (shape && shape.length > 0) id.rows = shape[0]!;
  return id;
}

/** Id of a link that leads to an object known under another path, or out of the file. */
export function aliasId(path: string, target: string): NodeId {
  return { path, kind: 'group', id: hashBytes(utf8(`alias\n${target}`)), bytes: 0 };
}

/** One id of a set of nodes, whatever their order. In order of paths they are taken one by one. */
export function combine(nodes: Iterable<NodeId>): { hex32: string; bytes: number } {
  const out = hasher();
  let bytes = 0;
  let before = '';
  for (const node of nodes) {
    if (byBytes(before, node.path) > 0)
      return combine([...nodes].sort((a, b) => byBytes(a.path, b.path)));
    before = node.path;
    out.update(utf8(`${JSON.stringify(node.path)} ${node.kind} ${node.id} ${node.bytes}\n`));
    bytes += node.bytes;
  }
  return { hex32: out.digest(), bytes };
}
