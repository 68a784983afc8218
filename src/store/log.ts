/** The append-only log: checksummed lines of JSON; what follows the last good line is dropped. Knows nothing of what the records mean. */
import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';

export interface Log {
  append(record: object): void;
  /** Resolves when everything appended so far is on the disk. */
  sync(): Promise<void>;
  syncNow(): void;
  close(): void;
  size(): number;
}

/** Is the file as it was read? Another writer may have been there between reading and locking. */
export function logStamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.size}`;
}

const line = (json: string): string => `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;

/** Good records in order, and what follows the last good one. */
export function readLog(path: string): { records: unknown[]; tail: Buffer; good: number } {
  if (!existsSync(path)) return { records: [], tail: Buffer.alloc(0), good: 0 };
  const bytes = readFileSync(path);
  const records: unknown[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    if (end < 0) break;
    const json = bytes.toString('utf8', at + 9, end);
    if (bytes.toString('latin1', at, at + 8) !== crc32(json).toString(16).padStart(8, '0')) break;
    records.push(JSON.parse(json));
    at = end + 1;
  }
  return { records, tail: bytes.subarray(at), good: at };
}

/** Opens for appending behind the first `good` bytes; a torn tail is cut off. */
export function openLog(path: string, good: number): Log {
  const fd = openSync(path, 'a');
  ftruncateSync(fd, good);
  let size = good;
  return {
    append(record) {
      const bytes = Buffer.from(line(JSON.stringify(record)));
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      } catch (error) {
        // A full disk takes half a line: what is appended behind one would be lost with it.
        ftruncateSync(fd, size);
        throw error;
      }
      size += bytes.length;
    },
    sync: () =>
      new Promise((resolve, reject) =>
        fdatasync(fd, (error) => (error === null ? resolve() : reject(error))),
      ),
    syncNow: () => fdatasyncSync(fd),
    close: () => closeSync(fd),
    size: () => size,
  };
}
