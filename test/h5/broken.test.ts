// Missing, truncated, foreign and damaged files: one clear line, never a crash, a hang, a leak, or wrong data.
import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import {
  compound,
  createH5,
  H5Error,
  hashTree,
  openH5,
  readReferences,
} from '../../src/h5/index.ts';
import { dump, fixtures, runPython, scratch, withoutH5py } from './peers.ts';
import { writeSample } from './sample.ts';

const at = scratch();

async function failure(path: string): Promise<H5Error> {
  try {
    (await openH5(path)).close();
  } catch (error) {
    assert.ok(error instanceof H5Error, String(error));
    assert.ok(!error.message.includes('\n') && error.message.length < 300);
    assert.equal(error.path, path);
    return error;
  }
  throw new assert.AssertionError({ message: `${path} opened` });
}

test('each way a file can be missing or something else has its own line', async () => {
  const say = async (name: string, bytes: string | Uint8Array): Promise<string> => {
    writeFileSync(at(name), bytes);
    return (await failure(at(name))).cause;
  };
  assert.equal(
    (await failure(at('nothing.h5'))).message,
    `${at('nothing.h5')}: no such file or folder`,
  );
  mkdirSync(at('folder.h5'));
  assert.match((await failure(at('folder.h5'))).cause, /is a folder/);
  assert.equal(await say('empty.h5', ''), 'is empty (0 bytes)');
  assert.equal(
    await say('page.h5', 'HTTP/1.1 404\r\nServer: x'),
    'not HDF5 (begins "HTTP/1.1 404")',
  );
  assert.equal(
    await say('root.h5', Uint8Array.of(0x72, 0x6f, 0, 0xff, 1, 2, 3, 4, 5)),
    'not HDF5 (begins 72 6f 00 ff 01 02 03 04)',
  );
  assert.equal(
    await say('short.h5', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 2)),
    'truncated: 9 bytes, not even a superblock',
  );
  assert.match(await say('zeros.h5', new Uint8Array(5000)), /unfinished/);
  writeSample(at('whole.h5'));
  const whole = readFileSync(at('whole.h5'));
  const cause = await say('cut.h5', whole.subarray(0, 61_440));
  assert.match(
    cause,
    /^truncated: 61 440 of \d{3} \d{3} bytes$|^truncated: 61 440 of \d \d{3} \d{3} bytes$/,
  );
  assert.match((await failure(at('cut.h5'))).try!, /copy/);
});

test('what is not in a file is told with what is', async () => {
  writeSample(at('names.h5'));
  const file = await openH5(at('names.h5'));
  const told = (what: () => unknown, message: RegExp, hint?: RegExp): void => {
    assert.throws(what, (error: unknown) => {
      assert.ok(error instanceof H5Error);
      assert.match(error.message, message);
      if (hint) assert.match(error.try ?? '', hint);
      return true;
    });
  };
  told(
    () => file.dataset('charge/hitz/data'),
    /\/charge\/?.* has hits|is not there; \/charge has hits/,
    /did you mean \/charge\/hits\?/,
  );
  told(() => file.dataset('charge/hits'), /::\/charge\/hits: is a group, not a dataset/);
  told(() => file.members('charge/hits/data'), /is a dataset, not a group/);
  told(() => file.table('scalar'), /is no table but f8 of shape \[\]/);
  told(() => file.table('charge'), /is not there; \/charge has events, hits, none/);
  told(
    () => file.dataset('charge/hits/data').readRaw(9_999, 2),
    /has rows 0 to 10000, not 9999 to 10001/,
  );
  told(() => readReferences(file, 'scalar'), /holds f8, not region references/);
  told(() => readReferences(file, 'regions').rows(5), /has references 0 to 5, not 5/);
  assert.throws(() => file.table('charge/hits').column('tsraw'), /did you mean ts_raw/);
  assert.equal(file.has('../x'), false);
  assert.equal(file.kind('charge'), 'group');
  file.close();
  assert.throws(() => file.dataset('scalar').readRaw(), /closed/);
});

test('no descriptor is left open, whatever happens', async () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  writeSample(at('leak.h5'));
  writeFileSync(at('leak-cut.h5'), readFileSync(at('leak.h5')).subarray(0, 5000));
  (await openH5(at('leak.h5'))).close();
  const before = open();
  for (let i = 0; i < 20; i++) {
    await assert.rejects(openH5(at('leak-cut.h5')));
    await assert.rejects(openH5(at('leak-none.h5')));
    const file = await openH5(at('leak.h5'));
    assert.throws(() => file.dataset('nowhere'));
    file.close();
    file.close();
    await hashTree(at('leak.h5'));
  }
  assert.equal(open(), before);
});

/** Small deterministic random numbers. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Reads everything; the dump, or undefined after an H5Error. Anything else thrown fails the test. */
async function everything(path: string): Promise<string | undefined> {
  try {
    const file = await openH5(path);
    try {
      for (const { path: at2, kind } of file.walk())
        if (
          kind === 'dataset' &&
          file.dataset(at2).dtype.kind === 'reference' &&
          at2.endsWith('/ref')
        )
          readReferences(file, at2).runs();
      return JSON.stringify(dump(file));
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof H5Error) {
      assert.ok(error.message.length < 500 && !error.message.includes('\n'));
      return undefined;
    }
    throw error;
  }
}

/**
 * Flips bytes of metadata (outside of `data`, where nothing could notice) and cuts files: error or the right content.
 * Returns how many came back as something else, which the caller judges.
 */
async function fuzz(
  path: string,
  rounds: number,
  seed: number,
  place: (r: (n: number) => number) => number,
) {
  const good = await everything(path);
  assert.ok(good !== undefined);
  const bytes = readFileSync(path);
  const r = random(seed);
  const counts = { error: 0, same: 0, other: [] as string[] };
  for (let i = 0; i < rounds; i++) {
    const damaged = Buffer.from(bytes);
    const where = place(r);
    const before = damaged[where]!;
    damaged[where] = r(4) === 0 ? before ^ (1 << r(8)) : r(3) === 0 ? 0xff : r(256);
    writeFileSync(at('fuzzed.h5'), damaged);
    const got = await everything(at('fuzzed.h5'));
    if (got === undefined) counts.error++;
    else if (got === good) counts.same++;
    else counts.other.push(`byte ${where}: ${before} -> ${damaged[where]}`);
  }
  return counts;
}

const slow = process.env['TG_SLOW'] === '1' ? 10 : 1;

test('flipped bytes in headers of our files: an error or the same content', async () => {
  const { nodes } = writeSample(at('flip.h5'));
  assert.ok(nodes.length > 300);
  const bytes = readFileSync(at('flip.h5'));
  const headers: number[] = [];
  for (let i = bytes.indexOf('OHDR'); i >= 0; i = bytes.indexOf('OHDR', i + 1)) headers.push(i);
  const first = headers[0]!;
  const last = headers.at(-1)!;
  const { error, other } = await fuzz(at('flip.h5'), 60 * slow, 1, (r) =>
    r(6) === 0 ? r(48) : first + r(last - first),
  );
  assert.deepEqual(other, []);
  assert.ok(error > 0);
});

test('flipped bytes in trees, leaves and heaps of our files: an error or the same content', async () => {
  writeSample(at('meta.h5'));
  const bytes = readFileSync(at('meta.h5'));
  const places: number[] = [];
  for (const mark of ['TREE', 'SNOD', 'HEAP', 'GCOL', 'g100\0'])
    for (let i = bytes.indexOf(mark); i >= 0; i = bytes.indexOf(mark, i + 1)) places.push(i);
  const { error, other } = await fuzz(
    at('meta.h5'),
    80 * slow,
    2,
    (r) => places[r(places.length)]! + r(120),
  );
  assert.deepEqual(other, []);
  assert.ok(error > 0);
});

test('addresses of chunks that lead astray are noticed', async () => {
  writeSample(at('chunks.h5'));
  const bytes = readFileSync(at('chunks.h5'));
  const trees: number[] = [];
  for (let i = bytes.indexOf('TREE'); i >= 0; i = bytes.indexOf('TREE', i + 1))
    if (bytes[i + 4] === 1) trees.push(i);
  assert.ok(trees.length >= 4);
  const { error, other } = await fuzz(
    at('chunks.h5'),
    60 * slow,
    3,
    (r) => trees[r(trees.length)]! + r(200),
  );
  assert.deepEqual(other, []);
  assert.ok(error > 40);
});

test('cut files are truncated files', async () => {
  writeSample(at('cuts.h5'));
  const bytes = readFileSync(at('cuts.h5'));
  const r = random(4);
  for (let i = 0; i < 30 * slow; i++) {
    writeFileSync(at('cut-at.h5'), bytes.subarray(0, r(bytes.length)));
    assert.match((await failure(at('cut-at.h5'))).cause, /truncated|not HDF5|empty/);
  }
});

const { dir, skip } = fixtures();

test('flipped bytes anywhere in files of others never crash or hang', { skip }, async () => {
  for (const [k, path] of [
    'charge/one_second/regref.h5',
    'monitor/dqm_small_raw.h5',
    'light/rwf-small/expected/full_old_form.h5',
  ].entries()) {
    copyFileSync(`${dir}/${path}`, at('other.h5'));
    const size = readFileSync(at('other.h5')).length;
    await fuzz(at('other.h5'), 25 * slow, 10 + k, (r) => r(r(2) === 0 ? 4096 : size));
  }
});

test(
  'flipped bytes anywhere in files that need h5wasm: no hang, no message of its own, no descriptor left',
  { skip: withoutH5py() },
  async () => {
    for (const [k, libver] of ["'latest'", "('earliest', 'v110')"].entries()) {
      runPython(
        `
f = h5py.File(sys.argv[2], 'w'); f['c'] = np.arange(300, dtype='i4'); f.close()
f = h5py.File(sys.argv[1], 'w', libver=${libver})
layout = h5py.VirtualLayout((300,), 'i4')
layout[:] = h5py.VirtualSource(sys.argv[2], 'c', shape=(300,))
f.create_virtual_dataset('virtual', layout)
f.create_dataset('scaled', data=np.arange(50), chunks=(10,), scaleoffset=0)
f.close()`,
        at('wasm.h5'),
        at('wasm-source.h5'),
      );
      const bytes = readFileSync(at('wasm.h5'));
      await fuzz(at('wasm.h5'), 1, 0, () => 0);
      const before = descriptors();
      await fuzz(at('wasm.h5'), 80 * slow, 20 + k, (r) => r(bytes.length));
      // libhdf5 itself never comes back from free space of wrong size in the heap of a virtual dataset.
      const heap = bytes.indexOf('GCOL');
      await fuzz(at('wasm.h5'), 40 * slow, 30 + k, (r) => heap + r(200));
      assert.equal(descriptors(), before);
    }
  },
);

/** Open descriptors, but for temporary files of libhdf5 that have no name any more: of some 1200 damaged files it forgets to close one, where it cannot write its message. */
const descriptors = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return !/\/tmpfile_\w+ \(deleted\)$/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The one that the list itself is read by.
      return false;
    }
  }).length;

test('our own small file, flipped and cut at every place in turn', async () => {
  const writer = createH5(at('small.h5'));
  const table = writer.table('t', compound([['id', 'u4']]), { chunk: 4, attributes: { a: ['x'] } });
  table.appendColumns({ id: Array.from({ length: 30 }, (_, i) => i) });
  writer.references('t', 't', 30, {
    parent: Uint32Array.of(0, 3, 3),
    start: Uint32Array.of(1, 2, 9),
    stop: Uint32Array.of(5, 4, 30),
  });
  for (let i = 0; i < 17; i++) writer.group(`many/g${i}`);
  writer.strings('s', ['a', '', 'bcd']);
  const { bytes: size } = writer.close();
  const before = readdirSync('/proc/self/fd').length;
  const step = slow > 1 ? 3 : 61;
  let place = 0;
  await fuzz(at('small.h5'), Math.floor(size / step) - 1, 40, (r) => (place += step) - r(step));
  const bytes = readFileSync(at('small.h5'));
  for (let length = 0; length < size; length += step) {
    writeFileSync(at('small-cut.h5'), bytes.subarray(0, length));
    assert.match((await failure(at('small-cut.h5'))).cause, /truncated|not HDF5|empty/);
  }
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test(
  'a compressed chunk that was damaged is an error, not data',
  { skip: withoutH5py() },
  async () => {
    runPython(
      `
f = h5py.File(sys.argv[1], 'w')
f.create_dataset('x', data=np.arange(20000, dtype='i4'), chunks=(5000,), compression='gzip', shuffle=True, fletcher32=True)
f.create_dataset('y', data=np.arange(20000, dtype='i4'), chunks=(5000,), fletcher32=True)
print(json.dumps([f[n].id.get_chunk_info(i).byte_offset for n in 'xy' for i in range(4)]))
f.close()`,
      at('packed.h5'),
    );
    const bytes = readFileSync(at('packed.h5'));
    const places: number[] = [];
    for (let i = 0; i < bytes.length - 4000; i += 997) places.push(i);
    const good = await everything(at('packed.h5'));
    let errors = 0;
    for (const place of places) {
      const damaged = Buffer.from(bytes);
      damaged[place]! ^= 0x10;
      writeFileSync(at('damaged.h5'), damaged);
      const got = await everything(at('damaged.h5'));
      if (got === undefined) errors++;
      else assert.equal(got, good, `byte ${place}`);
    }
    assert.ok(errors > places.length / 2, `${errors} of ${places.length}`);
  },
);
