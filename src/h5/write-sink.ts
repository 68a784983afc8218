// A file that is filled by address: space is given out from the end, bytes are put anywhere. Knows no HDF5.
import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { H5Error } from './errors.ts';

export interface Sink {
  readonly path: string;
  /** First free byte. */
  end(): number;
  /** Reserves `bytes` at a multiple of 8; what is never written reads as zeros (a hole in the file). */
  allocate(bytes: number): number;
  write(address: number, bytes: Uint8Array): void;
  /** Cuts or extends the file to what was reserved and closes it. */
  finish(): void;
  /** Closes and removes the file. */
  discard(): void;
}

/** One write call moves at most this much: Node refuses 2 GiB and more. */
const MOST = 2 ** 30;

/** @throws H5Error when the file cannot be made. */
export function openSink(path: string, reserved: number): Sink {
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (error) {
    throw systemError(path, error);
  }
  let end = reserved;
  let open = true;
  return {
    path,
    end: () => end,
    allocate(bytes) {
      const address = Math.ceil(end / 8) * 8;
      end = address + bytes;
      return address;
    },
    write(address, bytes) {
      try {
        writeAll(fd, bytes, address);
      } catch (error) {
        throw systemError(path, error);
      }
    },
    finish() {
      try {
        ftruncateSync(fd, end);
      } catch (error) {
        throw systemError(path, error);
      } finally {
        if (open) closeSync(fd);
        open = false;
      }
    },
    discard() {
      if (open) closeSync(fd);
      open = false;
      try {
        unlinkSync(path);
      } catch {
        // Gone already: all that was wanted.
      }
    },
  };
}

/** Writes all of `bytes` at a position, in as many calls as it takes. */
export function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  let at = 0;
  while (at < bytes.length)
    at += writeSync(fd, bytes, at, Math.min(MOST, bytes.length - at), position + at);
}

/** An error of the operating system as one line. */
export function systemError(path: string, error: unknown): H5Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const known: Record<string, [string, string]> = {
    ENOENT: ['no such file or folder', 'check the path'],
    EACCES: ['permission denied', 'check the rights of the file and its folder'],
    EISDIR: ['is a folder, not a file', 'name a file'],
    ENOTDIR: ['part of the path is not a folder', 'check the path'],
    ENOSPC: ['no space left on the device', 'make room and build again'],
    EDQUOT: ['the quota is used up', 'make room and build again'],
    EROFS: ['the file system is read-only', 'choose another folder'],
    EMFILE: ['too many open files', 'close files, or raise ulimit -n'],
  };
  const [cause, what] = known[code] ?? [error instanceof Error ? error.message : String(error), ''];
  return new H5Error(path, cause, what === '' ? {} : { try: what });
}
