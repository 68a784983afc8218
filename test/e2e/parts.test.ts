/** Runs in parts: the same bytes as in one pass, only what is new of a run that grows, and one table for who wants one. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openH5 } from 'tg/h5';
import { packetFields24 } from '../../tasks/charge/packet-fields.ts';
import { pixelKey } from '../../tasks/charge/pixel-key.ts';
import { anodeOf, packetsOf, simulateParams, writePackets } from '../../tasks/charge/simulate.ts';
import { withoutFixtures } from '../helpers/cli.ts';
import { built, buildTold, casesProject, made, simulatedProject } from './charge-project.ts';

/** Runs that differ in what is hard for parts: SYNCs crossed, SYNCs lost, no triggers. */
const RUNS = {
  r1: { seed: 1, seconds: 3, rollover_events: 2 },
  r2: { seed: 2, seconds: 4, triggers: false, lost_syncs: [[1, 2]] as [number, number][] },
};
const SMALL = { 'charge/raw_events': { buffer_size: 700 } };

type Settings = Record<string, unknown>;

const settingsOf = (root: string): Settings =>
  JSON.parse(readFileSync(join(root, 'tg.yaml'), 'utf8')) as Settings;

const set = (root: string, more: Settings): void =>
  writeFileSync(join(root, 'tg.yaml'), JSON.stringify({ ...settingsOf(root), ...more }));

const forget = (root: string): void => {
  for (const name of ['.tg', 'build']) rmSync(join(root, name), { recursive: true, force: true });
};

/** Bytes of the flow file of a run. */
const flow = (root: string, run: string): Buffer => readFileSync(join(root, 'build', `${run}.h5`));

/** `tg build` with these settings, from nothing: the flow files by run. */
async function flows(root: string, more: Settings, words: string[] = []): Promise<Buffer[]> {
  set(root, more);
  forget(root);
  await built(root, ['-q', ...words]);
  return Object.keys(RUNS).map((name) => flow(root, name));
}

test('a run in parts makes the flow file of one pass, in both forms, with one worker and with four', async () => {
  const root = simulatedProject(RUNS, {
    ...SMALL,
    'combined/hit_drift': { geometry_file: 'cal/layout.yaml' },
  });
  set(root, { libraries: ['tg:tracklets'] });
  for (const refs of ['region', 'pairs']) {
    const whole = await flows(root, { link: { refs }, parts: false });
    assert.deepEqual(await flows(root, { parts: true }, ['--workers', '1']), whole, refs);
    const files = made(root);
    assert.ok(Object.keys(files).some((name) => name.endsWith('r2,part=3.h5')));
    await flows(root, {}, ['--workers', '4']);
    assert.deepEqual(made(root), files, 'every artifact is the same');
  }
});

test('builders, an off-beam search and a range of rows are the same in parts', async () => {
  const builders = [
    { event_builder_class: 'TimeDelta' },
    { event_builder_class: 'ExtTrig', event_builder_config: { build_off_beam_events: true } },
    { start_position: 300, end_position: 3000 },
    { compat: 'upstream' },
    { flush_at_end: false },
    { buffer_size: 1_000_000 },
  ];
  for (const builder of builders) {
    const root = simulatedProject(RUNS, {
      'charge/raw_events': { ...SMALL['charge/raw_events'], ...builder },
    });
    const whole = await flows(root, {});
    assert.deepEqual(await flows(root, { parts: true }), whole, JSON.stringify(builder));
  }
});

test('the reference cases are the same in parts', { skip: withoutFixtures }, async () => {
  const names = ['cosmic10k_b2048', 'quiet_gap_b300', 'rollover_notrig', 'edge_nodata'];
  const root = casesProject(names);
  await built(root, ['-q']);
  const whole = names.map((name) => flow(root, name));
  set(root, { parts: true });
  forget(root);
  await built(root, ['-q']);
  names.forEach((name, i) => assert.ok(flow(root, name).equals(whole[i]!), name));
});

test('losses and counts of a run in parts are those of one pass', async () => {
  const root = simulatedProject(RUNS, SMALL);
  const lines = async (parts: boolean): Promise<string[]> => {
    set(root, { parts });
    forget(root);
    const { stderr } = await built(root, ['charge/raw_events', 'charge/hits']);
    return stderr.split('\n').filter((line) => /^charge\/\w+: \d|^ {2}(lost|files):/.test(line));
  };
  const whole = await lines(false);
  assert.equal(whole.length, 4);
  assert.deepEqual(await lines(true), whole);
});

/** The simulated run of the growing file: all of its rows, and a file of the first `n` of them. */
function growing(): { rows: number; write: (path: string, n: number) => void } {
  const settings = simulateParams({ tiles: 4, chips: 3, seed: 5, seconds: 6 });
  const bytes = Buffer.concat([...packetsOf(settings, anodeOf(settings))]);
  const { rowSize } = packetFields24();
  return {
    rows: bytes.length / rowSize,
    write: (path, n) =>
      void writePackets(path, [bytes.subarray(0, n * rowSize)], settings.unix_start),
  };
}

test('a file that grows 30 times in odd steps ends as one build from scratch, and only its end is made anew', async () => {
  const root = simulatedProject({ r1: {} }, SMALL);
  const { rows, write } = growing();
  const path = join(root, 'raw', 'r1.h5');
  set(root, { parts: true });
  const size = SMALL['charge/raw_events'].buffer_size;
  const steps = 30;
  let before = 0;
  for (let k = 1; k <= steps; k++) {
    // Odd numbers of rows, unevenly spread; some steps fill a batch to its last row.
    const n = k === steps ? rows : k % 7 === 0 ? size * Math.ceil(before / size) : 0;
    const now = Math.max(n, before + 1, Math.floor((rows * k * k) / (steps * steps)) | 1);
    write(path, now);
    const told = await buildTold(root);
    const parts = told.ran.filter((task) => task.startsWith('charge/raw_events@'));
    const first = Math.max(0, Math.ceil(before / size) - 1);
    const wanted = Array.from(
      { length: Math.ceil(now / size) - first },
      (_, i) => `charge/raw_events@r1,part=${first + i}`,
    );
    if (now > before) assert.deepEqual(parts, wanted.sort(), `${before} -> ${now} rows`);
    assert.ok(told.ran.includes('charge/parts@r1'));
    before = now;
  }
  const grown = flow(root, 'r1');
  const again = await buildTold(root);
  assert.deepEqual(again.ran, [], 'and then nothing is to be done');
  forget(root);
  await built(root, ['-q']);
  assert.ok(flow(root, 'r1').equals(grown), 'from scratch, in parts');
  set(root, { parts: false });
  forget(root);
  await built(root, ['-q']);
  assert.ok(flow(root, 'r1').equals(grown), 'from scratch, in one pass');
});

test('rows changed in the middle rerun their part, and what follows only as far as it is touched', async () => {
  const root = simulatedProject({ r1: {} }, SMALL);
  const { rows, write } = growing();
  const path = join(root, 'raw', 'r1.h5');
  set(root, { parts: true });
  write(path, rows);
  await built(root, ['-q']);
  // The parity of some data packets of part 1 is wrong now.
  const { rowSize, validParity, packetType } = packetFields24();
  const settings = simulateParams({ tiles: 4, chips: 3, seed: 5, seconds: 6 });
  const bytes = Buffer.concat([...packetsOf(settings, anodeOf(settings))]);
  for (let row = 800; row < 830; row++)
    if (bytes[row * rowSize + packetType] === 0) bytes[row * rowSize + validParity] = 0;
  writePackets(path, [bytes], settings.unix_start);
  const told = await buildTold(root);
  const ran = (name: string): string[] => told.ran.filter((task) => task.startsWith(`${name}@`));
  assert.ok(ran('charge/raw_events').includes('charge/raw_events@r1,part=1'));
  assert.ok(!ran('charge/raw_events').includes('charge/raw_events@r1,part=0'));
  assert.ok(ran('charge/raw_events').length <= 2, 'what part 1 leaves to the next is the same');
  assert.match(JSON.stringify(told.reasons['charge/raw_events@r1,part=1']), /packets@r1/);
  const changed = flow(root, 'r1');
  forget(root);
  set(root, { parts: false });
  await built(root, ['-q']);
  assert.ok(flow(root, 'r1').equals(changed));
});

test('a task that knows no parts is given all of a run in one table, with its relations', async () => {
  const root = simulatedProject({ r1: RUNS.r1 }, SMALL);
  const module = `
    import { openH5, relationOf, createH5, compound } from 'tg/h5';
    export default {
      version: '1',
      async run(context) {
        const file = await openH5(context.input('charge/hits'));
        const hits = file.table('/charge/hits');
        const runs = relationOf(file, 'charge/raw_events', 'charge/hits');
        const ids = hits.column('id');
        if (ids.some((id, row) => id !== row)) throw new Error('ids are no row numbers');
        const rows = runs.stop.reduce((sum, stop, i) => sum + stop - runs.start[i], 0);
        if (rows !== hits.rows) throw new Error('hits in no event');
        const q = hits.column('q').reduce((a, b) => a + b, 0);
        const output = createH5(context.output('my/sum'));
        output.table('my/sum', compound([['hits', 'u4'], ['events', 'u4'], ['q', 'f8']])).appendColumns({
          hits: [hits.rows], events: [runs.parent.length], q: [q],
        });
        output.close();
        file.close();
      },
    };`;
  writeFileSync(join(root, 'sum.mjs'), module);
  const procedures = [{ name: 'my/sum', type: './sum.mjs', inputs: ['charge/hits'] }];
  writeFileSync(join(root, 'mine.yaml'), JSON.stringify(procedures));
  set(root, { libraries: ['tg:charge', 'mine.yaml'] });
  await built(root, ['-q']);
  const whole = flow(root, 'r1');
  set(root, { parts: true });
  forget(root);
  const told = await buildTold(root, ['my/sum']);
  assert.ok(told.ran.includes('charge/hits@r1'), 'the parts are joined');
  assert.ok(
    !told.ran.includes('charge/packets_corr_ts@r1'),
    'of what nobody wants whole they are not',
  );
  await built(root, ['-q']);
  assert.ok(flow(root, 'r1').equals(whole));
});

test('only the runs that are named are in parts', async () => {
  const root = simulatedProject(RUNS, SMALL);
  set(root, { parts: ['r2'] });
  const told = await buildTold(root);
  assert.ok(told.ran.includes('charge/hits@r1'));
  assert.ok(told.ran.includes('charge/hits@r2,part=1'));
  assert.ok(!told.ran.includes('charge/hits@r2'));
  const mixed = Object.keys(RUNS).map((name) => flow(root, name));
  assert.deepEqual(await flows(root, { parts: false }), mixed);
});

test('parts stand and fall alone, and a table of which some are missing or stale is in no flow file', async () => {
  const root = simulatedProject({ r1: RUNS.r1 }, SMALL);
  set(root, { parts: true });
  await built(root, ['-q']);
  const whole = flow(root, 'r1');
  const file = await openH5(join(root, 'build', 'r1.h5'));
  const first = file.table('/charge/hits').read(0, 1);
  file.close();
  const of = (name: string): number => Number(first.column(name)[0]);
  const key = pixelKey({
    ioGroup: of('iogroup'),
    ioChannel: of('iochannel'),
    chipId: of('chipid'),
    channelId: of('channelid'),
  });
  const pedestals = join(root, 'cal/ped.json');
  const good = readFileSync(pedestals, 'utf8');
  const table = JSON.parse(good) as Record<string, Settings>;
  table[key] = { pedestal_mv: 'n/a' };
  writeFileSync(pedestals, JSON.stringify(table));
  const told = await buildTold(root, ['--keep-going'], 1);
  assert.ok(told.failed.includes('charge/hits@r1,part=0'));
  const parts = Object.keys(made(root)).filter((name) => /raw_events.r1,part=/.test(name)).length;
  assert.ok(told.failed.length < parts, 'a part that has no such hit is made');
  assert.ok(flow(root, 'r1').equals(whole), 'the flow file stays as it was');
  table[key] = { pedestal_mv: 601.5 };
  writeFileSync(pedestals, JSON.stringify(table));
  await built(root, ['charge/ext_trigs', '-q']);
  const left = await openH5(join(root, 'build', 'r1.h5'));
  const there = ['packets', 'ext_trigs', 'hits'].map((name) => left.has(`/charge/${name}`));
  left.close();
  assert.deepEqual(
    there,
    [true, true, false],
    'of hits some parts are stale, so they are left out',
  );
  writeFileSync(pedestals, good);
  await built(root, ['-q']);
  assert.ok(flow(root, 'r1').equals(whole));
});
