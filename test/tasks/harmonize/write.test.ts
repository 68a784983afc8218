/** Harmonic files: events as they were in the runs, byte for byte, and what readers go by. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { createH5, hashTree, openH5, type H5File } from 'tg/h5';
import { layoutOf } from '../../../tasks/harmonize/merger-formats.ts';
import { partition } from '../../../tasks/harmonize/partition.ts';
import { scanRun } from '../../../tasks/harmonize/run-scan.ts';
import { slowReader } from '../../../tasks/harmonize/slow-piece.ts';
import type { SimulatedRun } from '../../../tasks/harmonize/simulated-run.ts';
import {
  writeHarmonic,
  type ScannedEvents,
  type SourceEvents,
} from '../../../tasks/harmonize/write-harmonic.ts';
import { runsIn } from '../../../tasks/harmonize/harmonize.ts';
import { runPython, withoutH5py } from '../../h5/peers.ts';
import {
  CASES,
  casePath,
  eventsOf,
  expected,
  scratch,
  simulate,
  withoutCases,
  type ExpectedEvent,
} from './cases.ts';

/** Scans of the runs of a folder, harmonic files of so many bytes, their paths. */
async function harmonize(from: string, limit: number, to: string): Promise<string[]> {
  const scans = runsIn(from, -(2 ** 31), 2 ** 31).map(({ run, path }) => {
    const scan = scanRun(path, run);
    const e = scan.events.events() as Record<string, number[]>;
    const p = scan.events.pieces() as Record<string, number[]>;
    const columns = {
      ...{ event: e['event'], firstPiece: e['first_piece'], pieces: e['pieces'], has: e['has'] },
      ...{ getId: e['get_id'], fribId: e['frib_id'], fribTimestamp: e['frib_timestamp'] },
      ...{ timestamp: e['timestamp'], timestampOther: e['timestamp_other'] },
      ...p,
    } as unknown as ScannedEvents;
    return { run, path, format: scan.format, bytes: e['bytes']!, columns };
  });
  const byRun = new Map(scans.map((scan) => [String(scan.run), scan]));
  const files = partition(
    scans.map(({ run, bytes }) => ({ run: String(run), bytes })),
    limit,
  );
  const paths: string[] = [];
  const readers = new Map(
    scans.map(({ run, path, format }) => [String(run), slowReader(path, format)]),
  );
  after(() => readers.forEach((reader) => reader.close()));
  for (const [k, { stretches }] of files.entries()) {
    const sources = stretches.map(({ run, first, events }): SourceEvents => {
      const { path, columns } = byRun.get(run)!;
      return {
        run: Number(run),
        path,
        first,
        events,
        scan: columns,
        read: readers.get(run)!.read,
      };
    });
    const path = join(to, `run_${String(k).padStart(4, '0')}.h5`);
    await writeHarmonic(path, sources, layoutOf(scans[0]!.format));
    paths.push(path);
  }
  return paths;
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** An event of a harmonic file as the fixtures tell it. */
function eventOf(file: H5File, n: number): ExpectedEvent {
  const at = `/events/event_${n}`;
  const { orig_run, orig_event } = file.attributes(at) as Record<string, number>;
  const told: ExpectedEvent = {
    orig_run: orig_run!,
    orig_event: orig_event!,
    get: null,
    frib: null,
  };
  if (file.has(`${at}/get_traces`)) {
    const { shape, readRaw } = file.dataset(`${at}/get_traces`);
    const head = file.attributes(`${at}/get_traces`) as unknown as Record<
      'id' | 'timestamp' | 'timestamp_other',
      number
    >;
    told.get = { shape, sha256: sha(readRaw()), ...head };
  }
  if (file.has(`${at}/frib_physics`)) {
    const samples = file.dataset(`${at}/frib_physics/1903`);
    const { event, id, timestamp } = file.attributes(`${at}/frib_physics`) as Record<
      string,
      number
    >;
    assert.equal(id, event);
    told.frib = {
      shape_1903: samples.shape,
      sha256_1903: sha(samples.readRaw()),
      coinc: file.dataset(`${at}/frib_physics/977`).readValues() as number[],
      event: event!,
      timestamp: timestamp!,
    };
  }
  return told;
}

describe('the fixtures', { skip: withoutCases }, () => {
  for (const name of CASES)
    test(`${name}: every event is the one expected, in the files of the payload rule`, async () => {
      const told = expected(name);
      const known = eventsOf(told);
      const to = scratch();
      const paths = await harmonize(casePath(name, 'merger'), told.harmonic_size_bytes, to);
      const lists: [number, number][][] = [];
      for (const path of paths) {
        const file = await openH5(path);
        const head = file.typedAttributes('/events');
        assert.deepEqual(
          Object.entries(head).map(([key, { dtype, shape }]) => [key, dtype.kind, shape]),
          [
            ['min_event', 'int', []],
            ['max_event', 'int', []],
            ['version', 'vlen-string', []],
          ],
        );
        const { min_event, max_event, version } = file.attributes('/events');
        assert.deepEqual([min_event, version], [0, 'harmonizer:0.1.0']);
        assert.equal(file.members('/events').length, max_event);
        const list: [number, number][] = [];
        for (let n = 0; n < (max_event as number); n++) {
          const event = eventOf(file, n);
          assert.deepEqual(event, known.get(`${event.orig_run}:${event.orig_event}`));
          list.push([event.orig_run, event.orig_event]);
        }
        lists.push(list);
        file.close();
      }
      assert.deepEqual(lists, told.partitions['tolerant_payload']);
    });
});

/** What h5py says of types, spaces and storage of the first event. */
const PYTHON_TYPES = `
f = h5py.File(sys.argv[1], 'r')
e = f['events/event_0']
out = {}
def attrs(o):
    for k in o.attrs:
        a = o.attrs.get_id(k)
        out[o.name + ' ' + k] = [str(a.dtype), list(a.shape)]
attrs(f['events']); attrs(e)
def visit(name, o):
    attrs(o)
    if isinstance(o, h5py.Dataset):
        out[o.name] = [str(o.dtype), str(o.chunks), str(o.compression), o.id.get_create_plist().get_layout() == h5py.h5d.CONTIGUOUS]
e.visititems(visit)
print(json.dumps(out))`;

test(
  'types, scalar spaces and storage as the harmonizer writes them',
  { skip: withoutH5py() },
  async () => {
    const from = scratch();
    simulate(from, { 3: { events: 2 } });
    const [path] = await harmonize(from, 1e9, scratch());
    const told = JSON.parse(runPython(PYTHON_TYPES, path!)) as Record<string, unknown>;
    const at = '/events/event_0';
    assert.deepEqual(told, {
      '/events min_event': ['uint64', []],
      '/events max_event': ['uint64', []],
      '/events version': ['object', []],
      [`${at} orig_run`]: ['int32', []],
      [`${at} orig_event`]: ['uint64', []],
      [`${at}/get_traces id`]: ['uint32', []],
      [`${at}/get_traces timestamp`]: ['uint64', []],
      [`${at}/get_traces timestamp_other`]: ['uint64', []],
      [`${at}/get_traces`]: ['int16', 'None', 'None', true],
      [`${at}/frib_physics id`]: ['uint32', []],
      [`${at}/frib_physics event`]: ['uint32', []],
      [`${at}/frib_physics timestamp`]: ['uint32', []],
      [`${at}/frib_physics/1903`]: ['uint16', 'None', 'None', true],
      [`${at}/frib_physics/977`]: ['uint16', 'None', 'None', true],
    });
  },
);

test('runs of 2.0 keep their layout and say who made the file', async () => {
  const from = scratch();
  simulate(from, { 1: { format: '2.0', events: 3 } });
  const [path] = await harmonize(from, 1e9, scratch());
  const file = await openH5(path!);
  assert.deepEqual(file.attributes('/events'), {
    min_event: 0,
    max_event: 3,
    version: 'libattpc_merger:2.0',
    harmonizer: 'harmonizer:0.1.0',
  });
  const merged = await openH5(join(from, 'run_0001.h5'));
  for (let n = 0; n < 3; n++) {
    const at = `/events/event_${n}`;
    assert.deepEqual(file.members(`${at}/get`), merged.members(`${at}/get`));
    assert.deepEqual(file.members(`${at}/frib_physics`), merged.members(`${at}/frib_physics`));
    assert.deepEqual(file.attributes(`${at}/get`), merged.attributes(`${at}/get`));
    for (const group of ['get', 'frib_physics'])
      for (const name of file.members(`${at}/${group}`)) {
        const [a, b] = [file, merged].map((f) => f.dataset(`${at}/${group}/${name}`));
        assert.deepEqual([a!.shape, a!.dtype, a!.readRaw()], [b!.shape, b!.dtype, b!.readRaw()]);
      }
  }
  file.close();
  merged.close();
});

test('the same events make the same bytes; the ids of the writer are those of a reader', async () => {
  const from = scratch();
  simulate(from, { 1: { events: 30 }, 2: { events: 1 } });
  const [a] = await harmonize(from, 1e9, scratch());
  const [b] = await harmonize(from, 1e9, scratch());
  assert.ok(readFileSync(a!).equals(readFileSync(b!)));
  assert.deepEqual(await hashTree(a!), await hashTree(b!));
});

test('data that do not lie in one piece are read by their path and brought to 16 bits', async () => {
  const from = scratch();
  const path = join(from, 'run_0001.h5');
  const out = createH5(path);
  const values = Int32Array.from({ length: 60 }, (_, k) => 100 * k - 3000);
  const head = { id: 4, timestamp: 5, timestamp_other: 6 };
  out.dataset('events/event_0/get_traces', 'i4', [6, 10], values, { attributes: head });
  out.dataset('events/event_1/get_traces', 'i2', [6, 10], Int16Array.from(values), {
    attributes: head,
    chunks: [4, 10],
  });
  out.group('events', { min_event: 0, max_event: 1, version: 'libattpc_merger:1.0' });
  out.close();
  const [made] = await harmonize(from, 1e9, scratch());
  const file = await openH5(made!);
  for (const n of [0, 1]) {
    const { dtype, shape, readRaw } = file.dataset(`/events/event_${n}/get_traces`);
    assert.deepEqual([dtype, shape], [{ kind: 'int', size: 2, signed: true }, [6, 10]]);
    assert.deepEqual(new Int16Array(readRaw().slice().buffer), Int16Array.from(values));
  }
  file.close();
  const wide = join(scratch(), 'run_0001.h5');
  const again = createH5(wide);
  again.dataset('events/event_0/get_traces', 'i4', [1, 1], Int32Array.of(40_000), {
    attributes: head,
  });
  again.group('events', { min_event: 0, max_event: 0, version: 'libattpc_merger:1.0' });
  again.close();
  await assert.rejects(harmonize(join(wide, '..'), 1e9, scratch()), /holds 40000, which 16 bits/);
});

/** All events of files in order, as text. */
async function contents(paths: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const path of paths) {
    const file = await openH5(path);
    const n = Number(file.attributes('/events')['max_event']);
    for (let i = 0; i < n; i++) all.push(JSON.stringify(describeEvent(file, i)));
    file.close();
  }
  return all;
}

function describeEvent(file: H5File, n: number): unknown {
  const at = `/events/event_${n}`;
  const names = [...file.walk()].filter(({ path }) => path === at || path.startsWith(`${at}/`));
  return names.map(({ path, kind }) => [
    path.slice(at.length),
    Object.entries(file.attributes(path)).map(([k, v]) => `${k}=${String(v as number)}`),
    kind === 'dataset' ? sha(file.dataset(path).readRaw()) : '',
  ]);
}

test('one behind the other, the files hold what one file of all runs does', async () => {
  const run = fc.record({
    events: fc.nat(12),
    traces: fc.nat(3),
    frib: fc.boolean(),
    omit: fc.subarray([0, 3, 5, 11]),
    old: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(run, { minLength: 1, maxLength: 4 }),
      fc.nat(2000),
      async (runs, limit) => {
        const from = scratch();
        const settings = runs.map(({ old, ...more }, k): [number, Partial<SimulatedRun>] => [
          2 * k,
          { ...more, format: old ? '0.1.0' : '1.0' },
        ]);
        simulate(from, Object.fromEntries(settings));
        const whole = await harmonize(from, Infinity, scratch());
        const parts = await harmonize(from, limit, scratch());
        assert.deepEqual(await contents(parts), await contents(whole));
      },
    ),
    { numRuns: 15 },
  );
});
