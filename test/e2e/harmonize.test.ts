/** `tg build harmonic`: fixtures, what a change rewrites, what is refused. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { openH5 } from 'tg/h5';
import { writeSimulatedRun } from '../../tasks/harmonize/simulated-run.ts';
import { folder, run } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import {
  CASES,
  casePath,
  eventsOf,
  expected,
  simulate,
  withoutCases,
} from '../tasks/harmonize/cases.ts';

interface Settings {
  size?: string;
  min?: number;
  max?: number;
  more?: string;
}

/** A project over `merged/`, harmonic files in `out/`. */
function project({ size = '1500', min = 1, max = 9, more = '' }: Settings = {}): string {
  const cwd = folder();
  mkdirSync(join(cwd, 'merged'));
  mkdirSync(join(cwd, 'out'));
  configure(cwd, { size, min, max, more });
  return cwd;
}

function configure(cwd: string, { size = '1500', min = 1, max = 9, more = '' }: Settings): void {
  writeFileSync(
    join(cwd, 'tg.yaml'),
    `libraries: [tg:harmonize]
parameters:
  harmonic: {merger_path: merged, harmonic_path: out, harmonic_size_bytes: ${size}, min_run: ${min}, max_run: ${max}${more}}
`,
  );
}

/** Builds, and tells which tasks ran. */
async function build(cwd: string, ...words: string[]) {
  const said = await run(['build', 'harmonic', '--json', ...words], { cwd });
  const told = said.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) =>
        JSON.parse(line) as { type: string; task?: string; message?: string; code?: string },
    );
  const ran = told.flatMap(({ type, task }) =>
    type === 'done' && task !== undefined ? [task] : [],
  );
  return { ...said, told, ran: ran.sort() };
}

const files = (cwd: string): string[] =>
  readdirSync(join(cwd, 'out'))
    .filter((name) => name.endsWith('.h5'))
    .sort();

/** [run, event] of every event of every file, in order. */
async function held(cwd: string): Promise<[number, number][][]> {
  const lists: [number, number][][] = [];
  for (const name of files(cwd)) {
    const file = await openH5(join(cwd, 'out', name));
    const n = Number(file.attributes('/events')['max_event']);
    lists.push(
      Array.from({ length: n }, (_, i): [number, number] => {
        const { orig_run, orig_event } = file.attributes(`/events/event_${i}`);
        return [orig_run as number, orig_event as number];
      }),
    );
    file.close();
  }
  return lists;
}

/** What a reader does that goes by the specification of the files: version, half-open range, GET data of every event, both modules of FRIB groups. */
const READER = `
import hashlib
out = []
for path in sys.argv[1:]:
    f = h5py.File(path, 'r')
    assert 'meta' not in f
    e = f['events']
    assert e.attrs['version'] == 'harmonizer:0.1.0'
    for n in range(int(e.attrs['min_event']), int(e.attrs['max_event'])):
        name = f'event_{n}'
        if name not in e:
            continue
        g = e[name]
        sha = hashlib.sha256(g['get_traces'][:].tobytes()).hexdigest()
        if 'frib_physics' in g:
            g['frib_physics']['1903'][:], g['frib_physics']['977'][:]
        out.append([int(g.attrs['orig_run']), int(g.attrs['orig_event']), sha])
print(json.dumps(out))`;

describe('the fixtures', { skip: withoutCases }, () => {
  for (const name of CASES) {
    test(`${name}: files, scalers and every event as expected`, async () => {
      const told = expected(name);
      const cwd = project();
      rmSync(join(cwd, 'merged'), { recursive: true });
      symlinkSync(casePath(name, 'merger'), join(cwd, 'merged'));
      const settings = {
        size: String(told.harmonic_size_bytes),
        min: told.min_run,
        max: told.max_run,
      };
      configure(cwd, settings);
      const { code, stderr } = await build(cwd);
      assert.equal(code, 0, stderr);
      assert.deepEqual(await held(cwd), told.partitions['tolerant_payload']);
      const bytes = readFileSync(join(cwd, 'out/scalers.parquet'));
      const rows = (await parquetReadObjects({
        file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      })) as Record<string, number>[];
      const csv = [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))];
      const expectedCsv = readFileSync(casePath(name, 'expected/scalers.csv'), 'utf8').trim();
      assert.equal(csv.map((row) => row.join(',')).join('\n'), expectedCsv.replaceAll('\r', ''));
      if (withoutH5py() === false) {
        const seen = JSON.parse(
          runPython(READER, ...files(cwd).map((file) => join(cwd, 'out', file))),
        ) as [number, number, string][];
        const known = eventsOf(told);
        assert.equal(seen.length, known.size);
        for (const [r, e, sha] of seen) assert.equal(sha, known.get(`${r}:${e}`)!.get!.sha256);
      }
      assert.deepEqual((await build(cwd)).ran, []);
      // strict refuses what upstream stops at: nothing is written.
      rmSync(join(cwd, 'out'), { recursive: true });
      mkdirSync(join(cwd, 'out'));
      configure(cwd, { ...settings, more: ', strict: true' });
      const strict = await build(cwd);
      assert.equal(strict.code, 1);
      assert.match(strict.stdout, /strict: run \d+(, \d+)* absent/);
      assert.deepEqual(files(cwd), []);
      assert.ok(!existsSync(join(cwd, 'out/scalers.parquet')));
    });
  }
});

test(
  'strict passes over what has no gap, and makes the same files',
  { skip: withoutCases },
  async () => {
    for (const [name, min, max] of [
      ['case0_upstream_ok', 1, 2],
      ['case0_upstream_ok', 4, 5],
      ['case1_basic', 55, 56],
    ] as const) {
      const cwd = project();
      rmSync(join(cwd, 'merged'), { recursive: true });
      symlinkSync(casePath(name, 'merger'), join(cwd, 'merged'));
      const settings = { size: '120000', min, max };
      configure(cwd, { ...settings, more: ', strict: true' });
      const { code, stderr } = await build(cwd);
      assert.equal(code, 0, stderr);
      const strict = await held(cwd);
      assert.ok(strict.length > 1);
      configure(cwd, settings);
      // The plan looks again, and finds the same.
      assert.deepEqual((await build(cwd)).ran, ['harmonic/plan']);
      assert.deepEqual(await held(cwd), strict);
    }
  },
);

describe('what a change rewrites', () => {
  /** Runs of as many events of 136 bytes of traces each (columns 20) as told. */
  const runs = (cwd: string, list: Readonly<Record<number, number>>): void =>
    simulate(
      join(cwd, 'merged'),
      Object.fromEntries(Object.entries(list).map(([r, events]) => [r, { events, traces: 1 }])),
    );

  test('a longer range writes the files behind what there was', async () => {
    const cwd = project({ max: 2 });
    runs(cwd, { 1: 20, 2: 20, 3: 20 });
    assert.equal((await build(cwd)).code, 0);
    const before = await held(cwd);
    configure(cwd, { max: 3 });
    const { ran } = await build(cwd);
    const after = await held(cwd);
    assert.deepEqual(
      after.flat(),
      [1, 2, 3].flatMap((r) => Array.from({ length: 20 }, (_, e) => [r, e])),
    );
    // The last one was not full.
    const kept = before.length - 1;
    assert.deepEqual(after.slice(0, kept), before.slice(0, kept));
    const written = ran.filter((task) => task.startsWith('harmonic/files@'));
    assert.deepEqual(
      written,
      after.slice(kept).map((_, k) => `harmonic/files@${String(kept + k).padStart(4, '0')}`),
    );
    assert.deepEqual(
      ran.filter((task) => task.startsWith('harmonic/scan')),
      ['harmonic/scan@3'],
    );
  });

  test('a run of other content and the same sizes rewrites the files that hold events of it', async () => {
    const cwd = project({ max: 3 });
    runs(cwd, { 1: 20, 2: 20, 3: 20 });
    await build(cwd);
    const lists = await held(cwd);
    writeSimulatedRun(join(cwd, 'merged/run_0002.h5'), {
      seed: 99,
      columns: 20,
      samples: 8,
      events: 20,
      traces: 1,
    });
    const { ran } = await build(cwd);
    const touched = lists.flatMap((list, k) =>
      list.some(([r]) => r === 2) ? [`harmonic/files@${String(k).padStart(4, '0')}`] : [],
    );
    assert.ok(touched.length < lists.length);
    assert.deepEqual(
      ran.filter((task) => task.startsWith('harmonic/files@')),
      touched,
    );
    assert.deepEqual(await held(cwd), lists);
  });

  test('a run that is gone, and files that are not needed any more', async () => {
    const cwd = project({ max: 4 });
    runs(cwd, { 1: 20, 2: 20, 3: 20, 4: 5 });
    await build(cwd);
    const n = files(cwd).length;
    rmSync(join(cwd, 'merged/run_0003.h5'));
    writeFileSync(join(cwd, 'out/run_0099.h5'), 'of another harmonizer');
    const { code, ran, stdout } = await build(cwd);
    assert.equal(code, 0);
    const left = files(cwd);
    assert.ok(left.length - 1 < n && left.includes('run_0099.h5'));
    assert.match(stdout, /"message":"removed out\/run_\d+\.h5/);
    assert.match(stdout, /out\/run_0099\.h5: not made by tg/);
    rmSync(join(cwd, 'out/run_0099.h5'));
    assert.deepEqual(
      (await held(cwd)).flat().filter(([r]) => r === 3),
      [],
    );
    assert.ok(!ran.includes('harmonic/files@0000'));
  });

  test('a file that somebody removed is made again, alone', async () => {
    const cwd = project({ max: 2 });
    runs(cwd, { 1: 20, 2: 20 });
    await build(cwd);
    const bytes = readFileSync(join(cwd, 'out/run_0001.h5'));
    rmSync(join(cwd, 'out/run_0001.h5'));
    assert.deepEqual((await build(cwd)).ran, ['harmonic/files@0001']);
    assert.ok(readFileSync(join(cwd, 'out/run_0001.h5')).equals(bytes));
  });

  test('any number of workers makes the same bytes', async () => {
    const cwd = project({ max: 3 });
    runs(cwd, { 1: 20, 2: 20, 3: 7 });
    await build(cwd, '--workers', '1');
    const one = files(cwd).map((name) => readFileSync(join(cwd, 'out', name)));
    const scalers = readFileSync(join(cwd, 'out/scalers.parquet'));
    await build(cwd, '--workers', '4', '--force-all');
    files(cwd).forEach((name, k) =>
      assert.ok(readFileSync(join(cwd, 'out', name)).equals(one[k]!)),
    );
    assert.ok(readFileSync(join(cwd, 'out/scalers.parquet')).equals(scalers));
  });
});

describe('what is refused', () => {
  const refused = async (cwd: string, code: number, message: RegExp): Promise<void> => {
    const said = await run(['build', 'harmonic'], { cwd });
    assert.equal(said.code, code, said.stderr);
    assert.match(said.stderr, message);
    assert.deepEqual(existsSync(join(cwd, 'out')) ? files(cwd) : [], []);
  };

  test('a range without runs names the range and what is there', async () => {
    const cwd = project({ min: 50, max: 60 });
    simulate(join(cwd, 'merged'), { 7: {} });
    await refused(
      cwd,
      2,
      /tg\.yaml:3:\d+: source harmonic\/merged matches no file: merged\/run_NNNN\.h5, runs 50 to 60[\s\S]*run_0007\.h5/,
    );
  });

  test('a range that ends before it begins, a size that is none, a folder that is not there', async () => {
    await refused(project({ min: 5, max: 4 }), 2, /max_run 4 is below min_run 5/);
    await refused(project({ size: 'big' }), 2, /harmonic_size_bytes is no size: big/);
    const cwd = project();
    simulate(join(cwd, 'merged'), { 1: {} });
    rmSync(join(cwd, 'out'), { recursive: true });
    await refused(cwd, 2, /harmonic_path is not there: out[\s\S]*mkdir out, or create: true/);
    configure(cwd, { more: ', create: true' });
    assert.equal((await build(cwd)).code, 0);
    assert.ok(files(cwd).length > 0);
  });

  test('harmonic_path may not be, nor lie in, merger_path, whatever the way there', async () => {
    for (const path of ['merged', 'merged/out', 'link/out']) {
      const cwd = project();
      simulate(join(cwd, 'merged'), { 1: {} });
      symlinkSync('merged', join(cwd, 'link'));
      mkdirSync(join(cwd, 'merged/out'));
      const yaml = readFileSync(join(cwd, 'tg.yaml'), 'utf8');
      writeFileSync(
        join(cwd, 'tg.yaml'),
        yaml.replace('harmonic_path: out', `harmonic_path: ${path}`),
      );
      await refused(
        cwd,
        2,
        /harmonic_path is (?:inside of )?merger_path: inputs would be overwritten/,
      );
      assert.deepEqual(readdirSync(join(cwd, 'merged')), ['out', 'run_0001.h5']);
    }
  });

  test('2.0 and older runs in one range', async () => {
    const cwd = project();
    simulate(join(cwd, 'merged'), { 1: {}, 2: { format: '0.1.0' }, 3: { format: '2.0' } });
    await refused(
      cwd,
      1,
      /runs 1, 2 are format 1\.0 or older, run 3 is format 2\.0: they cannot share harmonic files\s+try: max_run: 2, then min_run: 3/,
    );
    configure(cwd, { max: 2 });
    assert.equal((await build(cwd)).code, 0);
    configure(cwd, { min: 3 });
    assert.equal((await build(cwd)).code, 0);
  });

  test('a file that is no merged run, and one cut short, are named', async () => {
    const cwd = project();
    simulate(join(cwd, 'merged'), { 1: {}, 2: {} });
    writeFileSync(join(cwd, 'merged/run_0003.h5'), 'no HDF5 at all, but text');
    await refused(cwd, 1, /run_0003\.h5: not HDF5/);
    const half = readFileSync(join(cwd, 'merged/run_0002.h5'));
    writeFileSync(join(cwd, 'merged/run_0003.h5'), half.subarray(0, half.length / 2));
    await refused(cwd, 1, /run_0003\.h5: truncated/);
    copyFileSync(join(cwd, 'merged/run_0001.h5'), join(cwd, 'merged/run_0003.h5'));
    assert.equal((await build(cwd)).code, 0);
  });

  test('runs of different gas by the run table', async () => {
    const cwd = project({ more: ', run_table: runs.csv' });
    simulate(join(cwd, 'merged'), { 1: {}, 2: {} });
    writeFileSync(join(cwd, 'runs.csv'), 'run,gas,beam\n1,H2,C16\n2,D2,C16\n');
    await refused(cwd, 1, /run 1: H2 gas, C16 beam; run 2: D2 gas, C16 beam/);
    writeFileSync(join(cwd, 'runs.csv'), 'run,gas,beam\n1,H2,C16\n2,H2,C16\n');
    assert.equal((await build(cwd)).code, 0);
  });

  test('what strict forbids, each by its name', async () => {
    const cases: [Parameters<typeof simulate>[1][number], RegExp][] = [
      [{ omit: [2] }, /run 1: 1 events missing \(2\)/],
      [{ events: 0, fribMore: 0 }, /run 1: no events/],
      [{ frib: false }, /run 1: no scalers/],
      [{ unfinished: true }, /run 1: the merger did not finish it/],
      [{ partial: [3] }, /run 1: 1 FRIB groups lack a module \(3\)/],
    ];
    for (const [settings, message] of cases) {
      const cwd = project({ max: 1, more: ', strict: true' });
      simulate(join(cwd, 'merged'), { 1: settings });
      await refused(cwd, 1, message);
      configure(cwd, { max: 1 });
      const said = await run(['build', 'harmonic'], { cwd });
      assert.equal(said.code, 0, said.stderr);
      assert.match(said.stderr, /note: harmonic\/plan: /);
    }
    const whole = project({ max: 1, more: ', strict: true' });
    simulate(join(whole, 'merged'), { 1: {} });
    assert.equal((await build(whole)).code, 0);
  });

  test('a range without any event: one empty file, and strict refuses', async () => {
    const cwd = project({ max: 1 });
    simulate(join(cwd, 'merged'), { 1: { events: 0 } });
    assert.equal((await build(cwd)).code, 0);
    assert.deepEqual(await held(cwd), [[]]);
    assert.ok(statSync(join(cwd, 'out/scalers.parquet')).size > 0);
  });
});
