/** What holds of the charge tasks whatever the packets: block size says nothing, no packet is lost without being counted. */
import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import type { TaskModule } from 'tg';
import { openH5, relationOf, type H5File } from 'tg/h5';
import { PACKET, packetFields24, TIMESTAMP_MASK } from '../../../tasks/charge/packet-fields.ts';
import {
  anodeOf,
  packetsOf,
  pixelJson,
  simulateParams,
  writePackets,
  type SimulateParams,
} from '../../../tasks/charge/simulate.ts';
import { simulatedPedestals } from '../../../tasks/charge/simulated-anode.ts';
import { inFolder, runChain, type Modules } from './chain.ts';

const TRIES = process.env['TG_SLOW'] === '1' ? 300 : 30;
const FIELDS = packetFields24();
const ROW = FIELDS.rowSize;
/** The field counter: the tests number the rows of a file in it. */
const COUNTER = 26;
const SMALL = { tiles: 2, chips: 3 };

const settings: fc.Arbitrary<SimulateParams> = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e9 }),
    seconds: fc.integer({ min: 1, max: 3 }),
    events_per_s: fc.integer({ min: 0, max: 12 }),
    noise_per_s: fc.constantFrom(0, 50, 300),
    rollover_events: fc.integer({ min: 0, max: 2 }),
    triggers: fc.boolean(),
    lost_syncs: fc.constantFrom<[number, number][]>(
      [],
      [[1, 1]],
      [
        [2, 1],
        [1, 2],
      ],
    ),
  })
  .map((given) => simulateParams({ ...given, ...SMALL }));

const rules = fc.record({
  buffer_size: fc.constantFrom(300, 1111, 384_000),
  nhit_cut: fc.constantFrom(1, 10, 40),
  sync_noise_cut_enabled: fc.boolean(),
  compat: fc.constantFrom('none', 'upstream'),
});

/** The packets of a run, rows numbered in the field counter, and their file. */
function simulated(folder: string, run: SimulateParams): { path: string; rows: Buffer } {
  const rows = Buffer.concat([...packetsOf(run, anodeOf(run))]);
  for (let i = 0; i * ROW < rows.length; i++) rows.writeUInt32LE(i, i * ROW + COUNTER);
  const path = join(folder, 'packets.h5');
  writePackets(path, [rows], run.unix_start);
  return { path, rows };
}

const compiled = fileURLToPath(new URL('../../../tasks/charge', import.meta.url));
const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** The task modules as they are, but for the rows that they read at a time. */
async function withBlocks(rows: number): Promise<Modules> {
  const folder = mkdtempSync(join(tmpdir(), 'tg-blocks-'));
  after(() => rmSync(folder, { recursive: true }));
  cpSync(compiled, join(folder, 'charge'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(repository, join(folder, 'node_modules/tg'));
  symlinkSync(join(repository, 'node_modules/yaml'), join(folder, 'node_modules/yaml'));
  const file = join(folder, 'charge/packets-file.js');
  const text = readFileSync(file, 'utf8');
  const changed = text.replace(/BLOCK_ROWS = [\d_]+;/, `BLOCK_ROWS = ${rows};`);
  assert.notEqual(changed, text);
  writeFileSync(file, changed);
  const load = async (name: string): Promise<TaskModule> => {
    const url = pathToFileURL(join(folder, 'charge', `${name}.js`)).href;
    return ((await import(url)) as { default: TaskModule }).default;
  };
  return {
    'charge/raw_events': await load('raw-event-builder'),
    'charge/packets_corr_ts': await load('timestamp-corrector'),
    'charge/ext_trigs': await load('ext-trig-finder'),
    'charge/hits': await load('hit-builder'),
    'charge/events': await load('event-builder'),
    'combined/t0': await load('t0-reconstruction'),
    'combined/hit_drift': await load('drift-reconstruction'),
    'combined/tracklets': await load('tracklet-reconstruction'),
  };
}

test('how many rows the tasks read at a time does not show in a single byte', async () => {
  const others = await Promise.all([1, 7, 64, 1000].map(withBlocks));
  let events = 0;
  await fc.assert(
    fc.asyncProperty(settings, rules, fc.constantFrom(...others), (run, rule, modules) =>
      inFolder(async (folder) => {
        const { path } = simulated(folder, run);
        const pedestals = join(folder, 'ped.json');
        writeFileSync(pedestals, pixelJson(simulatedPedestals(anodeOf(run), 1)));
        const layout = join(folder, 'layout.yaml');
        writeFileSync(layout, anodeOf(run).text);
        const params = {
          'charge/raw_events': rule,
          'charge/ext_trigs': { larpix_trigger_channels: { All: [0, 1, 2, 3, 4, 5] } },
          'charge/hits': { pedestal_file: pedestals, geometry_file: layout },
          'combined/hit_drift': { geometry_file: layout },
        };
        const [a, b] = ['a', 'b'].map((name) => join(folder, name)) as [string, string];
        mkdirSync(a);
        mkdirSync(b);
        const usual = await runChain(a, path, params, 'combined/tracklets');
        const other = await runChain(b, path, params, 'combined/tracklets', modules);
        assert.deepEqual(other.told, usual.told);
        for (const [table, file] of Object.entries(usual.files))
          assert.ok(readFileSync(file).equals(readFileSync(other.files[table]!)), table);
        events += usual.told['charge/events']!.counts['events']!;
      }),
    ),
    { numRuns: TRIES },
  );
  assert.ok(events > 10, `only ${events} events`);
});

/** Why a row that is in no event is lost; undefined when it is not counted (time stamps, configuration). */
function reasonOf(row: Buffer, cut: readonly [number, number] | null): string | undefined {
  const type = row[FIELDS.packetType]!;
  if (type !== PACKET.data && type !== PACKET.sync && type !== PACKET.trigger) return undefined;
  if (type === PACKET.data && row[FIELDS.validParity] !== 1) return 'parity';
  const ticks = row.readUInt32LE(FIELDS.timestamp) & TIMESTAMP_MASK;
  return cut !== null && !(cut[0] < ticks && ticks < cut[1]) ? 'sync cut' : 'in no event';
}

/** A row as it stands in an event: time stamp cut to 31 bits. */
function cutRow(row: Buffer): Buffer {
  const copy = Buffer.from(row);
  copy.writeUInt32LE(row.readUInt32LE(FIELDS.timestamp) & TIMESTAMP_MASK, FIELDS.timestamp);
  copy.writeUInt32LE(0, FIELDS.timestamp + 4);
  return copy;
}

/** Runs of a relation: in order, without a gap, to the last row of the child. */
function assertPartition(file: H5File, parent: string, child: string): void {
  const { start, stop } = relationOf(file, parent, child);
  let next = 0;
  for (let i = 0; i < start.length; i++) {
    assert.equal(start[i], next, `${parent} -> ${child}`);
    next = stop[i]!;
  }
  assert.equal(next, file.table(`/${child}`).rows);
}

test('every row of the input is in one event or counted as lost with its reason', async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(settings, rules, (run, rule) =>
      inFolder(async (folder) => {
        const { path, rows } = simulated(folder, run);
        const chain = await runChain(folder, path, { 'charge/raw_events': rule });
        const { lost: summary } = chain.told['charge/raw_events']!;
        const file = await openH5(chain.files['charge/packets']!);
        const packets = Buffer.from(
          file.table('/charge/packets').read(0, file.table('/charge/packets').rows).bytes,
        );
        const inEvents = new Set<number>();
        for (let at = 0; at < packets.length; at += ROW) {
          const row = packets.subarray(at, at + ROW);
          const number = row.readUInt32LE(COUNTER);
          assert.ok(!inEvents.has(number), `row ${number} is in two events`);
          inEvents.add(number);
          const input = rows.subarray(number * ROW, (number + 1) * ROW);
          assert.ok(row.equals(cutRow(input)), `row ${number} is as in the file`);
        }
        const cut = rule.sync_noise_cut_enabled ? ([1_000_000, 11_000_000] as const) : null;
        const lost: Record<string, number> = { 'in no event': 0, parity: 0, 'sync cut': 0 };
        let counted = 0;
        for (let i = 0; i * ROW < rows.length; i++) {
          const reason = reasonOf(rows.subarray(i * ROW, (i + 1) * ROW), cut);
          if (reason !== undefined) counted++;
          if (inEvents.has(i)) assert.equal(reason, 'in no event', `row ${i} may be in an event`);
          else if (reason !== undefined) lost[reason]!++;
        }
        const stored = JSON.parse(file.attributes('/charge/packets')['lost'] as string) as object;
        assert.deepEqual(stored, lost);
        const told = Object.fromEntries(summary.map(({ reason, n }) => [reason, n]));
        const some = Object.entries(lost).filter(([, n]) => n > 0);
        assert.deepEqual(told, Object.fromEntries(some));
        for (const { of } of summary) assert.equal(of, counted);
        assertPartition(file, 'charge/raw_events', 'charge/packets');
        file.close();

        const hits = await openH5(chain.files['charge/hits']!);
        const data = Array.from(
          { length: packets.length / ROW },
          (_, i) => packets[i * ROW + FIELDS.packetType],
        );
        assert.equal(
          hits.table('/charge/hits').rows,
          data.filter((type) => type === PACKET.data).length,
          'each data packet of an event is one hit',
        );
        assertPartition(hits, 'charge/raw_events', 'charge/hits');
        hits.close();
        kept += inEvents.size;
      }),
    ),
    { numRuns: 2 * TRIES },
  );
  assert.ok(kept > 1000, `only ${kept} packets in events`);
});
