// The canonical form of region references in bulk: what referenceForm of canonical.ts gives, without an object each.
import { ByteWriter } from './byte-writer.ts';
import { putTarget, type DataHash } from './canonical.ts';

/**
 * The canonical form of region references to 1-D targets, in bulk: runs [start, stop) number `first` to `end`
 * belong to one reference; none at all make a null one when `path` is undefined or nothing belongs to it.
 */
export function referenceHash(hash: DataHash) {
  const words = new Uint32Array(16384);
  const codes = new Map<string, number>();
  let used = 0;
  let path = '';
  let code = 0;
  const flush = (): void => {
    if (used > 0) hash.raw.update(new Uint8Array(words.buffer, 0, 4 * used));
    used = 0;
  };
  const name = (target: string): void => {
    path = target;
    code = codes.get(target) ?? 0;
    if (code !== 0) return;
    flush();
    const out = new ByteWriter(64);
    putTarget(out, codes, target);
    hash.raw.update(out.written());
  };
  return {
    flush,
    runs(
      target: string | undefined,
      start: Uint32Array,
      stop: Uint32Array,
      first: number,
      end: number,
    ): void {
      if (used + 3 > words.length) flush();
      if (target === undefined) {
        words[used++] = 0;
        return;
      }
      if (target !== path || code === 0) name(target);
      // A target met for the first time has written its number with its path.
      if (code === 0) code = codes.get(target)!;
      else words[used++] = code;
      words[used++] = 1;
      words[used++] = end - first;
      for (let i = first; i < end; i++) {
        if (used + 4 > words.length) flush();
        words[used] = start[i]!;
        words[used + 1] = 0;
        words[used + 2] = stop[i]!;
        words[used + 3] = 0;
        used += 4;
      }
    },
  };
}
