/** Light of simulated files: upstream's workflow gives upstream's events, waveforms and truth; the light chain goes on from there. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { ZodType } from 'zod';
import { mapSamples, simulatedTai } from '../../tasks/light/channel-map.ts';
import mcEvents from '../../tasks/light/mc-events.ts';
import { folder, run } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';

const FILES = fileURLToPath(new URL('../../../test/fixtures/light-mc/', import.meta.url));
const PARAMS = JSON.parse(readFileSync(join(FILES, 'params.json'), 'utf8')) as Record<
  string,
  Record<string, unknown>
>;

const WORKFLOW = (name: string, more: object = {}): string => `flow:
  source: light_event_generator_mc
  stages: []
resources:
  - {classname: RunData, params: {path: run_info, defaults: {crs_ticks: 0.1, lrs_ticks: 0.01}}}
light_event_generator_mc:
  classname: LightEventGeneratorMC
  dset_name: light/events
  params: ${JSON.stringify({ wvfm_dset_name: 'light/wvfm', mc_truth_dset_name: 'mc_truth/light', ...PARAMS[name], ...more })}
`;

/** A folder with a simulated file and its workflow. */
function place(name: string, more: object = {}): string {
  const root = folder({ 'mc.yaml': WORKFLOW(name, more) });
  cpSync(join(FILES, `${name}.h5`), join(root, 'sim.h5'));
  return root;
}

const tg = async (root: string, words: string, code = 0): Promise<string> => {
  const said = await run(words.split(' '), { cwd: root });
  assert.equal(said.code, code, said.stderr);
  return said.stderr;
};

const BUILD = 'build -c mc.yaml -i sim.h5 -o out.h5 --refs pairs';

/** What differs of each table: type, shape, members with the number of rows; and of the attributes of light/events. */
const DIFFERENCES = `
from_row, to_row = (int(x) for x in sys.argv[3:5])
out = {}
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    for t in ('light/events', 'light/wvfm', 'mc_truth/light'):
        a, b = f[t + '/data'], u[t + '/data']
        assert a.dtype == b.dtype and a.maxshape == b.maxshape, (t, a.dtype, b.dtype, a.maxshape, b.maxshape)
        x, y = a[:], b[:] if t[0] == 'm' else b[from_row:to_row]
        assert x.shape == y.shape and len(y), (t, x.shape, y.shape)
        for n in x.dtype.names:
            d = x[n] != y[n]
            if n == 'id': d = x[n] != np.arange(len(x))
            if d.any(): out[t + '.' + n] = int(d.sum())
    assert (f['light/events/ref/light/wvfm/ref'][:] == np.arange(to_row - from_row)[:, None]).all()
    p, q = dict(f['light/events'].attrs), dict(u['light/events'].attrs)
    assert set(p) - set(q) == {'lost'} and set(q) <= set(p), (set(p) ^ set(q))
    odd = [k for k in q if not np.array_equal(p[k], q[k])]
    if odd: out['@'] = sorted(odd)
print(json.dumps(out))`;

const differences = (root: string, name: string, from: number, to: number): unknown =>
  JSON.parse(
    runPython(
      DIFFERENCES,
      join(root, 'out.h5'),
      join(FILES, `${name}.expected.h5`),
      String(from),
      String(to),
    ),
  );

const TRIGGERS = { module0: 35, '2x2': 7 } as const;

describe('on the synthetic files', { skip: withoutH5py() }, () => {
  for (const name of ['module0', '2x2'] as const) {
    test(`${name}: compat: upstream gives all rows and attributes of upstream`, async () => {
      const root = place(name);
      const told = await tg(root, `${BUILD} --set light/events.compat=upstream`);
      assert.match(told, /1 stage as light\/events\n/);
      assert.match(
        told,
        new RegExp(`light/events: ${TRIGGERS[name]} light events, \\d+ tracks\\n`),
      );
      const odd = differences(root, name, 0, TRIGGERS[name]);
      assert.deepEqual(odd, { '@': ['input_filename'] });
    });

    test(`${name}: by default a busy signal is a waveform, and the truth of no detector is 0`, async () => {
      const root = place(name);
      await tg(root, BUILD);
      const { channel_map: map, busy_channel: busy } = PARAMS[name] as {
        channel_map: number[][];
        busy_channel?: number[];
      };
      const free = (busy ?? []).filter((channel, adc) => map[adc]![channel] === -1).length;
      const odd = differences(root, name, 0, TRIGGERS[name]) as Record<string, number>;
      assert.equal(odd['light/events.wvfm_valid'] ?? 0, free * TRIGGERS[name]);
      assert.deepEqual(
        Object.keys(odd).filter((key) => !/wvfm_valid|^mc_truth|^@/.test(key)),
        [],
      );
      const empty = runPython(
        `
m = np.array(json.loads(sys.argv[3])) < 0
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    a, b = f['mc_truth/light/data'][:], u['mc_truth/light/data'][:]
print(bool((a[:, ~m] == b[:, ~m]).all()), all(not a[n][:, m].any() for n in a.dtype.names), int(m.sum()) > 0)`,
        join(root, 'out.h5'),
        join(FILES, `${name}.expected.h5`),
        JSON.stringify(map),
      );
      assert.equal(empty.trim(), 'True True True');
    });
  }

  test('-s and -e count triggers; an event keeps the number of its trigger', async () => {
    const root = place('module0');
    await tg(root, `${BUILD} -s 5 -e 20 --set light/events.compat=upstream`);
    const odd = differences(root, 'module0', 5, 20);
    assert.deepEqual(odd, { '@': ['end_position', 'input_filename', 'start_position'] });
  });

  // Of ADC 0: in ADC 1 the busy signal lies over a waveform.
  test('the light chain goes on: the busy signal is found where it was put', async () => {
    const root = folder({
      'tg.yaml': JSON.stringify({
        libraries: ['tg:light-mc', 'tg:light-templates'],
        sources: { packets: 'raw/{run}.h5' },
        parameters: {
          'light/events': PARAMS['module0'],
          'light/fwvfm': { filter_channels: [1, 2, 4, 5], filter_samples: [0, 10], sample_unit: 4 },
          'light/templates': {
            noise_strategy: 'slice',
            noise_slice: [0, 10],
            pps_channel: 0,
            pps_threshold: 1e6,
            signal_amplitude: [1000, 30000],
          },
          'light/deconv': {
            filter_channels: [1, 2, 4, 5],
            noise_spectrum_filename: 'build/templates/r/noise_power.npz',
            signal_spectrum_filename: 'build/templates/r/signal_power.npz',
            signal_impulse_filename: 'build/templates/r/signal_impulse.npz',
          },
          'light/deconv/alignment': { busy_channel: { 0: 0, 1: 3 } },
        },
      }),
    });
    mkdirSync(join(root, 'raw'));
    cpSync(join(FILES, 'module0.h5'), join(root, 'raw/r.h5'));
    await tg(root, 'build light/deconv/alignment');
    const told = runPython(
      `
with h5py.File(sys.argv[1]) as f: a = f['light/deconv/alignment/data'][:]; t = f['light/events/data']['tai_ns'][:, 0, 0]
print(len(a), bool((a['ns'] == t).all()), bool((np.abs(a['sample_idx'][:, 0] - 122) < .01).all()))`,
      join(root, 'build/r.h5'),
    );
    assert.equal(told.trim(), '35 True True');
  });

  test('simulated events of the 2x2 are aligned by the latency of the simulation', async () => {
    const project = (parameters: object = {}): string => {
      const root = folder({
        'tg.yaml': JSON.stringify({
          libraries: ['tg:light-2x2-mc'],
          sources: { packets: 'raw/{run}.h5' },
          parameters: {
            'light/events': parameters,
            'light/fwvfm': { filter_channels: [1], filter_samples: [0, 4], modulo_param: 2 },
          },
        }),
      });
      mkdirSync(join(root, 'raw'));
      cpSync(join(FILES, '2x2.h5'), join(root, 'raw/r.h5'));
      return root;
    };
    assert.match(
      await tg(project(), 'build light/events', 2),
      /light\/events needs the parameter channel_map/,
    );
    const root = project(PARAMS['2x2']);
    await tg(root, 'build light/fwvfm');
    const told = runPython(
      `
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as u:
    same = all((f[t + '/data'][:] == u[t + '/data'][:]).all() for t in ('light/events', 'light/wvfm'))
    print(same, len(f['light/fwvfm/data']))`,
      join(root, 'build/r.h5'),
      join(FILES, '2x2.expected.h5'),
    );
    assert.equal(told.trim(), 'True 7');
    const said = await run(['list', 'light/deconv/alignment', '--params'], { cwd: root });
    assert.match(said.stdout, /is_mc *true/);
  });

  test('what does not fit is told with names', async () => {
    for (const [name, more, message] of [
      [
        'module0',
        {
          channel_map: [[0, 9]],
          n_adcs: 1,
          n_channels: 2,
          adc_sn: [1],
          busy_channel: [0],
          disabled_channels: [],
        },
        /channel_map names detector 9, sim\.h5 has 9 of them\n/,
      ],
      ['module0', { n_channels: 64 }, /n_channels is 64, channel_map has 6\n/],
      ['module0', { adc_sn: [1] }, /adc_sn has 1 entries for 2 ADCs\n/],
      [
        'module0',
        { busy_channel: [0, 6] },
        /busy_channel names channel 6 of ADC 1, there are 2 ADCs of 6 channels\n/,
      ],
      ['module0', { disabled_channels: [[2, 0]] }, /disabled_channels names channel 0 of ADC 2/],
      [
        '2x2',
        { n_modules: 3, channel_map: [[0, 1, 2, 3]], n_adcs: 1, adc_sn: [1] },
        /trigger 3 has detectors 9 to 11, n_modules and n_sipms_per_module make 9\n/,
      ],
    ] as const)
      assert.match(await tg(place(name, more), BUILD, 1), message);
    // Files that are not whole.
    const change = (root: string, code: string): void =>
      void runPython(
        `
with h5py.File(sys.argv[1], 'r+') as f: ${code}`,
        join(root, 'sim.h5'),
      );
    for (const [code, message] of [
      [
        `del f['light_trig']`,
        /no dataset \/light_trig; it has \/light_dat, \/light_wvfm, \/packets\n/,
      ],
      [
        `f['light_trig'].resize(34, axis=0)`,
        /\/light_wvfm has 35 rows, \/light_trig 34: they go together row by row\n/,
      ],
      [
        `d = f['light_dat']['t0_det']; del f['light_dat']; f['light_dat'] = d`,
        /\/light_dat has no n_photons_det, t0_det\n/,
      ],
    ] as const) {
      const root = place('module0');
      change(root, code);
      assert.match(await tg(root, BUILD, 1), message);
    }
    // A change of the light beside the packets would be hidden.
    const root = folder({
      'tg.yaml': JSON.stringify({
        libraries: ['tg:light-mc'],
        sources: { packets: 'raw/{run}.h5::/packets' },
        parameters: { 'light/events': PARAMS['module0'] },
      }),
    });
    mkdirSync(join(root, 'raw'));
    cpSync(join(FILES, 'module0.h5'), join(root, 'raw/r.h5'));
    assert.match(
      await tg(root, 'build light/events', 1),
      /of the source packets only \/packets counts, not the light beside it\n/,
    );
    writeFileSync(
      join(root, 'tg.yaml'),
      readFileSync(join(root, 'tg.yaml'), 'utf8').replace('::/packets', ''),
    );
    await tg(root, 'build light/events');
  });
});

test('samples are turned in sign and end where 16 bits do; fractions go towards 0', () => {
  const map = { adcs: 1, channels: 3, detectors: Int32Array.of(4, -1, 3) };
  const rules = {
    map,
    samples: 3,
    first: 3,
    busy: { slots: [1], delay: 1, height: 1e6 },
    disabled: [],
  };
  const out = new Int16Array(9).fill(7);
  mapSamples(Float64Array.of(-1.9, 1.9, NaN, 40000, -40000, 0), 0, 2, rules, out);
  assert.deepEqual([...out], [-32768, 32767, 0, 0, 32767, 32767, 1, -1, 0]);
  mapSamples(Int16Array.of(0, 0, 0, -32768, 32767, 5), 3, 1, { ...rules, disabled: [1] }, out);
  assert.deepEqual([...out], [0, 0, 0, 0, 0, 0, 32767, -32767, -5]);
});

test('the time since the PPS is that of whole ticks and of what is left of the time in seconds', () => {
  assert.equal(simulatedTai(5, 0, 0.1), 500);
  assert.equal(
    simulatedTai(9999999, 1.5, 0.1),
    Math.trunc((9999999 * 0.1 + ((1.5 * 1e6) % 0.1)) / 1e-3),
  );
});

test('all parameters of tg:light-mc are written out', () => {
  const url = new URL('../../../procedures/light-mc.yaml', import.meta.url);
  const { procedures } = parse(readFileSync(url, 'utf8')) as {
    procedures: { parameters: { channel_map: unknown } }[];
  };
  const { parameters } = procedures[0]!;
  const parsed = (values: object): unknown => (mcEvents.params as ZodType).parse(values);
  assert.deepEqual(parsed(parameters), parameters);
  const own = { disabled_channels: [], channel_map: parameters.channel_map };
  assert.deepEqual(parsed(own), { ...parameters, disabled_channels: [] });
  assert.throws(() => parsed({ channel_map: [[-2]] }), /channel_map/);
  assert.throws(() => parsed({}), /channel_map/);
});
