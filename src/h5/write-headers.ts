// Superblock and version 2 object headers: sizes known before any address is, bytes when all are.
// Does not decide where anything stands.
import { ByteWriter, UNDEFINED } from './byte-writer.ts';
import { lookup3 } from './lookup3.ts';

/** Bytes before the first object: the superblock. */
export const SUPERBLOCK = 48;
/** A message body is at most this long; its size has 16 bits. */
export const LONGEST_MESSAGE = 65535;

export const MESSAGE = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  fill: 5,
  link: 6,
  layout: 8,
  groupInfo: 10,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

export function superblock(root: number, end: number): Uint8Array {
  const out = new ByteWriter(SUPERBLOCK);
  out.put(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 2, 8, 8, 0));
  out.u64(0);
  out.u64(UNDEFINED);
  out.u64(end);
  out.u64(root);
  out.u32(lookup3(out.bytes, 0, 44));
  return out.written();
}

/** Size of a header from the lengths of its message bodies. */
export function headerSize(bodies: readonly number[]): number {
  return 10 + bodies.reduce((sum, n) => sum + 4 + n, 0) + 4;
}

/** Writes one object header at the end of `out`; `put` writes its messages through `message`. */
export function putHeader(
  out: ByteWriter,
  put: (message: (type: number, body: () => void, flags?: number) => void) => void,
): void {
  const start = out.length;
  out.text('OHDR');
  out.u8(2);
  out.u8(2); // the size of the messages takes 4 bytes; no times
  const size = out.skip(4);
  const from = out.length;
  put((type, body, flags = 0) => {
    out.u8(type);
    const at = out.skip(2);
    out.u8(flags);
    const begin = out.length;
    body();
    out.view.setUint16(at, out.length - begin, true);
  });
  out.view.setUint32(size, out.length - from, true);
  out.u32(lookup3(out.bytes, start, out.length));
}

const SCALAR = Uint8Array.of(2, 0, 0, 0);

/** Dataspace body. `shape` null: no elements at all; maximum null per axis: unlimited. */
export function dataspace(
  shape: readonly number[] | null,
  maxshape?: readonly (number | null)[],
): Uint8Array {
  const rank = shape?.length ?? 0;
  if (shape && rank === 0) return SCALAR;
  const out = new ByteWriter(4 + 16 * rank);
  out.u8(2);
  out.u8(rank);
  out.u8(maxshape && rank > 0 ? 1 : 0);
  out.u8(shape === null ? 2 : rank === 0 ? 0 : 1);
  for (const n of shape ?? []) out.u64(n);
  if (maxshape && rank > 0) for (const n of maxshape) out.u64(n ?? UNDEFINED);
  return out.written();
}

/** Length of that body. */
export function dataspaceSize(
  shape: readonly number[] | null,
  maxshape?: readonly (number | null)[],
): number {
  const rank = shape?.length ?? 0;
  return 4 + (maxshape && rank > 0 ? 16 : 8) * rank;
}

/**
 * Whether an attribute also fits as h5repack and older libraries write it: version 1, its parts padded to 8, the
 * message below 64 KiB.
 */
export function attributeFits(name: string, type: number, rank: number, data: number): boolean {
  const padded = (n: number): number => Math.ceil(n / 8) * 8;
  const head = 8 + padded(Buffer.byteLength(name) + 1) + padded(type) + 8 + 16 * rank;
  return head + padded(data) <= 65528;
}

/** Length of an attribute message body, from those of its type, shape and data. */
export function attributeSize(name: string, type: number, space: number, data: number): number {
  return 9 + Buffer.byteLength(name) + 1 + type + space + data;
}

export function putAttribute(
  out: ByteWriter,
  name: string,
  type: Uint8Array,
  space: Uint8Array,
  data: Uint8Array,
): void {
  out.u8(3);
  out.u8(0);
  const length = out.skip(2);
  out.u16(type.length);
  out.u16(space.length);
  out.u8(1);
  const written = out.text(name);
  out.u8(0);
  out.view.setUint16(length, written + 1, true);
  out.put(type);
  out.put(space);
  out.put(data);
}

/**
 * Attribute Info: no dense storage. Without it libhdf5 counts no attributes in a version 2 header, and
 * h5repack drops them all (specs/hdf5-proofs.md section 2).
 */
export function putAttributeInfo(out: ByteWriter): void {
  out.u8(0);
  out.u8(0);
  out.u64(UNDEFINED);
  out.u64(UNDEFINED);
}

export function putLinkInfo(out: ByteWriter): void {
  putAttributeInfo(out); // the same four fields
}

/** Length of a hard link's message body. */
export function linkSize(name: string): number {
  const n = Buffer.byteLength(name);
  return 3 + (n > 255 ? 2 : 1) + n + 8;
}

export function putLink(out: ByteWriter, name: string, address: number): void {
  const long = Buffer.byteLength(name) > 255;
  out.u8(1);
  out.u8(0x10 | (long ? 1 : 0));
  out.u8(1);
  const length = out.skip(long ? 2 : 1);
  const written = out.text(name);
  if (long) out.view.setUint16(length, written, true);
  else out.view.setUint8(length, written);
  out.u64(address);
}

export function putContiguous(out: ByteWriter, address: number, size: number): void {
  out.u8(3);
  out.u8(1);
  out.u64(size === 0 ? UNDEFINED : address);
  out.u64(size);
}

export function putChunked(
  out: ByteWriter,
  index: number,
  chunk: readonly number[],
  itemBytes: number,
): void {
  out.u8(3);
  out.u8(2);
  out.u8(chunk.length + 1);
  out.u64(index);
  for (const n of chunk) out.u32(n);
  out.u32(itemBytes);
}
