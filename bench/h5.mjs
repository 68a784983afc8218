// Figures of src/h5 on this machine: node bench/h5.mjs [folder]   (after npx tsc). Prints one line per measure:
// CPU time is user + system of the process. Bars: specs/hdf5-proofs.md section 8.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compound,
  createH5,
  dtype,
  hashTree,
  openH5,
  readReferences,
  relationOf,
  rowsOf,
} from '../dist/src/h5/index.js';
import { hasher } from '../dist/src/h5/hash.js';

const dir = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'tg-h5-'));

/** Runs `what` `times` times and prints the median rate per CPU second and per wall second. */
async function measure(name, amount, unit, what, times = 5) {
  const cpu = [];
  const wall = [];
  for (let i = 0; i < times; i++) {
    const before = process.cpuUsage();
    const start = performance.now();
    await what(i);
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1e6);
    wall.push((performance.now() - start) / 1e3);
  }
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
  const rate = (seconds) => (amount / seconds).toPrecision(3).padStart(8);
  console.log(
    `${name.padEnd(44)}${rate(median(cpu))} ${unit} per CPU s ${rate(median(wall))} per s`,
  );
}

const packet = compound([
  ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((n) => [n, 'u1']),
  ['timestamp', 'u8'],
  ...['i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'].map((n) => [n, 'u1']),
  ['shared', 'u4'],
  ['counter', 'u4'],
  ['receipt', 'u4'],
]);
const rows = 5_000_000;
const block = new Uint8Array(packet.size * 100_000);
for (let i = 0; i < block.length; i++) block[i] = (i * 2654435761) >>> 13;
const bytes = rows * packet.size;
const big = join(dir, 'big.h5');

const hash = hasher();
await measure('hash, two seeds', (block.length * 100) / 1e6, 'MB', () => {
  for (let i = 0; i < 100; i++) hash.update(block);
});
await measure('write a table (hashed)', bytes / 1e6, 'MB', () => {
  const writer = createH5(big);
  const table = writer.table('packets', packet);
  for (let i = 0; i < rows / 100_000; i++) table.append(block);
  writer.close();
});
await measure('read a table in blocks', bytes / 1e6, 'MB', async () => {
  const file = await openH5(big);
  let sum = 0;
  for (const part of file.table('packets').blocks()) sum += part.bytes[0];
  file.close();
  return sum;
});
await measure('read a table, one buffer', bytes / 1e6, 'MB', async () => {
  const file = await openH5(big);
  const table = file.table('packets');
  const buffer = new Uint8Array(100_000 * packet.size);
  for (let i = 0; i < rows; i += 100_000) table.read(i, 100_000, buffer);
  file.close();
});
await measure('link: copy a table (read, hash, write)', bytes / 1e6, 'MB', async (i) => {
  const file = await openH5(big);
  const writer = createH5(join(dir, `copy${i % 2}.h5`));
  const out = writer.table('packets', packet);
  const table = file.table('packets');
  const buffer = new Uint8Array(100_000 * packet.size);
  for (let at = 0; at < rows; at += 100_000) out.append(table.read(at, 100_000, buffer).bytes);
  writer.close();
  file.close();
});
await measure('tree hash of the file', bytes / 1e6, 'MB', () => hashTree(big));
await measure('one u4 column, bytes scanned', bytes / 1e6, 'MB', async () => {
  const file = await openH5(big);
  file.table('packets').column('receipt');
  file.close();
});
const part = new Uint8Array(block);
await measure('one u8 column of rows in memory', (20 * part.length) / 1e6, 'MB', () => {
  for (let i = 0; i < 20; i++) rowsOf(packet, part).column('timestamp');
});

const n = 1_000_000;
const runs = { parent: new Uint32Array(n), start: new Uint32Array(n), stop: new Uint32Array(n) };
for (let i = 0; i < n; i++) {
  runs.parent[i] = i;
  runs.start[i] = 2 * i;
  runs.stop[i] = 2 * i + 2;
}
const ids = compound([['id', 'u4']]);
const refs = join(dir, 'refs.h5');
await measure('write region references', n / 1e6, 'M ', () => {
  const writer = createH5(refs);
  writer.table('child', ids).append(new Uint8Array(8 * n));
  writer.table('parent', ids).append(new Uint8Array(4 * n));
  writer.references('parent', 'child', n, runs);
  writer.close();
});
await measure('read region references, as runs', n / 1e6, 'M ', async () => {
  const file = await openH5(refs);
  if (relationOf(file, 'parent', 'child').parent.length !== n) throw new Error('references lost');
  file.close();
});
await measure('read region references, rows(i) at random', 0.2, 'M ', async () => {
  const file = await openH5(refs);
  const list = readReferences(file, 'parent/ref/child/ref');
  for (let i = 0; i < 200_000; i++) list.rows((i * 7919) % n);
  file.close();
});
await measure('tree hash of the references', n / 1e6, 'M ', () => hashTree(refs), 1);

const objects = 20_000;
const many = join(dir, 'many.h5');
const payload = new Int16Array(100);
await measure('write groups with one dataset each', objects / 1e3, 'k ', () => {
  const writer = createH5(many);
  for (let i = 0; i < objects / 2; i++) {
    writer.group(`events/e${i}`, { number: i, name: 'x' });
    writer.dataset(`events/e${i}/wave`, dtype('i2'), [100], payload);
  }
  writer.close();
});
await measure('open a file of 20 000 objects', objects / 1e3, 'k ', async () => {
  (await openH5(many)).close();
});
await measure('tree hash of 20 000 objects', objects / 1e3, 'k ', () => hashTree(many));
rmSync(dir, { recursive: true });
