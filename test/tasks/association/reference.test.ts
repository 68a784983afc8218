/** association/charge_light against upstream's references in every fixture that has them, both forms. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openH5, relationOf, type H5File } from 'tg/h5';
import associate from '../../../tasks/association/charge-light.ts';
import { folder, fixture, withoutFixtures } from '../../helpers/cli.ts';
import { runTask } from '../charge/chain.ts';

const CASES = ['cosmic10k', 'cosmic10k_b2048', 'quiet_gap_b300', 'one_second'];
const light = (...names: string[]): string => join(fixture(), '..', 'light', ...names);

/** Events a chunk has in upstream's loop. */
const CHUNK = { regref: 256, pairs: 128 } as const;

type Pairs = [number, number][];

function pairs(file: H5File, parent: string): Pairs {
  const { parent: p, start, stop } = relationOf(file, parent, 'light/events');
  const found: Pairs = [];
  for (let i = 0; i < p.length; i++)
    for (let row = start[i]!; row < stop[i]!; row++) found.push([p[i]!, row]);
  return found;
}

async function matched(path: string, params: Record<string, string | number>) {
  const output = join(folder(), 'made.h5');
  const names = ['charge/events', 'charge/ext_trigs', 'light/events'];
  const inputs = Object.fromEntries(names.map((name) => [name, { path, place: '' }]));
  const told = await runTask(associate, { inputs, output, params });
  return { told, file: await openH5(output) };
}

describe('charge to light association', { skip: withoutFixtures }, () => {
  const files = CASES.flatMap((name) =>
    (['regref', 'pairs'] as const).map((form) => ({
      path: fixture(name, `${form}.h5`),
      form,
      name: `${name} ${form}`,
    })),
  );
  files.push(
    {
      path: light('rwf-small', 'expected', 'full_old_form.h5'),
      form: 'regref',
      name: 'rwf-small old form',
    },
    {
      path: light('rwf-small', 'expected', 'full_new_form.h5'),
      form: 'pairs',
      name: 'rwf-small new form',
    },
    {
      path: light('adc64-small', 'expected', 'charge_light_assoc.h5'),
      form: 'pairs',
      name: 'adc64-small',
    },
  );
  let known = 0;
  for (const { path, form, name } of files)
    test(`${name}: compat: upstream finds upstream's pairs, the default those and the last ones`, async () => {
      const theirs = await openH5(path);
      const { file } = await matched(path, { compat: 'upstream', chunk_size: CHUNK[form] });
      const all = (await matched(path, {})).file;
      for (const parent of ['charge/events', 'charge/ext_trigs']) {
        const expected = pairs(theirs, parent);
        assert.deepEqual(pairs(file, parent), expected, parent);
        const wider = pairs(all, parent).map(String);
        const missing = expected.filter((pair) => !wider.includes(String(pair)));
        assert.deepEqual(missing, [], 'the default has all of them');
        known += expected.length;
      }
      for (const open of [theirs, file, all]) open.close();
    });

  test('the numbers of the cases: 35 and 56 pairs of cosmic10k, two more triggers by default', async () => {
    const path = fixture('cosmic10k', 'regref.h5');
    const upstream = await matched(path, { compat: 'upstream' });
    assert.equal(pairs(upstream.file, 'charge/events').length, 35);
    assert.equal(pairs(upstream.file, 'charge/ext_trigs').length, 56);
    assert.deepEqual(upstream.told.counts, { 'events with light': 32, 'triggers with light': 51 });
    const all = await matched(path, {});
    assert.equal(pairs(all.file, 'charge/ext_trigs').length, 58);
    assert.ok(known > 400, `${known} pairs compared`);
  });

  for (const name of ['rwf-small', 'adc64-small'])
    test(`${name}: the default finds all pairs inside the windows`, async () => {
      const file = name === 'rwf-small' ? 'full_new_form.h5' : 'charge_light_assoc.h5';
      const truth = JSON.parse(
        readFileSync(light(name, 'expected', 'assoc_pairs.json'), 'utf8'),
      ) as { all_pairs_inside_windows: { event_light: Pairs; trig_light: Pairs } };
      const all = await matched(light(name, 'expected', file), {});
      const { event_light: events, trig_light: triggers } = truth.all_pairs_inside_windows;
      assert.deepEqual(pairs(all.file, 'charge/events'), events);
      assert.deepEqual(pairs(all.file, 'charge/ext_trigs'), triggers);
    });

  test('files of different hours fail with both times', async () => {
    const output = join(folder(), 'made.h5');
    const charge = { path: fixture('cosmic10k', 'regref.h5'), place: '' };
    const inputs = {
      'charge/events': charge,
      'charge/ext_trigs': charge,
      'light/events': { path: light('rwf-small', 'expected', 'light_events.h5'), place: '' },
    };
    await assert.rejects(
      Promise.resolve(runTask(associate, { inputs, output, params: {} })),
      /^TaskError: no light event within 3 s: light 20.*, charge 2021-04-04 01:33:20 to 2021-04-04 01:33:24 \(UTC\)$/,
    );
  });

  test('a run without triggers has no pairs, and no mistake', async () => {
    const output = join(folder(), 'made.h5');
    const charge = { path: fixture('rollover_notrig', 'regref.h5'), place: '' };
    const inputs = {
      'charge/events': charge,
      'charge/ext_trigs': charge,
      'light/events': { path: fixture('cosmic10k', 'regref.h5'), place: '' },
    };
    const told = await runTask(associate, { inputs, output, params: {} });
    assert.deepEqual(told.counts, { 'events with light': 0, 'triggers with light': 0 });
  });
});
