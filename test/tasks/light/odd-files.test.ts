/** ADC64 and MPD files that are not as they should be: survived and counted, or refused in one sentence. Files are written by the test. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Json } from 'tg';
import { openH5, type H5File } from 'tg/h5';
import lightEvents from '../../../tasks/light/event-builder.ts';
import { folder } from '../../helpers/cli.ts';
import { runTask } from '../charge/chain.ts';
import { adc64, block, device, emptyDevice, JSON_BLOCK, mpdEvent } from './device-writer.ts';
import { RUN_START, RUN_STOP, type DeviceOf } from './device-writer.ts';

const [A, B] = [0xa7a314c, 0xa7b54bd];
const UNIX = 1_617_489_726_000;

async function build(files: Record<string, Buffer>, params: Record<string, Json> = {}) {
  const cwd = folder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(cwd, name), bytes);
  const output = join(cwd, 'light.h5');
  const raw = Object.keys(files).map((name) => ({ path: join(cwd, name), place: '' }));
  try {
    const told = await runTask(lightEvents, { inputs: { raw }, output, params });
    return { told, file: await openH5(output) };
  } catch (error) {
    assert.ok(!existsSync(output), 'nothing half-written');
    throw error;
  }
}

/** What a build is refused with: message -> what to do. */
const refused = (files: Record<string, Buffer>, params: Record<string, Json> = {}) =>
  build(files, params).then(
    () => assert.fail('it was built'),
    (error: unknown) => {
      const { name, message, try: fix = '' } = error as Error & { try?: string };
      assert.equal(name, 'TaskError');
      return `${message} -> ${fix}`;
    },
  );

const ramp = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);

/** A record of one ADC; `ms` after the beginning of the run. */
const record = (serial: number, event: number, ms: number, more: Partial<DeviceOf> = {}): Buffer =>
  adc64(event, UNIX + ms, {
    serial,
    s: 1000,
    ticks: ms * 1000,
    channels: [{ ch: 3, samples: ramp(8, event) }],
    ...more,
  });

const concat = (...list: Buffer[]): Buffer => Buffer.concat(list);
const valid = (file: H5File): number =>
  (file.table('light/events').column('wvfm_valid') as Uint8Array).reduce((n, one) => n + one, 0);

test('waveforms of another length, of channels that do not exist and of channels twice are left out and counted', async () => {
  const a = concat(
    record(A, 1, 10),
    record(A, 2, 20, {
      channels: [
        { ch: 3, samples: ramp(8, 50) },
        { ch: 4, samples: ramp(10) },
        { ch: 77, samples: ramp(8) },
        { ch: 3, samples: ramp(8, 90) },
      ],
    }),
    record(A, 3, 30, { channels: [{ ch: 3, samples: ramp(10) }] }),
  );
  const { told, file } = await build({ 'a7a314c.data': a });
  assert.deepEqual(told.lost, [
    { n: 2, of: 6, reason: 'of another number of samples' },
    { n: 1, of: 6, reason: 'of a channel beyond n_channels' },
    { n: 1, of: 6, reason: 'of a channel twice in one event' },
  ]);
  assert.equal(file.table('light/events').rows, 2);
  const samples = file.table('light/wvfm').column('samples');
  const at = (row: number, adc: number, ch: number): number => ((row * 2 + adc) * 64 + ch) * 8;
  assert.deepEqual([...samples.slice(at(1, 0, 3), at(1, 0, 4))], ramp(8, 50));
  assert.equal(
    file.attributes('/light/events')['lost'],
    '{"of another number of samples":2,"of a channel beyond n_channels":1,"of a channel twice in one event":1}',
  );
  file.close();
});

test('an ADC without a file, or with an empty one, is missing in all events, and that is told', async () => {
  const a = concat(record(A, 1, 10), record(A, 2, 20));
  for (const files of [
    { 'x_0a7a314c.data': a },
    { 'x_0a7a314c.data': a, 'x_0a7b54bd.data': Buffer.alloc(0) },
  ]) {
    const { told, file } = await build(files, { sn_table: [A, B] });
    const texts = told.notes.map(({ text, n, of }) => `${n ?? ''} ${of ?? ''} ${text}`);
    const missing = `  ADC ${B} (a7b54bd) of sn_table has no records: missing in all events`;
    assert.ok(texts.includes(missing), texts.join('\n'));
    if ('x_0a7b54bd.data' in files)
      assert.ok(texts.includes('  x_0a7b54bd.data has no record'), texts.join('\n'));
    assert.ok(texts.includes('2 2 light events lack an ADC'));
    assert.equal(file.table('light/events').rows, 2);
    file.close();
  }
});

test('a record of one ADC alone, one in all, is an event', async () => {
  const { file } = await build({ 'a7a314c.data': record(A, 7, 10) });
  assert.deepEqual([...file.table('light/events').column('event')], [7]);
  file.close();
});

test('a lost sync pulse costs one second; after the next one the ADCs go together again', async () => {
  // A sync pulse every second, an event 0.3 s behind it; B has lost the pulse of second 2.
  const second = (serial: number, k: number, hasPulse: boolean): Buffer => {
    const at = (ms: number, channels: DeviceOf['channels']): Buffer =>
      adc64(k, UNIX + 1000 * k + ms, { serial, s: 500 + k, ticks: ms * 1e6, channels });
    const pulse = at(0, [{ ch: 32, samples: [0, 0, 9000, 0, 0, 0, 0, 0] }]);
    const event = at(300, [{ ch: 3, samples: ramp(8, k) }]);
    return hasPulse ? concat(pulse, event) : event;
  };
  const seconds = ramp(6);
  const a = concat(...seconds.map((k) => second(A, k, true)));
  const b = concat(...seconds.map((k) => second(B, k, k !== 2)));
  const params = { clock_timestamp_factor: 1 };
  const { file } = await build({ 'a7a314c.data': a, 'a7b54bd.data': b }, params);
  const { rows } = file.table('light/events');
  const flags = file.table('light/events').column('wvfm_valid') as Uint8Array;
  const both = ramp(rows).filter((row) =>
    [0, 1].every((adc) =>
      flags.subarray((2 * row + adc) * 64, (2 * row + adc + 1) * 64).includes(1),
    ),
  );
  // 5 pulses and 5 events are whole; pulse and event of second 2 are in pieces.
  assert.ok(both.length >= 10, `${both.length} of ${rows}`);
  assert.equal(valid(file), 23);
  file.close();
});

test('files that do not belong together are refused with both names', async () => {
  const a = concat(record(A, 1, 10), record(A, 2, 20));
  const b = concat(record(B, 1, 10), record(B, 2, 20));
  const later = concat(record(B, 1, 3_600_000), record(B, 2, 3_600_500));
  assert.equal(
    await refused({ 'r1_0a7a314c.data': a, 'r2_0a7b54bd.data': later }),
    'r1_0a7a314c.data (2021-04-03 22:42:06 to 2021-04-03 22:42:06) and r2_0a7b54bd.data (2021-04-03 23:42:06 to 2021-04-03 23:42:06) are not of one run: no time in common -> the files of one run',
  );
  assert.equal(
    await refused({ 'a.data': a, 'b.data': a }),
    `a.data and b.data are both of ADC ${A} (a7a314c) -> one file per ADC and run`,
  );
  assert.equal(
    await refused({ 'a.data': a, 'b.data': b }, { sn_table: [A] }),
    `b.data is of ADC ${B} (a7b54bd), sn_table has ADC ${A} (a7a314c) -> sn_table: [${A}, ${B}]`,
  );
  assert.equal(
    await refused({ 'x_0a7b54bd.data': a, 'x_0a7a314c.data': b }),
    `x_0a7b54bd.data is called after ADC ${B} (a7b54bd), its records are of ADC ${A} (a7a314c) -> the file under its right name`,
  );
  assert.equal(
    await refused({ 'a.data': a, 'b.data': b }, { n_adcs: 1 }),
    `n_adcs is 1, there are 2: ADC ${A} (a7a314c), ADC ${B} (a7b54bd) -> n_adcs: 2`,
  );
  const event = mpdEvent(1, UNIX, [device({ serial: 5, s: 1, ticks: 1, channels: [] })]);
  assert.equal(
    await refused({ 'a.data': a, 'm.data': event }),
    'a.data is ADC64, m.data MPD: the files of one run have one format -> one of them',
  );
  assert.equal(
    await refused({ 'm.data': event, 'n.data': event }),
    'm.data and n.data are both MPD: one file holds all ADCs of a run -> a source with one file a run',
  );
});

test('what is no light data is refused', async () => {
  assert.equal(await refused({ 'e.data': Buffer.alloc(0) }), 'e.data is empty -> another file');
  assert.equal(
    await refused({ 'n.data': Buffer.from('no light at all, only words') }),
    'n.data is no HDF5, ADC64 or MPD file: no record in its first 27 bytes -> format: adc64 or mpd, if it is one all the same',
  );
  assert.equal(
    await refused({ 'n.data': Buffer.alloc(500) }, { format: 'adc64' }),
    'no ADC64 record in n.data -> another file',
  );
  assert.match(
    await refused({ 'r.root': Buffer.from('root\0\0\0\0 and what follows in such a file') }),
    /^r\.root is a ROOT file -> python3 \S+rwf_to_hdf5\.py r\.root r\.root\.h5$/,
  );
});

test('MPD: empty devices, JSON of odd length, ADCs beside the table and files without an end', async () => {
  const at = (serial: number, k: number, length = 8): Buffer =>
    device({ serial, s: 1_700_000_000, ticks: k, channels: [{ ch: 1, samples: ramp(length, k) }] });
  const begin = concat(block(0x236e7552, Buffer.alloc(4)), block(0x78646e49, Buffer.alloc(0)));
  const run = concat(
    block(RUN_START, begin),
    mpdEvent(1, UNIX, [emptyDevice(7), at(9, 1)]),
    block(JSON_BLOCK, Buffer.from('{"odd": 1}}')),
    mpdEvent(2, UNIX, [at(7, 2), at(9, 2)]),
    mpdEvent(3, UNIX, [at(11, 3), at(9, 3, 6)]),
    mpdEvent(4, UNIX, [emptyDevice(7), emptyDevice(9)]),
  );
  for (const file of [run, concat(run, block(RUN_STOP, begin))]) {
    const { told, file: made } = await build({ 'm.data': file }, { sn_table: [7, 9] });
    assert.deepEqual(told.lost, [
      { n: 1, of: 5, reason: 'of another number of samples' },
      { n: 1, of: 5, reason: 'of an ADC that is not in sn_table' },
    ]);
    const texts = told.notes.map(({ text, n, of }) => `${n ?? ''} ${of ?? ''} ${text}`);
    assert.deepEqual(texts, [
      '1 2 light events lack an ADC',
      '3  devices are empty',
      '  not in sn_table: ADC 11 (b)',
    ]);
    assert.deepEqual([...made.table('light/events').column('event')], [1, 2]);
    const samples = made.table('light/wvfm').column('samples');
    const row = (k: number, adc: number): number[] => {
      const from = ((k * 2 + adc) * 64 + 1) * 8;
      return [...samples.slice(from, from + 8)].map(Number);
    };
    assert.deepEqual([row(0, 0), row(0, 1)], [ramp(8).map(() => 0), ramp(8, 1)]);
    assert.deepEqual([row(1, 0), row(1, 1)], [ramp(8, 2), ramp(8, 2)]);
    made.close();
  }
  assert.equal(
    await refused({ 'm.data': run }, { sn_table: [1, 2] }),
    'm.data is of ADC 9 (9), ADC 7 (7), ADC 11 (b); sn_table has ADC 1 (1), ADC 2 (2) -> sn_table: [9, 7, 11]',
  );
});

test('events from start_position to end_position, and times per ADC where they are asked for', async () => {
  const a = concat(...ramp(6).map((k) => record(A, k, 10 * (k + 1))));
  const params = { start_position: 2, end_position: 5, times: 'adc' };
  const { told, file } = await build({ 'a7a314c.data': a }, params);
  const events = file.table('light/events');
  assert.deepEqual([...events.column('event')], [2, 3, 4]);
  assert.deepEqual(
    [...events.column('utime_ms')],
    [30, 0, 40, 0, 50, 0].map((ms) => ms && UNIX + ms),
  );
  assert.deepEqual(told.lost, []);
  const { start_position: from, end_position: to } = file.attributes('/light/events');
  assert.deepEqual([from, to], [2, 5]);
  file.close();
});
