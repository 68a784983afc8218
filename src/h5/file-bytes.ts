// Reads pieces of one open file, never outside it. Does not know what they mean.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Corrupt } from './cursor.ts';
import { grouped, H5Error } from './errors.ts';
import { systemError } from './write-sink.ts';

export interface FileBytes {
  readonly path: string;
  /** Size of the file when it was opened. */
  readonly size: number;
  /** Bytes before the HDF5 part (a user block); all addresses count from there. */
  base: number;
  /** A view of `length` bytes at an address, good for reading now; small reads come from a window. */
  at(address: number, length: number): Uint8Array;
  /** As many bytes at an address as there are, at most `length`. */
  upTo(address: number, length: number): Uint8Array;
  /** Reads straight into `into`. */
  read(address: number, into: Uint8Array): void;
  close(): void;
}

const WINDOW = 16 * 1024;
const WINDOWS = 64;
/** Node reads less than 2 GiB per call. */
const MOST = 2 ** 30;

/**
 * @param recycle windows are used again: a view is good until many further pieces were read, not for ever
 * @throws H5Error when the file cannot be opened.
 */
export function openBytes(path: string, { recycle = false } = {}): FileBytes {
  let fd: number;
  let size: number;
  try {
    fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    size = stat.size;
    if (stat.isDirectory()) {
      closeSync(fd);
      throw Object.assign(new Error(), { code: 'EISDIR' });
    }
  } catch (error) {
    throw systemError(path, error);
  }
  let open = true;
  // Headers of one file stand close together: a few windows save most of the system calls.
  const windows = new Map<number, Uint8Array>();
  const read = (address: number, into: Uint8Array): void => {
    const from = check(address, into.length);
    for (let at = 0; at < into.length;) {
      let n: number;
      try {
        n = readSync(fd, into, at, Math.min(MOST, into.length - at), from + at);
      } catch (error) {
        throw systemError(path, error);
      }
      if (n === 0)
        throw new H5Error(
          path,
          `became shorter while it was read (${grouped(from + at)} bytes left)`,
          {
            try: 'wait until its writer is done',
          },
        );
      at += n;
    }
  };
  const check = (address: number, length: number): number => {
    if (!open) throw new H5Error(path, 'is closed already');
    const from = address + self.base;
    if (!(address >= 0 && length >= 0 && from + length <= size))
      throw new Corrupt(`an address outside the file (${grouped(from)} + ${grouped(length)})`);
    return from;
  };
  const self: FileBytes = {
    path,
    size,
    base: 0,
    at(address, length) {
      const from = check(address, length);
      if (length > WINDOW / 2) {
        const bytes = new Uint8Array(length);
        read(address, bytes);
        return bytes;
      }
      // Windows overlap by half, so that every small piece lies inside one of them.
      const start = Math.floor(from / (WINDOW / 2)) * (WINDOW / 2);
      let window = windows.get(start);
      if (!window) {
        let old: Uint8Array | undefined;
        if (windows.size >= WINDOWS) {
          const oldest = windows.keys().next().value!;
          old = windows.get(oldest);
          windows.delete(oldest);
        }
        const bytes = Math.min(WINDOW, size - start);
        window = recycle && old?.length === bytes ? old : new Uint8Array(bytes);
        read(start - self.base, window);
        windows.set(start, window);
      }
      return window.subarray(from - start, from - start + length);
    },
    upTo: (address, length) =>
      self.at(address, Math.max(0, Math.min(length, size - self.base - address))),
    read,
    close() {
      if (open) closeSync(fd);
      open = false;
      windows.clear();
    },
  };
  return self;
}
