// Tracklets beside Python: CPU per event of the task alone and of bench/tracklets-peer.py (DBSCAN of scikit-learn, RANSAC of
// scikit-image or numpy), each less its own start-up. Python, which does not get faster on its way, does the first PEER events.
// Usage: node bench/tracklets.mjs [SECONDS of 14 simulated rays] [TIMES] [PEER]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openH5 } from '../dist/src/h5/index.js';
import { anodeOf, packetsOf, simulateParams, writePackets } from '../dist/tasks/charge/simulate.js';
import { alternate } from './measure.mjs';

const [seconds = 600, times = 5, peers = 300] = process.argv.slice(2).map(Number);
const dir = mkdtempSync(join(tmpdir(), 'tg-bench-'));
const here = (name) => new URL(name, import.meta.url).pathname;

const settings = simulateParams({ seconds, seed: 1, rollover_events: 0 });
const anode = anodeOf(settings);
mkdirSync(join(dir, 'raw'));
writePackets(join(dir, 'raw/r1.h5'), packetsOf(settings, anode), settings.unix_start);
writeFileSync(join(dir, 'layout.yaml'), anode.text);
const layout = { geometry_file: 'layout.yaml' };
writeFileSync(
  join(dir, 'tg.yaml'),
  JSON.stringify({
    libraries: ['tg:tracklets'],
    sources: { packets: 'raw/{run}.h5' },
    parameters: { 'charge/hits': layout, 'combined/hit_drift': layout },
  }),
);
const built = spawnSync('node', [here('../bin/tg.js'), 'build', 'combined/hit_drift', '-q'], {
  cwd: dir,
  encoding: 'utf8',
});
if (built.status !== 0) throw new Error(built.stderr);

const flow = join(dir, 'build/r1.h5');
const file = await openH5(flow);
const [events, hits] = ['/charge/events', '/charge/hits'].map((name) => file.table(name).rows);
file.close();
const tg = (n) => ['node', here('tracklets-alone.mjs'), flow, join(dir, 'out.h5'), String(n)];
const python = (n) => ['/usr/bin/python3', here('tracklets-peer.py'), flow, String(n)];
for (const words of [tg(events), python(peers)]) {
  const { stdout, stderr, status } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  console.log(`${words[0]}: ${stdout.trim()}`);
}
const results = alternate(
  [
    { name: 'tg', words: tg(events), cwd: dir },
    { name: 'tg, no event', words: tg(0), cwd: dir },
    { name: `python, ${peers} events`, words: python(peers), cwd: dir },
    { name: 'python, no event', words: python(0), cwd: dir },
  ],
  times,
);
console.log(`${events} events, ${hits} hits, medians of ${times}`);
for (const { name, cpu, wall, rss } of results)
  console.log(
    `  ${name.padEnd(18)} CPU ${cpu.toFixed(2)} s  wall ${wall.toFixed(2)} s  RSS ${rss.toFixed(0)} MB`,
  );
const perEvent = (all, none, n) => (1e3 * (all.cpu - none.cpu)) / n;
const mine = perEvent(results[0], results[1], events);
const peer = perEvent(results[2], results[3], Math.min(peers, events));
console.log(
  `  per event: tg ${mine.toFixed(3)} ms, python ${peer.toFixed(2)} ms, ratio ${(peer / mine).toFixed(0)}`,
);
if (!process.env.KEEP) rmSync(dir, { recursive: true });
