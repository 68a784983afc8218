/** The store: what is recorded is found again, a damaged store is never believed, nothing is rewritten without need. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { LogEntry } from '../../src/core/types.ts';
import { bytesId } from '../../src/content-id.ts';
import { openLog } from '../../src/store/log.ts';
import { decodeSnapshot, encodeSnapshot } from '../../src/store/snapshot.ts';
import { openStatCache, statOf } from '../../src/store/stat-cache.ts';
import { openStore, StoreError } from '../../src/store/store.ts';
import type { Step, Store } from '../../src/store/store.ts';

const base = mkdtempSync(join(tmpdir(), 'tg-store-'));
after(() => rmSync(base, { recursive: true }));
let n = 0;
const folder = (): string => {
  const root = join(base, String(n++));
  mkdirSync(root);
  return root;
};
const entry = (task: string, more: Partial<LogEntry> = {}): LogEntry => ({
  task,
  type: 'command',
  code: 'command 1',
  inputs: [['in', 'aa.1']],
  outputs: [[task, `build/${task}.txt`, 'bb.2', null]],
  trace: [{ name: 'param', values: [['x', '1']], read: 1 }],
  reason: 'never built',
  counts: [['events', 3]],
  lost: [[1, 2, 'sync cut']],
  notes: [['ö\nnote', 1, null, false]],
  started: 1,
  ms: 2,
  build: 1,
  tg: '0',
  ...more,
});
const opened = (root: string, onStep?: (step: Step) => void): Store => {
  const store = openStore(root, join(root, '.tg'), '0', true, onStep);
  store.begin({ time: 1, targets: [] });
  return store;
};
const commit = (store: Store, task: string, text: string): void => {
  const from = join(store.folder, 'stage', task);
  mkdirSync(join(store.folder, 'stage'), { recursive: true });
  writeFileSync(from, text);
  const to = join(store.root, 'build', `${task}.txt`);
  const id = bytesId(Buffer.from(text));
  store.commit(
    entry(task, { outputs: [[task, `build/${task}.txt`, id, 4]] }),
    [{ from, to }],
    [{ path: to, key: `build/${task}.txt`, id }],
  );
};

test('entries, history and unfinished tasks are found again, from the log and from the snapshot', async () => {
  const root = folder();
  const store = opened(root);
  commit(store, 'a', 'A');
  store.failed('b', 'failed', 'why');
  store.end({ seconds: 1, exit: 1, done: 1, fresh: 0, failed: 1 });
  const written = { ...store.entry('a')! };
  await store.close();
  const again = opened(root);
  assert.deepEqual({ ...again.entry('a')! }, written);
  assert.equal(again.unfinished('b')!.message, 'why');
  assert.deepEqual(
    again.builds().map((b) => [b.build, b.exit]),
    [[1, 1]],
  );
  // Enough to be compacted.
  for (let i = 0; i < 400; i++) commit(again, `t${i}`, 'x');
  again.remove('t7');
  again.end({ seconds: 1, exit: 0, done: 400, fresh: 0, failed: 0 });
  await again.close();
  assert.ok(statSync(join(root, '.tg/log')).size < 2000);
  const third = opened(root);
  assert.deepEqual(
    JSON.parse(JSON.stringify({ ...third.entry('a')! })),
    JSON.parse(JSON.stringify(written)),
  );
  assert.equal(third.entry('t7'), undefined);
  assert.notEqual(third.entry('t8'), undefined);
  assert.equal(third.unfinished('b')!.message, 'why');
  assert.equal([...third.tasks()].length, 400);
  assert.deepEqual(
    third.builds().map((b) => b.build),
    [1, 2],
  );
});

test('a log of before over a snapshot of after ends in the same state', async () => {
  const root = folder();
  const store = opened(root);
  for (let i = 0; i < 400; i++) commit(store, `t${i}`, 'x');
  commit(store, 't1', 'second');
  store.remove('t2');
  writeFileSync(join(root, 'log'), readFileSync(join(root, '.tg/log')));
  await store.close();
  renameSync(join(root, 'log'), join(root, '.tg/log'));
  const again = opened(root);
  assert.equal(again.entry('t2'), undefined);
  assert.equal(again.entry('t1')!.outputs[0]![2], bytesId(Buffer.from('second')));
  assert.equal([...again.tasks()].length, 399);
});

test('a snapshot with any byte damaged, or cut, is refused as a whole', () => {
  const bytes = encodeSnapshot([entry('a'), entry('b')]);
  assert.equal(decodeSnapshot(bytes).size, 2);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x21;
    assert.throws(() => decodeSnapshot(damaged), `byte ${at}`);
  }
  for (let end = 0; end < bytes.length; end += 7)
    assert.throws(() => decodeSnapshot(bytes.subarray(0, end)));
});

test('a store of a newer format is not read', () => {
  const root = folder();
  mkdirSync(join(root, '.tg'));
  const log = openLog(join(root, '.tg/log'), 0);
  log.append({ k: 'store', format: 99, tg: '9.9' });
  log.close();
  assert.throws(
    () => opened(root),
    (e) =>
      e instanceof StoreError && e.code === 'store-format' && /written by tg 9\.9/.test(e.message),
  );
});

test('publishing without done is no entry, whichever output was renamed', () => {
  const root = folder();
  let stop: Step | undefined;
  const store = opened(root, (step) => {
    if (step === stop) throw new Error('killed');
  });
  commit(store, 'a', 'one');
  for (const step of ['rename', 'done'] as const) {
    stop = step;
    assert.throws(() => commit(store, 'a', `two ${step}`), /killed/);
    assert.equal(opened(root).entry('a'), undefined, step);
    assert.equal(opened(root).unfinished('a')!.kind, 'publishing');
    stop = undefined;
    commit(store, 'a', 'one');
  }
  stop = 'publishing';
  assert.throws(() => commit(store, 'a', 'three'), /killed/);
  assert.notEqual(opened(root).entry('a'), undefined);
});

test('what a killed machine left behind is hashed anew, also when the next build is killed', async () => {
  const root = folder();
  const store = opened(root);
  commit(store, 'a', 'A');
  await store.close();
  const log = openLog(join(root, '.tg/log'), statSync(join(root, '.tg/log')).size);
  log.append({ k: 'began', build: 9, time: 1, boot: 'another', targets: [] });
  log.close();
  assert.equal(opened(root).stats.look('build/a.txt', join(root, 'build/a.txt')), undefined);
  const second = openLog(join(root, '.tg/log'), statSync(join(root, '.tg/log')).size);
  second.append({ k: 'ended', build: 9, seconds: 1, exit: 0, done: 0, fresh: 0, failed: 0 });
  second.close();
  assert.equal(opened(root).stats.look('build/a.txt', join(root, 'build/a.txt')), undefined);
});

test('stats: same size and time are believed only when they are old enough', () => {
  const root = folder();
  const file = join(root, 'f');
  writeFileSync(file, 'one');
  const cache = openStatCache(join(root, 'stat'), 20);
  const stat = statOf(file)!;
  cache.remember('f', stat, 'id.1', stat.ctimeMs + 5);
  assert.equal(cache.look('f', file), undefined);
  cache.remember('f', stat, 'id.1', stat.ctimeMs + 50);
  assert.equal(cache.look('f', file), 'id.1');
  cache.save();
  const again = openStatCache(join(root, 'stat'), 20);
  assert.equal(again.look('f', file), 'id.1');
  utimesSync(file, 1, 1);
  assert.equal(again.look('f', file), undefined);
  rmSync(file);
  assert.equal(again.look('f', file), null);
  writeFileSync(join(root, 'stat'), readFileSync(join(root, 'stat')).subarray(0, 60));
  assert.equal(openStatCache(join(root, 'stat'), 20).look('f', file), null);
});

test('an edit in the clock tick of publishing is seen, though its size is the same', () => {
  const root = folder();
  const store = opened(root);
  for (let i = 0; i < 300; i++) {
    commit(store, 'a', 'one');
    const to = join(root, 'build/a.txt');
    assert.equal(store.stats.look('build/a.txt', to), bytesId(Buffer.from('one')));
    // A time no clock gives (newer kernels tell changes within a tick apart by themselves).
    const { mtimeMs } = statSync(to);
    assert.ok(Math.abs(mtimeMs - Math.round(mtimeMs)) < 0.002, String(mtimeMs));
    writeFileSync(to, 'two');
    assert.equal(store.stats.look('build/a.txt', to), undefined, `edit ${i}`);
  }
});
