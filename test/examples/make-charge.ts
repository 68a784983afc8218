/** Makes the raw and calibration files of examples/charge from charge/simulate: `node dist/test/examples/make-charge.js examples/charge`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  anodeOf,
  packetsOf,
  pixelJson,
  simulateParams,
  writePackets,
} from '../../tasks/charge/simulate.ts';
import { simulatedConfigurations, simulatedPedestals } from '../../tasks/charge/simulated-anode.ts';

/** A small detector: two planes of eight tiles, 12 544 pixels. */
export const ANODE = { tiles: 8, chips: 4, anode_seed: 7, noise_per_s: 100 };

type RunOf = Omit<Parameters<typeof simulateParams>[0], keyof typeof ANODE>;

/** r41 is ordinary, r42 crosses SYNCs and has no triggers, r43 is short. */
export const RUNS: Readonly<Record<string, RunOf>> = {
  r41: { seed: 41, seconds: 4, events_per_s: 14, unix_start: 1_617_500_000 },
  r42: {
    seed: 42,
    seconds: 4,
    events_per_s: 12,
    rollover_events: 3,
    triggers: false,
    unix_start: 1_617_503_600,
  },
  r43: { seed: 43, seconds: 1, events_per_s: 14, unix_start: 1_617_507_200 },
};

/** Writes all generated files below a folder; the same bytes wherever and whenever it runs. */
export function makeChargeExample(folder: string, runs = RUNS): void {
  for (const name of ['raw', 'cal']) mkdirSync(join(folder, name), { recursive: true });
  const anode = anodeOf(simulateParams(ANODE));
  const cal = (name: string, text: string): void => writeFileSync(join(folder, 'cal', name), text);
  cal('layout.yaml', anode.text);
  cal('ped.json', pixelJson(simulatedPedestals(anode, ANODE.anode_seed)));
  cal('cfg.json', pixelJson(simulatedConfigurations(anode, ANODE.anode_seed + 1)));
  for (const [run, settings] of Object.entries(runs)) {
    const params = simulateParams({ ...ANODE, ...settings });
    const path = join(folder, 'raw', `packets_${run}.h5`);
    writePackets(path, packetsOf(params, anode), params.unix_start);
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) makeChargeExample(argv[2] ?? 'examples/charge');
