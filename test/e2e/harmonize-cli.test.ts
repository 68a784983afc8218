/** `tg harmonize -c FILE`: the harmonizer's own config as it is, its words where it says them; a disk that is full. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hashTree, openH5 } from 'tg/h5';
import { folder, lines, run, untimed } from '../helpers/cli.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { casePath, simulate, withoutCases } from '../tasks/harmonize/cases.ts';

/** case1_basic with its own config. */
function place(): string {
  const cwd = folder();
  symlinkSync(casePath('case1_basic', 'merger'), join(cwd, 'merger'));
  writeFileSync(join(cwd, 'config.yml'), readFileSync(casePath('case1_basic', 'config.yml')));
  return cwd;
}

const SUMMARY = lines(`
  --------------------- AT-TPC Harmonizer ---------------------
  Total amount of data to be harmonized: 1.33 MB
  Harmonizing...
  harmonic: 4 files, 43 events from 4 runs (55..59)
    events: run_0000.h5 13, run_0001.h5 15, run_0002.h5 8, run_0003.h5 7 (at most 309 kB)
    scalers.parquet: 20 rows
    note: run 57, 60 absent
    files: out/run_0000.h5 ... out/run_0003.h5 out/scalers.parquet
  Complete.
  -------------------------------------------------------------
`);

describe('the harmonizer as it is called', { skip: withoutCases }, () => {
  test('its config, unchanged: total, summary; again all of it is fresh', async () => {
    const cwd = place();
    mkdirSync(join(cwd, 'out'));
    const said = await run(['harmonize', '--config', 'config.yml'], { cwd });
    assert.equal(said.code, 0, said.stderr);
    assert.equal(said.stdout, SUMMARY);
    assert.match(said.stderr, /^10 tasks: 10 done in/m);
    const again = await run(['harmonize', '-c', 'config.yml'], { cwd });
    assert.equal(again.stdout, SUMMARY);
    assert.equal(untimed(again.stderr), '10 tasks: 10 fresh, nothing to do (T)\n');
    assert.deepEqual(readdirSync(join(cwd, 'out')), [
      '.tg',
      'run_0000.h5',
      'run_0001.h5',
      'run_0002.h5',
      'run_0003.h5',
      'scalers.parquet',
      'scalers.parquet.tg.json',
    ]);
  });

  test('paths are those of where the config stands, or of where the user stands', async () => {
    const cwd = place();
    mkdirSync(join(cwd, 'out'));
    mkdirSync(join(cwd, 'configs'));
    writeFileSync(join(cwd, 'configs/c.yml'), readFileSync(join(cwd, 'config.yml')));
    const said = await run(['harmonize', '-c', 'configs/c.yml'], { cwd });
    assert.equal(said.code, 0, said.stderr);
    assert.ok(existsSync(join(cwd, 'out/run_0003.h5')));
    const other = folder();
    const far = await run(['harmonize', '-c', join(cwd, 'config.yml')], { cwd: other });
    assert.equal(far.code, 0, far.stderr);
    assert.match(far.stderr, /10 fresh/);
  });

  test('a template, which is never written over something', async () => {
    const cwd = folder();
    const said = await run(['harmonize', '--config', 'x.yml', 'new'], { cwd });
    assert.equal(said.stdout, 'x.yml written: set merger_path, harmonic_path, min_run, max_run\n');
    assert.equal(
      readFileSync(join(cwd, 'x.yml'), 'utf8'),
      "merger_path: ''\nharmonic_path: ''\nharmonic_size_gb: 10\nmin_run: 0\nmax_run: 0\n",
    );
    for (const words of [['new'], ['--new']]) {
      const again = await run(['harmonize', '--config', 'x.yml', ...words], { cwd });
      assert.equal(again.code, 2);
      assert.match(again.stderr, /x\.yml is there already/);
    }
    assert.match(
      (await run(['harmonize', '-c', 'x.yml'], { cwd })).stderr,
      /x\.yml:2:16: x\.yml has no harmonic_path/,
    );
  });

  test('what it is refused for: exit 2, and not a folder is made', async () => {
    const cwd = place();
    const yaml = readFileSync(join(cwd, 'config.yml'), 'utf8');
    const refused = async (text: string, message: RegExp): Promise<void> => {
      writeFileSync(join(cwd, 'c.yml'), text);
      const said = await run(['harmonize', '-c', 'c.yml'], { cwd });
      assert.equal(said.code, 2, said.stderr);
      assert.match(said.stderr, message);
      assert.equal(said.stdout, '');
    };
    await refused(yaml, /c\.yml:2:16: harmonic_path is not there: out\//);
    assert.ok(!existsSync(join(cwd, 'out')));
    mkdirSync(join(cwd, 'out'));
    await refused(yaml.replace('min_run: 55', 'min_run: 70'), /max_run 60 is below min_run 70/);
    await refused(yaml.replace('min_run: 55', ''), /harmonic needs the parameter min_run/);
    await refused(yaml.replace('55', 'first'), /c\.yml:4:10: min_run must be a whole number/);
    await refused(
      yaml.replace('"merger/"', '"elsewhere/"'),
      /c\.yml:1:14: source harmonic\/merged matches no file/,
    );
    await refused(yaml.replace('"out/"', '"merger/"'), /inputs would be overwritten/);
    await refused('- a list', /is no mapping/);
    assert.deepEqual(readdirSync(join(cwd, 'out')), []);
    for (const [words, message] of [
      [[], /harmonize needs --config FILE/],
      [['-c', 'nowhere.yml'], /no file nowhere\.yml/],
      [['old', '-c', 'c.yml'], /"old" is one word too many/],
    ] as const) {
      const said = await run(['harmonize', ...words], { cwd });
      assert.deepEqual([said.code, message.test(said.stderr)], [2, true], said.stderr);
    }
  });

  test('keys that it does not know are passed over, and told', async () => {
    const cwd = place();
    mkdirSync(join(cwd, 'out'));
    writeFileSync(
      join(cwd, 'config.yml'),
      `${readFileSync(join(cwd, 'config.yml'), 'utf8')}threads: 4\n`,
    );
    const said = await run(['harmonize', '-c', 'config.yml'], { cwd });
    assert.equal(said.code, 0);
    assert.match(said.stderr, /note: config\.yml: threads is not used here\n/);
  });

  test('a key that is misspelled is told beside what is then missing, at the config', async () => {
    const cwd = place();
    mkdirSync(join(cwd, 'out'));
    const text = readFileSync(join(cwd, 'config.yml'), 'utf8');
    writeFileSync(join(cwd, 'config.yml'), text.replace('max_run:', 'maxrun:'));
    const said = await run(['harmonize', '-c', 'config.yml'], { cwd });
    assert.equal(said.code, 2);
    assert.match(said.stderr, /^note: config\.yml: maxrun is not used here \(max_run\?\)$/m);
    assert.match(said.stderr, /^error: config\.yml:1:1: harmonic needs the parameter max_run$/m);
    assert.equal(said.stdout, '');
  });
});

const disk = smallDisk(1024);

test(
  'a disk that is full in the middle: finished files are whole, others absent, the next build goes on',
  { skip: disk === undefined ? 'needs root, to mount a small tmpfs' : false },
  async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'merged'));
    mkdirSync(join(cwd, 'ample'));
    simulate(join(cwd, 'merged'), { 1: { events: 30, columns: 517, traces: 20 } });
    const yaml = (to: string): string =>
      `libraries: [tg:harmonize]\nparameters:\n  harmonic: {merger_path: merged, harmonic_path: ${to}, harmonic_size: 200 kB, min_run: 1, max_run: 1}\n`;
    writeFileSync(join(cwd, 'tg.yaml'), yaml('ample'));
    assert.equal((await run(['build', 'harmonic'], { cwd })).code, 0);
    const ample = readdirSync(join(cwd, 'ample')).filter((name) => name.endsWith('.h5'));
    assert.ok(ample.length >= 3);
    // Room for the first file and a part of the second.
    const { bavail, bsize } = statfsSync(disk!);
    writeFileSync(join(disk!, 'filler'), Buffer.alloc(bavail * bsize - 400_000));
    writeFileSync(join(cwd, 'tg.yaml'), yaml(disk!));
    const said = await run(['build', 'harmonic', '--workers', '1'], { cwd });
    assert.equal(said.code, 1);
    assert.match(said.stderr, /no space left on the device\n\s+try: make room and build again/);
    const there = readdirSync(disk!).filter((name) => name.endsWith('.h5'));
    assert.ok(there.length > 0 && there.length < ample.length, there.join(' '));
    for (const name of there) {
      const [a, b] = [join(disk!, name), join(cwd, 'ample', name)];
      assert.deepEqual(await hashTree(a), await hashTree(b));
    }
    rmSync(join(disk!, 'filler'));
    const again = await run(['build', 'harmonic', '--json'], { cwd });
    assert.equal(again.code, 0, again.stderr);
    const done = again.stdout
      .split('\n')
      .filter((line) => line.includes('"type":"done"') && line.includes('harmonic/files@'));
    assert.equal(done.length, ample.length - there.length);
    for (const name of ample) (await openH5(join(disk!, name))).close();
  },
);

test('the example: runs made up from a seed, harmonized by tg.yaml and by config', async () => {
  const cwd = folder();
  const said = await run(['init', '--example', 'harmonize'], { cwd });
  assert.match(said.stderr, /try: tg build -C simulate, then tg build harmonic/);
  assert.equal((await run(['build', '-C', 'simulate'], { cwd })).code, 0);
  const built = await run(['build', 'harmonic'], { cwd });
  assert.equal(built.code, 0, built.stderr);
  mkdirSync(join(cwd, 'whole'));
  const whole = await run(['harmonize', '-c', 'harmonizer.yml'], { cwd });
  assert.match(whole.stdout, /harmonic: 1 file, 48 events from 4 runs/);
  const told = await run(['report', 'harmonic', 'harmonic', '--merger', 'simulate/build'], { cwd });
  assert.match(told.stdout, /conservation: every one of 48 input events once/);
});
