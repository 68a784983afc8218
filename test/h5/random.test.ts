// Random types, tables, datasets and attributes: written by us, read back by us, by h5wasm and by h5py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashTree, itemSize, openH5 } from '../../src/h5/index.ts';
import { openForeign } from '../../src/h5/foreign.ts';
import { dump, PYTHON_DUMP, runPython, scratch, withoutH5py, type Dump } from './peers.ts';
import { files, writeRandom, type FileSpec } from './random-files.ts';

const at = scratch();
const runs = process.env['TG_SLOW'] === '1' ? 2000 : 40;
/** TG_SEED repeats a failure. */
const seed = Number(process.env['TG_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test('what we write we read, and h5wasm reads the same bytes', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(files, async (spec) => {
      const path = at(`own${count++ % 2}.h5`);
      const { nodes } = writeRandom(path, spec);
      assert.deepEqual(await hashTree(path), nodes);
      const file = await openH5(path);
      const wasm = await openForeign(path);
      try {
        for (const { path: place, kind } of file.walk()) {
          if (kind === 'group') continue;
          const dataset = file.dataset(place);
          const raw = dataset.readRaw();
          const theirs = new Uint8Array(raw.length);
          const rows = dataset.shape.length === 0 ? 1 : dataset.shape[0]!;
          if (raw.length > 0)
            wasm.readRows(place, dataset.shape, itemSize(dataset.dtype), 0, rows, theirs);
          assert.deepEqual(theirs, raw, place);
          if (rows > 2)
            assert.deepEqual(
              dataset.readRaw(1, rows - 2),
              raw.subarray(raw.length / rows, raw.length - raw.length / rows),
            );
        }
      } finally {
        wasm.close();
        file.close();
      }
    }),
    { numRuns: runs, seed },
  );
});

/** Files per python: starting it costs more than a file, and its output is one string. */
const BATCH = 50;

test('h5py reads every value of random files', { skip: withoutH5py() }, async () => {
  const specs = fc.sample(files, { numRuns: runs, seed });
  for (let first = 0; first < runs; first += BATCH) {
    const batch = specs.slice(first, first + BATCH);
    const path = (i: number): string => at(`peer${i}.h5`);
    /** Whatever goes wrong, the file that did it is told. */
    const told = async (i: number, what: () => Promise<void> | void): Promise<void> => {
      try {
        await what();
      } catch (error) {
        const again = `TG_SEED=${seed}, file ${first + i}: ${fc.stringify<FileSpec>(batch[i]!)}`;
        throw new Error(again, { cause: error });
      }
    };
    for (const [i, spec] of batch.entries()) await told(i, () => void writeRandom(path(i), spec));
    const lines = runPython(
      `${PYTHON_DUMP}
for p in sys.argv[1:]:
    try: print(json.dumps(dump(p)))
    except Exception as e: print(json.dumps({'error': repr(e)}))`,
      ...batch.map((_, i) => path(i)),
    )
      .trimEnd()
      .split('\n');
    for (const i of batch.keys())
      await told(i, async () => {
        const file = await openH5(path(i));
        try {
          assert.deepEqual(dump(file), JSON.parse(lines[i]!) as Dump);
        } finally {
          file.close();
        }
      });
  }
});
