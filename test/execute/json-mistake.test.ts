import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonMistake } from '../../src/execute/json-mistake.ts';

const NOTHING = 'something is wrong with it';

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return true;
  } catch {
    return false;
  }
}

test('the usual slips are told with their place', () => {
  const told = (text: string): string => {
    const { offset, what } = jsonMistake(text);
    return `${offset}: ${what}`;
  };
  assert.equal(told(''), '0: a value is wanted, not the end of the file');
  assert.equal(told('{"a": 1,}'), '8: a key in double quotes is wanted, not "}"');
  assert.equal(told("{'a': 1}"), '1: a key in double quotes is wanted, not "\'a\'"');
  assert.equal(told('{"a" 1}'), '5: ":" is wanted, not "1"');
  assert.equal(told('{"a": tru}'), '6: a value is wanted, not "tru"');
  assert.equal(told('[1 2]'), '3: "," or "]" is wanted, not "2"');
  assert.equal(told('{"a": "b'), '6: a value is wanted, not a string that does not end');
  assert.equal(told('{}\n{}'), '3: the end is wanted, not "{"');
});

test('a mistake is found exactly where JSON.parse finds one', () => {
  const spoilt = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', '"', 'x', '01', '\n', ': ', '{'))
    .map(([text, at, more]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + more + text.slice(cut + (at % 2));
    });
  fc.assert(
    fc.property(fc.oneof(spoilt, fc.string()), (text) => {
      const { offset, what } = jsonMistake(text);
      assert.equal(what === NOTHING, isJson(text), `${text}: ${what}`);
      assert.ok(offset >= 0 && offset <= text.length);
    }),
    { numRuns: 2000 },
  );
});
