/** One text for one value. Case 16. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, pathKeys, pathText } from '../../src/core/canonical.ts';
import type { Json } from '../../src/core/types.ts';

test('numbers by value; text is another value', () => {
  assert.equal(canonical(1.0), canonical(1));
  assert.equal(canonical(-0), '0');
  assert.notEqual(canonical(1), canonical('1'));
  assert.deepEqual([NaN, Infinity, -Infinity].map(canonical), ['.nan', '.inf', '-.inf']);
  assert.notEqual(canonical(NaN), canonical('.nan'));
  assert.notEqual(canonical(null), canonical('null'));
});

test('equal texts mean equal values, whatever the order of keys', () => {
  const value = fc.jsonValue();
  fc.assert(
    fc.property(value, value, (a, b) => {
      const same = JSON.stringify(sorted(a as Json)) === JSON.stringify(sorted(b as Json));
      return (canonical(a as Json) === canonical(b as Json)) === same;
    }),
  );
  fc.assert(fc.property(value, (a) => canonical(reversed(a as Json)) === canonical(a as Json)));
});

test('paths can be read back', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (keys) => {
      if (keys.length === 1 && keys[0] === '') return;
      assert.deepEqual(pathKeys(pathText(keys)), keys);
    }),
  );
});

function mapped(value: Json, order: (keys: string[]) => string[]): Json {
  if (Array.isArray(value)) return value.map((v: Json) => mapped(v, order));
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value;
  const entries = order(Object.keys(value)).map(
    (k) => [k, mapped((value as Record<string, Json>)[k]!, order)] as const,
  );
  return Object.fromEntries(entries);
}
const sorted = (value: Json): Json => mapped(value, (keys) => keys.sort());
const reversed = (value: Json): Json => mapped(value, (keys) => keys.reverse());
