// tg's own HDF5 writer: the same calls give the same bytes, on every machine and in every run.
// Does not read, does not rename, does not know what the tables mean.
import { byteView } from './byte-writer.ts';
import { typedAttribute, type Attributes } from './attributes.ts';
import { dataHash, wholeHash, type NodeId } from './canonical.ts';
import { dtype as named, isPlain, itemSize, type Dtype } from './dtype.ts';
import { encodeType } from './encode-type.ts';
import { H5Error } from './errors.ts';
import { encodeRows } from './insert.ts';
import { absolute, join } from './paths.ts';
import { elements, typedOf, type Value } from './values.ts';
import { closeGroup, closeTree } from './write-close.ts';
import { packedIds } from './write-finished.ts';
import { writeChunks } from './write-chunks.ts';
import { SUPERBLOCK } from './write-headers.ts';
import { checkName, find, groupAt, membersBelow, newGroup, type Dataset } from './write-node.ts';
import { relationWriter } from './write-relations.ts';
import { openSink } from './write-sink.ts';
import { chunkRowsFor, rowStream } from './write-table.ts';
import type { DatasetOptions, H5Writer, TableWriter, Written } from './writer.ts';

const finished = new Map<string, Written>();

/** What the last close() of that path in this thread wrote; forgets it. */
export function takeWritten(path: string): Written | undefined {
  const written = finished.get(path);
  finished.delete(path);
  return written;
}

/** `nodes` are gathered only when they are asked for: of finished groups there may be very many. */
function writtenFile(
  path: string,
  bytes: number,
  open: NodeId[],
  ids: (open: readonly NodeId[]) => Iterable<NodeId>,
): Written {
  let all: NodeId[] | undefined;
  return {
    path,
    bytes,
    each: () => ({ [Symbol.iterator]: () => ids(open)[Symbol.iterator]() }),
    get nodes() {
      return (all ??= [...ids(open)]);
    },
  };
}

/** Opens `path` for writing; it is replaced at once, so give a staged name. @throws H5Error */
export function createH5(path: string): H5Writer {
  const sink = openSink(path, SUPERBLOCK);
  const root = newGroup('/');
  const finishedIds = packedIds();
  const open = new Set<TableWriter>();
  let state: 'open' | 'closed' = 'open';

  const guard = <T>(dataset: string, what: () => T): T => {
    if (state === 'closed') throw new H5Error(path, 'is closed already', { dataset });
    try {
      return what();
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError)
        throw new H5Error(path, error.message, { dataset });
      throw error;
    }
  };
  const setAttributes = (at: string, attributes: Attributes = {}): void => {
    const node = find(root, at);
    if (!node)
      throw new H5Error(path, 'is not there yet, or is finished: make it before its attributes', {
        dataset: at,
      });
    for (const [name, value] of Object.entries(attributes)) {
      if (name === '' || name.includes('\0')) throw new TypeError('an attribute needs a name');
      try {
        const typed = typedAttribute(value);
        encodeType(typed.dtype);
        node.attributes.set(name, typed);
      } catch (error) {
        throw new TypeError(`attribute "${name}": ${(error as Error).message}`, { cause: error });
      }
    }
  };
  const add = (at: string, type: Dtype, shape: number[], options: DatasetOptions = {}): Dataset => {
    const full = absolute(at);
    const slash = full.lastIndexOf('/');
    const parent = groupAt(root, full.slice(0, slash), path);
    checkName(full.slice(slash + 1));
    if (full === '/' || parent.members.has(full.slice(slash + 1)))
      throw new H5Error(path, 'is there already', { dataset: full });
    if (shape.some((n) => !Number.isSafeInteger(n) || n < 0) || shape.length > 32)
      throw new TypeError(`no shape: [${shape.join(', ')}]`);
    const { chunks, maxshape } = options;
    if (
      chunks &&
      (chunks.length !== shape.length || shape.length === 0 || chunks.some((n) => !(n > 0)))
    )
      throw new TypeError(`chunks [${chunks.join(', ')}] for shape [${shape.join(', ')}]`);
    if (maxshape && (!chunks || maxshape.length !== shape.length))
      throw new TypeError('maxshape needs chunks, and both one number per axis');
    const node: Dataset = {
      kind: 'dataset',
      path: full,
      attributes: new Map(),
      address: 0,
      dtype: type,
      typeBytes: encodeType(type),
      shape,
      storage: chunks
        ? { kind: 'chunked', chunk: chunks, addresses: [], index: 0 }
        : { kind: 'contiguous', address: 0 },
      hash: dataHash(type, (p) => {
        const target = find(root, p);
        return target?.kind === 'dataset' ? target.shape : undefined;
      }),
    };
    if (maxshape) node.maxshape = maxshape;
    parent.members.set(full.slice(slash + 1), node);
    setAttributes(full, options.attributes);
    return node;
  };

  const dataset: H5Writer['dataset'] = (at, spelling, shape, data, options = {}) =>
    guard(at, () => {
      const type = typeof spelling === 'string' ? named(spelling) : spelling;
      let bytes: Uint8Array | undefined;
      if (ArrayBuffer.isView(data)) {
        if (!isPlain(type))
          throw new TypeError('strings and references are given as values, not bytes');
        bytes = byteView(data);
        if (bytes.length !== elements(shape) * itemSize(type))
          throw new TypeError(
            `${bytes.length} bytes for shape [${shape.join(', ')}] of ${itemSize(type)} bytes each`,
          );
      } else if (isPlain(type)) bytes = typedOf(type, shape, [...data]).bytes!;
      else if (data.length !== elements(shape))
        throw new TypeError(`${data.length} values for shape [${shape.join(', ')}]`);
      else if (options.chunks)
        throw new TypeError('strings and references are stored without chunks');
      const node = add(at, type, shape, options);
      if (!bytes) {
        node.late = { kind: 'values', values: [...(data as readonly Value[])] };
        return;
      }
      node.hash = wholeHash(type, bytes);
      if (node.storage.kind === 'chunked')
        writeChunks(sink, node.storage, shape, itemSize(type), bytes);
      else {
        node.storage.address = sink.allocate(bytes.length);
        sink.write(node.storage.address, bytes);
      }
    });

  const stream: H5Writer['stream'] = (at, spelling, rowShape, options = {}) =>
    guard(at, () => {
      const type = typeof spelling === 'string' ? named(spelling) : spelling;
      if (!isPlain(type)) throw new TypeError('strings and references cannot be streamed as bytes');
      const rowSize = itemSize(type) * elements(rowShape);
      if (rowSize === 0) throw new TypeError('rows without bytes');
      const chunkRows = options.chunk ?? chunkRowsFor(rowSize);
      const node = add(at, type, [0, ...rowShape], {
        chunks: [chunkRows, ...rowShape],
        maxshape: [null, ...rowShape],
        attributes: options.attributes ?? {},
      });
      const storage = node.storage as Dataset['storage'] & { kind: 'chunked' };
      const target = { rowSize, chunkRows, rows: 0, addresses: storage.addresses };
      const rows = rowStream(sink, target, node.hash);
      let ended = false;
      const writer: TableWriter = {
        path: node.path,
        get rows() {
          return target.rows;
        },
        append: (bytes, count) =>
          guard(node.path, () => {
            if (ended) throw new TypeError('the table is closed already');
            if (count !== undefined && count * rowSize !== bytes.byteLength)
              throw new TypeError(`${bytes.byteLength} bytes are not ${count} rows of ${rowSize}`);
            rows.append(byteView(bytes));
          }),
        appendColumns: (columns) =>
          guard(node.path, () => {
            if (type.kind !== 'compound') throw new TypeError('only a compound type has columns');
            writer.append(encodeRows(type, columns).bytes);
          }),
        close() {
          if (ended) return;
          ended = true;
          open.delete(writer);
          rows.finish();
          node.shape = [target.rows, ...rowShape];
        },
      };
      open.add(writer);
      return writer;
    });

  const finish = (at: string): void => {
    const group = find(root, at);
    if (group?.kind !== 'group' || at === '/') throw new TypeError('only a group can be finished');
    for (const table of open)
      if (table.path.startsWith(`${at}/`)) throw new TypeError(`${table.path} is still open`);
    const from = finishedIds.length;
    for (const id of closeGroup(group, root, sink)) finishedIds.add(id, at);
    const slash = at.lastIndexOf('/');
    const parent = groupAt(root, at.slice(0, slash), path);
    parent.members.set(at.slice(slash + 1), {
      kind: 'finished',
      path: at,
      address: group.address,
      from,
      to: finishedIds.length,
    });
  };
  function* allIds(nodes: readonly NodeId[]): Iterable<NodeId> {
    let i = 0;
    for (const member of membersBelow(root)) {
      if (member.kind === 'finished') yield* finishedIds.slice(member.from, member.to, member.path);
      else yield nodes[i++]!;
    }
  }

  const relations = relationWriter({ path, root, guard, add, setAttributes, dataset, stream });

  const writer: H5Writer = {
    path,
    group: (at, attributes) =>
      guard(at, () => {
        groupAt(root, at, path);
        setAttributes(at, attributes);
      }),
    attribute: (at, name, value) => guard(at, () => setAttributes(at, { [name]: value })),
    dataset,
    table: (at, type, options = {}) =>
      guard(at, () => {
        writer.group(at, options.attributes);
        return stream(
          join(absolute(at), 'data'),
          type,
          [],
          options.chunk ? { chunk: options.chunk } : {},
        );
      }),
    stream,
    ...relations,
    regions: (at, regions, options) =>
      dataset(
        at,
        'regref',
        [regions.length],
        regions.map((r) => r),
        options,
      ),
    strings: (at, values, options) => dataset(at, 'str', [values.length], [...values], options),
    finish: (at) => guard(at, () => finish(absolute(at))),
    close() {
      return guard('/', () => {
        try {
          for (const table of open) table.close();
          const nodes = closeTree(root, sink);
          sink.finish();
          state = 'closed';
          const written = writtenFile(path, sink.end(), nodes, allIds);
          finished.set(path, written);
          return written;
        } catch (error) {
          writer.abort();
          throw error;
        }
      });
    },
    abort() {
      if (state === 'closed') return;
      state = 'closed';
      sink.discard();
    },
  };
  return writer;
}
