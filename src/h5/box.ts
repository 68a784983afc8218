// Copies boxes between n-dimensional arrays of bytes: chunks in and out of datasets. Knows nothing else.

/**
 * Copies the elements of the box at `fromStart` of `from` to `toStart` of `to`.
 * Shapes, starts and `size` in elements of `item` bytes, row-major.
 */
export function copyBox(
  from: Uint8Array,
  fromShape: readonly number[],
  fromStart: readonly number[],
  to: Uint8Array,
  toShape: readonly number[],
  toStart: readonly number[],
  size: readonly number[],
  item: number,
): void {
  const rank = size.length;
  if (size.some((n) => n <= 0)) return;
  // Trailing axes that are whole on both sides are one run of bytes.
  let axis = rank - 1;
  let run = item;
  for (; axis > 0 && size[axis] === fromShape[axis] && size[axis] === toShape[axis]; axis--)
    run *= size[axis]!;
  if (rank > 0) run *= size[axis]!;
  const fromStride = strides(fromShape, item);
  const toStride = strides(toShape, item);
  const index = new Array<number>(Math.max(0, axis)).fill(0);
  for (;;) {
    let source = 0;
    let target = 0;
    for (let d = 0; d < rank; d++) {
      source += (fromStart[d]! + (index[d] ?? 0)) * fromStride[d]!;
      target += (toStart[d]! + (index[d] ?? 0)) * toStride[d]!;
    }
    to.set(from.subarray(source, source + run), target);
    let d = index.length - 1;
    for (; d >= 0 && ++index[d]! === size[d]!; d--) index[d] = 0;
    if (d < 0) return;
  }
}

function strides(shape: readonly number[], item: number): number[] {
  const out = new Array<number>(shape.length);
  for (let d = shape.length - 1, n = item; d >= 0; d--) {
    out[d] = n;
    n *= shape[d]!;
  }
  return out;
}

/** Calls `visit` with every index of a grid, row-major. */
export function eachIndex(grid: readonly number[], visit: (index: number[]) => void): void {
  if (grid.some((n) => n === 0)) return;
  const index = grid.map(() => 0);
  for (;;) {
    visit(index);
    let d = grid.length - 1;
    for (; d >= 0 && ++index[d]! === grid[d]; d--) index[d] = 0;
    if (d < 0) return;
  }
}
