/** The memory of a batch of packets: rows as bytes, the rows that passed, their times and the time stamps between. Knows no rules. */

/** The rows of a batch that passed, with the time stamps between them. Row numbers count from the start of `bytes`. */
export interface Batch {
  bytes: Uint8Array;
  view: DataView;
  /** Rows at the front that the last batch left over, already in `rows` and `times`. */
  carried: number;
  /** Rows read into `bytes`. */
  filled: number;
  /** Number of rows that passed. */
  kept: number;
  rows: Uint32Array;
  /** Ticks of 0.1 us since the SYNC before the start of the file; below 0 for a packet that was late over it. */
  times: Float64Array;
  /** Smallest and largest time. */
  first: number;
  last: number;
  /** Rows of timestamp packets and their unix times in seconds. */
  stampRows: number[];
  stampUnix: number[];
  /** Time stamps before the last row that was no timestamp packet; -1 without such a row. */
  stampsBeforeLast: number;
}

/** A buffer whose start every word type may look at. */
export function aligned(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(Math.ceil(bytes / 8) * 8), 0, bytes);
}

/** No rows and no room. */
export function emptyBatch(): Batch {
  const bytes = aligned(0);
  return {
    bytes,
    view: new DataView(bytes.buffer),
    carried: 0,
    filled: 0,
    kept: 0,
    rows: new Uint32Array(0),
    times: new Float64Array(0),
    first: Infinity,
    last: -Infinity,
    stampRows: [],
    stampUnix: [],
    stampsBeforeLast: -1,
  };
}

/** Makes room for `rows` rows in all, keeping what is there. */
export function grow(batch: Batch, rows: number, rowSize: number): void {
  const there = batch.rows.length;
  if (there >= rows && batch.bytes.length >= rows * rowSize) return;
  const room = there >= rows ? there : Math.max(rows, 2 * there);
  const bytes = aligned(room * rowSize);
  bytes.set(batch.bytes.subarray(0, batch.filled * rowSize));
  batch.bytes = bytes;
  batch.view = new DataView(bytes.buffer);
  const numbers = new Uint32Array(room);
  numbers.set(batch.rows.subarray(0, batch.kept));
  batch.rows = numbers;
  const times = new Float64Array(room);
  times.set(batch.times.subarray(0, batch.kept));
  batch.times = times;
}

/** Copies rows of the sorted batch, word by word where rows are whole words. `place` counts rows of `target`. */
export function copyRows(
  batch: Batch,
  order: Uint32Array,
  from: number,
  to: number,
  rowSize: number,
  target: Uint8Array,
  place: number,
): void {
  const { rows } = batch;
  const inWords = rowSize % 4 === 0;
  const width = inWords ? rowSize / 4 : rowSize;
  const source = inWords ? words(batch.bytes) : batch.bytes;
  const goal = inWords ? words(target) : target;
  let out = place * width;
  for (let i = from; i < to; i++) {
    let at = rows[order[i]!]! * width;
    for (let k = 0; k < width; k++) goal[out++] = source[at++]!;
  }
}

const words = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
