// Cuts a whole dataset into chunks of any shape and writes them. Does not index them.
import { copyBox, eachIndex } from './box.ts';
import { elements } from './values.ts';
import type { Sink } from './write-sink.ts';

/** Edge chunks are as large as any, their rest zeros; addresses go to `storage` in row-major order. */
export function writeChunks(
  sink: Sink,
  storage: { chunk: number[]; addresses: number[] },
  shape: number[],
  item: number,
  bytes: Uint8Array,
): void {
  const { chunk } = storage;
  const piece = new Uint8Array(elements(chunk) * item);
  const zero = shape.map(() => 0);
  eachIndex(
    shape.map((n, d) => Math.ceil(n / chunk[d]!)),
    (index) => {
      const start = index.map((i, d) => i * chunk[d]!);
      const size = start.map((s, d) => Math.min(chunk[d]!, shape[d]! - s));
      piece.fill(0);
      copyBox(bytes, shape, start, piece, chunk, zero, size, item);
      const address = sink.allocate(piece.length);
      storage.addresses.push(address);
      sink.write(address, piece);
    },
  );
}
