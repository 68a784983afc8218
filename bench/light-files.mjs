// Two ADC64 files of one run: 58 channels of 256 samples, a sync pulse every second, triggers at random, some without one ADC.
// Usage: node bench/light-files.mjs FOLDER RECORDS
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SERIALS = [0xa7a314c, 0xa7b54bd];
const CHANNELS = 58;
const SAMPLES = 256;

/** Seeded (mulberry32). */
function random(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const [folder, records] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const next = random(7);
const block = 12 + 2 * SAMPLES;
const record = Buffer.alloc(56 + CHANNELS * block);
const fds = SERIALS.map((serial) =>
  openSync(join(folder, `rwf_bench_0${serial.toString(16)}.data`), 'w'),
);

for (let k = 0; k < Number(records); k++) {
  const isSync = k % 20 === 0;
  // Sync pulses stand on whole seconds; 19 triggers between two of them.
  const ns = (Math.floor(k / 20) + 1) * 1e9 + (isSync ? 0 : (k % 20) * 4.5e7 + next() * 1e7);
  for (const [adc, serial] of SERIALS.entries()) {
    if (!isSync && next() < 0.02) continue;
    const ticks = Math.round(ns / 0.625) + adc * 100;
    record.writeUInt32LE(0x3f60b8a8, 0);
    record.writeUInt32LE(8, 4);
    record.writeBigUInt64LE(BigInt(1_617_489_726_000 + Math.floor(ns / 1e6) + adc), 8);
    record.writeUInt32LE(0x2a502a50, 16);
    record.writeUInt32LE(record.length - 24, 20);
    record.writeUInt32LE(k, 24);
    record.writeUInt32LE(serial, 28);
    record.writeUIntLE(record.length - 36, 32, 3);
    record[35] = 0xd9;
    record.writeUInt32LE(16, 36);
    record.writeUInt32LE(1_617_489_000 + Math.floor(ticks / 1e9), 40);
    record.writeUInt32LE((ticks % 1e9) * 4, 44);
    record.writeBigUInt64LE((1n << BigInt(CHANNELS)) - 1n, 48);
    for (let ch = 0; ch < CHANNELS; ch++) {
      const at = 56 + ch * block;
      record.writeUIntLE(4 * (2 + SAMPLES / 2) + 1, at, 3);
      record[at + 3] = ch;
      for (let i = 0; i < SAMPLES; i++)
        record.writeInt16LE(
          Math.floor(next() * 640) * 4 + (isSync && ch === 32 && i > 60 ? 20_000 : 0),
          at + 12 + 2 * i,
        );
    }
    writeSync(fds[adc], record);
  }
}
for (const fd of fds) closeSync(fd);
