// Groups that are finished while the file is still being written: their headers stand in the file, and only their ids are
// kept, packed, so that a file may have hundreds of thousands of them. Does not write headers.
import { ByteWriter } from './byte-writer.ts';
import type { NodeId } from './canonical.ts';

/** Ids of many nodes: a path, 16 bytes of id and two numbers each. */
export interface PackedIds {
  readonly length: number;
  add(id: NodeId): void;
  /** Ids [from, to) in the order they were added. */
  slice(from: number, to: number): Iterable<NodeId>;
}

const decoder = new TextDecoder();
const NO_ROWS = -1;

export function packedIds(): PackedIds {
  const out = new ByteWriter(4096);
  const starts: number[] = [];
  const read = (at: number): NodeId => {
    const { view, bytes } = out;
    const half = (from: number): string =>
      view.getBigUint64(from, false).toString(16).padStart(16, '0');
    const rows = view.getFloat64(at + 24, true);
    const path = decoder.decode(bytes.subarray(at + 37, at + 37 + view.getUint32(at + 33, true)));
    const id: NodeId = {
      path,
      kind: bytes[at + 32] === 1 ? 'dataset' : 'group',
      id: half(at) + half(at + 8),
      bytes: view.getFloat64(at + 16, true),
    };
    return rows === NO_ROWS ? id : { ...id, rows };
  };
  return {
    get length() {
      return starts.length;
    },
    add({ path, kind, id, bytes, rows }) {
      const at = out.skip(33);
      starts.push(at);
      out.view.setBigUint64(at, BigInt(`0x${id.slice(0, 16)}`), false);
      out.view.setBigUint64(at + 8, BigInt(`0x${id.slice(16)}`), false);
      out.view.setFloat64(at + 16, bytes, true);
      out.view.setFloat64(at + 24, rows ?? NO_ROWS, true);
      out.bytes[at + 32] = kind === 'dataset' ? 1 : 0;
      out.sizedText(path);
    },
    *slice(from, to) {
      for (let i = from; i < to; i++) yield read(starts[i]!);
    },
  };
}
