// Content ids: two-seed XXH64, streamed. Does not know what the bytes mean.
import xxhash from 'xxhash-wasm';

const xx = await xxhash();

/** Second seed: any fixed number other than 0. Changing it changes every id ever given. */
const SEED = 0x9e3779b97f4a7c15n;
/** Both hashers are fed from one piece that stays in the cache (specs/hdf5-proofs.md section 4). */
const PIECE = 256 * 1024;

const nothing = new Uint8Array(0);

export interface Hasher {
  /** Bytes fed so far. */
  bytes: number;
  update(bytes: Uint8Array): void;
  /** 32 hex digits. */
  digest(): string;
}

/** A streaming two-seed hash; small inputs are gathered, so feeding a few bytes at a time is cheap. */
export function hasher(): Hasher {
  let streams: ReturnType<typeof xx.create64>[] | undefined;
  let pending = nothing;
  let filled = 0;
  const flush = (bytes: Uint8Array): void => {
    streams ??= [xx.create64(0n), xx.create64(SEED)];
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      for (const stream of streams) stream.update(piece);
    }
  };
  const gather = (bytes: Uint8Array): void => {
    if (filled + bytes.length > pending.length) {
      const larger = new Uint8Array(
        filled === 0 ? bytes.length : Math.min(PIECE, 2 * (filled + bytes.length)),
      );
      larger.set(pending.subarray(0, filled));
      pending = larger;
    }
    pending.set(bytes, filled);
    filled += bytes.length;
  };
  const self: Hasher = {
    bytes: 0,
    update(bytes) {
      self.bytes += bytes.length;
      if (filled + bytes.length < PIECE) {
        gather(bytes);
        return;
      }
      if (filled > 0) flush(pending.subarray(0, filled));
      filled = 0;
      if (bytes.length < PIECE / 2) gather(bytes);
      else flush(bytes);
    },
    digest() {
      if (!streams) return hashBytes(pending.subarray(0, filled));
      if (filled > 0) flush(pending.subarray(0, filled));
      filled = 0;
      return streams.map((s) => hex64(s.digest())).join('');
    },
  };
  return self;
}

/** The hasher of bytes that are all there is: nothing is gathered or kept. */
export function hashed(bytes: Uint8Array): Hasher {
  let digest: string;
  if (bytes.length < PIECE) digest = hashBytes(bytes);
  else {
    const streaming = hasher();
    streaming.update(bytes);
    digest = streaming.digest();
  }
  return {
    bytes: bytes.length,
    update() {
      throw new Error('all bytes were there already');
    },
    digest: () => digest,
  };
}

/** Two-seed hash of a small buffer: 32 hex digits, the same as streaming it. */
export function hashBytes(bytes: Uint8Array): string {
  return hex64(xx.h64Raw(bytes, 0n)) + hex64(xx.h64Raw(bytes, SEED));
}

/** A 32-bit checksum of a small buffer. */
export function hash32(bytes: Uint8Array): number {
  return xx.h32Raw(bytes, 0);
}

function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}
