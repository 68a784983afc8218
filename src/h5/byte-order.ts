// Big-endian rows into little-endian ones, in place. Does not know files.
import { itemSize, type Dtype } from './dtype.ts';
import { elements } from './values.ts';

/** The same type, little endian. */
export function littleEndian(type: Dtype): Dtype {
  switch (type.kind) {
    case 'int':
      return { kind: 'int', size: type.size, signed: type.signed };
    case 'float':
      return { kind: 'float', size: type.size };
    case 'enum':
    case 'array':
    case 'vlen':
      return { ...type, base: littleEndian(type.base) };
    case 'compound':
      return { ...type, fields: type.fields.map((f) => ({ ...f, type: littleEndian(f.type) })) };
    default:
      return type;
  }
}

/** Places of big-endian numbers in one element: [offset, width]. */
export function swaps(type: Dtype, base = 0): [number, number][] {
  switch (type.kind) {
    case 'int':
    case 'float':
      return type.bigEndian && type.size > 1 ? [[base, type.size]] : [];
    case 'enum':
      return swaps(type.base, base);
    case 'array': {
      const inner = swaps(type.base);
      if (inner.length === 0) return [];
      const size = itemSize(type.base);
      return Array.from({ length: elements(type.shape) }, (_, i) =>
        inner.map(([at, width]): [number, number] => [base + i * size + at, width]),
      ).flat();
    }
    case 'compound':
      return type.fields.flatMap((f) => swaps(f.type, base + f.offset));
    default:
      return [];
  }
}

export function swapRows(
  bytes: Uint8Array,
  size: number,
  places: readonly [number, number][],
): void {
  for (let row = 0; row + size <= bytes.length; row += size)
    for (const [at, width] of places) bytes.subarray(row + at, row + at + width).reverse();
}
