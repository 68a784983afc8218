import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { symmetricFinder } from '../../../tasks/charge/event-finder.ts';
import { packetFields24 } from '../../../tasks/charge/packet-fields.ts';
import { createRawEventBuilder, startOfFile } from '../../../tasks/charge/raw-events.ts';
import {
  createRollovers,
  followUnix,
  observe,
  stampUnix,
  type RolloverJump,
} from '../../../tasks/charge/rollover.ts';
import { anodeOf, packetsOf, simulateParams } from '../../../tasks/charge/simulate.ts';

const ROW = packetFields24().rowSize;

/** Builds the simulated run in batches of `batch` rows. */
function build(
  given: Parameters<typeof simulateParams>[0],
  batch: number,
  syncNoiseCut: [number, number] | null = [1e6, 11e6],
) {
  const settings = simulateParams({ tiles: 2, ...given });
  const bytes = Buffer.concat([...packetsOf(settings, anodeOf(settings))]);
  const builder = createRawEventBuilder(
    {
      fields: packetFields24(),
      nhitCut: 20,
      syncNoiseCut,
      finder: symmetricFinder(1000, 10, 'one bin'),
      rolloverTicks: 1e7,
      upstream: false,
      flushAtEnd: true,
      simulated: false,
    },
    startOfFile(settings.unix_start, 1e7),
  );
  const jumps: (RolloverJump & { row: number })[] = [];
  const n = bytes.length / ROW;
  let events = 0;
  for (let row = 0; row < n; row += batch) {
    jumps.push(...builder.jumps().map((jump) => ({ ...jump, row })));
    const rows = Math.min(batch, n - row);
    builder.room(rows).set(bytes.subarray(row * ROW, (row + rows) * ROW));
    builder.scan(rows);
    events += builder.close().lengths.length;
  }
  return { jumps, events, rows: n };
}

test('a run without lost SYNCs is never corrected, however small the batches', () => {
  for (const batch of [100, 1000, 5000]) {
    assert.deepEqual(build({ seconds: 8, seed: 3 }, batch).jumps, []);
  }
});

test('a lost SYNC is made good at the start of the next batch', () => {
  const { jumps } = build({ seconds: 8, seed: 3, lost_syncs: [[1, 3]] }, 1000);
  assert.equal(jumps.length, 1);
  const { ioGroup, seconds } = jumps[0]!;
  assert.deepEqual([ioGroup, seconds], [1, 1]);
});

test('two lost SYNCs in one batch are made good together', () => {
  const lost: [number, number][] = [
    [2, 2],
    [2, 3],
  ];
  const { jumps } = build({ seconds: 9, seed: 4, lost_syncs: lost }, 4000);
  assert.deepEqual(
    jumps.map(({ ioGroup, seconds }) => [ioGroup, seconds]),
    [[2, 2]],
  );
});

test('hardly any packets give no false correction', () => {
  const quiet = { seconds: 30, events_per_s: 0, noise_per_s: 2, rollover_events: 0 };
  assert.deepEqual(build(quiet, 200).jumps, []);
});

test('packets late over a SYNC stay with their track', () => {
  const run = { seconds: 5, events_per_s: 0, rollover_events: 4, seed: 8, tiles: 8 };
  assert.equal(build(run, 100_000, null).events, 4);
});

test('neither the phase of unix time nor its jitter is taken for a lost SYNC; lost ones are found', () => {
  const phases = fc.double({ min: 0, max: 1, noNaN: true });
  const jitters = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), {
    minLength: 20,
    maxLength: 20,
  });
  fc.assert(
    fc.property(phases, jitters, fc.integer({ min: 1, max: 8 }), (phase, jitter, lost) => {
      const rollovers = createRollovers(1e7);
      const found: RolloverJump[] = [];
      for (let second = 0; second < 10; second++) {
        for (let i = 0; i < 40; i++) {
          const inSecond = i / 40 + 0.001;
          const late = jitter[(second * 7 + i) % jitter.length]!;
          stampUnix(rollovers, 1, Math.floor(1e9 + second + inSecond + phase + late));
          const ticks = rollovers.count[1]! * 1e7 + Math.round((inSecond + 0.001) * 1e7);
          if (rollovers.waiting[1] === 1) observe(rollovers, 1, ticks);
          rollovers.now[1] = ticks;
        }
        if (second < lost) assert.equal(rollovers.lag[1], 0);
        // A batch ends with each second.
        found.push(...followUnix(rollovers));
        if (second + 1 !== lost) rollovers.count[1]!++;
      }
      assert.deepEqual(found, [{ ioGroup: 1, seconds: 1 }]);
    }),
    { numRuns: 200 },
  );
});
