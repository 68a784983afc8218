/** A file read once from its beginning to its end, a stretch at a time. Knows bytes, not what they mean. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { TaskError } from 'tg';

/** Bytes read at a time; a longer piece that is asked for makes the window larger. */
const WINDOW = 4 * 2 ** 20;

export interface ByteWindow {
  readonly path: string;
  /** Size of the file when it was opened. */
  readonly size: number;
  /**
   * `length` bytes at `from`, fewer at the end of the file; never before an earlier `from`. Good until the next call.
   * @throws TaskError when the file has become shorter
   */
  at(from: number, length: number): Buffer;
  close(): void;
}

/** @throws an error of the file system */
export function openWindow(path: string, window = WINDOW): ByteWindow {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  let buffer = Buffer.allocUnsafeSlow(Math.min(window, size));
  /** The buffer holds the bytes [base, base + filled). */
  let base = 0;
  let filled = 0;

  /** Moves the window so that it begins at `from`, and fills it. */
  const move = (from: number, length: number): void => {
    const kept = buffer.subarray(Math.min(filled, from - base), filled);
    // Twice what was asked for: many long pieces in a row are not read many times.
    if (length > buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(2 * length, size - from));
      kept.copy(larger);
      buffer = larger;
    } else buffer.copyWithin(0, kept.byteOffset - buffer.byteOffset, filled);
    [base, filled] = [from, kept.length];
    const most = Math.min(buffer.length, size - base);
    while (filled < most) {
      const n = readSync(fd, buffer, filled, most - filled, base + filled);
      if (n === 0)
        throw new TaskError(`${path} became shorter while it was read`, {
          code: 'input-changed',
          try: 'wait until its writer is done',
        });
      filled += n;
    }
  };
  return {
    path,
    size,
    at(from, length) {
      const there = Math.max(0, Math.min(length, size - from));
      if (from + there > base + filled) move(from, there);
      return buffer.subarray(from - base, from - base + there);
    },
    close: () => closeSync(fd),
  };
}
