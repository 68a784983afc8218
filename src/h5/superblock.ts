// The first bytes of a file: is it HDF5, is it whole, where is its root. Does not read objects.
import { Corrupt, Cursor } from './cursor.ts';
import { grouped, H5Error, Unsupported } from './errors.ts';
import type { FileBytes } from './file-bytes.ts';
import { lookup3 } from './lookup3.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Address of the root's object header; sets the base of `file`. @throws H5Error, Corrupt, Unsupported */
export function readSuperblock(file: FileBytes): number {
  const start = findSignature(file);
  const bytes = file.upTo(start, 128);
  const cursor = new Cursor(bytes, 8);
  if (bytes.length < 48)
    throw new H5Error(
      file.path,
      `truncated: ${grouped(file.size)} bytes, not even a superblock`,
      COPY,
    );
  const version = cursor.u8();
  let end: number;
  let root: number;
  let base: number;
  if (version <= 1) {
    cursor.at = 13;
    if (cursor.u8() !== 8 || cursor.u8() !== 8)
      throw new Unsupported('addresses of other than 8 bytes');
    cursor.at = version === 0 ? 24 : 28;
    base = cursor.u64();
    cursor.address();
    end = cursor.u64();
    cursor.address();
    cursor.u64();
    root = cursor.u64();
  } else if (version <= 3) {
    if (lookup3(bytes, 0, 44) !== new Cursor(bytes, 44).u32())
      throw new Corrupt('the checksum of the superblock is wrong');
    if (cursor.u8() !== 8 || cursor.u8() !== 8)
      throw new Unsupported('addresses of other than 8 bytes');
    cursor.skip(1);
    base = cursor.u64();
    cursor.address();
    end = cursor.u64();
    root = cursor.u64();
  } else throw new Unsupported(`superblock version ${version}`);
  if (base !== start && base !== 0) throw new Unsupported('a base address');
  // Addresses count from the base; the end of file of files with a user block does so in some versions only.
  if (end > file.size)
    throw new H5Error(file.path, `truncated: ${grouped(file.size)} of ${grouped(end)} bytes`, COPY);
  file.base = base;
  return root;
}

const COPY = { try: 'copy it again' };

/** The signature stands at 0, 512, 1024, 2048, ... */
function findSignature(file: FileBytes): number {
  if (file.size === 0) throw new H5Error(file.path, 'is empty (0 bytes)', COPY);
  for (let at = 0; at + 8 <= file.size; at = at === 0 ? 512 : 2 * at) {
    const bytes = file.at(at, 8);
    if (SIGNATURE.every((b, i) => bytes[i] === b)) return at;
  }
  const first = file.upTo(0, 48);
  if (file.size >= 48 && first.every((b) => b === 0))
    throw new H5Error(file.path, 'is unfinished: whoever wrote it did not close it', {
      try: 'build it again',
    });
  const begins = beginning(first);
  // An answer of a web server instead of the file.
  const fetched = /^"(?:HTTP\/|<)/.test(begins);
  throw new H5Error(file.path, `not HDF5 (begins ${begins})`, {
    try: fetched ? 'fetch it again' : 'check that this is the file you mean',
  });
}

/** Text as text, anything else as hex. */
function beginning(bytes: Uint8Array): string {
  let end = 0;
  while (end < Math.min(bytes.length, 32) && bytes[end]! >= 0x20 && bytes[end]! < 0x7f) end++;
  if (end >= 4 || end === bytes.length)
    return JSON.stringify(String.fromCharCode(...bytes.subarray(0, end)).trimEnd());
  return [...bytes.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
}
