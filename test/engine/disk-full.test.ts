/** A full disk: the task or the build fails with a sentence, and nothing that was there is lost. Case 36. Needs a small file system of its own. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreError } from '../../src/store/store.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { join_, project, world } from '../helpers/world.ts';

/** Leaves so many bytes free (in whole pages). */
function fill(at: string, leave: number): string {
  const { bavail, bsize } = statfsSync(at);
  const path = join(at, 'filler');
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
  return path;
}

const disk = smallDisk(4096);
const skip = disk === undefined ? 'needs root, to mount a small tmpfs' : false;

test(
  'no room for an output: the task fails, its stage is removed, the next build goes on',
  { skip },
  async () => {
    const module = (bytes: number): string => `import { writeFileSync } from 'node:fs';
export default { run({ output }) { writeFileSync(output('m'), Buffer.alloc(${bytes})); } };`;
    const w = world({
      ...project(
        [
          { name: 'm', type: './m.mjs', outputs: { m: 'm.bin' } },
          {
            ...join_('c', []),
            command: ['sh', '-c', 'head -c 9000000 /dev/zero > "$0"', '{output:c}'],
          },
          join_('small', []),
        ],
        { build: join(disk!, 'build') },
      ),
      'm.mjs': module(9_000_000),
    });
    // One at a time: what a failing one has filled is free again for the next.
    const { exit, failed, failure, ran } = await w.build([], { keepGoing: true, workers: 1 });
    assert.deepEqual([exit, failed, ran], [1, ['c', 'm'], ['small']]);
    assert.equal(failure['m']!.code, 'no-space');
    assert.equal(failure['m']!.message, 'the build folder: no space left');
    assert.deepEqual(readdirSync(join(disk!, 'build')).sort(), ['small.txt', 'small.txt.tg.json']);
    w.write({
      'm.mjs': module(10),
      'lib.yaml': JSON.stringify([{ name: 'm', type: './m.mjs', outputs: { m: 'm.bin' } }]),
    });
    assert.deepEqual((await w.build()).ran, ['m']);
    rmSync(join(disk!, 'build'), { recursive: true });
  },
);

test(
  'no room for the log: the build stops with a sentence, earlier records are intact',
  { skip },
  async () => {
    const elsewhere = world({});
    const tasks = Array.from({ length: 40 }, (_, i) => join_(`t${i}`, ['s']));
    const w = world(
      { ...project(tasks, { sources: { s: 's' }, build: elsewhere.root }), s: '1' },
      disk,
    );
    assert.equal((await w.build('t0')).exit, 0);
    const filler = fill(disk!, 8192);
    let done = 0;
    await assert.rejects(
      w.build([], { on: (e) => void (e.type === 'done' && done++) }),
      (e) =>
        e instanceof StoreError &&
        e.code === 'no-space' &&
        /\.tg\/log: no space left$/.test(e.message),
    );
    assert.ok(done < 39);
    rmSync(filler);
    const store = (await w.open()).store;
    assert.equal(store.dropped, 0);
    assert.equal([...store.tasks()].length, done + 1);
    const { exit, fresh } = await w.build();
    assert.deepEqual([exit, fresh.length], [0, done + 1]);
    assert.deepEqual((await w.build()).ran, []);
  },
);
