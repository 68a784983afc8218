// One process: runs to harmonic files of so many MB, by the chapters of tg or by h5wasm (read and create); or scanned alone. What bench/harmonize.mjs measures.
import { join } from 'node:path';

const [how, folder, megabytes, ...paths] = process.argv.slice(2);

async function byTg() {
  const load = (name) => import(`../dist/tasks/harmonize/${name}.js`);
  const [{ scanRun }, { partition }, { writeHarmonic }] = await Promise.all(
    ['run-scan', 'partition', 'write-harmonic'].map(load),
  );
  const runs = paths.map((path, run) => {
    const { events } = scanRun(path, run);
    const e = events.events();
    const p = events.pieces();
    return {
      run: String(run),
      path,
      bytes: e.bytes,
      scan: {
        event: e.event,
        firstPiece: e.first_piece,
        pieces: e.pieces,
        has: e.has,
        getId: e.get_id,
        fribId: e.frib_id,
        fribTimestamp: e.frib_timestamp,
        timestamp: e.timestamp,
        timestampOther: e.timestamp_other,
        ...p,
      },
    };
  });
  const files = partition(runs, Number(megabytes) * 1e6);
  for (const [k, { stretches }] of files.entries()) {
    const sources = stretches.map(({ run, first, events }) => ({
      ...runs[Number(run)],
      run: Number(run),
      first,
      events,
      read: () => undefined,
    }));
    await writeHarmonic(join(folder, `run_000${k}.h5`), sources, '1.0');
  }
}

async function byH5wasm() {
  const h5 = await import('h5wasm/node');
  await h5.ready;
  const limit = Number(megabytes) * 1e6;
  let k = 0;
  let out;
  let n = 0;
  let bytes = 0;
  const copy = (from, to) => {
    const { shape, dtype } = from;
    bytes += shape.reduce((a, b) => a * b, 2);
    to.create_dataset({ name: from.path.split('/').at(-1), data: from.value, shape, dtype });
  };
  const attribute = (to, name, value, type) => to.create_attribute(name, value, [], type);
  for (const [run, path] of paths.entries()) {
    const file = new h5.File(path, 'r');
    const last = Number(file.get('events').attrs.max_event.value);
    for (let i = 0; i <= last; i++) {
      if (out === undefined) {
        out = new h5.File(join(folder, `run_000${k++}.h5`), 'w');
        out.create_group('events');
        [n, bytes] = [0, 0];
      }
      const event = file.get(`events/event_${i}`);
      const to = out.get('events').create_group(`event_${n++}`);
      attribute(to, 'orig_run', run, '<i');
      attribute(to, 'orig_event', BigInt(i), '<Q');
      const traces = event.get('get_traces');
      copy(traces, to);
      const made = to.get('get_traces');
      attribute(made, 'id', traces.attrs.id.value, '<I');
      attribute(made, 'timestamp', traces.attrs.timestamp.value, '<Q');
      attribute(made, 'timestamp_other', traces.attrs.timestamp_other.value, '<Q');
      const frib = event.get('frib_physics');
      const group = to.create_group('frib_physics');
      attribute(group, 'id', frib.attrs.id.value, '<I');
      attribute(group, 'timestamp', frib.attrs.timestamp.value, '<I');
      for (const name of ['1903', '977']) copy(frib.get(name), group);
      if (bytes < limit) continue;
      out.close();
      out = undefined;
    }
    file.close();
  }
  out?.close();
}

async function scanned() {
  const { scanRun } = await import('../dist/tasks/harmonize/run-scan.js');
  for (const path of paths) console.log(scanRun(path, 1).events.bytes);
}

await { tg: byTg, h5wasm: byH5wasm, scan: scanned }[how]();
