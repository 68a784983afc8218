/** A slow, literal transcription of the raw event algorithm (specs/charge.md 3.1, 3.2 and 6), for comparison only. */

export interface PlainPacket {
  row: number;
  ioGroup: number;
  type: number;
  trigger: number;
  valid: boolean;
  timestamp: number;
  receipt: number;
}

export interface PlainRules {
  bufferSize: number;
  nhitCut: number;
  cut: readonly [number, number] | null;
  window: number;
  threshold: number;
  rolloverTicks: number;
  upstream: boolean;
  flushAtEnd: boolean;
}

export interface PlainEvent {
  rows: number[];
  unix: number;
}

export interface Timed {
  packet: PlainPacket;
  unix: number;
  t: number;
}

/** numpy.linspace(start, stop, n). */
function linspace(start: number, stop: number, n: number): number[] {
  const step = (stop - start) / (n - 1);
  const values = Array.from({ length: n }, (_, k) => k * step + start);
  if (n > 1) values[n - 1] = stop;
  return values;
}

/** numpy.histogram(values, bins=edges)[0]. */
function histogram(values: readonly number[], edges: readonly number[]): number[] {
  return edges.slice(1).map((high, k) => {
    const last = k === edges.length - 2;
    return values.filter((v) => v >= edges[k]! && (last ? v <= high : v < high)).length;
  });
}

/** Strictly inside the sync cut. */
export const passesCut =
  (cut: PlainRules['cut']) =>
  ({ packet: { timestamp } }: { packet: PlainPacket }): boolean =>
    cut === null || (timestamp > cut[0] && timestamp < cut[1]);

/** Rows of each batch that are no timestamp packets, with their unix times, before the sync cut. */
export function* batchRows(
  packets: readonly PlainPacket[],
  bufferSize: number,
): Generator<{ packet: PlainPacket; unix: number }[]> {
  let state = packets.find((packet) => packet.type === 4)?.timestamp ?? 0;
  for (let start = 0; start < packets.length; start += bufferSize) {
    const batch = packets
      .slice(start, start + bufferSize)
      .filter((p) => (p.type === 0 && p.valid) || p.type === 4 || p.type === 6 || p.type === 7);
    let unix = state;
    const rows: { packet: PlainPacket; unix: number }[] = [];
    for (const packet of batch) {
      if (packet.type === 4) {
        unix = packet.timestamp;
      } else {
        rows.push({ packet: { ...packet, timestamp: packet.timestamp % 2 ** 31 }, unix });
        state = unix;
      }
    }
    yield rows;
  }
}

/** Events in file order of batches. */
export function referenceEvents(packets: readonly PlainPacket[], rules: PlainRules): PlainEvent[] {
  const events: PlainEvent[] = [];
  let buffer: Timed[] = [];
  const syncs = new Map<number, number>();
  for (const rows of batchRows(packets, rules.bufferSize)) {
    const passes = passesCut(rules.cut);
    let list: Timed[];
    if (rules.upstream) {
      const now = rows.filter(passes);
      if (now.length === 0) {
        buffer = [];
        continue;
      }
      list = timed([...buffer, ...now], new Map(), rules);
    } else {
      list = [...buffer, ...timed(rows, syncs, rules).filter(passes)];
    }
    const found = window(list, rules);
    buffer = found.buffer;
    for (const event of found.events) {
      if (event.length >= rules.nhitCut && event.length > 0) events.push(plain(event));
    }
  }
  const open = buffer.length > 0 && buffer.length >= rules.nhitCut;
  if (open && !rules.upstream && rules.flushAtEnd) events.push(plain(buffer));
  return events;
}

export const plain = (event: readonly Timed[]): PlainEvent => ({
  rows: event.map(({ packet }) => packet.row),
  unix: event[0]!.unix,
});

export function timed(
  list: readonly { packet: PlainPacket; unix: number }[],
  syncs: Map<number, number>,
  rules: PlainRules,
): Timed[] {
  return list.map(({ packet, unix }) => {
    const seconds = syncs.get(packet.ioGroup) ?? 0;
    let t = packet.timestamp + seconds * rules.rolloverTicks;
    if (packet.type === 0 && packet.receipt < packet.timestamp) t -= rules.rolloverTicks;
    if (packet.type === 6 && packet.trigger === 83) syncs.set(packet.ioGroup, seconds + 1);
    return { packet, unix, t };
  });
}

export function window(
  list: readonly Timed[],
  rules: PlainRules,
): { events: Timed[][]; buffer: Timed[] } {
  if (list.length === 0) return { events: [], buffer: [] };
  const sorted = list.toSorted((a, b) => a.t - b.t);
  const t = sorted.map((row) => row.t);
  const t0 = t[0]!;
  const t1 = t.at(-1)!;
  const n = Math.floor((t1 - t0 + 2) / rules.window);
  let edges: number[];
  if (n >= 2) edges = linspace(t0 - 1, t1 + 1, n);
  else if (rules.upstream) return { events: [], buffer: [] };
  else edges = [t0 - 1, t1 + 1];
  const hot = histogram(t, edges).map((count) => count > rules.threshold);
  const dilated = hot.map((_, k) => [k - 1, k, k + 1].some((j) => hot[j] === true));
  const starts: number[] = dilated[0] === true ? [t0] : [];
  const ends: number[] = [];
  for (let k = 1; k < dilated.length; k++) {
    if (dilated[k] === true && dilated[k - 1] === false) starts.push(edges[k]!);
    if (dilated[k] === false && dilated[k - 1] === true) ends.push(edges[k]!);
  }
  let buffer: Timed[] = [];
  if (dilated.at(-1) === true) {
    const open = starts.pop()!;
    buffer = sorted.filter((row) => row.t >= open);
  }
  const events = starts.map((start, j) =>
    sorted.filter((row) => row.t > start && row.t < ends[j]!),
  );
  return { events, buffer };
}
