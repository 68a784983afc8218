/** `tg report harmonic`: what is told of files, and what the proof finds. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { run, folder } from '../../helpers/cli.ts';
import { checkConservation, isConserved } from '../../../tasks/harmonize/conservation.ts';
import { report } from '../../../tasks/harmonize/report.ts';
import { simulate } from './cases.ts';

const input = (run: number, event: number[], bytes = event.map((e) => 10 * e)) => ({
  run,
  event,
  bytes,
});
const outputOf = (...places: [run: number, event: number][]) => ({
  run: places.map(([r]) => r),
  event: places.map(([, e]) => e),
  bytes: places.map(([, e]) => 10 * e),
});

test('every event once, in order: conserved; anything else is counted by its kind', () => {
  const inputs = [input(1, [0, 1, 2]), input(3, [0, 5])];
  const whole = [outputOf([1, 0], [1, 1]), outputOf([1, 2], [3, 0], [3, 5])];
  assert.ok(isConserved(checkConservation(inputs, whole)));
  const check = (...outputs: ReturnType<typeof outputOf>[]) => {
    const found = checkConservation(inputs, outputs);
    assert.equal(isConserved(found), false);
    const { inputs: n, examples, ...kinds } = found;
    assert.equal(n, 5);
    return [Object.fromEntries(Object.entries(kinds).filter(([, k]) => k > 0)), examples];
  };
  assert.deepEqual(check(outputOf([1, 0], [1, 1], [3, 0], [3, 5])), [
    { lost: 1 },
    ['run 1 event 2 lost'],
  ]);
  assert.deepEqual(check(...whole, outputOf([3, 5])), [
    { twice: 1, unordered: 1 },
    ['run 3 event 5 twice'],
  ]);
  assert.deepEqual(check(...whole, outputOf([4, 0])), [{ strange: 1 }, ['run 4 event 0 strange']]);
  assert.deepEqual(check(outputOf([3, 0], [3, 5], [1, 0], [1, 1], [1, 2])), [{ unordered: 1 }, []]);
  const cut = { ...outputOf([1, 0], [1, 1], [1, 2], [3, 0], [3, 5]), bytes: [0, 10, 19, 0, 50] };
  assert.deepEqual(check(cut), [{ changed: 1 }, ['run 1 event 2 changed']]);
});

describe('a folder of harmonic files', async () => {
  const cwd = folder();
  mkdirSync(join(cwd, 'merged'));
  mkdirSync(join(cwd, 'out'));
  simulate(join(cwd, 'merged'), {
    1: { events: 6 },
    2: { events: 4, omit: [1] },
    5: { events: 0, frib: false },
  });
  const config = join(cwd, 'h.yml');
  writeFileSync(
    config,
    'merger_path: merged\nharmonic_path: out\nharmonic_size: 2 kB\nmin_run: 1\nmax_run: 5\n',
  );
  const said = await run(['harmonize', '-c', 'h.yml'], { cwd });
  assert.equal(said.code, 0, said.stderr);

  test('its numbers, its losses, its proof', async () => {
    const { numbers, lines, figure, csv } = await report(config);
    assert.deepEqual(
      { events: numbers['events'], runs: numbers['runs'], conserved: numbers['conserved'] },
      { events: 9, runs: [1, 2], conserved: true },
    );
    const files = numbers['files'] as { events: number; bytes: number }[];
    assert.equal(
      files.reduce((n, { events }) => n + events, 0),
      9,
    );
    assert.equal(
      numbers['bytes'],
      files.reduce((n, { bytes }) => n + bytes, 0),
    );
    const mean = numbers['bytes'] / files.length;
    const largest = Math.max(...files.map(({ bytes }) => bytes));
    assert.equal((numbers['balance'] as { bytes: number }).bytes, largest / mean);
    assert.match(
      lines.join('\n'),
      /losses: run 3, 4 absent; no events: run 5; 1 events missing \(run 2\); no scalers: run 5/,
    );
    assert.match(
      lines.at(-1)!,
      /conservation: every one of 9 input events once, in order, in its size/,
    );
    assert.deepEqual(
      figure.panels.map(({ name }) => name),
      ['sizes', 'files'],
    );
    assert.equal(csv?.rows.length, files.length);
  });

  test('the command line gives the same, of a folder with --merger, too', async () => {
    const told = await run(['report', 'harmonic', 'out', '--merger', 'merged'], { cwd });
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stdout, /^\d files, 9 events from 2 runs \(1, 2\)/);
    assert.match(told.stdout, /conservation: every one of 9/);
    const alone = await run(['report', 'harmonic', 'out'], { cwd });
    assert.match(alone.stdout, /conservation: not checked: --merger DIR/);
  });

  test('what is no harmonic file is said so; a file that is missing breaks the proof', async () => {
    await assert.rejects(report(join(cwd, 'merged/run_0001.h5')), /is no harmonic file/);
    await assert.rejects(report(join(cwd, 'merged', 'nowhere')), /no file/);
    await assert.rejects(report(cwd), /holds no harmonic files/);
    rmSync(join(cwd, 'out/run_0000.h5'));
    const { numbers, lines } = await report(config);
    assert.equal(numbers['conserved'], false);
    assert.match(lines.at(-1)!, /BROKEN: of 9 input events \d lost \(run 1 event 0 lost/);
  });
});
