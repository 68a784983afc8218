import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openH5 } from 'tg/h5';
import {
  anodeOf,
  packetsOf,
  pixelJson,
  simulateParams,
  writePackets,
} from '../../../tasks/charge/simulate.ts';
import {
  simulatedConfigurations,
  simulatedPedestals,
} from '../../../tasks/charge/simulated-anode.ts';
import { inFolder, runChain } from './chain.ts';

const rowsOf = (given: Parameters<typeof simulateParams>[0]): Buffer => {
  const settings = simulateParams(given);
  return Buffer.concat([...packetsOf(settings, anodeOf(settings))]);
};

test('a seed gives one run, another seed another', () => {
  const given = { seconds: 2, tiles: 2, chips: 2 };
  assert.deepEqual(rowsOf({ ...given, seed: 7 }), rowsOf({ ...given, seed: 7 }));
  assert.notDeepEqual(rowsOf({ ...given, seed: 7 }), rowsOf({ ...given, seed: 8 }));
});

test('a simulated run goes through the whole chain, every hit has its place', () =>
  inFolder(async (folder) => {
    const settings = simulateParams({ seconds: 5, events_per_s: 10, rollover_events: 0 });
    const anode = anodeOf(settings);
    const path = join(folder, 'packets.h5');
    const rows = writePackets(path, packetsOf(settings, anode), settings.unix_start);
    const input = await openH5(path);
    assert.equal(input.table('/packets').rows, rows);
    assert.equal(input.table('/packets').rowSize, 36);
    assert.equal(input.attributes('/_header')['version'], '2.4');
    input.close();

    const files = {
      pedestal_file: join(folder, 'ped.json'),
      configuration_file: join(folder, 'cfg.json'),
      geometry_file: join(folder, 'layout.yaml'),
    };
    writeFileSync(files.pedestal_file, pixelJson(simulatedPedestals(anode, 1)));
    writeFileSync(files.configuration_file, pixelJson(simulatedConfigurations(anode, 2)));
    writeFileSync(files.geometry_file, anode.text);
    const { told } = await runChain(folder, path, { 'charge/hits': files });
    const { events, hits, triggers } = told['charge/events']!.counts;
    assert.ok(events! > 20 && hits! > 100 * events! && triggers! > events!);
    const said = told['charge/hits']!.notes.map((note) => note.text);
    assert.deepEqual(said, [
      'pixels have no pedestal, 580 mV used',
      'pixels have no configuration, vref 1300 mV and vcm 288 mV used',
    ]);
  }));
