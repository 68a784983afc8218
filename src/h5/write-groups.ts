// Members of a large group in symbol-table form: compact links are searched one by one (680 us per look-up
// among 100 000), a symbol table is a tree. Does not know what the members are.
import { ByteWriter, UNDEFINED, utf8 } from './byte-writer.ts';
import { putSeal, SEAL } from './seal.ts';
import { nodeSize, putNodeHead } from './write-index.ts';
import type { Sink } from './write-sink.ts';

/** Bytes of a leaf with room for 8 symbols and of a node with room for 32 children: libhdf5's defaults. */
export const LEAF_BYTES = 8 + 8 * 40;
export const NODE_BYTES = nodeSize(32, 8);
/** One less is used: the seal stands in the room of the last. */
const LEAF = 7;
const CHILDREN = 31;

/** Writes heap, leaves and tree of members sorted by name bytes; returns the two addresses of the group's message. */
export function writeSymbolTable(
  sink: Sink,
  members: readonly { name: string; address: number }[],
): { tree: number; heap: number } {
  const { heap, offsets } = writeLocalHeap(
    sink,
    members.map((m) => m.name),
  );
  const out = new ByteWriter(LEAF_BYTES);
  const leaves = Math.ceil(members.length / LEAF);
  const first = sink.allocate(leaves * LEAF_BYTES);
  let children: { address: number; last: number }[] = [];
  for (let n = 0; n < leaves; n++) {
    const start = out.length;
    const from = n * LEAF;
    const stop = Math.min(members.length, from + LEAF);
    out.text('SNOD');
    out.u8(1);
    out.u8(0);
    out.u16(stop - from);
    for (let i = from; i < stop; i++) {
      out.u64(offsets[i]!);
      out.u64(members[i]!.address);
      out.skip(24);
    }
    out.skip(start + LEAF_BYTES - out.length);
    const seal = out.length - SEAL;
    putSeal(out.bytes, start, seal, sealedNames(members.slice(from, stop).map((m) => m.name)));
    children.push({ address: first + start, last: offsets[stop - 1]! });
  }
  sink.write(first, out.written());
  for (let level = 0; ; level++) {
    const nodes = Math.ceil(children.length / CHILDREN);
    const base = sink.allocate(nodes * NODE_BYTES);
    const next: typeof children = [];
    out.clear();
    for (let n = 0; n < nodes; n++) {
      const start = out.length;
      const mine = children.slice(n * CHILDREN, (n + 1) * CHILDREN);
      putNodeHead(out, 0, level, mine.length, {
        left: n === 0 ? UNDEFINED : base + (n - 1) * NODE_BYTES,
        right: n === nodes - 1 ? UNDEFINED : base + (n + 1) * NODE_BYTES,
      });
      // Key i is the last name of child i - 1; the empty name (offset 0) before the very first.
      out.u64(n === 0 ? 0 : children[n * CHILDREN - 1]!.last);
      for (const child of mine) {
        out.u64(child.address);
        out.u64(child.last);
      }
      const seal = start + NODE_BYTES - SEAL;
      out.skip(start + NODE_BYTES - out.length);
      putSeal(out.bytes, start, seal);
      next.push({ address: base + start, last: mine.at(-1)!.last });
    }
    sink.write(base, out.written());
    if (nodes === 1) return { tree: base, heap };
    children = next;
  }
}

/** Names are kept apart from the leaf that has them, but sealed with it. */
export function sealedNames(names: readonly string[]): Uint8Array {
  return utf8(names.join('/'));
}

/** Names NUL-terminated at multiples of 8 behind 8 zero bytes. */
function writeLocalHeap(sink: Sink, names: readonly string[]): { heap: number; offsets: number[] } {
  const data = new ByteWriter(4096);
  data.skip(8);
  const offsets = names.map((name) => {
    const at = data.length;
    data.put(utf8(name));
    data.u8(0);
    data.align(8);
    return at;
  });
  const dataAddress = sink.allocate(data.length);
  sink.write(dataAddress, data.written());
  const head = new ByteWriter(32);
  head.text('HEAP');
  head.u32(0);
  head.u64(data.length);
  head.u64(1); // no free block
  head.u64(dataAddress);
  const heap = sink.allocate(32);
  sink.write(heap, head.written());
  return { heap, offsets };
}
