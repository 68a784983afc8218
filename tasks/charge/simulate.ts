/** Task type charge/simulate: a run of packets (LArPix+HDF5 2.4) with the layout, pedestals and configurations that go with it. */
import { writeFileSync } from 'node:fs';
import { defineTask, z } from 'tg';
import { compound, createH5, dtype } from 'tg/h5';
import { PACKET_FIELDS } from './packet-fields.ts';
import {
  createAnode,
  simulatedConfigurations,
  simulatedPedestals,
  type Anode,
} from './simulated-anode.ts';
import { simulatePackets, type RunSettings, type SimulatedTrack } from './simulated-packets.ts';

const params = z.strictObject({
  seed: z.int().min(0).max(0xffffffff).default(1),
  seconds: z.int().positive().default(5).describe('s'),
  events_per_s: z.number().nonnegative().default(14).describe('1/s'),
  noise_per_s: z.int().nonnegative().default(300).describe('1/s'),
  rollover_events: z.int().nonnegative().default(1),
  triggers: z.boolean().default(true),
  unix_start: z.int().nonnegative().default(1_617_500_000).describe('s'),
  lost_syncs: z
    .array(z.tuple([z.int(), z.int()]))
    .default([])
    .describe('io_group, second'),
  anode_seed: z.int().min(0).max(0xffffffff).default(1),
  tiles: z.int().min(2).max(60).multipleOf(2).default(8).describe('per plane'),
  chips: z.int().min(2).max(15).default(4).describe('per side of a tile'),
});

export type SimulateParams = z.infer<typeof params>;

/** Params with their defaults, for tests and benchmarks. */
export const simulateParams = (given: z.input<typeof params>): SimulateParams =>
  params.parse(given);

/** The anode of these params. */
export const anodeOf = ({ tiles, chips }: SimulateParams): Anode => createAnode({ tiles, chips });

/** The rows of a run in file order, in blocks of one second. `tell` is told of the tracks behind them. */
export function packetsOf(
  settings: SimulateParams,
  anode: Anode,
  tell?: (track: SimulatedTrack) => void,
): Generator<Uint8Array> {
  const run: RunSettings = {
    seed: settings.seed,
    seconds: settings.seconds,
    eventsPerSecond: settings.events_per_s,
    noisePerSecond: settings.noise_per_s,
    rolloverEvents: settings.rollover_events,
    triggers: settings.triggers,
    unixStart: settings.unix_start,
    lostSyncs: settings.lost_syncs,
  };
  return simulatePackets(anode, run, tell);
}

const PACKET_TYPES = [
  "0: 'data'",
  "1: 'test'",
  "2: 'config write'",
  "3: 'config read'",
  "4: 'timestamp'",
  "5: 'message'",
  "6: 'sync'",
  "7: 'trigger'",
];

/** Writes rows of packets as a LArPix+HDF5 2.4 file created at `created` (unix s); returns how many. */
export function writePackets(path: string, blocks: Iterable<Uint8Array>, created: number): number {
  const file = createH5(path);
  try {
    file.group('_header', {
      version: '2.4',

      created: { dtype: dtype('f8'), shape: [], values: [created] },
      modified: created + 0.5,
    });
    const packets = file.stream('packets', compound(PACKET_FIELDS.map(([n, t]) => [n, t])), [], {
      attributes: { packet_types: `\n${PACKET_TYPES.join(',\n')}\n` },
    });
    let rows = 0;
    for (const block of blocks) {
      packets.append(block);
      rows += block.length / 36;
    }
    const messages = compound([
      ['message', 'S64'],
      ['timestamp', 'u8'],
      ['index', 'u4'],
    ]);
    file.stream('messages', messages, [], {});
    const configs = compound([
      ['timestamp', 'u8'],
      ['io_group', 'u1'],
      ['io_channel', 'u1'],
      ['chip_id', 'u1'],
      ['registers', 'u1', [239]],
    ]);
    file.stream('configs', configs, [], { attributes: { asic_version: '2' } });
    file.close();
    return rows;
  } catch (error) {
    file.abort();
    throw error;
  }
}

/** Pixel tables as the files hold them: one line per pixel. */
export function pixelJson(table: Readonly<Record<string, object>>): string {
  const lines = Object.entries(table).map(([key, entry]) => `"${key}": ${JSON.stringify(entry)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

export default defineTask({
  version: '1',
  params,
  run(context) {
    const settings = context.params as SimulateParams;
    const anode = anodeOf(settings);
    const created = settings.unix_start;
    const blocks = packetsOf(settings, anode);
    const rows = writePackets(context.output('simulated/packets'), blocks, created);
    context.count('packets', rows);
    writeFileSync(context.output('simulated/layout'), anode.text);
    const pedestals = simulatedPedestals(anode, settings.anode_seed);
    writeFileSync(context.output('simulated/pedestals'), pixelJson(pedestals));
    const configurations = simulatedConfigurations(anode, settings.anode_seed + 1);
    writeFileSync(context.output('simulated/configurations'), pixelJson(configurations));
  },
});
