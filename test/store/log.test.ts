/** The log: whatever its end looks like, what stands before it is read and what comes after it is not lost. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openLog, readLog } from '../../src/store/log.ts';

const root = mkdtempSync(join(tmpdir(), 'tg-log-'));
after(() => rmSync(root, { recursive: true }));
let n = 0;
const written = (records: readonly object[]): string => {
  const path = join(root, `log${n++}`);
  const log = openLog(path, 0);
  for (const r of records) log.append(r);
  log.close();
  return path;
};

test('a tail torn at any byte loses the last record only, and what is appended afterwards is read', () => {
  const records = [{ a: 1 }, { b: 'ä\n"' }, { c: [1, 2, 3] }];
  const whole = readFileSync(written(records));
  const lastStart = whole.lastIndexOf(10, whole.length - 2) + 1;
  for (let cut = lastStart; cut < whole.length; cut++) {
    const path = join(root, 'torn');
    writeFileSync(path, whole.subarray(0, cut));
    const found = readLog(path);
    assert.deepEqual(
      [found.records, found.tail.length],
      [records.slice(0, 2), cut - lastStart],
      `cut at ${cut}`,
    );
    const log = openLog(path, found.good);
    log.append({ d: 1 });
    log.close();
    assert.deepEqual(readLog(path).records, [...records.slice(0, 2), { d: 1 }]);
  }
});

test('a damaged byte anywhere ends the log there, never with a wrong record', () => {
  const records = [{ a: 1 }, { b: 2 }, { c: 3 }];
  const whole = readFileSync(written(records));
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x11;
    const path = join(root, 'damaged');
    writeFileSync(path, damaged);
    const found = readLog(path).records;
    // The space behind the sum is the only byte that says nothing.
    assert.equal(found.length === 3, whole[at] === 32);
    assert.deepEqual(found, records.slice(0, found.length));
  }
});

test('zeros behind the end, as a power cut leaves them, are dropped', () => {
  const path = written([{ a: 1 }]);
  appendFileSync(path, Buffer.alloc(4096));
  assert.deepEqual(readLog(path).records, [{ a: 1 }]);
  truncateSync(path, 0);
  assert.deepEqual(readLog(path), { records: [], tail: Buffer.alloc(0), good: 0 });
});
