import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { TaskModule } from 'tg';
import { parse } from 'yaml';
import type { ZodType } from 'zod';
import disabledChannels from '../../../tasks/charge/disabled-channels.ts';
import geometryInfo from '../../../tasks/charge/geometry-info.ts';
import larInfo from '../../../tasks/charge/lar-info.ts';
import mcPacketsBuilder from '../../../tasks/charge/mc-packets-builder.ts';
import mcTruthReader from '../../../tasks/charge/mc-truth-reader.ts';
import runInfo from '../../../tasks/charge/run-info.ts';
import driftReconstruction from '../../../tasks/charge/drift-reconstruction.ts';
import eventBuilder from '../../../tasks/charge/event-builder.ts';
import extTrigFinder from '../../../tasks/charge/ext-trig-finder.ts';
import hitBuilder from '../../../tasks/charge/hit-builder.ts';
import rawEventBuilder from '../../../tasks/charge/raw-event-builder.ts';
import t0Reconstruction from '../../../tasks/charge/t0-reconstruction.ts';
import trackletReconstruction from '../../../tasks/charge/tracklet-reconstruction.ts';
import timestampCorrector from '../../../tasks/charge/timestamp-corrector.ts';

const MODULES: Record<string, TaskModule> = {
  'charge/raw_event_builder': rawEventBuilder,
  'charge/timestamp_corrector': timestampCorrector,
  'charge/ext_trig_finder': extTrigFinder,
  'charge/hit_builder': hitBuilder,
  'charge/event_builder': eventBuilder,
  'charge/t0': t0Reconstruction,
  'charge/drift': driftReconstruction,
  'charge/mc_truth': mcTruthReader,
  'charge/mc_packets': mcPacketsBuilder,
  'charge/run_info': runInfo,
  'charge/lar_info': larInfo,
  'charge/geometry_info': geometryInfo,
  'charge/disabled_channels': disabledChannels,
  'charge/tracklets': trackletReconstruction,
};

interface Entry {
  name: string;
  type: string;
  parameters?: object;
}

/** Entries of a shipped library, with the defaults of what is taken from the run table. */
function entriesOf(library: string): Entry[] {
  const url = new URL(`../../../../procedures/${library}.yaml`, import.meta.url);
  const root = parse(readFileSync(url, 'utf8'), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'column' in value && 'default' in value
      ? value.default
      : value,
  ) as Entry[] | { procedures: Entry[] };
  return Array.isArray(root) ? root : root.procedures;
}

const entries = entriesOf('charge');

const parsed = (module: TaskModule, values: object): unknown =>
  (module.params as ZodType).parse(values);

test('the library has its procedures in order, and their parameters are the defaults', () => {
  assert.deepEqual(
    entries.map((entry) => entry.name),
    [
      'charge/raw_events',
      'charge/packets_corr_ts',
      'charge/ext_trigs',
      'charge/hits',
      'charge/events',
      'combined/t0',
      'combined/hit_drift',
    ],
  );
  for (const { type, parameters } of [
    ...entries,
    ...entriesOf('charge-mc'),
    ...entriesOf('charge-resources'),
  ]) {
    const module = MODULES[type];
    assert.ok(module, type);
    assert.deepEqual(parsed(module, {}), parameters ?? {}, type);
    assert.deepEqual(parsed(module, parameters ?? {}), parameters ?? {}, type);
  }
});

test('mc is auto, true or false', () => {
  for (const module of [rawEventBuilder, timestampCorrector, hitBuilder]) {
    for (const mc of ['auto', true, false]) parsed(module, { mc });
    assert.throws(() => parsed(module, { mc: 'yes' }), /mc/);
  }
});

test('tg:tracklets brings tg:charge along, its parameters are the defaults', () => {
  const path = new URL('../../../../procedures/tracklets.yaml', import.meta.url);
  const { libraries, procedures } = parse(readFileSync(path, 'utf8')) as {
    libraries: string[];
    procedures: Entry[];
  };
  assert.deepEqual(libraries, ['tg:charge']);
  assert.deepEqual(
    procedures.map(({ name, type }) => [name, type]),
    [['combined/tracklets', 'charge/tracklets']],
  );
  const { parameters } = procedures[0]!;
  assert.deepEqual(parsed(trackletReconstruction, {}), parameters);
});

test('a value that makes no tracklets is refused, and its unit told', () => {
  for (const [name, value, message] of [
    ['dbscan_eps', 0, />0/],
    ['dbscan_eps', -25, />0/],
    ['dbscan_min_samples', 0, />=1/],
    ['ransac_min_samples', 1, />=2/],
    ['ransac_residual_threshold', 0, />0/],
    ['ransac_max_trials', 0, />=1/],
    ['trajectory_pts', 1, />=2/],
    ['trajectory_dx', 0, />0/],
    ['eps', 25, /eps/],
  ] as const)
    assert.throws(() => parsed(trackletReconstruction, { [name]: value }), message, name);
});

test('unknown parameters and builders are refused', () => {
  assert.throws(() => parsed(rawEventBuilder, { buffersize: 1 }), /buffersize/);
  assert.throws(() => parsed(hitBuilder, { pedestal: 1 }), /pedestal/);
  assert.throws(
    () => parsed(rawEventBuilder, { event_builder_class: 'Window' }),
    /SymmetricWindow/,
  );
  for (const name of ['SymmetricWindow', 'TimeDelta', 'ExtTrig'])
    for (const suffix of ['', 'RawEventBuilder'])
      parsed(rawEventBuilder, { event_builder_class: `${name}${suffix}` });
});

test('upstream is for SymmetricWindow alone', () => {
  parsed(rawEventBuilder, { compat: 'upstream' });
  for (const name of ['TimeDelta', 'TimeDeltaRawEventBuilder', 'ExtTrig'])
    assert.throws(
      () => parsed(rawEventBuilder, { event_builder_class: name, compat: 'upstream' }),
      /upstream is for SymmetricWindow alone/,
    );
});

test('a trigger channel is one of 64 on a chip with three numbers of a byte', () => {
  const channels = (larpix_trigger_channels: object): unknown =>
    parsed(extTrigFinder, { larpix_trigger_channels });
  channels({ '1-255-11': [0, 63], All: [6] });
  for (const chip of ['1-256-11', '1-2', 'all', '1-2-11-6', '01-2-11'])
    assert.throws(() => channels({ [chip]: [6] }), /no io_group-io_channel-chip_id, nor All/, chip);
  assert.throws(() => channels({ All: [64] }), /63/);
});

test('a part of the builder configuration leaves the rest at its defaults', () => {
  assert.deepEqual(
    (
      parsed(rawEventBuilder, { event_builder_config: { window: 1200 } }) as Record<string, unknown>
    )['event_builder_config'],
    {
      window: 1200,
      threshold: 10,
      rollover_ticks: 10_000_000,
      event_dt: 1820,
      max_event_dt: 5460,
      trig_window: 2002,
      trig_io_grp: 1,
      build_off_beam_events: false,
      off_beam_window: 910,
      off_beam_threshold: 10,
    },
  );
});
