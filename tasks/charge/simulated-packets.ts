/** Packets of a simulated run in file order: straight tracks, noise, triggers, clocks of two PACMANs. Knows rows, no files. */
import { PACKET, packetFields24, SYNC_RESET } from './packet-fields.ts';
import { sortRoom, sortTimes } from './radix-sort.ts';
import { createRandom, type Random } from './random.ts';
import { DRIFT, pixelAt, type Anode, type Plane } from './simulated-anode.ts';

export interface RunSettings {
  seed: number;
  seconds: number;
  /** Cosmic rays per second. */
  eventsPerSecond: number;
  /** Lone pixels per second. */
  noisePerSecond: number;
  /** Tracks that cross a SYNC, one per second from the first on. */
  rolloverEvents: number;
  triggers: boolean;
  /** Unix time of the start, s. */
  unixStart: number;
  /** SYNC packets that are lost: [io_group, second]. */
  lostSyncs: readonly (readonly [number, number])[];
}

/** A simulated cosmic ray: mm, ticks. */
export interface SimulatedTrack {
  /** Ticks after the start of the run. */
  t: number;
  /** Where it was above the first and the last pixel that saw it, x y z. */
  first: readonly [number, number, number];
  last: readonly [number, number, number];
  /** Pixels that saw it. */
  hits: number;
}

/** Ticks of 0.1 us between two SYNCs. */
const SECOND = 1e7;
const DRIFT_SPEED = 0.1587; // mm per tick
const HEARTBEAT = 72;
const MESSAGES_PER_SECOND = 40;
const FIELDS = packetFields24();
const { rowSize: ROW } = FIELDS;
const DIRECTION = 22;
const FIRST_PACKET = 31;

/** Clocks: ticks read = ticks true * (1 + slope) + offset. */
const CLOCKS = [
  { ioGroup: 1, offset: -9.6, slope: 4.0021e-6 },
  { ioGroup: 2, offset: -9.3, slope: 1.177e-6 },
] as const;
type Clock = (typeof CLOCKS)[number];

/** What a PACMAN's counter reads `t` ticks after the start. */
function reading(clock: Clock, t: number): number {
  const inSecond = t - Math.floor(t / SECOND) * SECOND;
  return Math.max(Math.round(inSecond * (1 + clock.slope) + clock.offset), 0);
}

/** Rows with the time at which the DAQ computer got them. */
interface Arrivals {
  n: number;
  at: Float64Array;
  bytes: Uint8Array;
  view: DataView;
}

function createArrivals(rows: number): Arrivals {
  const bytes = new Uint8Array(rows * ROW);
  return { n: 0, at: new Float64Array(rows), bytes, view: new DataView(bytes.buffer) };
}

/** A new empty row that arrives at tick `at`; returns where it begins. */
function arrive(arrivals: Arrivals, at: number): number {
  if (arrivals.n === arrivals.at.length) {
    const wider = createArrivals(2 * arrivals.n);
    wider.at.set(arrivals.at);
    wider.bytes.set(arrivals.bytes);
    Object.assign(arrivals, { at: wider.at, bytes: wider.bytes, view: wider.view });
  }
  arrivals.at[arrivals.n] = Math.max(Math.round(at), 0);
  return arrivals.n++ * ROW;
}

/** The rows of a run, second by second; 36 bytes each, version 2.4. `tell` is told of the tracks behind them. */
export function* simulatePackets(
  anode: Anode,
  settings: RunSettings,
  tell?: (track: SimulatedTrack) => void,
): Generator<Uint8Array> {
  const random = createRandom(settings.seed);
  let open = createArrivals(1024);
  for (let second = 0; second < settings.seconds; second++) {
    addSecond(open, anode, settings, random, second, tell);
    const isLast = second === settings.seconds - 1;
    const [ready, rest] = split(open, isLast ? Infinity : (second + 1) * SECOND);
    yield inFileOrder(ready, random);
    open = rest;
  }
}

function addSecond(
  rows: Arrivals,
  anode: Anode,
  settings: RunSettings,
  random: Random,
  second: number,
  tell?: (track: SimulatedTrack) => void,
): void {
  const start = second * SECOND;
  const events = Array.from({ length: random.poisson(settings.eventsPerSecond) }, () =>
    Math.floor(start + random.between(1.05e6, 9.9e6)),
  );
  if (second + 1 < settings.seconds && second < settings.rolloverEvents) {
    events.push(Math.floor(start + SECOND - random.between(300, 1500)));
  }
  for (const t of events) {
    const tracks = random.uniform() < 0.25 ? 2 : 1;
    for (let i = 0; i < tracks; i++) {
      const track = addTrack(rows, anode, random, t);
      if (track !== undefined) tell?.(track);
    }
    if (settings.triggers) addTriggerWords(rows, random, t);
  }
  for (let i = 0; i < settings.noisePerSecond; i++) {
    addNoise(rows, anode, random, start + random.between(0, SECOND));
  }
  // What the sync noise cut is for.
  for (let i = 0; i < 60; i++) addNoise(rows, anode, random, start + random.between(0, 5e5));
  addClockPackets(rows, settings, second);
  if (second === 0) addConfigurationPackets(rows);
}

/** A straight line through both drift volumes; every pixel below it sees the charge after the drift. */
function addTrack(
  rows: Arrivals,
  anode: Anode,
  random: Random,
  t: number,
): SimulatedTrack | undefined {
  const cosine = random.between(0.5, 1);
  const sine = Math.sqrt(1 - cosine * cosine);
  const angle = random.between(0, 2 * Math.PI);
  const step = [sine * Math.cos(angle), -cosine, sine * Math.sin(angle)] as const;
  const [plane] = anode.planes as [Plane];
  const height = -plane.minY;
  const x = random.between(plane.minX, -plane.minX);
  const z = random.between(-DRIFT, DRIFT);
  const last = new Map<Plane, number>();
  const seen: number[] = [];
  for (let s = 0; s < (2 * height) / cosine; s += 2) {
    const at = z + s * step[2];
    if (Math.abs(at) > DRIFT) continue;
    const side = anode.planes[at < 0 ? 0 : 1]!;
    const pixel = pixelAt(side, x + s * step[0], height + s * step[1]);
    if (pixel < 0 || pixel === last.get(side)) continue;
    last.set(side, pixel);
    seen.push(s);
    const arrival = t + Math.abs(at - side.z) / DRIFT_SPEED + random.normal(0, 1);
    const adc = 74 + 12 * random.exponential(2) + random.normal(0, 2);
    addData(rows, side, pixel, random, arrival, Math.min(Math.max(Math.round(adc), 0), 255));
  }
  if (seen.length === 0) return undefined;
  const place = (s: number) => [x + s * step[0], height + s * step[1], z + s * step[2]] as const;
  return { t, first: place(seen[0]!), last: place(seen.at(-1)!), hits: seen.length };
}

function addNoise(rows: Arrivals, anode: Anode, random: Random, t: number): void {
  const plane = anode.planes[random.below(2)]!;
  addData(rows, plane, random.below(plane.pixels.length), random, t, 60 + random.below(50));
}

function addData(
  rows: Arrivals,
  plane: Plane,
  pixel: number,
  random: Random,
  t: number,
  adc: number,
): void {
  const clock = CLOCKS[plane.ioGroup - 1]!;
  // One packet in fifty waits in the network of chips.
  const late = random.uniform() < 0.02 ? random.between(500, 2500) : 0;
  const arrival = t + random.exponential(60) + 20 + late;
  const { ioChannel, chipId, channelId } = plane.pixels[pixel]!;
  const at = arrive(rows, arrival);
  const { bytes, view } = rows;
  bytes[at + FIELDS.ioGroup] = plane.ioGroup;
  bytes[at + FIELDS.ioChannel] = ioChannel;
  bytes[at + FIELDS.chipId] = chipId;
  bytes[at + FIELDS.channelId] = channelId;
  bytes[at + FIELDS.validParity] = random.uniform() < 0.01 ? 0 : 1;
  bytes[at + FIELDS.dataword] = adc;
  bytes[at + DIRECTION] = 1;
  bytes[at + FIRST_PACKET] = 1;
  view.setUint32(at + FIELDS.timestamp, reading(clock, Math.max(t, 0)), true);
  view.setUint32(at + FIELDS.receiptTimestamp, reading(clock, arrival), true);
}

function addSpecial(
  rows: Arrivals,
  arrival: number,
  ioGroup: number,
  type: number,
  triggerType: number,
  timestamp: number,
): number {
  const at = arrive(rows, arrival);
  rows.bytes[at + FIELDS.ioGroup] = ioGroup;
  rows.bytes[at + FIELDS.packetType] = type;
  rows.bytes[at + FIELDS.triggerType] = triggerType;
  rows.view.setUint32(at + FIELDS.timestamp, timestamp, true);
  return at;
}

function addTriggerWords(rows: Arrivals, random: Random, t: number): void {
  for (const clock of CLOCKS) {
    if (random.uniform() > 0.9) continue;
    const word = [2, 2, 2, 1, 3][random.below(5)]!;
    const bit31 = random.uniform() < 0.5 ? 2 ** 31 : 0;
    addSpecial(rows, t + 5, clock.ioGroup, PACKET.trigger, word, reading(clock, t + 2) + bit31);
  }
}

function addClockPackets(rows: Arrivals, settings: RunSettings, second: number): void {
  const start = second * SECOND;
  for (const clock of CLOCKS) {
    const { ioGroup } = clock;
    const lost = settings.lostSyncs.some(([group, at]) => group === ioGroup && at === second);
    if (second > 0 && !lost) {
      const ticks = Math.round(SECOND * (1 + clock.slope) + clock.offset);
      const at = addSpecial(rows, start + ioGroup, ioGroup, PACKET.sync, SYNC_RESET, ticks);
      rows.bytes[at + FIELDS.dataword] = 1;
    }
    addSpecial(rows, start + SECOND / 2, ioGroup, PACKET.sync, HEARTBEAT, SECOND / 2);
    for (let i = 0; i < MESSAGES_PER_SECOND; i++) {
      const t = start + (i * SECOND) / MESSAGES_PER_SECOND;
      const unix = settings.unixStart + Math.floor((t + 0.3 * SECOND) / SECOND);
      addSpecial(rows, t, ioGroup, PACKET.timestamp, 0, unix);
    }
  }
}

function addConfigurationPackets(rows: Arrivals): void {
  for (let i = 0; i < 6; i++) {
    const at = addSpecial(rows, 10 + i, 1, 2 + (i % 2), 0, 0);
    rows.bytes[at + FIELDS.ioChannel] = 1;
    rows.bytes[at + FIELDS.chipId] = 11 + i;
    rows.bytes[at + FIELDS.validParity] = 1;
  }
}

/** Rows that arrive before `end` and the others. */
function split(rows: Arrivals, end: number): [Arrivals, Arrivals] {
  const parts: [Arrivals, Arrivals] = [createArrivals(rows.n + 1), createArrivals(1024)];
  for (let row = 0; row < rows.n; row++) {
    const part = parts[rows.at[row]! < end ? 0 : 1];
    const at = arrive(part, rows.at[row]!);
    part.bytes.set(rows.bytes.subarray(row * ROW, (row + 1) * ROW), at);
  }
  return parts;
}

/** Sorted by arrival; then the rows between two SYNCs are mixed within some twenty, as interleaved messages are. */
function inFileOrder(rows: Arrivals, random: Random): Uint8Array {
  const { n, at, bytes } = rows;
  let last = 0;
  for (let i = 0; i < n; i++) last = Math.max(last, at[i]!);
  const order = sortTimes(at, n, 0, last, sortRoom(n));
  const typeOf = (i: number): number => bytes[order[i]! * ROW + FIELDS.packetType]!;
  for (let i = 0; i < n; i++) {
    const j = i + random.below(20);
    if (j >= n || typeOf(i) !== PACKET.data || typeOf(j) !== PACKET.data) continue;
    let crossesSync = false;
    for (let k = i + 1; k < j && !crossesSync; k++) crossesSync = typeOf(k) === PACKET.sync;
    if (crossesSync) continue;
    const row = order[i]!;
    order[i] = order[j]!;
    order[j] = row;
  }
  const out = new Uint8Array(n * ROW);
  for (let i = 0; i < n; i++) {
    out.set(bytes.subarray(order[i]! * ROW, (order[i]! + 1) * ROW), i * ROW);
  }
  return out;
}
