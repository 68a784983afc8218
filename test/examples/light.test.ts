/** examples/light: its files are what the simulator makes, and it builds as its first line promises; a longer run finds the simulator's own pairs. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder, run, untimed } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { makeChargeExample } from './make-charge.ts';
import { makeLightExample } from './make-light.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/light', import.meta.url));
const GENERATED = ['raw', 'truth'].flatMap((name) =>
  readdirSync(join(EXAMPLE, name)).map((file) => join(name, file)),
);

test('every generated file is remade byte by byte', () => {
  const root = folder();
  makeLightExample(root);
  assert.equal(GENERATED.length, 9);
  for (const path of GENERATED)
    assert.ok(readFileSync(join(root, path)).equals(readFileSync(join(EXAMPLE, path))), path);
});

test('the example is small', () => {
  const bytes = GENERATED.reduce((sum, path) => sum + statSync(join(EXAMPLE, path)).size, 0);
  assert.ok(bytes < 1_500_000, `${bytes} bytes`);
});

test('init copies it with the runs it goes with, and it builds', async () => {
  const root = folder();
  const init = await run(['init', '--example', 'light'], { cwd: root });
  assert.equal(init.stderr, '  try: cd light && tg build charge/light_assoc\n');
  const cwd = join(root, 'light');
  const built = await run(['build', 'charge/light_assoc', '--workers', '2'], { cwd });
  assert.equal(built.code, 0, built.stderr);
  assert.match(
    untimed(built.stderr),
    /^charge\/light_assoc: 3 runs, 15 events with light, 23 triggers with light$/m,
  );
  const told = await run(['report', 'charge-light', 'build/r41.h5'], { cwd });
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /^13 charge events, 12 with light/);
  // No trigger reached the charge readout in r42.
  const none = await run(['report', 'charge-light', 'build/r42.h5'], { cwd });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^error: /);
});

/** Half a minute, 25 cosmic rays a second, 29 of them over a PPS. */
const LONG = {
  seed: 77,
  seconds: 30,
  events_per_s: 25,
  rollover_events: 29,
  unix_start: 1_617_510_000,
};

/**
 * The charge of a flash arrives within 2000 ticks: an event is of the flashes up to so long before its first hit, and of those until its last. What each flash
 * gave is told by the simulator alone.
 */
const TRUTH = `
import csv
f = h5py.File(sys.argv[1]); start = int(sys.argv[3])
flashes = [{k: int(v) for k, v in row.items()} for row in csv.DictReader(open(sys.argv[2]))]
events, light = f['charge/events/data'][:], f['light/events/data']
def seen(parent, i):
    at = f[parent + '/ref/light/events']
    return set(light[at['ref'][i]]['event'].tolist()) if at['ref_valid'][i] else set()
def of(ev):
    length = int(ev['ts_end'] - ev['ts_start']) % 10**7
    return {x['event']: x for x in flashes if x['hits'] and abs(start + x['ticks'] // 10**7 - int(ev['unix_ts'])) <= 1
            and (int(ev['ts_start']) + length + 20 - x['ticks']) % 10**7 <= length + 2120}
n = dict(events=len(events), alone=0, triggered=0, both=0, found=0, pairs=0, true=0, trigger_pairs=0, true_triggers=0)
has_trigger = f['charge/events/ref/charge/ext_trigs/ref_valid'][:]
for i, ev in enumerate(events):
    true, got = of(ev), seen('charge/events', i)
    n['pairs'] += len(got); n['true'] += len(got & set(true))
    if len(true) != 1: continue
    flash = next(iter(true.values()))
    n['alone'] += 1; n['triggered'] += int(has_trigger[i])
    if has_trigger[i] and (flash['adc0'] or flash['adc1']):
        n['both'] += 1; n['found'] += got == set(true)
by = {x['event']: x for x in flashes}
for i, trigger in enumerate(f['charge/ext_trigs/data'][:]):
    for event in seen('charge/ext_trigs', i):
        n['trigger_pairs'] += 1; n['true_triggers'] += abs(by[event]['ticks'] % 10**7 + 2 - trigger['ts']) < 3
print(json.dumps({k: int(v) for k, v in n.items()}))
`;

/** The session of module0_flow's README from light events of a charge event to the light integral, in our words but with all its ways to reach into the file. */
const SESSION = `
import numpy.ma as ma
f = h5py.File(sys.argv[1], 'r')
q = f['charge/events/data']['q']
assert f['charge/events/data'].shape == f['charge/events/ref/light/events/ref'].shape
f['charge/events/ref/light/events/ref'][26]
valid = f['charge/events/ref/light/events/ref_valid'].astype(bool)
first = int(np.argmax(valid[:]))
q = q[valid[:]]
ref = f['charge/events/ref/light/events/ref']
light = f[ref[first]]
assert light == f['light/events/data'] and len(light[ref[first]]) >= 1
events = [light[r] for r, v in zip(ref, valid) if v]
assert len(events) == len(q)
wvfm = f['light/wvfm/data']
chosen = np.zeros((1,) + light.dtype.fields['wvfm_valid'][0].shape + (1,), dtype=bool)
chosen[:, :, [31, 24, 15, 8, 63, 56, 47, 40]] = True
integral = np.zeros(len(q))
for i, event in enumerate(events):
    samples = wvfm[event['id']]['samples']
    keep = np.broadcast_to(chosen & np.expand_dims(event['wvfm_valid'].astype(bool), -1), samples.shape)
    integral[i] = ma.masked_where(~keep, samples, copy=False).sum()
print(json.dumps(dict(q=q.tolist(), integral=integral.tolist(), many=max(map(len, events)))))
`;

describe('a longer run', { skip: withoutH5py() }, () => {
  const root = folder();
  const flow = join(root, 'light/build/long.h5');
  before(async () => {
    makeChargeExample(join(root, 'charge'), { long: LONG });
    makeLightExample(join(root, 'light'), { long: LONG });
    cpSync(join(EXAMPLE, 'tg.yaml'), join(root, 'light/tg.yaml'));
    const built = await run(['build', 'charge/light_assoc'], { cwd: join(root, 'light') });
    assert.equal(built.code, 0, built.stderr);
  });

  test("efficiency and purity against the simulator's own pairs", () => {
    const truth = join(root, 'light/truth/long.csv');
    const said = runPython(TRUTH, flow, truth, String(LONG.unix_start));
    const n = JSON.parse(said) as Record<string, number>;
    assert.ok(n['events']! > 200 && n['both']! > 150, said);
    // All events of one flash that have a trigger and whose light an ADC recorded find that flash, and nothing else.
    assert.equal(n['found'], n['both'], said);
    assert.equal(n['true'], n['pairs'], said);
    assert.equal(n['true_triggers'], n['trigger_pairs'], said);
    // Each of two triggers comes with 0.9 x 0.8, the light with 0.95; both to four standard deviations.
    const near = (part: number, of: number, expected: number): void => {
      const sigma = Math.sqrt((expected * (1 - expected)) / of);
      assert.ok(Math.abs(part / of - expected) < 4 * sigma, `${part} of ${of}, ${expected}`);
    };
    near(n['triggered']!, n['alone']!, 1 - 0.28 ** 2);
    near(n['both']!, n['triggered']!, 0.95);
  });

  test("the README's session gives light integrals, the report the same ones", async () => {
    const said = JSON.parse(runPython(SESSION, flow)) as Record<'q' | 'integral', number[]> & {
      many: number;
    };
    assert.ok(said.q.length > 200 && said.many > 1, `${said.q.length} events`);
    const csv = join(root, 'points.csv');
    const told = await run(['report', 'charge-light', flow, '--raw', '--csv', csv], { cwd: root });
    assert.equal(told.code, 0, told.stderr);
    const [head, ...lines] = readFileSync(csv, 'utf8').trim().split('\n');
    const rows = lines.map((line) => line.split(',').map(Number));
    const column = (name: RegExp): number[] => {
      const at = head!.split(',').findIndex((one) => name.test(one));
      assert.ok(at >= 0, head);
      return rows.map((row) => row[at]!);
    };
    assert.deepEqual(column(/^charge/), said.q);
    assert.deepEqual(column(/^light_integral/), said.integral);
  });
});
