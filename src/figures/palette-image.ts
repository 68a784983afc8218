/**
 * A picture of palette indexes as PNG, written here and not by zlib: the same bytes with every Node, and in a browser.
 * Knows runs of equal bytes, which is what 2-D histograms are made of, and no other compression.
 */

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** Shortest length of each length code of deflate, from 257 on, and its extra bits. */
const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const extraBits = (code: number): number =>
  code < 8 || code === 28 ? 0 : Math.floor((code - 4) / 4);

/** A zlib stream: one block of fixed codes; a run of equal bytes is one byte and "again, n times". */
function deflateRuns(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil((bytes.length * 9) / 8) + 16);
  let [at, hold, held] = [0, 0, 0];
  const bits = (value: number, n: number): void => {
    hold |= value << held;
    for (held += n; held >= 8; held -= 8) {
      out[at++] = hold & 0xff;
      hold >>>= 8;
    }
  };
  /** Codes are packed from their highest bit, all else from the lowest. */
  const code = (value: number, n: number): void => {
    let turned = 0;
    for (let i = 0; i < n; i++) turned |= ((value >> i) & 1) << (n - 1 - i);
    bits(turned, n);
  };
  const symbol = (s: number): void => {
    if (s < 144) code(0x30 + s, 8);
    else if (s < 256) code(0x190 + s - 144, 9);
    else if (s < 280) code(s - 256, 7);
    else code(0xc0 + s - 280, 8);
  };
  out[at++] = 0x78;
  out[at++] = 0x01;
  bits(0b011, 3);
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i]!;
    symbol(byte);
    i++;
    for (;;) {
      let n = 0;
      while (n < 258 && i + n < bytes.length && bytes[i + n] === byte) n++;
      if (n < 3) break;
      let length = LENGTHS.length - 1;
      while (LENGTHS[length]! > n) length--;
      symbol(257 + length);
      bits(n - LENGTHS[length]!, extraBits(length));
      code(0, 5);
      i += n;
    }
  }
  symbol(256);
  if (held > 0) bits(0, 8 - held);
  const sum = adler32(bytes);
  for (const shift of [24, 16, 8, 0]) out[at++] = (sum >>> shift) & 0xff;
  return out.subarray(0, at);
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/**
 * @param indexes of the palette, row by row from the top; 0 is transparent
 * @param palette red, green, blue of each index
 */
export function palettePng(
  width: number,
  height: number,
  indexes: Uint8Array,
  palette: Uint8Array,
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3, 0, 0, 0], 8);
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++)
    rows.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('tRNS', Uint8Array.of(0)),
    chunk('IDAT', deflateRuns(rows)),
    chunk('IEND', new Uint8Array(0)),
  ];
  const png = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    png.set(part, at);
    at += part.length;
  }
  return png;
}

/** As a `data:` address. */
export function dataUrl(png: Uint8Array): string {
  let text = '';
  for (let i = 0; i < png.length; i += 8192)
    text += String.fromCharCode(...png.subarray(i, i + 8192));
  return `data:image/png;base64,${btoa(text)}`;
}
