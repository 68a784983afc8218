/** What a range of runs is refused for, and what is told of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingText, summaryOf } from '../../../tasks/harmonize/findings.ts';
import { limitOf, params } from '../../../tasks/harmonize/harmonize.ts';
import { checkFormats } from '../../../tasks/harmonize/plan.ts';
import { gapsOf, gapText, rangesText } from '../../../tasks/harmonize/ranges.ts';
import { checkMixture, parseRunTable } from '../../../tasks/harmonize/run-table.ts';
import { sizeText } from '../../../tasks/harmonize/size-text.ts';

test('formats of one layout share files; 2.0 and older ones do not', () => {
  assert.equal(
    checkFormats([
      { run: 1, format: '0.1.0' },
      { run: 2, format: '1.0' },
    ]),
    '1.0',
  );
  assert.equal(checkFormats([{ run: 1, format: '2.0' }]), '2.0');
  assert.equal(checkFormats([]), '1.0');
  const mixed = [58, 59, 60, 61].map((run) => ({
    run,
    format: run < 61 ? ('1.0' as const) : ('2.0' as const),
  }));
  assert.throws(
    () => checkFormats(mixed),
    (error: Error & { try: string; code: string }) => {
      assert.match(error.message, /runs 58..60 are format 1.0 or older, run 61 is format 2.0/);
      assert.deepEqual(
        [error.code, error.try],
        ['mixed-formats', 'max_run: 60, then min_run: 61 on its own'],
      );
      return true;
    },
  );
});

test('gaps of a range, however long', () => {
  assert.deepEqual(gapsOf([55, 56, 58], 55, 60), [
    [57, 57],
    [59, 60],
  ]);
  assert.deepEqual(gapsOf([], 0, 2 ** 31), [[0, 2 ** 31]]);
  assert.deepEqual(gapsOf([1, 2], 1, 2), []);
  assert.equal(
    gapText([
      [57, 57],
      [59, 60],
      [62, 99],
    ]),
    'run 57, 59, 60, 62..99 absent',
  );
  assert.equal(rangesText([3, 1, 2, 7, 9, 10]), '1..3, 7, 9, 10');
});

test('findings of all runs, a line each kind', () => {
  const two = { kind: 'missing-events' as const, n: 2, events: [2, 5] };
  const none = { kind: 'no-scalers' as const, n: 1, events: [] };
  assert.equal(findingText(7, two), 'run 7: 2 events missing (2, 5)');
  assert.equal(findingText(7, { ...two, n: 30 }), 'run 7: 30 events missing (2, 5, ..)');
  assert.deepEqual(
    summaryOf([
      { run: 4, findings: [none] },
      { run: 5, findings: [none] },
      { run: 7, findings: [two] },
    ]),
    ['2 events missing (run 7)', 'no scalers: run 4, 5'],
  );
});

test('a run table of one gas and beam is passed, a mixture is told by run', () => {
  const csv = 'run,gas,beam,note\n55,H2,"C16",x\n56,H2,C16,\n58,D2,C16,\n';
  const table = parseRunTable(csv, 'runs.csv');
  assert.deepEqual(table[0], { run: 55, gas: 'H2', beam: 'C16' });
  checkMixture(table, [55, 56]);
  assert.throws(
    () => checkMixture(table, [55, 56, 58]),
    /run 55, 56: H2 gas, C16 beam; run 58: D2 gas/,
  );
  assert.throws(() => checkMixture(table, [55, 57]), /does not tell gas and beam of run 57/);
  assert.deepEqual(parseRunTable('# taken by hand\nrun gas beam\n7 He O\n', 'x')[0]!.run, 7);
  assert.throws(() => parseRunTable('run,gas\n1,H2\n', 'x'), /no column beam/);
  assert.throws(() => parseRunTable('run,gas,beam\none,H2,C\n', 'x'), /"one" is no run/);
});

test('sizes: upstream counts in 10^9, text brings its unit', () => {
  const given = { merger_path: 'm', harmonic_path: 'o', min_run: 0, max_run: 1 };
  const limit = (more: object): number => limitOf(params.parse({ ...given, ...more }));
  assert.equal(limit({ harmonic_size_gb: 10 }), 1e10);
  assert.equal(limit({ harmonic_size_gb: 0.5 }), 5e8);
  assert.equal(limit({ harmonic_size_gb: '500 MB' }), 5e8);
  assert.equal(limit({ harmonic_size: '500 MB' }), 5e8);
  assert.equal(limit({ harmonic_size_bytes: 300_000 }), 300_000);
  assert.equal(limit({ harmonic_size_gb: 0 }), 0);
  assert.throws(() => limit({}), /size of a harmonic file is not given/);
  assert.throws(() => limit({ harmonic_size: 'big' }), /harmonic_size is no size: big/);
  assert.throws(() => limit({ harmonic_size: '-1 GB' }), /is no size/);
  assert.throws(() => limit({ harmonic_size: 1, harmonic_size_gb: 1 }), /say the same/);
  assert.deepEqual([0, 999, 1000, 1_330_000, 1e10].map(sizeText), [
    '0 B',
    '999 B',
    '1.00 kB',
    '1.33 MB',
    '10.0 GB',
  ]);
});
