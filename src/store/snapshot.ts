/** The packed snapshot: all entries of the store in columns, read in one go and decoded one by one when asked for. Knows nothing of tasks. */
import { crc32 } from 'node:zlib';
import type { LogEntry, Trace } from '../core/types.ts';

/**
 * Layout: `tg snapshot 2\n`, u32 lengths of the sections, u32 CRC of all that follows, then
 * strings (texts joined by \n), per entry u32 columns, input pairs, output quadruples, offsets of the rests, rests (JSON, one per entry).
 * Texts hold no \n (they are ids, paths and JSON); they are stored once.
 */
const MAGIC = 'tg snapshot 2\n\n\n';
const HEAD = MAGIC.length + 28;
const COLUMNS = 7; // task, type, code, trace, end of inputs, end of outputs, counts
const NO_ROWS = 0xffffffff;

/** The part of an entry that no-op builds never look at. */
type Rest = Pick<LogEntry, 'reason' | 'lost' | 'notes' | 'started' | 'ms' | 'build' | 'tg'>;

/** What summaries say of a task: its counts, and the rows of what it made. */
export type Contents = Pick<LogEntry, 'counts' | 'outputs'>;

export interface Snapshot {
  size: number;
  /** Index of a task's entry. */
  find(task: string): number | undefined;
  task(i: number): string;
  entry(i: number): LogEntry;
  contents(i: number): Contents;
}

export function encodeSnapshot(entries: Iterable<LogEntry>): Buffer {
  const texts = new Map<string, number>();
  const intern = (text: string): number => {
    let i = texts.get(text);
    if (i === undefined) texts.set(text, (i = texts.size));
    return i;
  };
  const columns: number[] = [];
  const inputs: number[] = [];
  const outputs: number[] = [];
  const rests: Buffer[] = [];
  const offsets: number[] = [0];
  let end = 0;
  for (const e of entries) {
    for (const [target, id] of e.inputs) inputs.push(intern(target), intern(id));
    for (const [target, path, id, rows] of e.outputs)
      outputs.push(intern(target), intern(path), intern(id), rows ?? NO_ROWS);
    columns.push(
      intern(e.task),
      intern(e.type),
      intern(e.code),
      intern(JSON.stringify(e.trace)),
      inputs.length / 2,
      outputs.length / 4,
      intern(JSON.stringify(e.counts)),
    );
    const rest: Rest = {
      reason: e.reason,
      lost: e.lost,
      notes: e.notes,
      started: e.started,
      ms: e.ms,
      build: e.build,
      tg: e.tg,
    };
    const bytes = Buffer.from(JSON.stringify(rest));
    rests.push(bytes);
    offsets.push((end += bytes.length));
  }
  const text = Buffer.from([...texts.keys()].join('\n'));
  const pad = Buffer.alloc((4 - (text.length % 4)) % 4);
  const head = Buffer.alloc(HEAD);
  head.write(MAGIC, 'latin1');
  [
    text.length + pad.length,
    columns.length,
    inputs.length,
    outputs.length,
    offsets.length,
    end,
  ].forEach((n, i) => head.writeUInt32LE(n, MAGIC.length + 4 * i));
  const words = (list: readonly number[]): Buffer => Buffer.from(Uint32Array.from(list).buffer);
  const body = Buffer.concat([
    text,
    pad,
    words(columns),
    words(inputs),
    words(outputs),
    words(offsets),
    ...rests,
  ]);
  head.writeUInt32LE(crc32(body), MAGIC.length + 24);
  return Buffer.concat([head, body]);
}

/** @throws when the bytes are not a snapshot of this format. */
export function decodeSnapshot(buffer: Buffer): Snapshot {
  if (buffer.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new Error('not a snapshot of this format');
  const length = (i: number): number => buffer.readUInt32LE(MAGIC.length + 4 * i);
  const start = HEAD;
  const expected =
    start + length(0) + 4 * (length(1) + length(2) + length(3) + length(4)) + length(5);
  if (buffer.length !== expected) throw new Error(`${buffer.length} of ${expected} bytes`);
  if (crc32(buffer.subarray(start)) !== length(6)) throw new Error('damaged');
  const bytes = buffer.subarray(start, start + length(0));
  let last = bytes.length;
  while (last > 0 && bytes[last - 1] === 0) last--;
  const ascii = !bytes.some((b) => b > 127);
  const texts = bytes.toString(ascii ? 'latin1' : 'utf8', 0, last).split('\n');
  let at = start + length(0);
  const section = (words: number): Uint32Array => {
    const copy = new Uint32Array(
      buffer.buffer.slice(buffer.byteOffset + at, buffer.byteOffset + at + 4 * words),
    );
    at += 4 * words;
    return copy;
  };
  const columns = section(length(1));
  const inputs = section(length(2));
  const outputs = section(length(3));
  const offsets = section(length(4));
  const rests = buffer.subarray(at);
  const size = columns.length / COLUMNS;
  const index = new Map<string, number>();
  for (let i = 0; i < size; i++) index.set(texts[columns[i * COLUMNS]!]!, i);
  // Texts of JSON are shared by many entries, and so is what they say.
  const parsed = new Map<number, unknown>();
  const json = (text: number): unknown => {
    let value = parsed.get(text);
    if (value === undefined) parsed.set(text, (value = JSON.parse(texts[text]!)));
    return value;
  };

  const outputsOf = (i: number): LogEntry['outputs'] => {
    const c = i * COLUMNS;
    const outs: [string, string, string, number | null][] = [];
    for (let k = i === 0 ? 0 : columns[c - COLUMNS + 5]!; k < columns[c + 5]!; k++) {
      const rows = outputs[4 * k + 3]!;
      outs.push([
        texts[outputs[4 * k]!]!,
        texts[outputs[4 * k + 1]!]!,
        texts[outputs[4 * k + 2]!]!,
        rows === NO_ROWS ? null : rows,
      ]);
    }
    return outs;
  };
  const entry = (i: number): LogEntry => {
    const c = i * COLUMNS;
    let rest: Rest | undefined;
    const more = (): Rest =>
      (rest ??= JSON.parse(rests.toString('utf8', offsets[i], offsets[i + 1])) as Rest);
    const ins: [string, string][] = [];
    for (let k = i === 0 ? 0 : columns[c - COLUMNS + 4]!; k < columns[c + 4]!; k++)
      ins.push([texts[inputs[2 * k]!]!, texts[inputs[2 * k + 1]!]!]);
    return {
      task: texts[columns[c]!]!,
      type: texts[columns[c + 1]!]!,
      code: texts[columns[c + 2]!]!,
      get trace() {
        return json(columns[c + 3]!) as Trace;
      },
      inputs: ins,
      outputs: outputsOf(i),
      get reason() {
        return more().reason;
      },
      get counts() {
        return json(columns[c + 6]!) as LogEntry['counts'];
      },
      get lost() {
        return more().lost;
      },
      get notes() {
        return more().notes;
      },
      get started() {
        return more().started;
      },
      get ms() {
        return more().ms;
      },
      get build() {
        return more().build;
      },
      get tg() {
        return more().tg;
      },
    };
  };
  return {
    size,
    find: (task) => index.get(task),
    task: (i) => texts[columns[i * COLUMNS]!]!,
    entry,
    contents: (i) => ({
      counts: json(columns[i * COLUMNS + 6]!) as LogEntry['counts'],
      get outputs() {
        return outputsOf(i);
      },
    }),
  };
}
