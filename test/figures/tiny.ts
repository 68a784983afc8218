/** A figure with one of everything, and the SVG it must be. `--write` renews that; look at the picture before it is committed. */
import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toSvg } from '../../src/figures/index.ts';
import type { Figure } from '../../src/figures/index.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const golden = join(root, 'test/figures/tiny.svg');

export const tiny: Figure = {
  title: 'Tiny <run> & "all" of it',
  panels: [
    {
      kind: 'plot',
      name: 'steps',
      title: 'Events by charge',
      x: { label: 'charge', unit: 'mV' },
      y: { label: 'events' },
      layers: [
        {
          kind: 'histogram',
          bins: { start: 0, step: 250, n: 6 },
          counts: [0, 4, 9, 9, 1, 0],
          errors: [0, 2, 3, 3, 1, 0],
        },
      ],
    },
    {
      kind: 'plot',
      name: 'log',
      title: 'Hits by charge',
      x: { label: 'charge', unit: 'mV' },
      y: { label: 'hits', scale: 'log' },
      layers: [
        {
          kind: 'histogram',
          label: 'all',
          bins: { start: -20, step: 20, n: 5 },
          counts: [1, 900, 20000, 300, 0],
        },
        {
          kind: 'histogram',
          label: 'matched',
          bins: { start: -20, step: 20, n: 5 },
          counts: [0, 40, 1500, 30, 0],
        },
      ],
    },
    {
      kind: 'plot',
      name: 'rate',
      title: 'Rate',
      x: { label: 'time (UTC)', scale: 'time' },
      y: { label: 'rate', unit: '1/s' },
      layers: [
        {
          kind: 'line',
          x: [1617500000, 1617500060, 1617500120, 1617500180],
          y: [2.5, 3, NaN, 2],
          errors: [0.5, 0.5, 0, 0.5],
          marks: true,
        },
      ],
    },
    {
      kind: 'map',
      name: 'map',
      title: 'Hits by place',
      rows: 2,
      x: { label: 'px', unit: 'mm' },
      y: { label: 'py', unit: 'mm' },
      z: { label: 'hits', scale: 'log' },
      xBins: { start: -10, step: 5, n: 4 },
      yBins: { start: -15, step: 5, n: 6 },
      counts: [1, 0, 0, 2, 0, 3, 4, 0, 0, 50, 60, 0, 0, 7, 800, 0, 0, 9, 10, 0, 11, 0, 0, 12],
    },
    {
      kind: 'table',
      name: 'pixels',
      title: 'Noisiest pixels',
      head: ['pixel', 'hits', 'of all'],
      rowsOf: [
        ['1-2-13-54', 41234, '2.10 %'],
        ['2-31-113-4', 5, '0.10 %'],
      ],
    },
  ],
};

if (process.argv[2] === '--write') writeFileSync(golden, toSvg(tiny));
