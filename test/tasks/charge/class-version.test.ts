import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCompatible } from '../../../tasks/charge/class-version.ts';

test('major versions are equal, and the wanted minor version is not above the stored one', () => {
  const wanted = (version: string, stored: string[]): boolean[] =>
    stored.map((each) => isCompatible(version, each));
  assert.deepEqual(wanted('0.1.1', ['0.1.0', '0.2.9', '0.10.0', '0.0.9', '1.1.1', '']), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.deepEqual(wanted('2.0', ['2', '2.2.16', '2.x', '20.0', '1.9']), [
    true,
    true,
    false,
    false,
    false,
  ]);
});
