/** One hash of many readings, and the bits that say which values they were. Knows no documents. */
import { canonical, isNode } from './canonical.ts';
import { indexOf } from './outline.ts';
import type { Json } from './types.ts';
import type { TableTouch } from './view.ts';

/** What a trace says of a value that was reached: leaves by their canonical text, mappings and lists by their kind. */
export const reached = (value: Json | undefined): string =>
  value !== undefined && isNode(value)
    ? Array.isArray(value)
      ? '!list'
      : '!mapping'
    : canonical(value);

/** What follows in the numbers of a digest: a text (its number), an absent number, or a reading, by the kinds of its key and its value. */
const TEXT = 0;
const READING = { index: 1, name: 2, number: 4, other: 8 };
const ABSENT = 16;
/** Times the depth of the reading: the kinds take the bits below. A table has rows at 1 and their values at 2. */
const DEPTH = 32;

/** Numbers that are hashed together. */
const CHUNK = 16_384;
/** Three of a row and three of each of its values. */
const MOST_OF_A_ROW = 3 * 9;

export interface Digest {
  /** `index`: of the key, where it is known. */
  reading: (depth: number, key: string, value: Json, index?: number) => void;
  /** The readings of a large table, none of whose rows was read in another way, row by row. */
  table: (touch: TableTouch, read: Bitmap) => void;
  text: (text: string) => void;
  absent: (number: number) => void;
  end: () => string;
}

/**
 * Numbers as they are, side by side, and texts by the number of their first
 * appearance. A table of pixels has hundreds of thousands of readings, nearly all of them numbers under the same few names. Of a
 * reading its own key and its depth are enough: what stands above a value was read, too, and is the last one before it that is less deep.
 */
export function digest(hash: (data: string | Uint8Array) => string): Digest {
  const numbers = new Float64Array(CHUNK + MOST_OF_A_ROW);
  const texts = new Map<string, number>();
  let n = 0;
  let sums = '';
  const flush = (): void => {
    const whole = Math.min(n, CHUNK);
    sums += hash(new Uint8Array(numbers.buffer, 0, 8 * whole));
    numbers.copyWithin(0, whole, n);
    n -= whole;
  };
  const put = (number: number): void => {
    if (n >= CHUNK) flush();
    numbers[n++] = number;
  };
  const numberOf = (text: string): number => {
    let number = texts.get(text);
    if (number === undefined) texts.set(text, (number = texts.size));
    return number;
  };
  const reading = (depth: number, key: string, value: Json, index = indexOf(key)): void => {
    const isIndex = index >= 0;
    // NaN has many forms, and goes by its text.
    const isNumber = typeof value === 'number' && value === value;
    const kind =
      (isIndex ? READING.index : READING.name) | (isNumber ? READING.number : READING.other);
    put(kind + DEPTH * depth);
    put(isIndex ? index : numberOf(key));
    // -0 is 0.
    put(isNumber ? value + 0 : numberOf(reached(value)));
  };
  return {
    reading,
    table(touch, read) {
      const { outline, masks } = touch;
      const { keys, rows, names, indices } = outline;
      const codes = new Int32Array(1 + names.length).fill(-1);
      const at = { row: 0, n };
      for (;;) {
        if (n >= CHUNK) flush();
        at.n = n;
        fillRows(touch, at, codes, numbers, read);
        n = at.n;
        if (n >= CHUNK) continue;
        const { row } = at;
        if (row === masks.length) return;
        const node = 1 + row * (1 + names.length);
        read.set(node);
        reading(1, keys[row]!, rows[row]!, indices[row]);
        names.forEach((name, column) => {
          if ((masks[row]! & (1 << column)) === 0) return;
          read.set(node + 1 + column);
          reading(2, name, rows[row]![name]!);
        });
        codes[0] = texts.get(reached(rows[row])) ?? -1;
        names.forEach((name, i) => {
          codes[1 + i] = indexOf(name) < 0 ? (texts.get(name) ?? -1) : -1;
        });
        at.row++;
      }
    },
    text(text) {
      put(TEXT);
      put(numberOf(text));
    },
    absent(number) {
      put(ABSENT);
      put(number);
    },
    end() {
      if (n > 0 || sums === '') flush();
      return hash(`${sums}${JSON.stringify([...texts.keys()])}`);
    },
  };
}

/**
 * The readings of rows from `at.row` on as numbers from `at.n` on, up to the end, a full chunk, or a row that must be read as all others
 * are: its key is no whole number, one of its values is no number, or a text has no number yet. `codes`: of a mapping, then of each name.
 */
function fillRows(
  { outline, masks }: TableTouch,
  at: { row: number; n: number },
  codes: Int32Array,
  numbers: Float64Array,
  read: Bitmap,
): void {
  const { numbers: values, indices } = outline;
  const width = values.length;
  let { row, n } = at;
  for (; row < masks.length && n < CHUNK; row++) {
    const mask = masks[row]!;
    if (mask === 0) continue;
    if (indices[row]! < 0 || codes[0]! < 0) break;
    let next = n;
    numbers[next++] = (READING.index | READING.other) + DEPTH;
    numbers[next++] = indices[row]!;
    numbers[next++] = codes[0]!;
    let column = 0;
    for (; column < width; column++) {
      if ((mask & (1 << column)) === 0) continue;
      const number = values[column]![row]!;
      const code = codes[1 + column]!;
      if (number !== number || code < 0) break;
      numbers[next++] = (READING.name | READING.number) + 2 * DEPTH;
      numbers[next++] = code;
      numbers[next++] = number + 0;
    }
    if (column < width) break;
    n = next;
    const node = 1 + row * (1 + width);
    read.set(node);
    for (column = 0; column < width; column++)
      if ((mask & (1 << column)) !== 0) read.set(node + 1 + column);
  }
  at.row = row;
  at.n = n;
}

/** Bits that are set in ascending order. */
export interface Bitmap {
  set: (i: number) => void;
  /** As base64 without what is not set at the end. */
  text: () => string;
}

export function bitmap(): Bitmap {
  let bytes = new Uint8Array(4096);
  let last = -1;
  return {
    set(i) {
      if (i >> 3 >= bytes.length) {
        const wider = new Uint8Array(2 * Math.max(bytes.length, i >> 3));
        wider.set(bytes);
        bytes = wider;
      }
      bytes[i >> 3]! |= 1 << (i & 7);
      last = i;
    },
    text: () => Buffer.from(bytes.buffer, 0, (last + 8) >> 3).toString('base64'),
  };
}
