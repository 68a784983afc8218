/** h5flow workflow files in direct mode: those of tg as upstream's are called, others as they are, and what is wrong with some. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openH5 } from '../../src/h5/index.ts';
import { fixture, folder, lines, run, untimed, withoutFixtures } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { KNOWN } from './known-differences.ts';
import { compareFiles, unexplained } from './whole-file.ts';

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

/** A folder with the packets of a case under upstream's name, calibration files and upstream's own file, and no workflow. */
function bare(name = 'cosmic10k'): string {
  const cwd = folder();
  copyFileSync(fixture(name, 'packets.h5'), join(cwd, 'cosmic10k.h5'));
  for (const file of ['ped.json', 'cfg.json']) copyFileSync(fixture(file), join(cwd, file));
  const layout = 'multi_tile_layout-2.2.16.yaml';
  copyFileSync(fixture(layout), join(cwd, layout));
  for (const file of ['regref.h5', 'pairs.h5']) copyFileSync(fixture(name, file), join(cwd, file));
  return cwd;
}

const CALIBRATION =
  '--set charge/hits.pedestal_file=ped.json --set charge/hits.configuration_file=cfg.json --set charge/hits.geometry_file=multi_tile_layout-2.2.16.yaml';

describe(
  "the workflows that come with tg, called as upstream's",
  {
    skip: withoutFixtures || withoutH5py(),
  },
  () => {
    for (const [refs, upstream] of [
      ['region', 'regref.h5'],
      ['pairs', 'pairs.h5'],
    ] as const)
      test(`${refs}: event building, reconstruction, association end in upstream's file as a whole`, async () => {
        const cwd = bare();
        const build = async (words: string): Promise<string[]> => {
          const said = await run(['build', ...words.split(' ')], { cwd });
          assert.equal(said.code, 0, said.stderr);
          return notes(said.stderr).filter((line) => line.includes('workflow'));
        };
        const form = refs === 'pairs' ? ' --refs pairs' : '';
        const told = await build(
          `-c charge_event_building.yaml -i cosmic10k.h5 -o ev.h5 --set charge/raw_events.compat=upstream${form}`,
        );
        assert.deepEqual(told, [
          "note: charge_event_building.yaml is tg's own h5flow workflow, 1 stage as charge/raw_events",
        ]);
        await build(`-c charge_event_reconstruction.yaml -i ev.h5 -o reco.h5 ${CALIBRATION}`);
        if (refs === 'pairs') {
          // Upstream's pairs file has these stages as well.
          const layout = '--set combined/hit_drift.geometry_file=multi_tile_layout-2.2.16.yaml';
          await build(`combined/hit_drift -i reco.h5 -o drift.h5 ${layout}`);
        }
        const from = refs === 'pairs' ? 'drift.h5' : 'reco.h5';
        await build(
          `-c charge_light_association.yaml -i ${from} -i light/events=${upstream}::/light/events -o all.h5 --set charge/light_assoc.compat=upstream`,
        );
        const files = { case: 'cosmic10k', ours: join(cwd, 'all.h5'), theirs: join(cwd, upstream) };
        const { differences, compared } = compareFiles([files]);
        assert.deepEqual(unexplained(differences, KNOWN[refs]), []);
        assert.ok(compared > 60_000, `${compared} rows and pairs`);
      });

    test('all in one call, behind one -c, from packets and waveforms', async () => {
      const cwd = bare('one_second');
      const rwf = 'rwf_20210404_004206.data.rwf.h5';
      copyFileSync(join(fixture(), '..', 'light', 'rwf-small', 'input', rwf), join(cwd, rwf));
      const words = `-c charge_event_building.yaml charge_event_reconstruction.yaml light_event_building.yaml -i cosmic10k.h5 -i ${rwf} -o all.h5`;
      const said = await run(['build', ...words.split(' ')], { cwd });
      assert.equal(said.code, 0, said.stderr);
      const open = await openH5(join(cwd, 'all.h5'));
      assert.equal(open.table('/charge/events').rows, 4);
      assert.equal(open.table('/light/events').rows, 18);
      open.close();
    });

    test('a file of that name goes before the one that comes with tg', async () => {
      const cwd = bare('one_second');
      const own = BUILDING.replace('nhit_cut: 100', 'nhit_cut: 120');
      writeFileSync(join(cwd, 'charge_event_building.yaml'), own);
      const words = '-c charge_event_building.yaml -i cosmic10k.h5 -o ev.h5';
      const said = await run(['build', ...words.split(' ')], { cwd });
      assert.equal(said.code, 0, said.stderr);
      assert.match(
        said.stderr,
        /^note: charge_event_building.yaml is an h5flow workflow, 1 stage/m,
      );
      const open = await openH5(join(cwd, 'ev.h5'));
      assert.equal(open.attributes('/charge/raw_events')['nhit_cut'], 120);
      open.close();
    });

    test('-s, -e and -d are those of h5flow', async () => {
      const cwd = bare();
      const words =
        '-c charge_event_building.yaml charge_event_reconstruction.yaml -i cosmic10k.h5 -o some.h5 -s 1000 -e 6000 -d packets_corr';
      const said = await run(['build', ...words.split(' ')], { cwd });
      assert.equal(said.code, 0, said.stderr);
      const open = await openH5(join(cwd, 'some.h5'));
      const { start_position: start, end_position: end } = open.attributes('/charge/raw_events');
      assert.deepEqual([start, end], [1000, 6000]);
      assert.equal(open.has('/charge/packets_corr_ts'), false);
      assert.equal(open.has('/charge/packets'), true);
      const lost = open.attributes('/charge/packets')['lost'] as string;
      const n = Object.values(JSON.parse(lost) as Record<string, number>).reduce(
        (a, b) => a + b,
        0,
      );
      assert.ok(open.table('/charge/packets').rows + n < 5000);
      open.close();
    });

    test('what the input holds is in the output; what was made anew stands for what it was', async () => {
      const cwd = bare('one_second');
      const build = async (words: string) => {
        const said = await run(['build', ...words.split(' ')], { cwd });
        assert.equal(said.code, 0, said.stderr);
      };
      // Upstream's own file in the pairs form: with resources, t0 and drift.
      await build('-c charge_light_association.yaml -i pairs.h5 -o all.h5');
      const code = `
def names(f):
    found = []
    f.visit(found.append)
    return set(found)
with h5py.File('all.h5', 'r') as f, h5py.File('pairs.h5', 'r') as u:
    assert names(f) == names(u), names(f) ^ names(u)
    for n in names(u):
        if not n.endswith('/data') or '/ref/' in n: continue
        assert f[n].dtype == u[n].dtype and f[n][:].tobytes() == u[n][:].tobytes(), n
    for g in ('run_info', 'lar_info', 'geometry_info', 'combined/t0'):
        assert {k: str(v) for k, v in f[g].attrs.items()} == {k: str(v) for k, v in u[g].attrs.items()}, g
    print(len(names(u)))
`;
      assert.ok(Number(runPython(`import os; os.chdir(${JSON.stringify(cwd)})\n${code}`)) > 80);
      // Hits anew: the relation from raw events is that of the new ones, the one from the old events is left out.
      await build('charge/hits -i regref.h5 -o hits.h5 --set charge/hits.pedestal_default=0');
      const open = await openH5(join(cwd, 'hits.h5'));
      const before = await openH5(join(cwd, 'regref.h5'));
      const q = (file: typeof open) =>
        (file.table('/charge/hits').column('q') as Float64Array).reduce((a, b) => a + b, 0);
      assert.ok(q(open) > q(before));
      assert.equal(open.has('/charge/raw_events/ref/charge/hits/ref'), true);
      assert.equal(open.has('/charge/events/ref/charge/hits'), false);
      assert.equal(open.has('/charge/events/ref/charge/ext_trigs/ref'), true);
      for (const file of [open, before]) file.close();
    });

    test('mistakes: a name that is nearly one of them, positions without raw data, an output that would lose tables', async () => {
      const cwd = bare('one_second');
      const fails = async (words: string): Promise<string> => {
        const said = await run(['build', ...words.split(' ')], { cwd });
        assert.equal(said.code, 2);
        return said.stderr.slice(said.stderr.indexOf('error:'));
      };
      const near = await fails('-c charge_light_asociation.yaml -i regref.h5 -o x.h5');
      assert.equal(
        near,
        lines(`
        error: no file charge_light_asociation.yaml
          try: -c charge_light_association.yaml
      `),
      );
      assert.equal(
        await fails('-c charge_light_association.yaml -i regref.h5 -o x.h5 -s 3'),
        lines(`
        error: -s and -e count packets or waveforms, and none of these files holds any
          try: with the packets that the events are built from
      `),
      );
      const first = '-c charge_event_building.yaml -i cosmic10k.h5 -o ev.h5';
      assert.equal((await run(['build', ...first.split(' ')], { cwd })).code, 0);
      assert.equal(
        await fails('-c light_event_building.yaml -i light_raw=cosmic10k.h5 -o ev.h5'),
        lines(`
        error: ev.h5 holds charge/packets charge/raw_events, which this build does not make
          try: -o another.h5, or all in one: -i and -c of both, or remove it
      `),
      );
      assert.equal(existsSync(join(cwd, 'x.h5')), false);
    });
  },
);

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
