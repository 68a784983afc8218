/** A merged run made up from a seed, in the layout of any format of the merger: for examples, tests and benchmarks. Knows no physics beyond sizes. */
import { createH5, dtype, type H5Writer, type Typed } from 'tg/h5';
import type { Format } from './merger-formats.ts';

export interface SimulatedRun {
  seed: number;
  events: number;
  format: Format;
  /** Mean number of traces of an event. */
  traces: number;
  /** Samples of an SIS3300 (2048 in real runs). */
  samples: number;
  /** Without it the run has no FRIB data and no scaler events. */
  frib: boolean;
  scalers: number;
  /** Columns of a trace: cobo, asad, aget, channel, pad, 512 samples. */
  columns: number;
  /** Calls the FRIB id `event`, as the synchronizer does. */
  synchronizer: boolean;
  /** Events that are not there. */
  omit: readonly number[];
  /** FRIB events beyond the last GET event (negative: so many fewer). */
  fribMore: number;
  /** As a merger leaves it that died: no first and last event. */
  unfinished: boolean;
  /** Of these the FRIB group lacks the digitizer. */
  partial: readonly number[];
}

export const SIMULATED: SimulatedRun = {
  seed: 1,
  events: 20,
  format: '1.0',
  traces: 8,
  samples: 64,
  frib: true,
  scalers: 4,
  columns: 517,
  synchronizer: false,
  omit: [],
  fribMore: 0,
  unfinished: false,
  partial: [],
};

/** Whole numbers from a seed: xorshift32 by Marsaglia. */
function numbers(seed: number): (below: number) => number {
  let x = (seed * 2654435761 + 1) >>> 0 || 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

const scalar = (type: string, value: number | bigint): Typed => ({
  dtype: dtype(type),
  shape: [],
  values: [value],
});
const u4 = (value: number): Typed => scalar('u4', value);
const u8 = (value: number): Typed => scalar('u8', value);

interface Traces {
  id: number;
  time: number;
  rows: number;
  data: Int16Array;
}

interface Digitizers {
  id: number;
  time: number;
  samples: Uint16Array;
  register: Uint16Array;
}

/** Makes the run at `path`. */
export function writeSimulatedRun(path: string, given: Partial<SimulatedRun> = {}): void {
  const run = { ...SIMULATED, ...given };
  const random = numbers(run.seed);
  const out = createH5(path);
  const last = Math.max(0, run.events - 1);
  const fribEvents = run.frib ? run.events + run.fribMore : 0;
  if (run.format === '0.1.0') {
    for (const group of ['meta', 'get', 'frib/evt', 'frib/scaler']) out.group(group);
    out.dataset('meta/meta', 'u8', [4], BigUint64Array.of(0n, 1000n, BigInt(last), 9000n));
  } else out.group('events');
  for (let n = 0; n < Math.max(run.events, fribEvents); n++) {
    const get = n < run.events ? traces(random, run, n) : undefined;
    const frib = n < fribEvents ? digitizers(random, run, n) : undefined;
    if (run.omit.includes(n)) continue;
    if (run.format === '0.1.0') legacyEvent(out, run, n, get, frib);
    else {
      modernEvent(out, run, n, get, frib);
      out.finish(`/events/event_${n}`);
    }
  }
  if (run.format !== '0.1.0') modernHead(out, run, last);
  writeScalers(out, run, random);
  out.close();
}

function traces(random: (below: number) => number, run: SimulatedRun, n: number): Traces {
  const rows = run.traces === 0 ? 0 : 1 + random(2 * run.traces - 1);
  const data = new Int16Array(rows * run.columns);
  for (let row = 0; row < rows; row++) {
    const at = row * run.columns;
    for (const [k, below] of [10, 4, 4, 68, 10240].entries()) data[at + k] = random(below);
    for (let k = 5; k < run.columns; k++) data[at + k] = 300 + random(200);
  }
  return { id: n + 1, time: 1_000_000 + n * 50_000 + random(1000), rows, data };
}

function digitizers(random: (below: number) => number, run: SimulatedRun, n: number): Digitizers {
  const samples = new Uint16Array(8 * run.samples);
  for (let k = 0; k < samples.length; k++) samples[k] = random(4096);
  return {
    id: n + 1,
    time: 2_000_000 + n * 50_000,
    samples,
    register: Uint16Array.of(random(8)),
  };
}

const SILICON = [
  'si_upstream_front',
  'si_upstream_back',
  'si_downstream_front',
  'si_downstream_back',
];

function modernEvent(
  out: H5Writer,
  run: SimulatedRun,
  n: number,
  get: Traces | undefined,
  frib: Digitizers | undefined,
): void {
  const at = `/events/event_${n}`;
  out.group(at);
  if (get !== undefined) {
    const { id, time, rows, data } = get;
    const attributes = { id: u4(id), timestamp: u8(time), timestamp_other: u8(time + 37) };
    if (run.format === '2.0') {
      out.group(`${at}/get`, attributes);
      out.dataset(`${at}/get/pads`, 'i2', [rows, run.columns], data);
      for (const [k, name] of SILICON.entries()) {
        const some = k === n % 4 ? Math.min(1, rows) : 0;
        const row = data.subarray(0, some * run.columns);
        out.dataset(`${at}/get/${name}`, 'i2', [some, run.columns], row);
      }
    } else out.dataset(`${at}/get_traces`, 'i2', [rows, run.columns], data, { attributes });
  }
  if (frib === undefined) return;
  const group = `${at}/frib_physics`;
  out.group(group, {
    [run.synchronizer ? 'event' : 'id']: u4(frib.id),
    timestamp: u4(frib.time),
  });
  if (!run.partial.includes(n)) out.dataset(`${group}/1903`, 'u2', [run.samples, 8], frib.samples);
  out.dataset(`${group}/977`, 'u2', [1], frib.register);
  if (run.format === '2.0' && n % 2 === 0)
    out.dataset(`${group}/1906`, 'u2', [2, 4], frib.samples.slice(0, 8));
}

function modernHead(out: H5Writer, run: SimulatedRun, last: number): void {
  const version =
    run.format === '2.0'
      ? 'libattpc_merger:2.0'
      : run.synchronizer
        ? 'synchronizer:0.1.0'
        : 'libattpc_merger:1.0';
  out.group('events', {
    min_event: u8(0),
    max_event: u8(run.unfinished ? 0 : last),
    min_get_ts: u8(run.unfinished ? 0 : 1_000_000),
    max_get_ts: u8(run.unfinished ? 0 : 1_000_000 + last * 50_000),
    version,
  });
}

function legacyEvent(
  out: H5Writer,
  run: SimulatedRun,
  n: number,
  get: Traces | undefined,
  frib: Digitizers | undefined,
): void {
  if (get !== undefined) {
    out.dataset(`get/evt${n}_header`, 'f8', [3], Float64Array.of(get.id, get.time, get.time + 37));
    out.dataset(`get/evt${n}_data`, 'i2', [get.rows, run.columns], get.data);
  }
  if (frib === undefined) return;
  out.dataset(`frib/evt/evt${n}_header`, 'u4', [2], Uint32Array.of(frib.id, frib.time));
  if (!run.partial.includes(n))
    out.dataset(`frib/evt/evt${n}_1903`, 'u2', [run.samples, 8], frib.samples);
  out.dataset(`frib/evt/evt${n}_977`, 'u2', [1], frib.register);
}

function writeScalers(out: H5Writer, run: SimulatedRun, random: (below: number) => number): void {
  const n = run.frib ? run.scalers : 0;
  const legacy = run.format === '0.1.0';
  if (!legacy)
    out.group('scalers', {
      min_event: u4(0),
      max_event: u4(run.synchronizer ? n : Math.max(0, n - 1)),
      version: 'libattpc_merger:1.0',
    });
  for (let k = 0; k < n; k++) {
    const values = Uint32Array.from({ length: 12 }, () => random(2 ** 31));
    out.dataset(legacy ? `frib/scaler/scaler${k}_data` : `scalers/event_${k}`, 'u4', [12], values);
  }
}
