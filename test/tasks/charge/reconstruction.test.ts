import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TaskError } from 'tg';
import { entriesOf, numbersIn } from '../../../tasks/charge/calibration.ts';
import { addHits, addTriggers, createEventSums } from '../../../tasks/charge/events.ts';
import { buildHits, createPixelTable, HIT_ROW } from '../../../tasks/charge/hits.ts';
import { packetFields24 } from '../../../tasks/charge/packet-fields.ts';
import { pixelKey, type Address } from '../../../tasks/charge/pixel-key.ts';
import { consecutiveRuns, madeRuns, visitBlock, walkRuns } from '../../../tasks/charge/runs.ts';
import { correctTimes, denseCorrection } from '../../../tasks/charge/timestamp.ts';
import {
  continueEvent,
  findTriggers,
  noPulse,
  TRIGGER_ROW,
  triggerRules,
} from '../../../tasks/charge/triggers.ts';

const fields = packetFields24();

interface Packet {
  type: number;
  ioGroup?: number;
  ioChannel?: number;
  chip?: number;
  channel?: number;
  timestamp?: number;
  dataword?: number;
  trigger?: number;
}

function encode(packets: readonly Packet[]): Uint8Array {
  const bytes = new Uint8Array(packets.length * fields.rowSize);
  const view = new DataView(bytes.buffer);
  packets.forEach((packet, row) => {
    const at = row * fields.rowSize;
    view.setUint8(at + fields.packetType, packet.type);
    view.setUint8(at + fields.ioGroup, packet.ioGroup ?? 1);
    view.setUint8(at + fields.ioChannel, packet.ioChannel ?? 1);
    view.setUint8(at + fields.chipId, packet.chip ?? 11);
    view.setUint8(at + fields.channelId, packet.channel ?? 0);
    view.setUint8(at + fields.dataword, packet.dataword ?? 0);
    view.setUint8(at + fields.triggerType, packet.trigger ?? 0);
    view.setUint32(at + fields.timestamp, packet.timestamp ?? 0, true);
  });
  return bytes;
}

test('corrected time is (timestamp - offset) / (1 + slope) of the io_group, others stay', () => {
  const bytes = encode([
    { type: 0, ioGroup: 1, timestamp: 1_000_000 },
    { type: 6, ioGroup: 3, timestamp: 77 },
  ]);
  const out = new DataView(new ArrayBuffer(24));
  correctTimes(bytes, 2, fields, denseCorrection({ 1: [-9.597, 4.0021e-6] }), 40, out);
  assert.equal(out.getUint32(0, true), 40);
  assert.equal(out.getFloat64(4, true), (1_000_000 + 9.597) / (1 + 4.0021e-6));
  assert.equal(out.getUint32(12, true), 41);
  assert.equal(out.getFloat64(16, true), 77);
});

function triggersOf(
  packets: readonly Packet[],
  rules: ReturnType<typeof triggerRules>,
  pieces: readonly { event: number; to: number }[] = [{ event: 0, to: packets.length }],
): number[][] {
  const bytes = encode(packets);
  const times = Float64Array.from(packets, (_, i) => i + 0.5);
  const out = new DataView(new ArrayBuffer(packets.length * TRIGGER_ROW));
  const last = noPulse();
  let n = 0;
  let from = 0;
  for (const { event, to } of pieces) {
    continueEvent(last, event);
    n += findTriggers(bytes, from, to, fields, times, rules, last, 7 + n, out, n);
    from = to;
  }
  return Array.from({ length: n }, (_, i) => {
    const at = i * TRIGGER_ROW;
    return [
      out.getUint32(at, true),
      out.getFloat64(at + 4, true),
      Number(out.getBigInt64(at + 12, true)),
      out.getInt16(at + 20, true),
      out.getUint8(at + 22),
    ];
  });
}

test('a trigger word counts when it shares a bit with the filter', () => {
  const words: Packet[] = [1, 2, 3, 4].map((trigger) => ({ type: 7, trigger, timestamp: 9 }));
  assert.deepEqual(triggersOf(words, triggerRules(true, 2, {})), [
    [7, 1.5, 9, 2, 1],
    [8, 2.5, 9, 3, 1],
  ]);
  assert.deepEqual(triggersOf(words, triggerRules(false, 2, {})), []);
});

test('pulses on a LArPix channel are triggers of type -1, equal times one', () => {
  const pulse = (timestamp: number, channel: number, chip = 12): Packet => {
    return { type: 0, ioGroup: 2, ioChannel: 5, chip, channel, timestamp };
  };
  const packets = [pulse(3, 6), pulse(3, 6, 13), pulse(4, 6), pulse(4, 7), pulse(3, 6)];
  const found = (channels: Record<string, number[]>): number[] =>
    triggersOf(packets, triggerRules(true, 2, channels)).map((row) => row[1]!);
  assert.deepEqual(found({ All: [6] }), [0.5, 2.5, 4.5]);
  assert.deepEqual(found({ '2-5-13': [6] }), [1.5]);
  assert.deepEqual(found({ '2-5-12': [7] }), [3.5]);
  assert.deepEqual(found({}), []);
});

test('equal times are one over the blocks of an event, and two in two events', () => {
  const pulse: Packet = { type: 0, channel: 6, timestamp: 3 };
  const found = (...pieces: { event: number; to: number }[]): number[] =>
    triggersOf([pulse, pulse, pulse], triggerRules(true, 2, { All: [6] }), pieces).map(
      (row) => row[1]!,
    );
  assert.deepEqual(found({ event: 0, to: 1 }, { event: 0, to: 2 }, { event: 0, to: 3 }), [0.5]);
  assert.deepEqual(found({ event: 0, to: 1 }, { event: 1, to: 3 }), [0.5, 1.5]);
});

test('the charge of a hit is in mV above pedestal, and every pixel is asked for once', () => {
  const asked: Address[] = [];
  const pixels = createPixelTable((address) => {
    asked.push(address);
    return { pedestal: 570, vref: 1300, vcm: 288, x: address.chipId, y: -1.5 };
  });
  const packets: Packet[] = [
    { type: 0, chip: 12, channel: 3, dataword: 100, timestamp: 50 },
    { type: 7, trigger: 2 },
    { type: 0, chip: 12, channel: 3, dataword: 0 },
    { type: 0, chip: 13, channel: 200, ioChannel: 2, dataword: 255 },
  ];
  const out = new DataView(new ArrayBuffer(packets.length * HIT_ROW));
  const times = Float64Array.of(1, 2, 3, 4);
  assert.equal(buildHits(encode(packets), 0, 4, fields, times, pixels, 5, out, 0), 3);
  const f8 = (hit: number, at: number): number => out.getFloat64(hit * HIT_ROW + at, true);
  const i8 = (hit: number, at: number): number => Number(out.getBigInt64(hit * HIT_ROW + at, true));
  assert.deepEqual(
    [0, 1, 2].map((hit) => [f8(hit, 4), f8(hit, 12), f8(hit, 20), i8(hit, 28), f8(hit, 36)]),
    [
      [12, -1.5, 1, 50, (100 / 256) * 1012 + 288 - 570],
      [12, -1.5, 3, 0, 288 - 570],
      [13, -1.5, 4, 0, (255 / 256) * 1012 + 288 - 570],
    ],
  );
  assert.deepEqual(
    [44, 52, 60, 68, 76].map((at) => i8(2, at)),
    [1, 2, 13, 200, 0],
  );
  assert.equal(out.getUint32(2 * HIT_ROW, true), 7);
  assert.equal(asked.length, 2);
  assert.deepEqual(Array.from(pixels.hits.subarray(0, 2)), [2, 1]);
});

test('thousands of pixels do not confuse one another', () => {
  const pixels = createPixelTable(({ chipId, channelId }) => {
    return { pedestal: chipId * 100 + channelId, vref: 0, vcm: 0, x: 0, y: 0 };
  });
  const packets: Packet[] = [];
  for (let chip = 0; chip < 200; chip++) {
    for (let channel = 0; channel < 64; channel++) packets.push({ type: 0, chip, channel });
  }
  const n = packets.length;
  const out = new DataView(new ArrayBuffer(n * HIT_ROW));
  for (let round = 0; round < 2; round++) {
    buildHits(encode(packets), 0, n, fields, new Float64Array(n), pixels, 0, out, 0);
  }
  packets.forEach(({ chip, channel }, hit) => {
    assert.equal(out.getFloat64(hit * HIT_ROW + 36, true), 0 - chip! * 100 - channel!);
  });
});

test('the key of a pixel is that of the pedestal files', () => {
  const address = { ioGroup: 1, ioChannel: 1, chipId: 11, channelId: 1 };
  assert.equal(pixelKey(address), ((1 * 256 + 1) * 256 + 11) * 64 + 1);
});

test('text for a number in a pedestal file is a mistake with its place', () => {
  const file = { content: { 4211697: { pedestal_mv: 'n/a' } }, path: '/cal/ped.json' };
  const entries = entriesOf(file);
  assert.throws(
    () => numbersIn(file, entries, 'pedestal_mv')(4211697),
    (error) => {
      assert.ok(error instanceof TaskError);
      assert.equal(error.message, 'pedestal_mv of 4211697 is not a number: "n/a"');
      assert.deepEqual(error.at, { file: '/cal/ped.json', keys: ['4211697', 'pedestal_mv'] });
      return true;
    },
  );
  assert.equal(numbersIn(file, entries, 'pedestal_mv')(1), undefined);
});

test('an event without hits and triggers has no times', () => {
  const sums = createEventSums(2);
  addHits(sums, 1, Float64Array.of(1, 2, 4), Float64Array.of(30, 10, 20), 1, 3);
  addTriggers(sums, 1, Float64Array.of(5), 0, 1);
  assert.deepEqual(Array.from(sums.q), [0, 6]);
  assert.deepEqual(Array.from(sums.tsStart), [NaN, 5]);
  assert.deepEqual(Array.from(sums.tsEnd), [NaN, 20]);
  assert.deepEqual(
    [Array.from(sums.nhit), Array.from(sums.nExtTrigs)],
    [
      [0, 2],
      [0, 1],
    ],
  );
});

test('runs are visited whole, whatever the blocks', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 12 }), (events, block) => {
      const runs = consecutiveRuns(events);
      const total = events.reduce((sum, n) => sum + n, 0);
      const walk = walkRuns(runs);
      const rows: number[] = [];
      const made = new Uint32Array(runs.parent.length);
      for (let start = 0; start < total; start += block) {
        visitBlock(walk, start, Math.min(start + block, total), (run, from, to) => {
          for (let row = from; row < to; row++) rows.push(start + row);
          made[run]! += to - from;
        });
      }
      assert.deepEqual(
        rows,
        Array.from({ length: total }, (_, i) => i),
      );
      assert.deepEqual(madeRuns(walk.runs, made), runs);
      const full = events.flatMap((n, i) => (n > 0 ? [i] : []));
      assert.deepEqual(Array.from(runs.parent), full);
    }),
  );
});

test('runs in another order than the rows are put right', () => {
  const runs = {
    parent: Uint32Array.of(0, 0, 1),
    start: Uint32Array.of(0, 8, 4),
    stop: Uint32Array.of(4, 9, 8),
  };
  const walk = walkRuns(runs);
  const seen: number[] = [];
  visitBlock(walk, 0, 9, (run) => seen.push(walk.runs.parent[run]!));
  assert.deepEqual(seen, [0, 1, 0]);
  assert.deepEqual(madeRuns(walk.runs, Uint32Array.of(1, 2, 1)), {
    parent: Uint32Array.of(0, 0, 1),
    start: Uint32Array.of(0, 3, 1),
    stop: Uint32Array.of(1, 4, 3),
  });
});
