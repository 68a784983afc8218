// Light reconstruction: tg, and numpy over whole arrays. `node bench/light-reco.mjs [SECONDS]` after `npm run build`; needs python3-h5py, python3-scipy, python3-yaml.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLightExample } from '../dist/test/examples/make-light.js';
import { alternate, print } from './measure.mjs';

const seconds = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), 'tg-light-reco-'));
const python = process.env['PYTHON'] ?? '/usr/bin/python3';
const tg = [process.execPath, join(import.meta.dirname, '../bin/tg.js')];
const THRESHOLD = '20000';
// Detectors of Module 0: groups of six and of two channels, in the second half of the channels on the other ADC.
const groups = [
  [2, 6],
  [9, 2],
  [11, 2],
  [13, 2],
  [18, 6],
  [25, 2],
  [27, 2],
  [29, 2],
];
const channels = groups.concat(groups.map(([first, n]) => [first + 32, n]));
const geometry = {
  format_version: '0.0.0',
  geom: { 0: { min: [0, -1, -1], max: [0, 1, 1] } },
  tpc_center: { 0: [0, 0, -1], 1: [0, 0, 1] },
  det_center: Object.fromEntries(channels.map((_, det) => [det, [0, det, 0]])),
  det_geom: Object.fromEntries(channels.map((_, det) => [det, 0])),
  det_adc: [0, 1].map((tpc) => channels.map((_, det) => (det < 8 ? tpc : 1 - tpc))),
  det_chan: [0, 1].map(() =>
    channels.map(([first, n]) => Array.from({ length: n }, (_, i) => first + i)),
  ),
};
try {
  const runs = { r: { seed: 5, seconds, events_per_s: 25, unix_start: 1_617_510_000 } };
  makeLightExample(folder, runs, {
    channels: Array.from({ length: 64 }, (_, ch) => ch),
    samples: 256,
  });
  const byNumber = (list) => Object.fromEntries(list.map((value, i) => [i, value]));
  const nested = {
    ...geometry,
    det_adc: byNumber(geometry.det_adc.map(byNumber)),
    det_chan: byNumber(geometry.det_chan.map(byNumber)),
  };
  writeFileSync(join(folder, 'geometry.yaml'), JSON.stringify(nested).replace(/"(\d+)":/g, '$1: '));
  const templates = 'build/templates/r';
  const project = {
    libraries: ['tg:light', 'tg:light-templates'],
    sources: { light_raw: 'raw/light_{run}_{adc}.data' },
    parameters: {
      'light/templates': {
        noise_strategy: 'slice',
        noise_slice: [0, 35],
        signal_amplitude: [1000, 30000],
      },
      'light/deconv': {
        noise_spectrum_filename: `${templates}/noise_power.npz`,
        signal_spectrum_filename: `${templates}/signal_power.npz`,
        signal_impulse_filename: `${templates}/signal_impulse.npz`,
      },
      'light/swvfm': { lrs_geometry_file: 'geometry.yaml' },
      'light/hits': { threshold: Number(THRESHOLD) },
    },
  };
  writeFileSync(join(folder, 'tg.yaml'), JSON.stringify(project));
  const build = (...words) => {
    const done = spawnSync(tg[0], [tg[1], 'build', ...words], { cwd: folder, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stderr;
  };
  build('light/templates');
  build('light/events');
  const stages = [
    'light/t_ns',
    'light/fwvfm',
    'light/deconv',
    'light/deconv/alignment',
    'light/swvfm',
    'light/hits',
  ];
  console.log(
    build(...stages)
      .split('\n')
      .filter((line) => /light hits|light events/.test(line))
      .join('\n'),
  );
  const peer = join(import.meta.dirname, 'light-reco-peer.py');
  print(
    `${seconds} s of 25 flashes a second, 2 ADCs of 64 channels, 256 samples`,
    alternate(
      [
        {
          name: 'tg build, six stages and the file',
          words: [...tg, 'build', ...stages, '--workers', '1', '--force'],
          cwd: folder,
        },
        {
          name: 'numpy, 32 events at a time',
          words: [python, peer, 'build/r.h5', templates, 'geometry.yaml', THRESHOLD, 'peer.h5'],
          cwd: folder,
        },
      ],
      5,
    ),
  );
} finally {
  rmSync(folder, { recursive: true });
}
