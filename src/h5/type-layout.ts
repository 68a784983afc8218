// Numbers that type messages have in common when they are written and read. Knows nothing else.

/** Floats we know: size -> [precision, exponent at, exponent bits, mantissa bits, bias]. */
export const FLOATS: Record<number, [number, number, number, number, number]> = {
  2: [16, 10, 5, 10, 15],
  4: [32, 23, 8, 23, 127],
  8: [64, 52, 11, 52, 1023],
};

/** Bytes of a member's offset in a compound of that size. */
export function offsetWidth(size: number): number {
  return size < 256 ? 1 : size < 65536 ? 2 : size < 2 ** 24 ? 3 : 4;
}
