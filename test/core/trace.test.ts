/** Traces: a random look at a random document is told changed when, and only when, what it saw is not so any more. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical } from '../../src/core/canonical.ts';
import { differences, MAX_LISTED, packedAgrees, traceOf } from '../../src/core/trace.ts';
import type { Json, TraceDocument } from '../../src/core/types.ts';
import { record } from '../../src/core/view.ts';

const hash = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: 0, max: 2 }),
    fc.constantFrom<Json>(null, 'a', 'b', true),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd.e'), tie('tree'), {
      maxKeys: 4,
    }) as fc.Arbitrary<Json>,
    fc.array(tie('tree'), { maxLength: 3 }) as fc.Arbitrary<Json>,
  ),
}));
const document = fc.dictionary(fc.constantFrom('a', 'b', 'c'), tree, {
  minKeys: 1,
  maxKeys: 3,
}) as fc.Arbitrary<Json>;
type Look = { path: string[]; how: 'get' | 'has' | 'keys' | 'json' };
const look = fc.record({
  path: fc.array(fc.constantFrom('a', 'b', 'c', 'd.e', '0', '1'), { minLength: 1, maxLength: 3 }),
  how: fc.constantFrom<Look['how']>('get', 'has', 'keys', 'json'),
});

/** What a program that looks like this sees. */
function sees(root: Json, looks: readonly Look[]): string {
  return looks
    .map(({ path, how }) => {
      let at: unknown = root;
      for (const key of path.slice(0, -1)) {
        if (at === null || typeof at !== 'object') return canonical(at as Json);
        at = (at as Record<string, unknown>)[key];
      }
      if (at === null || typeof at !== 'object') return canonical(at as Json | undefined);
      const last = path.at(-1)!;
      if (how === 'has') return String(last in at);
      const value = (at as Record<string, unknown>)[last];
      if (value === null || typeof value !== 'object') return canonical(value as Json | undefined);
      if (how === 'get') return Array.isArray(value) ? 'list' : 'mapping';
      return how === 'keys' ? Object.keys(value).sort().join() : JSON.stringify(value);
    })
    .join('\n');
}

for (const form of ['listed', 'packed', 'packed without a copy'] as const)
  test(`what a program saw and what is told agree (${form})`, () => {
    // Packed: further values, all read, so that there are too many to list.
    const padding: Json =
      form === 'listed' ? {} : { z: Array.from({ length: MAX_LISTED + 1 }, (_, i) => i) };
    const full = (d: Json): Json => ({ ...(d as object), ...(padding as object) });
    fc.assert(
      fc.property(document, document, fc.array(look, { maxLength: 5 }), (a, b, looks) => {
        const [then, now] = [full(a), full(b)];
        const { view, readings } = record(then);
        const saw = sees(view, looks);
        if (form !== 'listed') JSON.stringify((view as Record<string, Json>)['z']);
        const trace: TraceDocument = { name: 'x', ...traceOf(then, readings, hash) };
        assert.equal(trace.bits === undefined, form === 'listed');
        const same =
          form === 'packed without a copy'
            ? packedAgrees(trace.bits!, now, hash)
            : differences(trace, now, then)!.length === 0;
        // Never falsely fresh ..
        if (same) assert.equal(sees(now, looks), saw);
        // .. and fresh when nothing is different at all.
        if (canonical(then) === canonical(now)) assert.equal(same, true);
      }),
      { numRuns: 500 },
    );
  });

test('packed: the same values one level deeper, or under what was not read, are others', () => {
  const z = Array.from({ length: MAX_LISTED + 1 }, (_, i) => i);
  const moved: [Json, Json, string[][]][] = [
    [{ a: 0, c: 1, z }, { a: { c: 1 }, z }, [['c']]],
    [{ a: {}, c: 1, z }, { a: { c: 1 }, z }, [['a'], ['c']]],
    [{ a: { b: 0, c: 1 }, z }, { a: {}, b: { c: 1 }, z }, [['a', 'c']]],
  ];
  for (const [then, now, paths] of moved) {
    const { view, readings } = record(then);
    for (const path of paths)
      path.reduce((at, key) => at[key] as Record<string, Json>, view as Record<string, Json>);
    JSON.stringify((view as Record<string, Json>)['z']);
    const { bits } = traceOf(then, readings, hash);
    assert.equal(packedAgrees(bits!, then, hash), true);
    assert.equal(packedAgrees(bits!, now, hash), false, JSON.stringify(paths));
  }
});

test('a value that was not read may change without a word; one that was is told from and to', () => {
  const then = { a: { b: 1, c: 2 }, d: 3 };
  const { view, readings } = record(then);
  void (view as unknown as typeof then).a.b;
  const trace = { name: 'x', ...traceOf(then, readings, hash) };
  assert.deepEqual(differences(trace, { a: { b: 1, c: 9, n: 1 } }, undefined), []);
  assert.deepEqual(differences(trace, { a: { b: 5 } }, undefined), [
    { key: 'a.b', from: 1, to: 5 },
  ]);
});
