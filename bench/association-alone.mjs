// The task charge/light_assoc without the engine, and the file it is timed on. Usage: node bench/association-alone.mjs (make N FILE | match FILE OUT)
import { taskContext } from '../dist/src/execute/context.js';
import { compound, createH5, rowByRow } from '../dist/src/h5/index.js';
import association from '../dist/tasks/association/charge-light.js';

/** N charge events with a trigger each, N light events of 2 ADCs of 64 channels: at random times, ten a second; nine of ten together. */
function make(n, path) {
  let seed = 1;
  const random = () => (seed = (Math.imul(seed, 48271) >>> 0) % 2147483647) / 2147483647;
  const file = createH5(path);
  const columns = { id: new Float64Array(n), unix: new Float64Array(n), ts: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    columns.id[i] = i;
    columns.unix[i] = 1_617_500_000 + Math.floor(i / 10);
    columns.ts[i] = ((i % 10) + random()) * 1e6;
  }
  const { id, unix, ts } = columns;
  const events = compound([
    ['id', 'u8'],
    ['unix_ts', 'u8'],
  ]);
  const triggers = compound([
    ['id', 'u8'],
    ['ts', 'f8'],
  ]);
  file.table('charge/events', events).appendColumns({ id, unix_ts: unix });
  file.table('charge/ext_trigs', triggers).appendColumns({ id, ts });
  file.relation('charge/events', 'charge/ext_trigs', rowByRow(n));
  const slots = [2, 64];
  const light = compound([
    ['id', 'u8'],
    ['utime_ms', 'u8', slots],
    ['tai_ns', 'u8', slots],
    ['wvfm_valid', 'u1', slots],
  ]);
  const table = file.table('light/events', light);
  const row = new Uint8Array(light.size);
  const view = new DataView(row.buffer);
  for (let i = 0; i < n; i++) {
    view.setBigUint64(0, BigInt(i), true);
    const utime = BigInt(Math.round(unix[i] * 1000 + ts[i] / 1e4));
    const tai = BigInt(Math.round((ts[i] + (i % 10 === 3 ? 5000 : 4 * random())) * 100));
    for (let k = 0; k < 128; k++) {
      view.setBigUint64(8 + 8 * k, utime, true);
      view.setBigUint64(8 + 1024 + 8 * k, tai, true);
      row[8 + 2048 + k] = k % 64 < 58 ? 1 : 0;
    }
    table.append(row);
  }
  file.close();
}

async function match(path, out) {
  const names = ['charge/events', 'charge/ext_trigs', 'light/events'];
  const running = taskContext(
    {
      task: 'charge/light_assoc',
      attempt: 1,
      params: association.params.parse({}),
      inputs: Object.fromEntries(names.map((name) => [name, [{ path, place: `/${name}` }]])),
      sources: [],
      known: [],
      files: {},
      outputs: ['charge/events/ref/light/events', 'charge/ext_trigs/ref/light/events'].map(
        (target) => ({ target, path: out, place: `/${target}` }),
      ),
      stage: `${out}.stage`,
      seed: 'bench',
      provenance: {},
    },
    new AbortController().signal,
    () => undefined,
  );
  await association.run(running.context);
  console.log(running.finish().counts[1][1]);
}

const [what, ...words] = process.argv.slice(2);
if (what === 'make') make(Number(words[0]), words[1]);
else await match(words[0], words[1]);
