/** A merged run looked through: formats, events, payload, scalers, and what is amiss. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createH5, dtype } from 'tg/h5';
import { partition } from '../../../tasks/harmonize/partition.ts';
import { runFileName, runOfFileName } from '../../../tasks/harmonize/merger-formats.ts';
import { scanRun, type RunScan } from '../../../tasks/harmonize/run-scan.ts';
import { runsIn } from '../../../tasks/harmonize/harmonize.ts';
import { CASES, casePath, expected, scratch, simulate, withoutCases } from './cases.ts';

const folder = scratch();
const events = (scan: RunScan): number[] => [...(scan.events.events()['event'] as number[])];
const kinds = (scan: RunScan): Record<string, number> =>
  Object.fromEntries(scan.findings.map(({ kind, n }) => [kind, n]));

/** A made-up run, scanned. */
function scanned(settings: Parameters<typeof simulate>[1][number]): RunScan {
  simulate(folder, { 7: settings });
  return scanRun(join(folder, 'run_0007.h5'), 7);
}

describe('the fixtures', { skip: withoutCases }, () => {
  for (const name of CASES)
    test(`${name}: events and sizes make the partition of the payload rule`, () => {
      const told = expected(name);
      const runs = runsIn(casePath(name, 'merger'), told.min_run, told.max_run);
      const scans = runs.map(({ run, path }) => scanRun(path, run));
      const files = partition(
        scans.map((scan) => ({
          run: String(scan.run),
          bytes: scan.events.events()['bytes'] as number[],
        })),
        told.harmonic_size_bytes,
      );
      const numbers = new Map(scans.map((scan) => [String(scan.run), events(scan)]));
      const lists = files.map(({ stretches }) =>
        stretches.flatMap(({ run, first, events: n }) =>
          Array.from({ length: n }, (_, i) => [Number(run), numbers.get(run)![first + i]!]),
        ),
      );
      assert.deepEqual(lists, told.partitions['tolerant_payload']);
      const rows = scans.reduce((n, { scalers }) => n + scalers.length / 12, 0);
      assert.equal(rows, told.n_scaler_rows);
    });

  test('case2_edges: what the reference skipped is found, and no more', () => {
    const told = expected('case2_edges');
    const runs = runsIn(casePath('case2_edges', 'merger'), told.min_run, told.max_run);
    const found = Object.fromEntries(runs.map(({ run, path }) => [run, kinds(scanRun(path, run))]));
    assert.deepEqual(found, {
      3: {},
      4: { 'no-scalers': 1 },
      5: { 'empty-run': 1, 'no-scalers': 1 },
      7: { 'missing-events': 2 },
      8: { 'late-frib': 3 },
      9: {},
      10: {},
    });
    const [seven] = scanRun(casePath('case2_edges', 'merger/run_0007.h5'), 7).findings;
    assert.deepEqual(seven?.events, [2, 5]);
  });
});

test('every format gives the same events', () => {
  const formats = ['0.1.0', '1.0', '2.0'] as const;
  for (const format of formats) {
    const scan = scanned({ format, events: 9 });
    assert.equal(scan.format, format);
    assert.deepEqual(events(scan), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(kinds(scan), {});
    assert.equal(scan.scalers.length, 4 * 12);
    const headers = scan.events.events();
    assert.deepEqual((headers['get_id'] as number[])[8], 9);
    assert.deepEqual((headers['frib_id'] as number[])[8], 9);
    assert.ok((headers['timestamp'] as BigUint64Array)[0]! >= 1_000_000n);
  }
});

test('2.0 has pads, silicon and digitizers, each where it is there', () => {
  const scan = scanned({ format: '2.0', events: 2 });
  const { kind } = scan.events.pieces() as { kind: number[] };
  // pads, four of silicon, 1903, 977, and 1906 of the first event
  assert.deepEqual(kind, [1, 2, 3, 4, 5, 6, 7, 10, 1, 2, 3, 4, 5, 6, 7]);
});

test('the synchronizer: the FRIB id is called event, the last scaler is one before the one it names', () => {
  const scan = scanned({ synchronizer: true, events: 3 });
  assert.equal(scan.version, 'synchronizer:0.1.0');
  assert.deepEqual(kinds(scan), {});
  assert.deepEqual(scan.events.events()['frib_id'], [1, 2, 3]);
});

test('a merger that died: all events up to the last with GET data', () => {
  const scan = scanned({ unfinished: true, events: 6, fribMore: 2 });
  assert.deepEqual(events(scan), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(kinds(scan), { unfinished: 1, 'late-frib': 2 });
});

test('one GET event and more FRIB events are no merger that died', () => {
  const scan = scanned({ events: 1, fribMore: 3 });
  assert.deepEqual(events(scan), [0]);
  assert.deepEqual(kinds(scan), { 'late-frib': 3 });
});

test('missing events, partial FRIB groups, events without FRIB data', () => {
  for (const format of ['0.1.0', '1.0'] as const) {
    const scan = scanned({ format, events: 8, omit: [2, 3, 7], partial: [4], fribMore: -2 });
    assert.deepEqual(events(scan), [0, 1, 4, 5, 6]);
    assert.deepEqual(kinds(scan), { 'missing-events': 3, 'partial-frib': 1 });
    assert.deepEqual(scan.events.events()['has'], [3, 3, 3, 3, 1]);
  }
});

test('a range without end is told, not walked', () => {
  simulate(folder, { 8: { events: 3 } });
  const path = join(folder, 'endless.h5');
  const out = createH5(path);
  out.group('events/event_0');
  const u8 = (value: bigint) => ({ dtype: dtype('u8'), shape: [], values: [value] });
  out.group('events', {
    min_event: u8(0n),
    max_event: u8(2n ** 50n),
    version: 'libattpc_merger:1.0',
  });
  out.close();
  const { findings } = scanRun(path, 1);
  const missing = findings.find(({ kind }) => kind === 'missing-events')!;
  assert.deepEqual([missing.n, missing.events.length], [2 ** 50, 20]);
});

test('what is no merged run, or of a version that is not known, says so', () => {
  const make = (name: string, fill: (out: ReturnType<typeof createH5>) => void): string => {
    const path = join(folder, name);
    const out = createH5(path);
    fill(out);
    out.close();
    return path;
  };
  const other = make('other.h5', (out) => out.group('charge'));
  assert.throws(() => scanRun(other, 1), /is no merged run: it has neither meta nor events/);
  const later = make('later.h5', (out) => out.group('events', { version: 'libattpc_merger:3.0' }));
  assert.throws(() => scanRun(later, 1), /is of version libattpc_merger:3.0, which is not known/);
  const again = make('again.h5', (out) => out.group('events', { version: 'harmonizer:0.1.0' }));
  assert.throws(() => scanRun(again, 1), /is a harmonic run already/);
  const turned = make('turned.h5', (out) =>
    out.group('events', { version: 'libattpc_merger:1.0', min_event: 5, max_event: 2 }),
  );
  assert.throws(() => scanRun(turned, 1), /min_event 5 is above max_event 2/);
  const list = make('list.h5', (out) =>
    out.group('events', { version: 'libattpc_merger:1.0', min_event: [0, 1], max_event: 2 }),
  );
  assert.throws(() => scanRun(list, 1), /attribute min_event is not one whole number/);
  const floats = make('floats.h5', (out) => {
    out.group('events', { version: 'libattpc_merger:1.0', min_event: 0, max_event: 0 });
    out.dataset('events/event_0/get_traces', 'f4', [1, 2], Float32Array.of(1, 2));
  });
  assert.throws(() => scanRun(floats, 1), /get_traces holds float of shape \[1, 2\]/);
  writeFileSync(join(folder, 'text.h5'), 'not a run');
  assert.throws(() => scanRun(join(folder, 'text.h5'), 1), /not HDF5/);
});

test('file names are those of the merger', () => {
  assert.deepEqual([1, 12345, -1].map(runFileName), ['run_0001.h5', 'run_12345.h5', 'run_00-1.h5']);
  for (const run of [0, 1, 55, 9999, 12345, -1, -12])
    assert.equal(runOfFileName(runFileName(run)), run);
  for (const name of ['run_1.h5', 'run_00001.h5', 'run_0001.yml', 'x_run_0001.h5', 'run_.h5'])
    assert.equal(runOfFileName(name), undefined, name);
});
