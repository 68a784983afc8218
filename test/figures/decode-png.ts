/** PNG back to pixels, for 8 bits a channel without interlace: what resvg and palettePng write. */
import { inflateSync } from 'node:zlib';

export interface Pixels {
  width: number;
  height: number;
  /** Bytes per pixel: 1 for a palette, 4 for red, green, blue, alpha. */
  depth: number;
  bytes: Uint8Array;
  palette: Uint8Array | undefined;
}

export function decodePng(png: Uint8Array): Pixels {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const data: Uint8Array[] = [];
  let palette: Uint8Array | undefined;
  let [width, height, depth] = [0, 0, 0];
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    const body = png.subarray(at + 8, at + 8 + length);
    if (name === 'IHDR') {
      [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      depth = { 2: 3, 3: 1, 6: 4 }[body[9]!]!;
    } else if (name === 'PLTE') palette = body;
    else if (name === 'IDAT') data.push(body);
    at += 12 + length;
  }
  const rows = inflateSync(Buffer.concat(data));
  const stride = width * depth;
  const bytes = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)]!;
    for (let i = 0; i < stride; i++) {
      const [at, old] = [y * stride + i, rows[y * (stride + 1) + 1 + i]!];
      const left = i >= depth ? bytes[at - depth]! : 0;
      const up = y > 0 ? bytes[at - stride]! : 0;
      const corner = i >= depth && y > 0 ? bytes[at - stride - depth]! : 0;
      bytes[at] = old + guess(filter, left, up, corner);
    }
  }
  return { width, height, depth, bytes, palette };
}

function guess(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const p = left + up - corner;
  const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Pixels darker than half of white in a rectangle. */
export function darkIn(
  { width, depth, bytes }: Pixels,
  [left, top, right, bottom]: readonly [number, number, number, number],
): number {
  let dark = 0;
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const at = (y * width + x) * depth;
      if (bytes[at]! + bytes[at + 1]! + bytes[at + 2]! < 384) dark++;
    }
  return dark;
}
