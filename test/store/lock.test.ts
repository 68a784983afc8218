/** The lock: one holder, the dead are replaced, the living never. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bootId, holder, takeLock } from '../../src/store/lock.ts';
import type { Holder } from '../../src/store/lock.ts';

const root = mkdtempSync(join(tmpdir(), 'tg-lock-'));
after(() => rmSync(root, { recursive: true }));
let n = 0;
const path = (): string => join(root, `lock${n++}`);
const startOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19]!;
const me = (more: Partial<Holder> = {}): Holder => ({
  pid: process.pid,
  host: hostname(),
  start: startOf(process.pid),
  boot: bootId(),
  since: 1,
  ...more,
});

test('a lock is taken once and free again after its release', () => {
  const at = path();
  const lock = takeLock(at);
  assert.ok('release' in lock);
  const second = takeLock(at);
  assert.ok(!('release' in second) && second.pid === process.pid);
  lock.progress(1, 2);
  lock.release();
  assert.deepEqual(readdirSync(root), []);
});

for (const [what, dead] of [
  ['whose process is gone', { pid: 2 ** 22 + 1, start: '1' }],
  ['whose pid another process has now', { start: '1' }],
  ['of before the machine started', { boot: 'another' }],
] as const)
  test(`the lock of a holder ${what} is taken over`, () => {
    const at = path();
    writeFileSync(at, JSON.stringify(me(dead)));
    assert.equal(holder(at), undefined);
    const lock = takeLock(at);
    assert.ok('release' in lock);
    assert.equal(holder(at)?.pid, process.pid);
    lock.release();
    assert.deepEqual(readdirSync(root), []);
  });

test('a torn lock file is nobody', () => {
  const at = path();
  writeFileSync(at, '{"pid": 1');
  assert.ok('release' in takeLock(at));
});

test('a holder on another machine is believed', () => {
  const at = path();
  writeFileSync(at, JSON.stringify(me({ host: 'elsewhere', pid: 1, start: '1' })));
  const found = takeLock(at);
  assert.ok(!('release' in found) && found.host === 'elsewhere');
});

test('one who died while taking over hinders nobody', () => {
  const at = path();
  writeFileSync(at, JSON.stringify(me({ start: '1' })));
  writeFileSync(`${at}.take`, JSON.stringify(me({ start: '2' })));
  assert.ok('release' in takeLock(at));
  assert.equal(existsSync(`${at}.take`), false);
});

test('of many who find a dead holder at once exactly one has the lock', async () => {
  const module = new URL('../../src/store/lock.js', import.meta.url).href;
  for (let round = 0; round < 3; round++) {
    const at = path();
    writeFileSync(at, JSON.stringify(me({ start: '1' })));
    const script = `import { takeLock } from '${module}';
process.stdin.once('data', () => { process.stdout.write('release' in takeLock('${at}') ? 'yes' : 'no'); process.stdin.once('data', () => process.exit(0)); });
process.stdout.write('.');`;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const said = children.map(() => '');
    children.forEach((c, i) =>
      c.stdout.on('data', (d: Buffer) => (said[i] = `${said[i]!}${d.toString()}`)),
    );
    const all = (n: number): boolean => said.every((s) => s.length >= n);
    while (!all(1)) await new Promise((r) => setTimeout(r, 2));
    for (const c of children) c.stdin.write('go');
    while (!all(3)) await new Promise((r) => setTimeout(r, 2));
    for (const c of children) c.stdin.end('end');
    await Promise.all(children.map((c) => new Promise((r) => c.once('close', r))));
    assert.equal(said.filter((s) => s === '.yes').length, 1, said.join(' '));
    rmSync(at, { force: true });
  }
});
