/** A changed source of a shipped task type needs a raised version: otherwise made files would count as fresh under old code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { recorded, versionsNow } from './versions.ts';
import type { Versions } from './versions.ts';

test('no shipped task type changed its source and kept its version', async () => {
  const before = JSON.parse(readFileSync(recorded, 'utf8')) as Versions;
  const now = await versionsNow();
  assert.deepEqual(
    Object.keys(now).sort(),
    Object.keys(before).sort(),
    'npm run versions, after a type was added or removed',
  );
  for (const [type, { version, sum }] of Object.entries(now)) {
    assert.notEqual(version, '', `${type} has no version`);
    const was = before[type]!;
    if (sum !== was.sum)
      assert.notEqual(
        version,
        was.version,
        `${type} changed: raise its version, then npm run versions`,
      );
  }
});
