// Charge and light of one time: the task, the report and Python on the same files. `node bench/association.mjs [EVENTS]` after `npm run build`; needs python3-h5py.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeChargeExample } from '../dist/test/examples/make-charge.js';
import { makeLightExample } from '../dist/test/examples/make-light.js';
import { alternate, print } from './measure.mjs';

const events = Number(process.argv[2] ?? 1e5);
const folder = mkdtempSync(join(tmpdir(), 'tg-association-'));
const at = (...names) => join(folder, ...names);
const beside = (name) => join(import.meta.dirname, name);
const python = process.env['PYTHON'] ?? '/usr/bin/python3';
const tg = join(import.meta.dirname, '../bin/tg.js');
const node = (words, cwd) => {
  const done = spawnSync(process.execPath, words, { cwd, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
};
try {
  node([beside('association-alone.mjs'), 'make', String(events), at('times.h5')]);
  const peer = (what, file) => [python, beside('association-peer.py'), what, file];
  const alone = [process.execPath, beside('association-alone.mjs'), 'match'];
  print(
    `${events} triggers, ${events} light events`,
    alternate(
      [
        { name: 'task alone, one process', words: [...alone, at('times.h5'), at('out.h5')] },
        { name: 'numpy, 256 events at a time', words: peer('chunks', at('times.h5')) },
      ],
      5,
    ).concat(alternate([{ name: 'Python loop, once', words: peer('loop', at('times.h5')) }], 1)),
  );
  rmSync(at('times.h5'));
  const runs = { long: { seed: 5, seconds: 120, events_per_s: 25, unix_start: 1_617_510_000 } };
  makeChargeExample(at('charge'), runs);
  const channels = Array.from({ length: 64 }, (_, channel) => channel);
  makeLightExample(at('light'), runs, { channels, samples: 256 });
  copyFileSync(join(import.meta.dirname, '../examples/light/tg.yaml'), at('light/tg.yaml'));
  node([tg, 'build'], at('light'));
  const flow = at('light/build/long.h5');
  print(
    'light integrals of the README of module0_flow',
    alternate(
      [
        {
          name: 'tg report charge-light --raw',
          words: [process.execPath, tg, 'report', 'charge-light', flow, '--raw'],
        },
        { name: 'Python loop', words: peer('integrals', flow) },
      ],
      5,
    ),
  );
} finally {
  rmSync(folder, { recursive: true });
}
