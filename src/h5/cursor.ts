// Reads little-endian fields one after the other and never beyond the end. Knows no format.

const decoder = new TextDecoder('utf-8');
const TWO32 = 2 ** 32;

/** Bytes ran out or a number is impossible: the file is damaged. Becomes an H5Error where the file is known. */
export class Corrupt extends Error {
  override readonly name = 'Corrupt';
}

export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  #view: DataView | undefined;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get view(): DataView {
    return (this.#view ??= new DataView(
      this.bytes.buffer,
      this.bytes.byteOffset,
      this.bytes.byteLength,
    ));
  }
  get left(): number {
    return this.bytes.length - this.at;
  }
  /** Moves on by `n` bytes and returns where they start. */
  skip(n: number): number {
    const at = this.at;
    if (!(n >= 0) || at + n > this.bytes.length) throw new Corrupt('a structure ends too early');
    this.at = at + n;
    return at;
  }
  u8(): number {
    return this.bytes[this.skip(1)]!;
  }
  u16(): number {
    const at = this.skip(2);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }
  u32(): number {
    return word(this.bytes, this.skip(4));
  }
  /** Address or size of 8 bytes; undefined for the undefined address. */
  address(): number | undefined {
    const at = this.skip(8);
    const low = word(this.bytes, at);
    const high = word(this.bytes, at + 4);
    if (low === 0xffffffff && high === 0xffffffff) return undefined;
    if (high >= 2 ** 21) throw new Corrupt('an address beyond 2^53');
    return high * TWO32 + low;
  }
  u64(): number {
    const value = this.address();
    if (value === undefined) throw new Corrupt('a size is undefined');
    return value;
  }
  /** Whole number of 1 to 8 bytes. */
  uint(width: number): number {
    const at = this.skip(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.bytes[at + i]!;
    if (value > Number.MAX_SAFE_INTEGER) throw new Corrupt('a number beyond 2^53');
    return value;
  }
  take(n: number): Uint8Array {
    const at = this.skip(n);
    return this.bytes.subarray(at, at + n);
  }
  /** UTF-8 text of exactly `n` bytes, cut at the first NUL. */
  text(n: number): string {
    return textOf(this.take(n));
  }
  /** NUL-terminated text; with `padded` the terminator is padded to a multiple of 8. */
  cstring(padded = false): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new Corrupt('a name does not end');
    const start = this.at;
    const text = decoder.decode(this.bytes.subarray(start, end));
    const length = end + 1 - start;
    this.skip(padded ? Math.ceil(length / 8) * 8 : length);
    return text;
  }
  /** The four letters a structure begins with. */
  signature(letters: string): void {
    const at = this.skip(letters.length);
    for (let i = 0; i < letters.length; i++)
      if (this.bytes[at + i] !== letters.charCodeAt(i))
        throw new Corrupt(`no ${letters} where one is expected`);
  }
}

function word(b: Uint8Array, at: number): number {
  return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
}

/** UTF-8 bytes up to the first NUL as text. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
