/** light/event_builder from rwf: upstream's events with `compat: upstream`, the true ones by default. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createH5, compound, openH5, relationOf, type H5File } from 'tg/h5';
import lightEvents from '../../../tasks/light/event-builder.ts';
import type { LightEvent, Waveform } from '../../../tasks/light/light-event.ts';
import { upstreamEvents } from '../../../tasks/light/upstream-events.ts';
import { waveformEvents } from '../../../tasks/light/waveform-events.ts';
import { folder } from '../../helpers/cli.ts';
import { runTask } from '../charge/chain.ts';

const root = join(process.env['TG_FIXTURES'] ?? '', 'light');
const without =
  process.env['TG_FIXTURES'] === undefined
    ? 'TG_FIXTURES is not set'
    : !existsSync(root) && `${root} is not there`;

const RAW = 'rwf_20210404_004206.data.rwf.h5';

async function made(path: string, params: Record<string, string | number | boolean | null> = {}) {
  const output = join(folder(), 'light.h5');
  const inputs = { raw: { path, place: '' } };
  const told = await runTask(lightEvents, { inputs, output, params });
  return { told, file: await openH5(output) };
}

/** A column of arrays as one list per row. */
function perRow(file: H5File, table: string, field: string): number[][] {
  const rows = file.table(table);
  const column = rows.column(field);
  const width = column.length / Math.max(1, rows.rows);
  return Array.from({ length: rows.rows }, (_, row) =>
    Array.from(column.subarray(row * width, (row + 1) * width), Number),
  );
}

const FIELDS = ['id', 'event', 'sn', 'ch', 'utime_ms', 'tai_ns', 'wvfm_valid'];

/** An event of truth.json: which ADCs saw it, and when. */
interface Truth {
  t_ns: number;
  pps_ns: number;
  present: [number, number];
}

describe('light events from rwf', { skip: without }, () => {
  for (const [name, rows, lost] of [
    ['rwf-small', 17, 22],
    ['rwf-misorder', 14, NaN],
  ] as const)
    test(`${name}: compat: upstream makes the ${rows} events of upstream, waveform by waveform`, async () => {
      const { told, file } = await made(join(root, name, 'input', RAW), { compat: 'upstream' });
      const theirs = await openH5(join(root, name, 'expected', 'light_events.h5'));
      for (const field of FIELDS)
        assert.deepEqual(
          perRow(file, '/light/events', field),
          perRow(theirs, '/light/events', field),
          field,
        );
      const samples = (of: H5File) => Buffer.from(of.dataset('/light/wvfm/data').readRaw());
      assert.ok(samples(file).equals(samples(theirs)), 'samples');
      assert.deepEqual(
        relationOf(file, 'light/events', 'light/wvfm'),
        relationOf(theirs, 'light/events', 'light/wvfm'),
      );
      const attributes = file.typedAttributes('/light/events');
      const expected = theirs.typedAttributes('/light/events');
      for (const key of Object.keys(expected)) {
        // Upstream keeps the path as it was given, tg the name of the file.
        if (key === 'input_filename') assert.equal(file.attributes('/light/events')[key], RAW);
        else if (key !== 'chunk_size') assert.deepEqual(attributes[key], expected[key], key);
      }
      assert.deepEqual(
        Object.keys(attributes).filter((key) => !(key in expected)),
        ['lost'],
      );
      assert.equal(file.table('/light/events').rows, rows);
      if (lost > 0) assert.deepEqual(told.lost, [{ n: lost, of: 372, reason: 'open at the end' }]);
      for (const open of [file, theirs]) open.close();
    });

  for (const [name, rows] of [
    ['rwf-small', 18],
    ['rwf-misorder', 12],
  ] as const)
    test(`${name}: the default makes the ${rows} true events and loses nothing`, async () => {
      const { told, file } = await made(join(root, name, 'input', RAW));
      const truth = JSON.parse(readFileSync(join(root, name, 'input', 'truth.json'), 'utf8')) as {
        events: Truth[];
      };
      assert.equal(truth.events.length, rows);
      const valid = perRow(file, '/light/events', 'wvfm_valid');
      const tai = perRow(file, '/light/events', 'tai_ns');
      const seen = valid.map((slots, i) => {
        const adcs = [0, 1].map((adc) => Number(slots.slice(64 * adc, 64 * (adc + 1)).includes(1)));
        const slot = slots.indexOf(1);
        return { present: adcs, tai: tai[i]![slot]! };
      });
      assert.deepEqual(
        seen.map(({ present }) => present),
        truth.events.map(({ present }) => present),
      );
      for (const [i, { pps_ns: pps }] of truth.events.entries()) {
        const d = Math.abs(seen[i]!.tai - pps) % 1e9;
        assert.ok(Math.min(d, 1e9 - d) < 1000, `event ${i}: ${seen[i]!.tai}, ${pps}`);
      }
      const raw = await openH5(join(root, name, 'input', RAW));
      const placed = valid.flat().reduce((n, one) => n + one, 0);
      assert.equal(placed, raw.table('/rwf').rows);
      assert.deepEqual(told.lost, []);
      // The first bin holds what lies below the range: it is no sample.
      const samples = perRow(file, '/light/wvfm', 'samples')[0]!.slice(0, 64);
      const bins = perRow(raw, '/rwf', 'th1s')[0]!;
      assert.deepEqual(
        samples,
        bins.slice(1, 65).map((bin) => -bin || 0),
      );
      for (const open of [file, raw]) open.close();
    });

  test('what is no rwf, too few samples, and serial numbers that collide are told', async () => {
    const path = join(root, 'rwf-small', 'input', RAW);
    const told = (params: Parameters<typeof made>[1], from = path) =>
      made(from, params).then(
        () => '',
        (error: unknown) => {
          const { message, try: fix = '' } = error as Error & { try?: string };
          return `${message} -> ${fix}`;
        },
      );
    assert.equal(
      await told({ n_samples: 66 }),
      'n_samples is 66, the waveforms have 64 -> n_samples: 64',
    );
    assert.equal(
      await told({ n_adcs: 1 }),
      'ADCs 175780172 and 175854781 are both number 0 (of 1) -> sn_table: [175780172, 175854781]',
    );
    const other = join(root, 'rwf-small', 'expected', 'light_events.h5');
    assert.match(
      await told({}, other),
      /has no \/rwf; it has \/light, \/run_info -> rows of event, sn/,
    );
  });
});

test('an ADC that is not in sn_table is named', async () => {
  const path = join(folder(), 'rwf.h5');
  const file = createH5(path);
  const type = compound([
    ['event', 'u4'],
    ['sn', 'u4'],
    ['ch', 'u4'],
    ['utime_ms', 'u8'],
    ['tai_ns', 'u8'],
    ['th1s', 'i2', [6]],
  ]);
  const rows = file.stream('rwf', type, []);
  const columns = { sn: [7, 9], utime_ms: [1, 1], tai_ns: [5, 6], th1s: new Int16Array(12) };
  rows.appendColumns({ ...columns, event: [0, 0], ch: [1, 1] });
  file.close();
  const output = join(folder(), 'light.h5');
  const params = { sn_table: [7, 8] };
  const work = { inputs: { raw: { path, place: '' } }, output, params };
  await assert.rejects(
    Promise.resolve(runTask(lightEvents, work)),
    /^TaskError: ADC 9 is not in sn_table \(7, 8\)$/,
  );
});

const SHAPE = { adcs: 2, channels: 3, samples: 1 };
const WINDOWS = { utimeMs: 10, taiNs: 100 };

function build(make: typeof waveformEvents, waveforms: readonly Waveform[]) {
  const events: LightEvent[] = [];
  const builder = make(
    SHAPE,
    WINDOWS,
    (sn) => sn % 2,
    (event) => events.push(event),
  );
  for (const waveform of waveforms) builder.add(waveform);
  builder.end();
  return { events, lost: builder.lost };
}

const waveform = fc.record({
  sn: fc.integer({ min: 0, max: 1 }),
  ch: fc.integer({ min: 0, max: 2 }),
  utimeMs: fc.integer({ min: 0, max: 200 }),
  taiNs: fc.integer({ min: 0, max: 999 }).map((ns) => (ns * 1e6) % 1e9),
});

test('every waveform stands in one event or is counted as lost, whatever comes', () => {
  for (const make of [waveformEvents, upstreamEvents])
    fc.assert(
      fc.property(fc.array(waveform, { maxLength: 60 }), (list) => {
        const given = list.map((w, i) => ({ ...w, samples: Int16Array.of(i + 1) }));
        const { events, lost } = build(make, given);
        const placed = events.flatMap(({ samples }) => [...samples].filter((s) => s > 0));
        assert.equal(new Set(placed).size, placed.length);
        assert.equal(placed.length + lost, given.length);
        if (make === waveformEvents) assert.equal(lost, 0);
      }),
    );
});

test('an event over a PPS is one, and an ADC that is missing shifts nothing', () => {
  const at = (sn: number, utimeMs: number, taiNs: number): Waveform => ({
    sn,
    ch: 0,
    utimeMs,
    taiNs,
    samples: Int16Array.of(1),
  });
  const list = [
    at(0, 1000, 1e9 - 40),
    at(1, 1000, 20),
    at(0, 1100, 1e8),
    at(0, 1200, 2e8),
    at(1, 1200, 2e8),
    at(1, 1300, 3e8),
  ];
  const { events } = build(waveformEvents, list);
  const seen = events.map(({ valid }) => [valid[0], valid[3]]);
  assert.deepEqual(seen, [
    [1, 1],
    [1, 0],
    [1, 1],
    [0, 1],
  ]);
});
