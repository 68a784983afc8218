/** The reference cases: what module0_flow ea7efdc on h5flow be1c706 made of the same packets. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openH5, relationOf, type H5File, type Runs } from 'tg/h5';
import eventBuilder from '../../../tasks/charge/event-builder.ts';
import timestampCorrector from '../../../tasks/charge/timestamp-corrector.ts';
import { caseOf, compareAll, paramsOf, type Ours } from './cases.ts';
import { inFolder, runChain, runTask, type Chain } from './chain.ts';
import { fixture, withoutFixtures } from './fixtures.ts';
import { childRows, perEvent, rowsOf } from './flow-file.ts';

/** The files of a chain, each opened once. */
async function opened(chain: Chain): Promise<Ours & { close(): void }> {
  const files = new Map<string, H5File>();
  for (const path of Object.values(chain.files))
    if (!files.has(path)) files.set(path, await openH5(path));
  return {
    holder: (table) => files.get(chain.files[table]!)!,
    close() {
      for (const file of files.values()) file.close();
    },
  };
}

async function compareChain(chain: Chain, name: string, attributes: boolean): Promise<void> {
  const upstream = await openH5(fixture(name, 'regref.h5'));
  const ours = await opened(chain);
  compareAll(ours, upstream, attributes);
  ours.close();
  upstream.close();
}

const CASES = ['cosmic10k', 'cosmic10k_b2048', 'rollover_notrig', 'quiet_gap_b300', 'one_second'];

for (const name of [...CASES, 'larndsim12k']) {
  test(`${name}: compat upstream gives upstream's events`, { skip: withoutFixtures }, () =>
    inFolder(async (folder) => {
      const setting = caseOf(name);
      const params = paramsOf(setting, 'upstream');
      const chain = await runChain(folder, fixture(name, 'packets.h5'), params);
      await compareChain(chain, name, true);
      const { counts } = chain.told['charge/events']!;
      const want = setting.outputs.regref!;
      assert.deepEqual(counts, {
        events: want['events'],
        hits: want['hits'],
        triggers: want['ext_trigs'],
      });
    }),
  );
}

/** What the default gives beyond upstream in these cases: nothing but what is said. */
for (const name of CASES) {
  test(`${name}: the default adds nothing`, { skip: withoutFixtures }, () =>
    inFolder(async (folder) => {
      const params = paramsOf(caseOf(name), 'none');
      const chain = await runChain(folder, fixture(name, 'packets.h5'), params);
      await compareChain(chain, name, false);
    }),
  );
}

test('trigger channels are written as upstream writes them', { skip: withoutFixtures }, () =>
  inFolder(async (folder) => {
    const path = fixture('one_second', 'packets.h5');
    const params = { 'charge/ext_trigs': { larpix_trigger_channels: { All: [6] } } };
    const chain = await runChain(folder, path, params, 'charge/ext_trigs');
    const ours = await openH5(chain.files['charge/ext_trigs']!);
    const upstream = await openH5(fixture('one_second', 'regref.h5'));
    const name = 'larpix_trigger_channels';
    const [mine, theirs] = [ours, upstream].map((file) =>
      file.typedAttributes('/charge/ext_trigs'),
    );
    assert.deepEqual(mine![name]!.values, theirs![name]!.values);
    assert.deepEqual(mine![name]!.dtype, theirs![name]!.dtype);
    ours.close();
    upstream.close();
  }),
);

test('tables of a flow file, with region references, are inputs', { skip: withoutFixtures }, () =>
  inFolder(async (folder) => {
    const path = fixture('cosmic10k', 'regref.h5');
    const upstream = await openH5(path);
    const place = { path, place: '' };
    const steps = [
      {
        module: eventBuilder,
        needs: ['charge/raw_events', 'charge/hits', 'charge/ext_trigs'],
        makes: 'charge/events',
      },
      {
        module: timestampCorrector,
        needs: ['charge/packets'],
        makes: 'charge/packets_corr_ts',
      },
    ];
    for (const { module, needs, makes } of steps) {
      const output = join(folder, 'made.h5');
      const inputs = Object.fromEntries(needs.map((need) => [need, place]));
      await runTask(module, { inputs, output, params: {} });
      const ours = await openH5(output);
      assert.deepEqual(childRows(ours, makes, 0, -1), childRows(upstream, makes, 0, -1));
      ours.close();
    }
    upstream.close();
  }),
);

/** Pulses on the channels in the packets of an event, in order, equal neighbours one: a plain reading of upstream's intent. */
function pulsesOf(rows: readonly Record<string, number>[], isOn: IsOn): string[] {
  const pulses = rows.filter((row) => row['packet_type'] === 0 && isOn(row));
  return pulses
    .filter((row, i) => row['timestamp'] !== pulses[i - 1]?.['timestamp'])
    .map((row) => `-1 ${row['timestamp']} ${row['io_group']}`);
}
type IsOn = (row: Record<string, number>) => boolean;

const CHANNELS: [name: string, channels: Record<string, number[]>, isOn: IsOn][] = [
  ['of every chip', { All: [5, 63] }, (row) => row['channel_id'] === 5 || row['channel_id'] === 63],
  [
    'of two chips',
    { '1-14-47': [27], '1-2-37': [60, 61] },
    ({ io_group: group, io_channel: io, chip_id: chip, channel_id: channel }) =>
      group === 1 &&
      ((io === 14 && chip === 47 && channel === 27) ||
        (io === 2 && chip === 37 && (channel === 60 || channel === 61))),
  ],
];

for (const [name, channels, isOn] of CHANNELS) {
  test(`channels ${name} trigger, beside the trigger words`, { skip: withoutFixtures }, () =>
    inFolder(async (folder) => {
      const path = fixture('cosmic10k', 'packets.h5');
      const params = { 'charge/ext_trigs': { larpix_trigger_channels: channels } };
      const chain = await runChain(folder, path, params);
      const ours = await opened(chain);
      const packets = rowsOf(ours.holder('charge/packets'), 'charge/packets');
      const triggers = rowsOf(ours.holder('charge/ext_trigs'), 'charge/ext_trigs');
      const runsOf = (child: string): Runs =>
        relationOf(ours.holder(child), 'charge/raw_events', child);
      const found = perEvent(runsOf('charge/ext_trigs'), triggers);
      let pulses = 0;
      for (const [event, rows] of perEvent(runsOf('charge/packets'), packets)) {
        const words = rows.filter(
          (row) => row['packet_type'] === 7 && (row['trigger_type']! & 2) !== 0,
        );
        const want = [
          ...pulsesOf(rows, isOn),
          ...words.map((row) => `${row['trigger_type']} ${row['timestamp']} ${row['io_group']}`),
        ];
        const told = (found.get(event) ?? []).map(
          (row) => `${row['type']} ${row['ts_raw']} ${row['iogroup']}`,
        );
        assert.deepEqual(told.sort(), want.sort(), `event ${event}`);
        pulses += pulsesOf(rows, isOn).length;
      }
      assert.ok(pulses > 0, 'they fire');
      const { counts } = chain.told['charge/events']!;
      assert.equal(counts['triggers'], 67 + pulses);
      assert.equal(counts['hits'], 10_679, 'a pulse is a hit, too');
      ours.close();
    }),
  );
}
