/** What the charge tasks tell: counts, losses, notes and mistakes, in the words of the transcripts. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TaskError } from 'tg';
import { createH5, openH5 } from 'tg/h5';
import {
  anodeOf,
  packetsOf,
  pixelJson,
  simulateParams,
  writePackets,
} from '../../../tasks/charge/simulate.ts';
import { simulatedPedestals } from '../../../tasks/charge/simulated-anode.ts';
import { inFolder, runChain, type Told } from './chain.ts';
import { fixture, withoutFixtures } from './fixtures.ts';

const files = {
  pedestal_file: fixture('ped.json'),
  configuration_file: fixture('cfg.json'),
  geometry_file: fixture('multi_tile_layout-2.2.16.yaml'),
};

const RUNS = { r41: 'cosmic10k', r42: 'rollover_notrig', r43: 'one_second' };

test('the runs of the transcripts, with default settings', { skip: withoutFixtures }, () =>
  inFolder(async (folder) => {
    const told: Record<string, Record<string, Told>> = {};
    for (const [run, name] of Object.entries(RUNS)) {
      const params = { 'charge/hits': files };
      told[run] = (await runChain(folder, fixture(name, 'packets.h5'), params)).told;
    }
    const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
    const all = Object.values(told);
    const count = (name: string): number =>
      sum(all.map((run) => run['charge/events']!.counts[name]!));
    assert.deepEqual(['events', 'hits', 'triggers'].map(count), [84, 17_900, 73]);
    const lost = (reason: string): number =>
      sum(
        all
          .flatMap((run) => run['charge/raw_events']!.lost)
          .map((l) => (l.reason === reason ? l.n : 0)),
      );
    assert.deepEqual(['in no event', 'sync cut', 'parity'].map(lost), [4430, 1313, 241]);
    assert.equal(sum(all.map((run) => run['charge/raw_events']!.lost[0]!.of)), 23_974);

    const notes = all.flatMap((run) => run['charge/hits']!.notes);
    assert.deepEqual(
      notes.filter((note) => !note.quiet),
      [
        { text: 'pixels have no pedestal, 580 mV used', n: 281, of: 9648, quiet: false },
        { text: 'pixels have no pedestal, 580 mV used', n: 177, of: 6055, quiet: false },
        { text: 'pixels have no pedestal, 580 mV used', n: 24, of: 662, quiet: false },
      ],
    );
    assert.deepEqual(
      all.map((run) => run['charge/hits']!.read['pedestal_file']),
      [9648, 6055, 662],
    );
    assert.equal(told['r43']!['charge/hits']!.read['configuration_file'], 982);
  }),
);

test('direct mode of the transcripts: pedestals only', { skip: withoutFixtures }, () =>
  inFolder(async (folder) => {
    const params = { 'charge/hits': { pedestal_file: files.pedestal_file } };
    const { told } = await runChain(folder, fixture('cosmic10k', 'packets.h5'), params);
    assert.deepEqual(told['charge/raw_events']!.lost, [
      { n: 3022, of: 14_498, reason: 'in no event' },
      { n: 569, of: 14_498, reason: 'sync cut' },
      { n: 146, of: 14_498, reason: 'parity' },
    ]);
    assert.deepEqual(told['charge/events']!.counts, { events: 46, hits: 10_679, triggers: 67 });
    const loud = told['charge/hits']!.notes.filter((note) => !note.quiet);
    assert.deepEqual(
      loud.map(({ n, of, text }) => `${n} of ${of} ${text}`),
      [
        '281 of 9648 pixels have no pedestal, 580 mV used',
        '10679 of 10679 hits at (0, 0), no geometry_file',
      ],
    );
  }),
);

for (const name of ['edge_empty', 'edge_nodata']) {
  test(`${name} gives empty tables`, { skip: withoutFixtures }, () =>
    inFolder(async (folder) => {
      const params = { 'charge/hits': files };
      const { told, files: made } = await runChain(folder, fixture(name, 'packets.h5'), params);
      assert.deepEqual(told['charge/events']!.counts, { events: 0, hits: 0, triggers: 0 });
      for (const [table, path] of Object.entries(made)) {
        const file = await openH5(path);
        assert.equal(file.table(`/${table}`).rows, 0);
        file.close();
      }
    }),
  );
}

/** The mistake that a chain ends with. */
async function mistakeOf(run: Promise<unknown>): Promise<TaskError> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof TaskError, String(error));
    return error;
  }
  assert.fail('no mistake');
}

test('a file without timestamp packets', { skip: withoutFixtures }, () =>
  inFolder(async (folder) => {
    const path = fixture('edge_no_timestamps', 'packets.h5');
    const error = await mistakeOf(runChain(folder, path));
    assert.equal(error.message, 'no timestamp packet (type 4) in 2 380 packets: no unix time');
    assert.deepEqual([error.at, error.try], [{ file: path }, 'another file']);
  }),
);

const SIMULATED = {
  nhit_cut: 5,
  sync_noise_cut_enabled: false,
  event_builder_config: { window: 910, threshold: 4 },
};

test('larndsim12k: the default adds the event at the end', { skip: withoutFixtures }, () =>
  inFolder(async (folder) => {
    const path = fixture('larndsim12k', 'packets.h5');
    const counts = async (flush: boolean): Promise<unknown> => {
      const params = { 'charge/raw_events': { ...SIMULATED, flush_at_end: flush } };
      return (await runChain(folder, path, params)).told['charge/events']!.counts;
    };
    assert.deepEqual(await counts(false), { events: 73, hits: 12_005, triggers: 0 });
    assert.deepEqual(await counts(true), { events: 74, hits: 12_054, triggers: 0 });
  }),
);

test('hits of a tile that the layout does not have', { skip: withoutFixtures }, () =>
  inFolder(async (folder) => {
    const error = await mistakeOf(
      runChain(folder, fixture('larndsim12k', 'packets.h5'), {
        'charge/raw_events': { ...SIMULATED, flush_at_end: false },
        'charge/hits': { geometry_file: files.geometry_file },
      }),
    );
    assert.equal(
      error.message,
      `${files.geometry_file} has no tile of io_group 0, io_channel 0 (12 005 hits)`,
    );
    assert.equal(error.try, 'the layout of this detector in charge/hits.geometry_file');
  }),
);

/** A simulated run of one second in `folder`; returns its path. */
function smallRun(folder: string): string {
  const settings = simulateParams({ seconds: 2, events_per_s: 5, seed: 5 });
  const path = join(folder, 'packets_r1.h5');
  writePackets(path, packetsOf(settings, anodeOf(settings)), settings.unix_start);
  return path;
}

test('text in a pedestal file is shown with its place', () =>
  inFolder(async (folder) => {
    const pedestals = simulatedPedestals(anodeOf(simulateParams({})), 1);
    const spoilt = Object.fromEntries(
      Object.keys(pedestals).map((key) => [key, { pedestal_mv: 'n/a' }]),
    );
    const file = join(folder, 'ped.json');
    writeFileSync(file, pixelJson(spoilt));
    const run = runChain(folder, smallRun(folder), { 'charge/hits': { pedestal_file: file } });
    const error = await mistakeOf(run);
    assert.match(error.message, /^pedestal_mv of \d+ is not a number: "n\/a"$/);
    assert.equal(error.at?.file, file);
    assert.deepEqual([error.at.keys?.length, error.at.keys?.[1]], [2, 'pedestal_mv']);
    assert.deepEqual([error.code, error.try], ['bad-value', 'correct the value']);
  }));

test('other versions and other files are refused', () =>
  inFolder(async (folder) => {
    const old = join(folder, 'old.h5');
    const file = createH5(old);
    file.group('_header', { version: '1.0' });
    file.stream('packets', { kind: 'int', size: 4, signed: false }, [], {}).close();
    file.close();
    const version = await mistakeOf(runChain(folder, old));
    assert.equal(version.message, 'LArPix+HDF5 1.0, tg reads 2.0 to 2.4');
    assert.deepEqual([version.at, version.try], [{ file: old }, 'convert it to 2.4']);

    const raw = join(folder, 'raw.h5');
    const messages = createH5(raw);
    messages.group('msgs');
    messages.group('msg_headers');
    messages.close();
    const absent = await mistakeOf(runChain(folder, raw));
    assert.equal(
      absent.message,
      `${raw} has no /packets; it has /msg_headers, /msgs: a raw message file`,
    );
    assert.equal(absent.try, 'convert it to packets; tg monitor reads it as it is');
  }));

test('the losses stand in the file as canonical JSON and add up', () =>
  inFolder(async (folder) => {
    const chain = await runChain(folder, smallRun(folder), {}, 'charge/raw_events');
    const file = await openH5(chain.files['charge/packets']!);
    const text = file.attributes('/charge/packets')['lost'] as string;
    const lost = JSON.parse(text) as Record<string, number>;
    assert.deepEqual(Object.keys(lost), ['in no event', 'parity', 'sync cut']);
    const told = chain.told['charge/raw_events']!;
    assert.deepEqual(lost, Object.fromEntries(told.lost.map(({ n, reason }) => [reason, n])));
    const kept = file.table('/charge/packets').rows;
    const sum = Object.values(lost).reduce((a, b) => a + b, kept);
    assert.equal(sum, told.lost[0]!.of);
    file.close();
  }));

test('the same input gives the same bytes', () =>
  inFolder(async (folder) => {
    const path = smallRun(folder);
    const ids: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      const chain = await runChain(folder, path);
      const { takeWritten } = await import('tg/h5');
      ids.push(Object.values(chain.files).map((file) => takeWritten(file)?.nodes));
    }
    assert.deepEqual(ids[0], ids[1]);
  }));

test('a lost SYNC is noted with io_group, seconds and row', () =>
  inFolder(async (folder) => {
    const settings = simulateParams({ seconds: 8, seed: 3, tiles: 2, lost_syncs: [[1, 3]] });
    const path = join(folder, 'packets.h5');
    writePackets(path, packetsOf(settings, anodeOf(settings)), settings.unix_start);
    const params = { 'charge/raw_events': { buffer_size: 2000 } };
    const { told } = await runChain(folder, path, params, 'charge/raw_events');
    const texts = told['charge/raw_events']!.notes.map((note) => note.text);
    assert.equal(texts.length, 1);
    assert.match(
      texts[0]!,
      /^io_group 1: 1 s of SYNC packets too few before row \d 000, corrected by unix time$/,
    );
  }));
