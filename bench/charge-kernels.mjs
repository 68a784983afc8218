// Rates of the charge chain on simulated packets: kernels alone, then whole tasks. Usage: node bench/charge-kernels.mjs [packets...]
// Default 1e6 and 1e7 packets. Run `npm run build` first. CPU is user + sys of this process.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addHits, addTriggers, createEventSums } from '../dist/tasks/charge/events.js';
import { buildHits, createPixelTable, HIT_ROW } from '../dist/tasks/charge/hits.js';
import { pixelsOf } from '../dist/tasks/charge/layout.js';
import { packetFields24 } from '../dist/tasks/charge/packet-fields.js';
import { pixelKey } from '../dist/tasks/charge/pixel-key.js';
import { createPixelSurvey } from '../dist/tasks/charge/pixel-survey.js';
import { symmetricFinder } from '../dist/tasks/charge/event-finder.js';
import { createRawEventBuilder } from '../dist/tasks/charge/raw-events.js';
import * as simulate from '../dist/tasks/charge/simulate.js';
import {
  simulatedConfigurations,
  simulatedPedestals,
} from '../dist/tasks/charge/simulated-anode.js';
import { correctTimes, denseCorrection } from '../dist/tasks/charge/timestamp.js';
import {
  continueEvent,
  findTriggers,
  noPulse,
  TRIGGER_ROW,
  triggerRules,
} from '../dist/tasks/charge/triggers.js';
import { runTask } from '../dist/test/tasks/charge/chain.js';
import eventBuilder from '../dist/tasks/charge/event-builder.js';
import extTrigFinder from '../dist/tasks/charge/ext-trig-finder.js';
import hitBuilder from '../dist/tasks/charge/hit-builder.js';
import rawEventBuilder from '../dist/tasks/charge/raw-event-builder.js';
import timestampCorrector from '../dist/tasks/charge/timestamp-corrector.js';

const BATCH = 384_000;
const BLOCK = 40_000;
const fields = packetFields24();
const ROW = fields.rowSize;

/** Milliseconds of CPU and of wall time. */
function measured(work) {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const result = work();
  const used = process.cpuUsage(cpu);
  return { result, cpu: (used.user + used.system) / 1000, wall: performance.now() - wall };
}

function line(what, n, { cpu, wall }, bar = '') {
  const rate = (n / cpu / 1000).toFixed(2).padStart(7);
  const times = `${cpu.toFixed(0).padStart(6)} ms CPU ${wall.toFixed(0).padStart(6)} ms wall`;
  console.log(`  ${what.padEnd(26)} ${rate} M/s CPU  ${times}  ${bar}`);
}

/** Raw events of packets in memory; `keep` receives each batch. */
function buildEvents(bytes, unix, keep) {
  const n = bytes.length / ROW;
  const builder = createRawEventBuilder(
    {
      fields,
      nhitCut: 100,
      syncNoiseCut: [1e6, 11e6],
      finder: symmetricFinder(1000, 10, 'one bin'),
      rolloverTicks: 1e7,
      upstream: false,
      flushAtEnd: true,
      simulated: false,
    },
    unix,
    Math.min(BATCH, n),
  );
  for (let start = 0; start < n; start += BATCH) {
    const end = Math.min(start + BATCH, n);
    for (let row = start; row < end; row += BLOCK) {
      const stop = Math.min(row + BLOCK, end);
      builder.room(stop - row).set(bytes.subarray(row * ROW, stop * ROW));
      builder.scan(stop - row);
    }
    keep(builder.close());
  }
  keep(builder.finish());
}

/** Corrected times, triggers, hits and sums of events, block by block as the tasks do. */
function reconstruct(bytes, lengths, describe) {
  const n = bytes.length / ROW;
  const correction = denseCorrection({ 1: [-9.597, 4.0021e-6], 2: [-9.329, 1.177e-6] });
  const rules = triggerRules(true, 2, {});
  const pixels = createPixelTable(describe);
  const sums = createEventSums(lengths.length);
  const corrected = new DataView(new ArrayBuffer(BLOCK * 12));
  const triggers = new DataView(new ArrayBuffer(BLOCK * TRIGGER_ROW));
  const hits = new DataView(new ArrayBuffer(BLOCK * HIT_ROW));
  const times = new Float64Array(BLOCK);
  const q = new Float64Array(BLOCK);
  const ts = new Float64Array(BLOCK);
  const last = noPulse();
  let event = 0;
  let left = lengths[0] ?? 0;
  for (let start = 0; start < n; start += BLOCK) {
    const rows = Math.min(BLOCK, n - start);
    const block = bytes.subarray(start * ROW, (start + rows) * ROW);
    correctTimes(block, rows, fields, correction, start, corrected);
    for (let i = 0; i < rows; i++) times[i] = corrected.getFloat64(12 * i + 4, true);
    for (let row = 0; row < rows;) {
      const take = Math.min(left, rows - row);
      continueEvent(last, event);
      const t = findTriggers(block, row, row + take, fields, times, rules, last, 0, triggers, 0);
      for (let i = 0; i < t; i++) ts[i] = triggers.getFloat64(i * TRIGGER_ROW + 4, true);
      addTriggers(sums, event, ts, 0, t);
      const h = buildHits(block, row, row + take, fields, times, pixels, 0, hits, 0);
      for (let i = 0; i < h; i++) {
        q[i] = hits.getFloat64(i * HIT_ROW + 36, true);
        ts[i] = hits.getFloat64(i * HIT_ROW + 20, true);
      }
      addHits(sums, event, q, ts, 0, h);
      row += take;
      left -= take;
      if (left === 0) left = lengths[++event] ?? 0;
    }
  }
  return sums;
}

/** The five tasks over the files in `folder`, in a process of their own: `n` packets. */
async function tasks(folder, n) {
  const path = join(folder, 'packets.h5');
  const files = filesOf(folder);
  const made = { packets: { path, place: '/packets' } };
  let kept = n;
  let reconstruction = { cpu: 0, wall: 0 };
  const step = async (name, module, makes, params = {}) => {
    const output = join(folder, `${name.replace('/', '_')}.h5`);
    const cpu = process.cpuUsage();
    const wall = performance.now();
    const told = await runTask(module, { inputs: made, output, params }, false);
    const used = process.cpuUsage(cpu);
    const time = { cpu: (used.user + used.system) / 1000, wall: performance.now() - wall };
    for (const table of makes) made[table] = { path: output, place: `/${table}` };
    if (name === 'charge/raw_events') {
      line(name, n, time, 'bar 2.5 at 1 M, 5 at 10 M');
      kept = told.counts.packets;
    } else {
      line(name, kept, time);
      reconstruction = {
        cpu: reconstruction.cpu + time.cpu,
        wall: reconstruction.wall + time.wall,
      };
    }
  };
  await step('charge/raw_events', rawEventBuilder, ['charge/raw_events', 'charge/packets']);
  await step('charge/packets_corr_ts', timestampCorrector, ['charge/packets_corr_ts']);
  await step('charge/ext_trigs', extTrigFinder, ['charge/ext_trigs']);
  await step('charge/hits', hitBuilder, ['charge/hits'], files);
  await step('charge/events', eventBuilder, ['charge/events']);
  line('the last four', kept, reconstruction, 'bar 2 at 1 M, 3.5 at 10 M');
}

const filesOf = (folder) => ({
  pedestal_file: join(folder, 'ped.json'),
  configuration_file: join(folder, 'cfg.json'),
  geometry_file: join(folder, 'layout.yaml'),
});

if (process.argv[2] === '--tasks') {
  await tasks(process.argv[3], Number(process.argv[4]));
  // Not maxRSS: Linux lets a child inherit that of its parent.
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
  console.log(`  peak ${Math.round(Number(peak?.[1]) / 1000)} MB`);
  process.exit();
}

for (const wanted of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1e6, 1e7]) {
  const seconds = Math.max(Math.round(wanted / 2110), 1);
  const given = { seconds, events_per_s: 10, noise_per_s: 500, tiles: 8, chips: 10 };
  const settings = simulate.simulateParams(given);
  const anode = simulate.anodeOf(settings);
  const folder = mkdtempSync(join(tmpdir(), 'tg-bench-'));
  try {
    const path = join(folder, 'packets.h5');
    const blocks = [];
    for (const block of simulate.packetsOf(settings, anode)) blocks.push(block);
    const bytes = new Uint8Array(Buffer.concat(blocks));
    const n = bytes.length / ROW;
    console.log(`${n} packets, ${seconds} s`);
    simulate.writePackets(path, blocks, settings.unix_start);
    blocks.length = 0;

    for (const round of ['cold', 'warm']) {
      const lengths = [];
      const parts = [];
      let events = 0;
      const building = measured(() =>
        buildEvents(bytes, settings.unix_start, (made) => (events += made.lengths.length)),
      );
      buildEvents(bytes, settings.unix_start, (made) => {
        lengths.push(...made.lengths);
        parts.push(made.packets.slice(0, made.rows * ROW));
      });
      line(`event building, ${round}`, n, building, `bar 4 at 1 M, 8 at 10 M; ${events} events`);
      const kept = new Uint8Array(Buffer.concat(parts));
      parts.length = 0;
      const survey = createPixelSurvey({
        pedestals: { content: simulatedPedestals(anode, 1), path: null },
        configurations: { content: simulatedConfigurations(anode, 2), path: null },
        layout: anode.layout,
        upstream: false,
        defaults: { pedestal: 580, vref: 1300, vcm: 288 },
      });
      const known = new Map();
      const addresses = [...pixelsOf(anode.layout)];
      const asking = measured(() => {
        for (const address of addresses)
          known.set(pixelKey(address), survey.pixels.describe(address));
      });
      line(`calibration, ${round}`, addresses.length, asking, 'pixels');
      const describe = (address) => known.get(pixelKey(address));
      const reconstruction = measured(() => reconstruct(kept, lengths, describe));
      line(
        `reconstruction, ${round}`,
        kept.length / ROW,
        reconstruction,
        'bar 3 at 1 M, 6 at 10 M',
      );
    }
    const files = filesOf(folder);
    writeFileSync(files.pedestal_file, simulate.pixelJson(simulatedPedestals(anode, 1)));
    writeFileSync(files.configuration_file, simulate.pixelJson(simulatedConfigurations(anode, 2)));
    writeFileSync(files.geometry_file, anode.text);
    spawnSync(process.execPath, [process.argv[1], '--tasks', folder, String(n)], {
      stdio: 'inherit',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
