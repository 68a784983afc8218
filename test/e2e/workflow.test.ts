/** h5flow workflow files in direct mode: the two charge workflows on a fixture, and what is wrong with others. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openH5 } from '../../src/h5/index.ts';
import { fixture, folder, lines, run, untimed, withoutFixtures } from '../helpers/cli.ts';

const BUILDING = `flow:
  source: raw_event_generator
  stages: []
raw_event_generator:
  classname: RawEventGenerator
  path: module0_flow.reco.charge.raw_event_generator
  dset_name: charge/raw_events
  params:
    packets_dset_name: charge/packets
    mc_tracks_dset_name: mc_truth/tracks
    buffer_size: 384000
    nhit_cut: 100
    sync_noise_cut_enabled: True
    sync_noise_cut: [1000000, 11000000]
    event_builder_class: SymmetricWindowRawEventBuilder
    event_builder_config: {window: 1000, threshold: 10, rollover_ticks: 10000000}
`;
const RECONSTRUCTION = `flow:
  source: raw_events
  stages: [timestamp_corrector, ext_trig_finder, hit_builder, event_builder]
  drop: [packets_corr]
resources:
  - {classname: RunData, params: {path: run_info}}
  - {classname: Geometry, params: {crs_geometry_file: layout.yaml}}
raw_events:
  classname: H5FlowDatasetLoopGenerator
  dset_name: charge/raw_events
  params: {chunk_size: 128}
timestamp_corrector:
  classname: TimestampCorrector
  params: {ts_dset_name: charge/packets_corr_ts, correction: {1: [-9.597, 4.0021e-6], 2: [-9.329, 1.1770e-6]}}
ext_trig_finder:
  classname: ExternalTriggerFinder
  params: {pacman_trigger_enabled: yes, pacman_trigger_word_filter: 2}
hit_builder: !include yamls/HitBuilder.yaml
event_builder:
  classname: EventBuilder
  params: {events_dset_name: charge/events, hits_dset_name: charge/hits}
`;
const HITS = `classname: HitBuilder
params:
  hits_dset_name: charge/hits
  pedestal_file: ped.json
  configuration_file: cfg.json
`;

const FILES = {
  'charge_event_building.yaml': BUILDING,
  'charge_event_reconstruction.yaml': RECONSTRUCTION,
  'yamls/HitBuilder.yaml': HITS,
};

function place(files: Readonly<Record<string, string>> = {}): string {
  const cwd = folder({ ...FILES, ...files });
  copyFileSync(fixture('cosmic10k', 'packets.h5'), join(cwd, 'packets.h5'));
  for (const name of ['ped.json', 'cfg.json']) copyFileSync(fixture(name), join(cwd, name));
  copyFileSync(fixture('multi_tile_layout-2.2.16.yaml'), join(cwd, 'layout.yaml'));
  return cwd;
}

const notes = (text: string): string[] => text.split('\n').filter((l) => l.startsWith('note:'));

describe('h5flow workflow files', { skip: withoutFixtures }, () => {
  test('one after the other as h5flow is called, or both at once, they make what tg makes by itself', async () => {
    const cwd = place();
    const build = (words: string) => run(['build', ...words.split(' ')], { cwd });
    const events = await build('-c charge_event_building.yaml -i packets.h5 -o ev.h5');
    assert.equal(events.code, 0, events.stderr);
    assert.deepEqual(notes(events.stderr), [
      'note: charge_event_building.yaml is an h5flow workflow, 1 stage as charge/raw_events',
    ]);
    assert.match(untimed(events.stderr), /^2 tasks: 2 done in T$/m);
    const reco = await build('-c charge_event_reconstruction.yaml -i ev.h5 -o reco.h5');
    assert.equal(reco.code, 0, reco.stderr);
    assert.deepEqual(notes(reco.stderr), [
      'note: charge_event_reconstruction.yaml is an h5flow workflow, 4 stages as charge/packets_corr_ts charge/ext_trigs charge/hits charge/events',
      'note: charge_event_reconstruction.yaml: not used here: RunData',
    ]);
    const both = await build(
      '-c charge_event_building.yaml -c charge_event_reconstruction.yaml -i packets.h5 -o all.h5',
    );
    assert.equal(both.code, 0, both.stderr);
    const files = 'pedestal_file=ped.json configuration_file=cfg.json geometry_file=layout.yaml';
    const sets = files.split(' ').map((value) => `--set charge/hits.${value}`);
    const plain = await build(`charge/events -i packets.h5 -o plain.h5 ${sets.join(' ')}`);
    assert.equal(plain.code, 0, plain.stderr);

    const rows = async (file: string, table: string): Promise<Buffer> => {
      const open = await openH5(join(cwd, file));
      const raw = Buffer.from(open.dataset(`/${table}/data`).readRaw());
      const has = open.has('/charge/packets_corr_ts');
      open.close();
      // `drop` leaves a table out of the file.
      assert.equal(has, file === 'plain.h5');
      return raw;
    };
    for (const table of ['charge/hits', 'charge/events', 'charge/ext_trigs'])
      for (const file of ['reco.h5', 'all.h5'])
        assert.ok(
          (await rows(file, table)).equals(await rows('plain.h5', table)),
          `${file} ${table}`,
        );
  });

  test('an edited parameter reruns its stage and what stands on it', async () => {
    const cwd = place();
    const words = ['-c', 'charge_event_building.yaml', '-c', 'charge_event_reconstruction.yaml'];
    const build = () => run(['build', ...words, '-i', 'packets.h5', '-o', 'all.h5'], { cwd });
    await build();
    assert.match(untimed((await build()).stderr), /^6 tasks: 6 fresh, nothing to do \(T\)$/m);
    execFileSync('sed', ['-i', 's/-9.597/-9.6/', join(cwd, 'charge_event_reconstruction.yaml')]);
    const again = await build();
    assert.match(again.stderr, /because: charge\/packets_corr_ts: correction\.1\.0 changed/);
    assert.match(untimed(again.stderr), /^6 tasks: 5 done, 1 fresh in T$/m);
  });

  test('what tg does not know is named at its place, and nothing runs', async () => {
    const cwd = place({
      'wrong.yaml': RECONSTRUCTION.replace('classname: EventBuilder', 'classname: EventBilder')
        .replace('ext_trig_finder,', 'ext_trig_fnder,')
        .replace('charge/packets_corr_ts, corr', 'charge/times, corr'),
      'yamls/HitBuilder.yaml': HITS.replace('pedestal_file', 'pedestals'),
    });
    const said = await run(['build', '-c', 'wrong.yaml', '-i', 'packets.h5', '-o', 'out.h5'], {
      cwd,
    });
    assert.equal(said.code, 2);
    assert.equal(
      said.stderr.slice(said.stderr.indexOf('error:')),
      lines(`
        error: wrong.yaml:3:11: the workflow has no stage ext_trig_fnder
          3 |   stages: [timestamp_corrector, ext_trig_fnder, hit_builder, event_builder]
            |           ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
          try: ext_trig_finder
        error: wrong.yaml:14:26: ts_dset_name must be charge/packets_corr_ts, not "charge/times": tg names tables by what makes them
         14 |   params: {ts_dset_name: charge/times, correction: {1: [-9.597, 4.0021e-6], 2: [-9.329, 1.1770e-6]}}
            |                          ~~~~~~~~~~~~
          try: charge/packets_corr_ts
        error: wrong.yaml:20:14: no stage class "EventBilder"
         20 |   classname: EventBilder
            |              ~~~~~~~~~~~
          try: EventBuilder
        error: yamls/HitBuilder.yaml:4:14: charge/hits has no parameter "pedestals"
          4 |   pedestals: ped.json
            |              ~~~~~~~~
          try: pedestal_file
        4 errors, nothing was run
      `),
    );
  });
});
