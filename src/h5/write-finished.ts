// Groups that are finished while the file is still being written: their headers stand in the file, and only their ids are
// kept, packed, so that a file may have hundreds of thousands of them. Does not write headers.
import type { NodeId } from './canonical.ts';

/** Ids of many nodes, 36 bytes each: paths are kept as what follows the group, of which there are few. */
export interface PackedIds {
  readonly length: number;
  /** @param group path that the node's begins with */
  add(id: NodeId, group: string): void;
  /** Ids [from, to) in the order they were added, all of one group. */
  slice(from: number, to: number, group: string): Iterable<NodeId>;
}

/** id (16 bytes), bytes f8, rows f8, place of the rest of the path u4 with the kind in its lowest bit. */
const RECORD = 36;
const NO_ROWS = -1;
/** Records in one block: blocks are added, never copied. */
const BLOCK = 16384;

export function packedIds(): PackedIds {
  const blocks: DataView[] = [];
  const rests: string[] = [];
  const known = new Map<string, number>();
  let length = 0;
  const read = (i: number, group: string): NodeId => {
    const view = blocks[Math.floor(i / BLOCK)]!;
    const at = (i % BLOCK) * RECORD;
    const half = (from: number): string =>
      view.getBigUint64(from, false).toString(16).padStart(16, '0');
    const rows = view.getFloat64(at + 24, true);
    const rest = view.getUint32(at + 32, true);
    const id: NodeId = {
      path: group + rests[rest >>> 1]!,
      kind: (rest & 1) === 1 ? 'dataset' : 'group',
      id: half(at) + half(at + 8),
      bytes: view.getFloat64(at + 16, true),
    };
    return rows === NO_ROWS ? id : { ...id, rows };
  };
  return {
    get length() {
      return length;
    },
    add({ path, kind, id, bytes, rows }, group) {
      const rest = path.slice(group.length);
      let place = known.get(rest);
      if (place === undefined) known.set(rest, (place = rests.push(rest) - 1));
      if (length % BLOCK === 0) blocks.push(new DataView(new ArrayBuffer(BLOCK * RECORD)));
      const view = blocks[blocks.length - 1]!;
      const at = (length % BLOCK) * RECORD;
      for (let k = 0; k < 4; k++)
        view.setUint32(at + 4 * k, parseInt(id.slice(8 * k, 8 * k + 8), 16), false);
      view.setFloat64(at + 16, bytes, true);
      view.setFloat64(at + 24, rows ?? NO_ROWS, true);
      view.setUint32(at + 32, 2 * place + (kind === 'dataset' ? 1 : 0), true);
      length++;
    },
    *slice(from, to, group) {
      for (let i = from; i < to; i++) yield read(i, group);
    },
  };
}
