/** Makes the raw files of examples/light, light of the runs of examples/charge: `node dist/test/examples/make-light.js examples/light`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { anodeOf, packetsOf, simulateParams } from '../../tasks/charge/simulate.ts';
import type { SimulatedTrack } from '../../tasks/charge/simulated-packets.ts';
import { ANODE, RUNS } from './make-charge.ts';
import { SERIALS, simulateLight, type Flash } from './simulated-light.ts';

/** Busy and PPS, the sums of six SiPMs each, and two detectors. */
const CHANNELS = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 24, 31, 32, 40, 47, 56, 63];

/** One line per flash: what was there, and who saw it. */
const truthOf = (flashes: readonly Flash[]): string =>
  [
    'event,ticks,hits,adc0,adc1',
    ...flashes.map(({ number, t, hits, recorded }) => [number, t, hits, ...recorded.map(Number)]),
  ].join('\n') + '\n';

/** Writes all generated files below a folder; the same bytes wherever and whenever it runs. */
export function makeLightExample(
  folder: string,
  runs = RUNS,
  { channels = CHANNELS, samples = 128 } = {},
): void {
  for (const name of ['raw', 'truth']) mkdirSync(join(folder, name), { recursive: true });
  for (const [run, settings] of Object.entries(runs)) {
    const params = simulateParams({ ...ANODE, ...settings });
    const tracks: SimulatedTrack[] = [];
    const told = packetsOf(params, anodeOf(params), (track) => tracks.push(track));
    while (told.next().done !== true);
    const { files, flashes } = simulateLight(tracks, {
      seed: params.seed + 1000,
      seconds: params.seconds,
      unixStart: params.unix_start,
      darkPerSecond: 2,
      lost: 0.05,
      halfLost: 0.05,
      channels,
      samples,
    });
    for (const [adc, serial] of SERIALS.entries())
      writeFileSync(join(folder, 'raw', `light_${run}_${serial.toString(16)}.data`), files[adc]!);
    writeFileSync(join(folder, 'truth', `${run}.csv`), truthOf(flashes));
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) makeLightExample(argv[2] ?? 'examples/light');
