// Bob Jenkins' lookup3, the checksum of all newer HDF5 metadata. Knows nothing else.

/** `hashlittle(bytes[from, to), 0)` as an unsigned 32-bit number. */
export function lookup3(bytes: Uint8Array, from: number, to: number): number {
  let left = to - from;
  let at = from;
  let a = (0xdeadbeef + left) | 0;
  let b = a;
  let c = a;
  while (left > 12) {
    a = (a + word(bytes, at)) | 0;
    b = (b + word(bytes, at + 4)) | 0;
    c = (c + word(bytes, at + 8)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
    at += 12;
    left -= 12;
  }
  if (left === 0) return c >>> 0;
  a = (a + tail(bytes, at, Math.min(left, 4))) | 0;
  b = (b + tail(bytes, at + 4, Math.min(left - 4, 4))) | 0;
  c = (c + tail(bytes, at + 8, left - 8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function tail(bytes: Uint8Array, at: number, n: number): number {
  let value = 0;
  for (let i = n - 1; i >= 0; i--) value = (value << 8) | bytes[at + i]!;
  return value;
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
