/** A large table that a task remembers: told as read again, it stands in the trace as if every value had been read anew. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { packedAgrees, traceOf } from '../../src/core/trace.ts';
import type { Json } from '../../src/core/types.ts';
import { columnIn, readAgain } from '../../src/core/table-values.ts';
import { record } from '../../src/core/view.ts';

const hash = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const NAMES = ['b', 'a'];

/** Rows 7, 14, ...; every `gap`-th has a value that is no number. */
function table(rows: number, gap: number): Record<string, Record<string, Json>> {
  const document: Record<string, Record<string, Json>> = {};
  for (let row = 1; row <= rows; row++)
    document[7 * row] = { a: row / 8, b: gap > 0 && row % gap === 0 ? 'n/a' : -row, c: row };
  return document;
}

/** The trace of what `read` reads of the table. */
function traced(document: Json, read: (view: Json) => void): ReturnType<typeof traceOf> {
  const { view, readings } = record(document);
  read(view);
  return traceOf(document, readings, hash);
}

test('values read again are told as values read', () => {
  const keys = fc.uniqueArray(fc.integer({ min: 0, max: 12_000 }), {
    minLength: 200,
    maxLength: 900,
  });
  const settings = fc.record({
    rows: fc.constantFrom(1024, 1500),
    gap: fc.constantFrom(0, 0, 97),
    keys,
    isRead: fc.infiniteStream(fc.constantFrom(0, 1, 3)),
    seen: fc.array(fc.integer({ min: 1, max: 1500 }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(settings, ({ rows, gap, keys: asked, isRead, seen }) => {
      const document = table(rows, gap);
      const counts = asked.map(() => isRead.next().value as number);
      // Rows that were looked at as mappings, too.
      const look = (view: Json): void =>
        seen.forEach((row) => (view as Record<string, Json>)[7 * row]);
      const anew = traced(document, (view) => {
        look(view);
        asked.forEach((key, i) => {
          if (counts[i]! > 0) for (const name of NAMES) columnIn(view, name).at(key);
        });
      });
      const again = traced(document, (view) => {
        look(view);
        const found = readAgain(view, NAMES)!;
        const places = asked.map(found.rowOf);
        found.read(asked, places, counts, asked.length);
        found.read(asked, places, counts, asked.length >> 1);
      });
      assert.deepEqual(again, anew);
      if (again.bits === undefined) return;
      assert.equal(packedAgrees(again.bits, structuredClone(document), hash), true);
      const k = counts.findIndex((n, i) => n > 0 && asked[i]! % 7 === 0 && asked[i]! in document);
      if (k < 0) return;
      const changed = structuredClone(document);
      changed[asked[k]!]!['a'] = -1;
      assert.equal(packedAgrees(again.bits, changed, hash), false);
    }),
    { numRuns: 150 },
  );
});

test('readings that fill whole chunks of a digest agree with a walk', () => {
  // 16 384 numbers are hashed together, six of a row with one value and two of a number that is absent.
  for (const [rows, absent] of [
    [2730, 2],
    [2730, 300],
    [5461, 0],
    [2048, 2048],
  ] as const) {
    const document = table(rows, 0);
    const trace = traced(document, (view) => {
      for (let row = 1; row <= rows; row++) columnIn(view, 'a').at(7 * row);
      for (let n = 0; n < absent; n++) columnIn(view, 'a').at(7 * n + 1);
    });
    assert.equal(packedAgrees(trace.bits!, structuredClone(document), hash), true);
  }
});

test('a table is one content while it is the same document, and no table without all names', () => {
  const document = table(1024, 0);
  const content = (): object => readAgain(record(document).view, NAMES)!.content;
  assert.equal(content(), content());
  assert.notEqual(content(), readAgain(record(table(1024, 0)).view, NAMES)!.content);
  assert.equal(readAgain(record(document).view, ['a', 'd']), undefined);
  assert.equal(readAgain(record(table(1000, 0)).view, NAMES), undefined);
  assert.equal(readAgain(document, NAMES), undefined);
});

test('a task that has ended reads nothing again', () => {
  const { view, close } = record(table(1024, 0));
  const found = readAgain(view, NAMES)!;
  close();
  for (const key of [7, 8])
    assert.throws(
      () => found.read([key], [found.rowOf(key)], [1], 1),
      /after the task had ended/,
      String(key),
    );
});
