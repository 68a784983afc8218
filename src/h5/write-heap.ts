// Global heap collections, written one behind the other: what references and values of variable length point at.
// Collections stay at 4 KiB: libhdf5 loads one whole for every object (specs/hdf5-proofs.md section 1.4).
import { UNDEFINED } from './byte-writer.ts';
import { putSeal, SEAL } from './seal.ts';
import type { Sink } from './write-sink.ts';

const COLLECTION = 4096;
const SEGMENT = 256 * 1024;
/** Every collection ends in free space with room for the seal. */
const TAIL = 16 + Math.ceil(SEAL / 8) * 8;

export class HeapWriter {
  /** Segment of consecutive collections not yet written; its data are put in place by the caller. Made when it is needed. */
  bytes = new Uint8Array(0);
  words = new Uint32Array(this.bytes.buffer);
  view = new DataView(this.bytes.buffer);
  /** Collection and index of the object reserved last. */
  address = UNDEFINED;
  index = 0;
  readonly #sink: Sink;
  #segment = 0;
  #used = 0;
  #at = 0;
  #end = 0;
  #start = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Reserves an object of `size` bytes; returns where in `bytes` its data go (a multiple of 8, zeros). */
  reserve(size: number): number {
    const need = 16 + Math.ceil(size / 8) * 8;
    if (this.#at + need + TAIL > this.#end) this.#begin(need);
    const at = this.#at;
    this.index++;
    this.view.setUint16(at, this.index, true);
    this.view.setUint32(at + 8, size % 2 ** 32, true);
    this.view.setUint32(at + 12, Math.floor(size / 2 ** 32), true);
    this.#at = at + need;
    return at + 16;
  }

  put(data: Uint8Array): { address: number; index: number } {
    const at = this.reserve(data.length);
    this.bytes.set(data, at);
    return { address: this.address, index: this.index };
  }

  /** Ends the open collection and writes everything. */
  flush(): void {
    this.#close();
    if (this.#used > 0) this.#sink.write(this.#segment, this.bytes.subarray(0, this.#used));
    this.bytes.fill(0, 0, this.#used);
    this.#used = 0;
  }

  #begin(need: number): void {
    this.#close();
    const size = Math.max(COLLECTION, 16 + need + TAIL);
    const address = this.#sink.allocate(size);
    if (address !== this.#segment + this.#used || this.#used + size > this.bytes.length) {
      this.flush();
      this.#segment = address;
      if (size > this.bytes.length) {
        this.bytes = new Uint8Array(Math.ceil(size / SEGMENT) * SEGMENT);
        this.words = new Uint32Array(this.bytes.buffer);
        this.view = new DataView(this.bytes.buffer);
      }
    }
    const at = this.#used;
    this.view.setUint32(at, 0x4c4f4347, true); // "GCOL"
    this.bytes[at + 4] = 1;
    this.view.setUint32(at + 8, size % 2 ** 32, true);
    this.view.setUint32(at + 12, Math.floor(size / 2 ** 32), true);
    this.address = address;
    this.index = 0;
    this.#start = at;
    this.#at = at + 16;
    this.#end = at + size;
    this.#used = at + size;
  }

  /** Marks what is left of the open collection as free space, whose size counts its own header. */
  #close(): void {
    const left = this.#end - this.#at;
    if (left > 0) {
      this.view.setUint32(this.#at + 8, left, true);
      putSeal(this.bytes, this.#start, this.#at + 16);
    }
    this.#at = this.#end = 0;
  }
}
