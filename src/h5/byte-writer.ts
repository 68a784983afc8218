// A growing little-endian buffer that is reused, so that thousands of headers cost one allocation. Knows no format.

const encoder = new TextEncoder();
const TWO32 = 2 ** 32;

/** Undefined address: eight 0xff bytes. Passed to `u64`. */
export const UNDEFINED = -1;

export class ByteWriter {
  bytes: Uint8Array;
  view: DataView;
  length = 0;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `n` more bytes and returns where they start; they hold zeros. */
  skip(n: number): number {
    const at = this.length;
    const end = at + n;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    } else this.bytes.fill(0, at, end);
    this.length = end;
    return at;
  }
  u8(value: number): void {
    const at = this.skip(1);
    this.bytes[at] = value;
  }
  u16(value: number): void {
    const at = this.skip(2);
    this.view.setUint16(at, value, true);
  }
  u32(value: number): void {
    const at = this.skip(4);
    this.view.setUint32(at, value, true);
  }
  /** A whole number below 2^53, or UNDEFINED. */
  u64(value: number): void {
    this.setU64(this.skip(8), value);
  }
  setU64(at: number, value: number): void {
    const undefinedAddress = value === UNDEFINED;
    this.view.setUint32(at, undefinedAddress ? 0xffffffff : value % TWO32, true);
    this.view.setUint32(at + 4, undefinedAddress ? 0xffffffff : Math.floor(value / TWO32), true);
  }
  put(bytes: Uint8Array): void {
    const at = this.skip(bytes.length);
    this.bytes.set(bytes, at);
  }
  /** UTF-8, without a terminator; returns how many bytes it took. */
  text(text: string): number {
    const at = this.skip(3 * text.length);
    // Most texts are a few letters of ASCII, for which a call of the encoder is dear.
    if (text.length < 40) {
      const n = this.#ascii(text, at);
      if (n === text.length) {
        this.length = at + n;
        return n;
      }
    }
    const { written } = encoder.encodeInto(text, this.bytes.subarray(at));
    this.length = at + written;
    return written;
  }
  /** Writes letters up to the first that is not ASCII; returns how many. */
  #ascii(text: string, at: number): number {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return i;
      this.bytes[at + i] = code;
    }
    return text.length;
  }
  /** The length of a text in UTF-8 as u32, then the text. */
  sizedText(text: string): void {
    const at = this.skip(4);
    // The buffer may be another one after this.
    const written = this.text(text);
    this.view.setUint32(at, written, true);
  }
  /** Zeros up to a multiple of `n`, counted from `from`. */
  align(n: number, from = 0): void {
    const over = (this.length - from) % n;
    if (over !== 0) this.skip(n - over);
  }
  /** What was written so far; valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
  clear(): void {
    this.length = 0;
  }
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Order of names as HDF5 sorts them: by bytes. */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Only surrogates stand in another order in UTF-16 than in UTF-8.
    if (x < 0xd800 || y < 0xd800) return x < y ? -1 : 1;
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return Math.sign(a.length - b.length);
}

/** The bytes of any typed array, without a copy. */
export function byteView(data: ArrayBufferView): Uint8Array {
  return data instanceof Uint8Array
    ? data
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
