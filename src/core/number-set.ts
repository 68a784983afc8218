/** A set of whole numbers that lie close together, as bits in pages, and as text. Knows nothing of what they count. */

const PAGE = 4096;

export interface NumberSet {
  /** @returns whether it was new */
  add(n: number): boolean;
  has(n: number): boolean;
  readonly size: number;
  /** In ascending order. */
  values(): Iterable<number>;
}

/** Of numbers from 0 to 2^32 - 1. */
export function numberSet(): NumberSet {
  const pages = new Map<number, Int32Array>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(n) {
      const k = Math.floor(n / PAGE);
      let page = pages.get(k);
      if (page === undefined) pages.set(k, (page = new Int32Array(PAGE / 32)));
      const at = n % PAGE;
      const bit = 1 << (at & 31);
      if ((page[at >> 5]! & bit) !== 0) return false;
      page[at >> 5]! |= bit;
      size++;
      return true;
    },
    has(n) {
      const page = pages.get(Math.floor(n / PAGE));
      return page !== undefined && (page[(n % PAGE) >> 5]! & (1 << (n & 31))) !== 0;
    },
    *values() {
      for (const k of [...pages.keys()].sort((a, b) => a - b)) {
        const page = pages.get(k)!;
        for (let at = 0; at < PAGE / 32; at++) {
          // Most are empty: pixels without a value are few.
          if (page[at] === 0) continue;
          for (let bit = 0; bit < 32; bit++)
            if ((page[at]! & (1 << bit)) !== 0) yield k * PAGE + 32 * at + bit;
        }
      }
    },
  };
}

/** Ascending numbers as text: base64 of the differences, seven bits a byte. */
export function packNumbers(numbers: Iterable<number>): string {
  let bytes = new Uint8Array(1024);
  let n = 0;
  let last = -1;
  for (const number of numbers) {
    if (n + 5 > bytes.length) {
      const wider = new Uint8Array(2 * bytes.length);
      wider.set(bytes);
      bytes = wider;
    }
    let step = number - last - 1;
    last = number;
    for (; step > 127; step = Math.floor(step / 128)) bytes[n++] = (step % 128) | 128;
    bytes[n++] = step;
  }
  return Buffer.from(bytes.buffer, 0, n).toString('base64');
}

export function unpackNumbers(text: string): number[] {
  const numbers: number[] = [];
  let last = -1;
  let step = 0;
  let scale = 1;
  for (const byte of Buffer.from(text, 'base64')) {
    step += (byte & 127) * scale;
    scale *= 128;
    if ((byte & 128) !== 0) continue;
    numbers.push((last += step + 1));
    step = 0;
    scale = 1;
  }
  return numbers;
}
