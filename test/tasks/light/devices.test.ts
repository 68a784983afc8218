/** light/event_builder from ADC64 and MPD files: upstream's events with `compat: upstream`, and all of them by default. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Json } from 'tg';
import { openH5, relationOf, type H5File } from 'tg/h5';
import lightEvents from '../../../tasks/light/event-builder.ts';
import { folder } from '../../helpers/cli.ts';
import { runPython, withoutH5py } from '../../h5/peers.ts';
import { runTask } from '../charge/chain.ts';

const root = join(process.env['TG_FIXTURES'] ?? '', 'light');
const without =
  process.env['TG_FIXTURES'] === undefined
    ? 'TG_FIXTURES is not set'
    : !existsSync(root) && `${root} is not there`;

const STEM = 'rwf_20210404_004206_';
const ADC = { a: `${STEM}0a7a314c.data`, b: `${STEM}0a7b54bd.data` };
const adc64 = (name = 'adc64-small/input'): string[] => [
  join(root, name, ADC.a),
  join(root, name, ADC.b),
];
const mpd = [join(root, 'mpd-small/input/mpd_run_hvramp_rctl_105_p350.data')];

/** As the workflow files of the fixtures have it. */
const ADC64 = { sn_table: [175780172, 175854781], sync_threshold: 10000, batch_size: 8 };
const MPD = {
  n_adcs: 4,
  sn_table: ['0xcd94138', '0xcd8d648', '0x2650b3ff', '0xcd913fb'],
  batch_size: 3,
};

async function made(paths: readonly string[], params: Record<string, Json> = {}) {
  const output = join(folder(), 'light.h5');
  const inputs = { raw: paths.map((path) => ({ path, place: '' })) };
  const told = await runTask(lightEvents, { inputs, output, params });
  return { told, output, file: await openH5(output) };
}

const rawOf = (file: H5File, table: string): Buffer =>
  Buffer.from(file.dataset(`/${table}/data`).readRaw());

/** Attributes of ours that are not theirs, and the reverse; upstream keeps the path as it was given. */
const ATTRIBUTES = `
def attrs(o): return {k: (o.attrs.get_id(k).get_type(), o.attrs.get_id(k).shape, o.attrs[k].tolist() if hasattr(o.attrs[k], 'tolist') else o.attrs[k]) for k in o.attrs}
with h5py.File(sys.argv[1], 'r') as f, h5py.File(sys.argv[2], 'r') as u:
    a, b = attrs(f['light/events']), attrs(u['light/events'])
    for k in sorted(set(a) | set(b)):
        if k.startswith('input_filename'):
            assert a[k][:2] == b[k][:2], k
            base = lambda v: [x.split('/')[-1] for x in ([v] if isinstance(v, str) else v)]
            assert base(a[k][2]) == base(b[k][2]), (a[k], b[k])
        elif k not in a or k not in b: print('only', 'ours' if k in a else 'theirs', k)
        elif a[k] != b[k]: print(k, a[k], b[k])
`;

const UPSTREAM: readonly [
  string,
  string,
  readonly string[],
  Record<string, Json>,
  number,
  number,
][] = [
  ['adc64-small', 'adc64-small/expected/light_events.h5', adc64(), ADC64, 24, 26],
  ['mpd-small', 'mpd-small/expected/light_events.h5', mpd, MPD, 7, 8],
];

describe('light events from ADC64 and MPD', { skip: without }, () => {
  for (const [name, expected, paths, params, theirs, all] of UPSTREAM) {
    test(`${name}: compat: upstream makes the ${theirs} events of upstream, byte by byte`, async () => {
      const { told, output, file } = await made(paths, { ...params, compat: 'upstream' });
      const upstream = await openH5(join(root, expected));
      for (const table of ['light/events', 'light/wvfm']) {
        assert.deepEqual(file.table(table).dtype, upstream.table(table).dtype);
        assert.ok(rawOf(file, table).equals(rawOf(upstream, table)), table);
      }
      assert.deepEqual(
        relationOf(file, 'light/events', 'light/wvfm'),
        relationOf(upstream, 'light/events', 'light/wvfm'),
      );
      assert.equal(file.table('light/events').rows, theirs);
      assert.deepEqual(
        told.lost.map(({ reason }) => reason),
        ['after the end that upstream computes'],
      );
      if (withoutH5py() === false)
        assert.equal(runPython(ATTRIBUTES, output, join(root, expected)), 'only ours lost\n');
      for (const open of [file, upstream]) open.close();
    });

    test(`${name}: the default makes ${all} events, the first ${theirs} as upstream, and loses nothing`, async () => {
      const { told, file } = await made(paths, params);
      const upstream = await openH5(join(root, expected));
      assert.equal(file.table('light/events').rows, all);
      for (const table of ['light/events', 'light/wvfm']) {
        const want = rawOf(upstream, table);
        assert.ok(rawOf(file, table).subarray(0, want.length).equals(want), table);
      }
      assert.deepEqual(told.lost, []);
      assert.equal(told.counts['light events'], all);
      for (const open of [file, upstream]) open.close();
    });
  }

  test('a last record that is cut short is left out, counted and told', async () => {
    const { told, file } = await made(adc64('adc64-small/truncated'), ADC64);
    const upstream = await openH5(join(root, 'adc64-small/truncated/expected_after_trimming.h5'));
    const same = await made(adc64('adc64-small/truncated'), { ...ADC64, compat: 'upstream' });
    for (const table of ['light/events', 'light/wvfm']) {
      const want = rawOf(upstream, table);
      assert.ok(rawOf(same.file, table).equals(want), table);
      // One more by default: before the first sync pulse an event is one per ADC.
      assert.ok(rawOf(file, table).subarray(0, want.length).equals(want), table);
    }
    assert.equal(file.table('light/events').rows, 7);
    assert.deepEqual(told.lost, [{ n: 14, of: 168, reason: 'in a record cut short' }]);
    assert.deepEqual(
      told.notes.filter(({ text }) => text.includes('cut short')),
      [
        {
          n: 2539,
          of: 21579,
          text: `bytes of ${ADC.b} are a last record cut short: left out`,
          quiet: false,
        },
      ],
    );
    for (const open of [file, same.file, upstream]) open.close();
  });
});
