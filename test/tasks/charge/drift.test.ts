/** t0 and drift: against the pairs version of module0_flow (2923af0 on h5flow d2864e8), and what holds without it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TaskError, type Json } from 'tg';
import { compound, createH5, openH5, relationOf, type H5File } from 'tg/h5';
import driftReconstruction from '../../../tasks/charge/drift-reconstruction.ts';
import { DRIFT_ROW, anodesOf, driftHits, driftVelocity } from '../../../tasks/charge/drift.ts';
import { parseLayout } from '../../../tasks/charge/layout.ts';
import { layoutText } from '../../../tasks/charge/simulated-anode.ts';
import {
  addEarliest,
  addHits,
  addLight,
  noHits,
  T0_ROW,
  t0Rows,
} from '../../../tasks/charge/t0.ts';
import { caseOf, paramsOf } from './cases.ts';
import { inFolder, runChain, runTask } from './chain.ts';
import { fixture, withoutFixtures } from './fixtures.ts';
import { attributesOf, perEvent, rowsOf } from './flow-file.ts';

type Row = Record<string, number>;

/** Whole numbers equal, others to 1e-6 of their value, z to 1e-4 mm (pairs keeps the anode's in four bytes). */
function assertSame(ours: Row, theirs: Row, names: readonly string[], where: string): void {
  for (const name of names) {
    const [a, b] = [ours[name]!, theirs[name]!];
    const room = name === 'z' ? 1e-4 : 1e-6 * Math.abs(b);
    const same = Number.isInteger(b) ? a === b : Math.abs(a - b) <= room;
    assert.ok(same, `${where}: ${name} is ${a}, not ${b}`);
  }
}

/** What a hit is, whatever its place in the event. */
const KEYS = ['ts_raw', 'iogroup', 'iochannel', 'chipid', 'channelid', 'q'] as const;

const byPacket = (a: Row, b: Row): number => {
  for (const key of KEYS) if (a[key] !== b[key]) return a[key]! - b[key]!;
  return 0;
};

/** Hits of each event with their drift, sorted. The drift comes through its reference from the hit. */
function driftOf(holder: (table: string) => H5File): Map<number, Row[]> {
  const hits = rowsOf(holder('charge/hits'), 'charge/hits');
  const drift = rowsOf(holder('combined/hit_drift'), 'combined/hit_drift');
  const ofHit = relationOf(holder('combined/hit_drift'), 'charge/hits', 'combined/hit_drift');
  const joined = hits.map((hit) => ({ ...hit }));
  for (const [hit, rows] of perEvent(ofHit, drift)) {
    assert.equal(rows.length, 1, `hit ${hit} has one drift`);
    const { t_drift, d_drift, z } = rows[0]!;
    Object.assign(joined[hit]!, { t_drift, d_drift, z });
  }
  const runs = relationOf(holder('charge/events'), 'charge/events', 'charge/hits');
  const events = perEvent(runs, joined as Row[]);
  for (const rows of events.values()) rows.sort(byPacket);
  return events;
}

/** Events that pairs has: where it stops early (a batch without events), fewer. */
const CASES = {
  cosmic10k: 46,
  cosmic10k_b2048: 46,
  rollover_notrig: 34,
  quiet_gap_b300: 5,
  one_second: 4,
};

for (const [name, events] of Object.entries(CASES)) {
  test(`${name}: t0 and drift of each hit are those of upstream`, { skip: withoutFixtures }, () =>
    inFolder(async (folder) => {
      const params = paramsOf(caseOf(name), 'upstream');
      const chain = await runChain(
        folder,
        fixture(name, 'packets.h5'),
        params,
        'combined/hit_drift',
      );
      const upstream = await openH5(fixture(name, 'pairs.h5'));
      const files = new Map<string, H5File>();
      for (const path of Object.values(chain.files))
        if (!files.has(path)) files.set(path, await openH5(path));
      const holder = (table: string): H5File => files.get(chain.files[table]!)!;

      const theirs = rowsOf(upstream, 'combined/t0');
      const ours = rowsOf(holder('combined/t0'), 'combined/t0');
      assert.equal(theirs.length, events);
      assert.equal(ours.length, rowsOf(holder('charge/events'), 'charge/events').length);
      theirs.forEach((row, i) => {
        assertSame(ours[i]!, row, ['id', 'ts', 'ts_err', 'type'], `event ${i}`);
      });
      for (const [file, rows] of [
        [holder('combined/t0'), ours.length],
        [upstream, events],
      ] as const) {
        const { parent, start } = relationOf(file, 'charge/events', 'combined/t0');
        assert.deepEqual([...parent], [...Array(rows).keys()]);
        assert.deepEqual([...start], [...Array(rows).keys()]);
      }

      const want = driftOf(() => upstream);
      const got = driftOf(holder);
      let hits = 0;
      for (const [event, rows] of want) {
        assert.equal(got.get(event)!.length, rows.length);
        rows.forEach((row, i) => {
          const where = `hit ${i} of event ${event}`;
          const names = ['ts_raw', 'iogroup', 'iochannel', 'chipid', 'channelid', 'q'];
          assertSame(got.get(event)![i]!, row, [...names, 't_drift', 'd_drift', 'z'], where);
        });
        hits += rows.length;
      }
      assert.equal(hits, upstream.table('/combined/hit_drift').rows);
      for (const table of ['combined/t0', 'combined/hit_drift']) {
        const [mine, other] = [holder(table), upstream].map((file) => file.table(`/${table}`));
        assert.deepEqual(mine!.dtype, other!.dtype);
      }
      for (const file of [...files.values(), upstream]) file.close();
    }),
  );
}

test(
  'upstream wrote the attributes of the drift over those of t0; here each table has its own',
  {
    skip: withoutFixtures,
  },
  () =>
    inFolder(async (folder) => {
      const params = paramsOf(caseOf('one_second'), 'none');
      const packets = fixture('one_second', 'packets.h5');
      const chain = await runChain(folder, packets, params, 'combined/hit_drift');
      const upstream = await openH5(fixture('one_second', 'pairs.h5'));
      const slip = attributesOf(upstream, 'combined/t0');
      assert.deepEqual(attributesOf(upstream, 'combined/hit_drift'), {});
      const t0File = await openH5(chain.files['combined/t0']!);
      const driftFile = await openH5(chain.files['combined/hit_drift']!);
      const t0 = attributesOf(t0File, 'combined/t0');
      const drift = attributesOf(driftFile, 'combined/hit_drift');
      for (const name of ['source_dset', 'ext_trigs_dset', 'light_hits_dset', 'type_lookup'])
        assert.deepEqual(t0[name], slip[name], name);
      for (const name of ['classname', 'class_version', 'source_dset', 'hits_dset', 't0_dset'])
        assert.deepEqual(drift[name], slip[name], name);
      assert.equal(t0File.attributes('/combined/t0')['classname'], 'T0Reconstruction');
      assert.deepEqual(Object.keys(t0).sort(), [
        'class_version',
        'classname',
        'ext_trigs_dset',
        'light_hits_dset',
        'source_dset',
        'type_lookup',
      ]);
      assert.deepEqual(
        { ...driftFile.attributes('/combined/hit_drift') },
        {
          classname: 'DriftReconstruction',
          class_version: '0.0.0',
          source_dset: 'charge/events',
          hits_dset: 'charge/hits',
          t0_dset: 'combined/t0',
          e_field: 0.5,
          temperature: 87.17,
          v_drift: driftVelocity(0.5, 87.17),
          geometry_file: 'multi_tile_layout-2.2.16.yaml',
        },
      );
      for (const file of [upstream, t0File, driftFile]) file.close();
    }),
);

test('the drift velocity is that of upstream at 0.5 kV/cm and 87.17 K, and grows with the field', () => {
  assert.ok(Math.abs(driftVelocity(0.5, 87.17) / 1.5964524821542871 - 1) < 1e-14);
  assert.equal(driftVelocity(0, 87.17), 0);
  for (let e = 0.05; e < 1; e += 0.05)
    assert.ok(driftVelocity(e, 87.17) < driftVelocity(e + 0.05, 87.17));
  assert.ok(driftVelocity(0.5, 87.17) > driftVelocity(0.5, 89), 'colder is faster');
});

test('t0 is two ticks before the first trigger, else the start of the event, else unknown', () => {
  const earliest = new Float64Array(4).fill(NaN);
  addEarliest(earliest, 1, Float64Array.of(70, 50, 60, 1), 0, 3);
  addEarliest(earliest, 2, Float64Array.of(0), 0, 1);
  const rows = new DataView(t0Rows(earliest, Float64Array.of(9, 8, 7, NaN)).buffer);
  const row = (i: number): number[] => [
    rows.getUint32(i * T0_ROW, true),
    rows.getFloat64(i * T0_ROW + 4, true),
    rows.getFloat64(i * T0_ROW + 12, true),
    rows.getUint8(i * T0_ROW + 20),
  ];
  assert.deepEqual([0, 1, 2, 3].map(row), [
    [0, 9, 0, 0],
    [1, 48, 1 / Math.sqrt(12), 1],
    [2, -2, 1 / Math.sqrt(12), 1],
    [3, NaN, 0, 0],
  ]);
});

test('the largest light hit tells t0, whatever its trigger says; of equal ones the first', () => {
  const hits = {
    ns: Float64Array.of(1000, 2000, 3000, 4000, 5000),
    busy_ns: Float64Array.of(10, 20, 30, 40, 50),
    rising_spline: Float32Array.of(1, 2, 3, 4, 5),
    rising_err_spline: Float32Array.of(8, 4, 2, 1, 0.5),
    sum_spline: Float32Array.of(7, NaN, 9, 9, -5),
  };
  const light = noHits(4);
  addHits(light, 0, hits, 0, 2);
  addHits(light, 1, hits, 2, 4);
  addHits(light, 3, hits, 4, 5);
  const events = noHits(4);
  // The second light event is of two charge events; the third has no hit, the last one is below 0, a fifth is not known.
  for (const [event, of] of [
    [0, 0],
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 3],
    [3, 4],
  ] as const)
    addLight(events, event, light, of);
  const ts = Float64Array.of(1, 2, 3, 4);
  const rows = new DataView(t0Rows(Float64Array.of(50, NaN, 60, 70), ts, events).buffer);
  const row = (i: number): number[] => [
    rows.getFloat64(i * T0_ROW + 4, true),
    rows.getFloat64(i * T0_ROW + 12, true),
    rows.getUint8(i * T0_ROW + 20),
  ];
  assert.deepEqual([0, 1, 2, 3].map(row), [
    [3033 * 0.01, 2 * 0.01, 2],
    [3033 * 0.01, 2 * 0.01, 2],
    [58, 1 / Math.sqrt(12), 1],
    [5055 * 0.01, 0.5 * 0.01, 2],
  ]);
});

test('hits drift away from their anode, those before t0 behind it', () => {
  const layout = parseLayout(layoutText({ tiles: 2, chips: 2 }));
  const anodes = anodesOf(layout, NaN);
  const placed = [...anodes.direction.keys()].filter((io) => anodes.direction[io] !== 0);
  assert.ok(placed.length >= 2);
  const ios = [placed[0]!, placed.at(-1)!, 0];
  const hits = {
    ts: Float64Array.of(110, 90, 100),
    iogroup: ios.map((io) => io >> 8),
    iochannel: ios.map((io) => io & 255),
  };
  const misses = new Uint32Array(65536);
  const out = new DataView(new ArrayBuffer(3 * DRIFT_ROW));
  driftHits(hits, 0, 3, 100, 0.16, anodes, misses, 7, out);
  const f8 = (hit: number, at: number): number => out.getFloat64(hit * DRIFT_ROW + at, true);
  ios.slice(0, 2).forEach((io, hit) => {
    const t = hit === 0 ? 10 : -10;
    assert.deepEqual(
      [out.getUint32(hit * DRIFT_ROW, true), f8(hit, 4), f8(hit, 12), f8(hit, 20)],
      [7 + hit, t, t * 0.16, anodes.z[io]! + anodes.direction[io]! * t * 0.16],
    );
  });
  assert.deepEqual([f8(2, 4), f8(2, 12), f8(2, 20)], [0, 0, NaN]);
  assert.deepEqual([misses[0], misses.reduce((a, b) => a + b)], [1, 1]);
});

const HITS = compound([
  ['ts', 'f8'],
  ['iogroup', 'u1'],
  ['iochannel', 'u1'],
]);

/** Two hits of one event and its t0 in files of their own; runs the drift over them. */
async function driftOver(
  folder: string,
  params: Record<string, Json>,
  { inEvents = 2, io = [1, 1] } = {},
): Promise<{ z: number[]; notes: unknown }> {
  const input = join(folder, 'in.h5');
  const file = createH5(input);
  file
    .table('charge/hits', HITS)
    .appendColumns({ ts: [10, 20], iogroup: [io[0]!, io[0]!], iochannel: [io[1]!, io[1]!] });
  file.table('combined/t0', compound([['ts', 'f8']])).appendColumns({ ts: [0] });
  const column = (n: number): Uint32Array => Uint32Array.of(n);
  file.relation('charge/events', 'charge/hits', {
    parent: column(0),
    start: column(0),
    stop: column(inEvents),
  });
  file.close();
  const output = join(folder, 'out.h5');
  const place = { path: input, place: '' };
  const inputs = { 'charge/hits': place, 'charge/events': place, 'combined/t0': place };
  const told = await runTask(driftReconstruction, { inputs, output, params });
  const made = await openH5(output);
  const z = [...made.table('/combined/hit_drift').column('z')].map(Number);
  made.close();
  return { z, notes: told.notes };
}

test('without a layout there is no z, and it is noted', () =>
  inFolder(async (folder) => {
    const none = await driftOver(folder, {});
    assert.deepEqual(none.z, [NaN, NaN]);
    assert.deepEqual(none.notes, [
      { text: 'hits have no z, no geometry_file', n: 2, of: 2, quiet: false },
    ]);
    const upstream = await driftOver(folder, { compat: 'upstream' });
    assert.deepEqual(upstream.z, [0, 0]);
  }));

test('hits of an unknown tile, and hits in no event, fail the task with a sentence', () =>
  inFolder(async (folder) => {
    const layout = join(folder, 'layout.yaml');
    writeFileSync(layout, layoutText({ tiles: 2, chips: 2 }));
    const params = { geometry_file: layout };
    const known = await driftOver(folder, params);
    assert.ok(known.z.every(Number.isFinite));
    const refused = (message: RegExp) => (error: unknown) =>
      error instanceof TaskError && message.test(error.message) && error.try !== undefined;
    await assert.rejects(
      driftOver(folder, params, { io: [9, 5] }),
      refused(/layout\.yaml has no tile of io_group 9, io_channel 5 \(2 hits\)$/),
    );
    const upstream = await driftOver(folder, { ...params, compat: 'upstream' }, { io: [9, 5] });
    assert.deepEqual(upstream, {
      z: [0, 0],
      notes: [{ text: 'hits at z = 0, no such tile', n: 2, of: 2, quiet: false }],
    });
    await assert.rejects(
      driftOver(folder, params, { inEvents: 1 }),
      refused(/^2 hits, 1 in events$/),
    );
  }));
