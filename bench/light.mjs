// Light events from ADC64 files: tg, and a Python loop as upstream's. `node bench/light.mjs [RECORDS]` after `npm run build`; needs python3-h5py.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alternate, median, print } from './measure.mjs';

const records = Number(process.argv[2] ?? 530);
const folder = mkdtempSync(join(tmpdir(), 'tg-light-'));
const bench = (name) => join(import.meta.dirname, name);
const node = (...words) => {
  const done = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout;
};
try {
  node(bench('light-files.mjs'), folder, String(records));
  const files = readdirSync(folder).map((name) => join(folder, name));
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  const out = (name) => join(folder, name);
  const python = process.env['PYTHON'] ?? '/usr/bin/python3';
  print(
    `${records} triggers of 2 ADCs, ${(bytes / 1e6).toFixed(1)} MB`,
    alternate(
      [
        {
          name: 'tg build, cold',
          words: [
            process.execPath,
            join(import.meta.dirname, '../bin/tg.js'),
            'build',
            'light/events',
            '-i',
            files[0],
            '-o',
            out('tg.h5'),
            '--set',
            'light/events.sync_threshold=10000',
          ],
          before: () =>
            [out('.tg'), out('tg.h5')].forEach((path) =>
              rmSync(path, { recursive: true, force: true }),
            ),
        },
        {
          name: 'task alone, one process',
          words: [process.execPath, bench('light-alone.mjs'), 'build', out('a.h5'), ...files],
        },
        {
          name: 'Python loop: events',
          words: [python, bench('light-peer.py'), ...files, out('p.h5')],
        },
        {
          name: 'Python loop: reading alone',
          words: [python, bench('light-peer.py'), ...files, '-', '--read'],
        },
      ],
      3,
    ),
  );
  const lines = node(bench('light-alone.mjs'), 'both', out('b.h5'), ...files)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const rate = (name) =>
    bytes /
    1e6 /
    median(
      lines
        .filter((line) => line.name === name)
        .slice(1)
        .map(({ s }) => s),
    );
  console.log(
    `within one process, warm, wall: parser ${rate('parse').toFixed(0)} MB/s, events ${rate('build').toFixed(0)} MB/s (${((100 * rate('build')) / rate('parse')).toFixed(0)} %)`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
