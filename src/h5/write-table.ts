// Appends rows to a chunked dataset: whole chunks go out as they come, one chunk per table waits in memory.
// Does not know headers or indexes.
import { byteView } from './byte-writer.ts';
import type { DataHash } from './canonical.ts';
import type { Sink } from './write-sink.ts';

/** Where the chunks of a dataset that grows along axis 0 stand. */
export interface ChunkedRows {
  /** Bytes per row and rows per chunk. */
  rowSize: number;
  chunkRows: number;
  rows: number;
  addresses: number[];
}

/** Rows per chunk: a power of two, about 128 KiB, depending on the row size only. */
export function chunkRowsFor(rowSize: number): number {
  return Math.max(1, 2 ** Math.floor(Math.log2((128 * 1024) / Math.max(1, rowSize))));
}

/** A stream of raw rows into `target`. */
export function rowStream(sink: Sink, target: ChunkedRows, hash: DataHash) {
  const chunkBytes = target.rowSize * target.chunkRows;
  let waiting: Uint8Array | undefined;
  let filled = 0;
  /** Whole chunks in one write; consecutive tables therefore read back in one read. */
  const flush = (bytes: Uint8Array): void => {
    // Chunks of odd size go one by one, so that the file does not depend on how the rows were cut.
    const step = chunkBytes % 8 === 0 ? bytes.length : chunkBytes;
    for (let from = 0; from < bytes.length; from += step) {
      const at = sink.allocate(step);
      for (let i = 0; i < step; i += chunkBytes) target.addresses.push(at + i);
      sink.write(at, bytes.subarray(from, from + step));
    }
  };
  return {
    append(rows: Uint8Array): void {
      const bytes = byteView(rows);
      if (bytes.length % target.rowSize !== 0)
        throw new TypeError(`${bytes.length} bytes are no whole rows of ${target.rowSize}`);
      hash.bytes(bytes);
      target.rows += bytes.length / target.rowSize;
      let at = 0;
      if (filled > 0) {
        at = Math.min(bytes.length, chunkBytes - filled);
        waiting!.set(bytes.subarray(0, at), filled);
        filled += at;
        if (filled < chunkBytes) return;
        flush(waiting!);
        filled = 0;
      }
      const whole = Math.floor((bytes.length - at) / chunkBytes) * chunkBytes;
      if (whole > 0) flush(bytes.subarray(at, at + whole));
      const rest = bytes.subarray(at + whole);
      if (rest.length === 0) return;
      waiting ??= new Uint8Array(chunkBytes);
      waiting.set(rest);
      filled = rest.length;
    },
    /** The last chunk is as long as any; its tail stays a hole and reads as zeros. */
    finish(): void {
      if (filled === 0) return;
      const at = sink.allocate(chunkBytes);
      target.addresses.push(at);
      sink.write(at, waiting!.subarray(0, filled));
      waiting = undefined;
      filled = 0;
    },
  };
}
