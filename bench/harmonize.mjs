// Harmonic files: tg's chapters, a whole build, h5wasm and h5py that read and create, and cp. `node bench/harmonize.mjs [EVENTS] [SCANNED]` after
// `npm run build`; needs python3-h5py. Runs of realistic events (344 kB mean), superblock 0 and symbol tables as the merger writes them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alternate, print } from './measure.mjs';

const events = Number(process.argv[2] ?? 4000);
const scanned = Number(process.argv[3] ?? 100_000);
const folder = mkdtempSync(join(process.env['TG_BENCH_FOLDER'] ?? tmpdir(), 'tg-harmonic-'));
const bench = (name) => join(import.meta.dirname, name);
const python = process.env['PYTHON'] ?? '/usr/bin/python3';
const peer = (...words) => {
  const done = spawnSync(python, [bench('harmonize-peer.py'), ...words], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
};
const out = join(folder, 'out');
const empty = () => {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
};
const one = bench('harmonize-one.mjs');

try {
  const runs = [1, 2].map((run) => join(folder, `merged/run_000${run}.h5`));
  mkdirSync(join(folder, 'merged'));
  runs.forEach((path, k) => peer('make', path, String(events / 2), '302', '2048', String(k)));
  const bytes = runs.reduce((sum, path) => sum + statSync(path).size, 0);
  writeFileSync(
    join(folder, 'tg.yaml'),
    `libraries: [tg:harmonize]\nparameters:\n  harmonic: {merger_path: merged, harmonic_path: out, harmonic_size: 300 MB, min_run: 1, max_run: 2}\n`,
  );
  const node = (name, how) => ({
    name,
    words: [process.execPath, one, how, out, '300', ...runs],
    before: empty,
  });
  const tg = join(import.meta.dirname, '../bin/tg.js');
  const build = (workers) => ({
    name: `tg build harmonic, cold, ${workers} worker${workers > 1 ? 's' : ''}`,
    words: [process.execPath, tg, 'build', 'harmonic', '--workers', String(workers)],
    cwd: folder,
    before() {
      empty();
      rmSync(join(folder, '.tg'), { recursive: true, force: true });
    },
  });
  print(
    `${events} events, ${(bytes / 1e6).toFixed(0)} MB, files of 300 MB (MB per CPU second: size by cpu)`,
    alternate(
      [
        node('tg: scan, partition, write', 'tg'),
        node('h5wasm: read and create', 'h5wasm'),
        {
          name: 'h5py: read and create',
          words: [python, bench('harmonize-peer.py'), 'copy', join(out, 'all.h5'), ...runs],
          before: empty,
        },
        { name: 'cp', words: ['cp', ...runs, out], before: empty },
        build(1),
        build(2),
      ],
      3,
    ),
  );
  const many = join(folder, 'many.h5');
  peer('make', many, String(scanned), '2', '8', '7');
  print(
    `scan of ${scanned} small events, and all of them in one file`,
    alternate(
      [
        { name: 'tg: scan', words: [process.execPath, one, 'scan', out, '0', many] },
        { name: 'h5py: scan', words: [python, bench('harmonize-peer.py'), 'scan', many] },
        {
          name: 'tg: scan and write',
          words: [process.execPath, one, 'tg', out, '100000', many],
          before: empty,
        },
      ],
      3,
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
