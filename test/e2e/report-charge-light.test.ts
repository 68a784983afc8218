/** `tg report charge-light FILE`: upstream's files in both forms, against the README's analysis and against h5py and numpy. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compound, createH5 } from 'tg/h5';
import { folder, run, withoutFixtures } from '../helpers/cli.ts';
import type { Said } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';

const FILES = join(process.env['TG_FIXTURES'] ?? '', 'light/rwf-small/expected');
const OLD = join(FILES, 'full_old_form.h5');
const NEW = join(FILES, 'full_new_form.h5');
const root = folder();

const report = (...words: string[]): Promise<Said> =>
  run(['report', 'charge-light', ...words], { cwd: root });

async function numbersOf(...words: string[]): Promise<Record<string, number>> {
  const { code, stdout, stderr } = await report(...words, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.split('\n')[0]!) as Record<string, number>;
}

test(
  'the numbers of the README are those of its own analysis, from either form',
  { skip: withoutFixtures },
  async () => {
    const known = JSON.parse(readFileSync(join(FILES, 'readme_analysis.json'), 'utf8')) as Record<
      string,
      {
        event_index: number[];
        q: number[];
        light_integral: number[];
        n_light: number[];
        pearson: number;
      }
    >;
    for (const [form, file] of [
      ['old_form', OLD],
      ['new_form', NEW],
    ] as const) {
      const numbers = await numbersOf(file, '--raw', '--csv', `${form}.csv`);
      const rows = readFileSync(join(root, `${form}.csv`), 'utf8')
        .trim()
        .split('\n')
        .slice(1);
      const column = (i: number): number[] => rows.map((row) => Number(row.split(',')[i]));
      const { event_index, q, light_integral, n_light, pearson } = known[form]!;
      assert.deepEqual(column(0), event_index);
      assert.deepEqual(column(1), q);
      assert.deepEqual(column(2), light_integral);
      assert.deepEqual(column(3), n_light);
      assert.equal(numbers['points'], 18);
      assert.ok(Math.abs(numbers['pearson']! - pearson) < 1e-12);
    }
  },
);

test('numbers first, then the map', { skip: withoutFixtures }, async () => {
  const { code, stdout, stderr } = await report(OLD, '--bins', '35x12', '--pedestal', '0:16');
  assert.equal(stderr, '');
  assert.equal(code, 0);
  const lines = stdout.split('\n');
  assert.deepEqual(lines.slice(0, 7), [
    '25 charge events, 18 with light (72.0 %); 27 triggers, 21 with light (77.8 %)',
    '17 light events, 16 with a trigger; 2 lack an ADC; 0 saturated',
    'lights per event: 0: 7   1: 18   2+: 0',
    'light - trigger: mean -0.41, RMS 3.93, range -10.0..+3.7 ticks (window 10)',
    '  unix time: mean 0.53, RMS 0.29, range +0.01..+0.97 s (window 3)',
    'r 0.815 (Pearson), 0.745 (Spearman); light/charge 1 674 +- 251 ADC/mV (median)',
    'channels 31,24,15,8,63,56,47,40 less pedestal (0:16): light integral [ADC]',
  ]);
  assert.match(stdout, /charge sum \[mV\], columns of 20 mV/);
  // A quarter of these short waveforms is what is taken without being asked.
  assert.equal((await report(OLD, '--bins', '35x12')).stdout, stdout);
});

test('the same as h5py and numpy have it', { skip: withoutFixtures || withoutH5py() }, async () => {
  const script = `
import h5py, json, numpy as np, sys
f = h5py.File(sys.argv[1])
events, trigs, light = (f[f'{n}/data'][:] for n in ('charge/events', 'charge/ext_trigs', 'light/events'))
samples = f['light/wvfm/data']['samples'].astype('f8')
valid = light['wvfm_valid'].astype(bool)
channels = [3, 5, 31, 40]
flat = samples - samples[..., 4:20].mean(axis=-1, keepdims=True)
integral = np.where(valid[:, :, channels], flat[:, :, channels].sum(axis=-1), 0).sum(axis=(1, 2))
pairs = f['charge/events/ref/light/events/ref'][:]
total = np.zeros(len(events)); np.add.at(total, pairs[:, 0], integral[pairs[:, 1]])
has = np.unique(pairs[:, 0])
q, y = events['q'][has], total[has]
rank = lambda v: np.array([((v < x).sum() + (v <= x).sum() - 1) / 2 for x in v])
tpairs = f['charge/ext_trigs/ref/light/events/ref'][:]
mean = lambda v: np.ma.masked_array(v, ~valid).mean(axis=-1).mean(axis=-1)
ts = np.array(mean(light['tai_ns'].astype('f8')) * 0.01)[tpairs[:, 1]] - trigs['ts'][tpairs[:, 0]]
ends = (samples >= 32704) | (samples <= -32768)
print(json.dumps(dict(pearson=np.corrcoef(q, y)[0, 1], spearman=np.corrcoef(rank(q), rank(y))[0, 1],
  ratio=np.median(y / q), spread=np.median(abs(y / q - np.median(y / q))),
  mean=ts.mean(), rms=ts.std(), saturated=int((ends.any(axis=-1) & valid).sum()), total=total[has].sum(),
  lacking=int((valid.any(axis=-1).sum(axis=-1) == 1).sum()), lit=len(np.unique(tpairs[:, 1])))))`;
  const python = JSON.parse(runPython(script, NEW)) as Record<string, number>;
  const options = ['--channels', '3,5,31,40', '--pedestal', '4:20', '--csv', 'points.csv'];
  const numbers = await numbersOf(NEW, ...options);
  const near = (a: number, b: number): void => {
    assert.ok(Math.abs(a - b) <= 1e-9 * Math.abs(b), `${a} and ${b}`);
  };
  for (const name of ['pearson', 'spearman', 'ratio', 'spread'])
    near(numbers[name]!, python[name]!);
  const { ts } = numbers['residual'] as unknown as { ts: { mean: number; rms: number } };
  near(ts.mean, python['mean']!);
  near(ts.rms, python['rms']!);
  assert.equal(numbers['saturated_waveforms'], python['saturated']);
  assert.equal(numbers['light_events_without_an_adc'], python['lacking']);
  assert.equal(numbers['light_events_with_trigger'], python['lit']);
  const csv = readFileSync(join(root, 'points.csv'), 'utf8').trim().split('\n').slice(1);
  near(
    csv.reduce((sum, row) => sum + Number(row.split(',')[2]), 0),
    python['total']!,
  );
});

/** A flow file of one charge event with one trigger and one light event, `unix` s apart. */
function flowFile(
  path: string,
  unix: number,
  more: { matched?: boolean; waveforms?: boolean },
): void {
  const file = createH5(path);
  const table = (name: string, fields: Parameters<typeof compound>[0], columns: object): void =>
    file.table(name, compound(fields)).appendColumns(columns as never);
  table(
    'charge/events',
    [
      ['q', 'f8'],
      ['unix_ts', 'u8'],
    ],
    { q: [7], unix_ts: [1617496926] },
  );
  table('charge/ext_trigs', [['ts', 'f8']], { ts: [50] });
  const flags = [1, 1];
  table(
    'light/events',
    [
      ['utime_ms', 'u8', [1, 2]],
      ['tai_ns', 'u8', [1, 2]],
      ['wvfm_valid', 'u1', [1, 2]],
    ],
    {
      utime_ms: flags.map(() => 1000 * (1617496926 + unix)),
      tai_ns: [5000, 5000],
      wvfm_valid: flags,
    },
  );
  if (more.waveforms !== false)
    table('light/wvfm', [['samples', 'i2', [1, 2, 8]]], {
      samples: [1, 1, 1, 1, 32704, 1, 1, 1, 0, 0, 0, 0, -32768, 32767, 0, 0],
    });
  const one = { parent: Uint32Array.of(0), start: Uint32Array.of(0), stop: Uint32Array.of(1) };
  const none = { parent: new Uint32Array(), start: new Uint32Array(), stop: new Uint32Array() };
  file.references('charge/events', 'charge/ext_trigs', 1, one);
  for (const parent of ['charge/events', 'charge/ext_trigs'])
    file.references(parent, 'light/events', 1, more.matched === false ? none : one);
  file.close();
}

test('what cannot be said is told in a sentence', async () => {
  flowFile(join(root, 'apart.h5'), 3600, { matched: false });
  const apart = await report('apart.h5');
  assert.equal(apart.code, 1);
  assert.match(
    apart.stderr,
    /^error: apart\.h5: no light event of a trigger: light 01:42:06-01:42:06, charge 00:42:06-00:42:06 \(UTC\)\n/,
  );
  flowFile(join(root, 'dropped.h5'), 0, { waveforms: false });
  const dropped = await report('dropped.h5');
  assert.equal(dropped.code, 1);
  assert.match(dropped.stderr, /dropped\.h5 has no light\/wvfm\n {2}try: build it without drop/);
  flowFile(join(root, 'one.h5'), 0, {});
  const one = await report('one.h5', '--channels', '0,1', '--raw');
  assert.equal(one.code, 0, one.stderr);
  assert.match(one.stdout, /0 lack an ADC; 2 saturated\n/);
  assert.match(one.stdout, /1 point: no correlation of so few\n/);
  for (const [flag, value, message] of [
    ['--channels', '2', /--channels must be channels from 0 to 1, not "2"/],
    ['--pedestal', '0:9', /--pedestal must be samples A:B of 0:8, not "0:9"/],
    ['--bins', '0x4', /--bins must be columns and rows, not "0x4"/],
  ] as const) {
    const { code, stderr } = await report('one.h5', flag, value);
    assert.equal(code, 2, flag);
    assert.match(stderr, message);
  }
  const other = await run(['report', 'charge', 'one.h5', '--raw'], { cwd: root });
  assert.equal(other.code, 2);
  assert.match(other.stderr, /report charge has no --raw/);
});
