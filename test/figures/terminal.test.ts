/** Figures in a terminal: whole texts, ASCII, never wider than it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toText } from '../../src/figures/index.ts';
import type { HeatMap, Plot } from '../../src/figures/index.ts';
import { lines } from '../helpers/cli.ts';
import { tiny } from './tiny.ts';

const shown = (name: string, width = 80): string => {
  const panel = tiny.panels.find((each) => each.name === name)!;
  return `${toText(panel, width).join('\n')}\n`;
};

describe('a panel in a terminal', () => {
  test('a histogram: # full rows, : above half, . any rest, labels at upper edges', () => {
    assert.equal(
      shown('steps'),
      lines(`
        Events by charge: events
               10 |                                                |
                  |                ################                |
                8 |                ################                |
                  |                ################                |
                6 |                ################                |
                  |                ################                |
                4 |        ########################                |
                  |        ########################                |
                2 |        ########################                |
                  |        ################################        |
                  +------------------------------------------------+
                   0               500             1 000           1 500
                   charge [mV], columns of 250 mV
`),
    );
  });
  test('several histograms: only their tops', () => {
    assert.equal(
      shown('log'),
      lines(`
        Hits by charge: hits
             100k |                                             |
                  |                  ooooooooo                  |
              10k |                                             |
                  |                  xxxxxxxxx                  |
            1 000 |         ooooooooo                           |
                  |                           ooooooooo         |
              100 |         xxxxxxxxx                           |
                  |                           xxxxxxxxx         |
               10 |                                             |
                  |ooooooooo                                    |
                  +---------------------------------------------+  o all  x matched
                   -20               20                60
                   charge [mV], columns of 20 mV
`),
    );
  });
  test('a line on a time axis', () => {
    assert.equal(
      shown('rate'),
      lines(`
        Rate: rate [1/s]
                3 |o           o                        |
                  |                                    o|
                2 |                                     |
                  |                                     |
                1 |                                     |
                  |                                     |
                  +-------------------------------------+
                   01:33:20  01:34:10  01:35:00  01:35:50
                   time (UTC), columns of 5 s
`),
    );
  });
  test('a map: each sign begins at a round number', () => {
    assert.equal(
      shown('map'),
      lines(`
        Hits by place: py [mm]
               15 |==========                    ==========|
                  |          ----------==========          |
                  |          ----------@@@@@@@@@@          |
                  |          ********************          |
               -5 |          ::::::::::::::::::::          |
                  |..........                    ::::::::::|
                  +----------------------------------------+
                   -10       -5        0         5         10
                   px [mm], columns of 5 mm
                   . 1  : 2  - 5  = 10  + 20  * 50  # 100  % 200  @ 500
`),
    );
  });
  test('a table', () => {
    assert.equal(
      shown('pixels'),
      lines(`
        Noisiest pixels
          pixel         hits  of all
          1-2-13-54   41 234  2.10 %
          2-31-113-4       5  0.10 %
`),
    );
  });

  test('is ASCII and as wide as the terminal at most, from 60 to 120 columns', () => {
    const counts = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 311);
    const bins = { start: -500, step: 1, n: 1000 };
    const plot: Plot = {
      kind: 'plot',
      name: 'p',
      title: 'Gr\u00f6\u00dfe \u001b[31m',
      x: { label: 'x', unit: '\u00b5s' },
      y: { label: 'y' },
      layers: [{ kind: 'histogram', bins, counts }],
    };
    const map: HeatMap = {
      ...plot,
      kind: 'map',
      z: { label: 'n' },
      xBins: bins,
      yBins: { start: 0, step: 1, n: 1 },
      counts,
    };
    for (const width of [10, 60, 77, 80, 120, 400])
      for (const panel of [plot, map, ...tiny.panels])
        for (const line of toText(panel, width)) {
          assert.match(line, /^[ -~]*$/);
          assert.ok(line.length <= Math.min(120, Math.max(60, width)), `${width}: ${line}`);
        }
  });

  test('adds up what is counted in a column, and averages rates', () => {
    const bins = { start: 0, step: 1, n: 200 };
    const counts = new Array<number>(200).fill(3);
    const of = (density: boolean): string[] =>
      toText({
        kind: 'plot',
        name: 'p',
        title: 'p',
        x: { label: 'x' },
        y: { label: 'y' },
        layers: [{ kind: 'histogram', bins, counts, density }],
      });
    // 67 columns find room: three bins a column, the last has two.
    assert.match(of(false)[1]!, /^ {7}10 \| +\|$/);
    assert.match(of(false)[2]!, /\|#{66} \|$/);
    assert.match(of(true)[1]!, /^ {8}3 \|#{67}\|$/);
  });
});
