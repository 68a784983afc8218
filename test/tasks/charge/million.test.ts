/** The case of a million packets, made by the generator of the reference cases: minutes, so only with TG_SLOW=1. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openH5 } from 'tg/h5';
import { inFolder, runChain } from './chain.ts';
import { fixture, withoutFixtures } from './fixtures.ts';

const PYTHON = '/usr/bin/python3';

const reason =
  process.env['TG_SLOW'] === undefined
    ? 'TG_SLOW is not set'
    : withoutFixtures !== false
      ? withoutFixtures
      : spawnSync(PYTHON, ['-c', 'import numpy, scipy, yaml, h5py']).status !== 0 &&
        `${PYTHON} lacks numpy, scipy, yaml or h5py`;

const GENERATE = `
import hashlib, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from gen_packets import Gen, write
layout = sys.argv[1] + '/multi_tile_layout-2.2.16.yaml'
rows = Gen(layout, 2001, seconds=480, events_per_s=10, noise_per_s=500, rollover_events=60).make()
write(sys.argv[2], rows)
print(hashlib.sha256(rows.tobytes()).hexdigest())
`;

interface Million {
  packets_sha256_of_rows: string;
  outputs: { regref: Record<string, number> };
}

test('big1M: the numbers of upstream, with compat and by default', { skip: reason }, () =>
  inFolder(async (folder) => {
    const want = JSON.parse(readFileSync(fixture('big1M.json'), 'utf8')) as Million;
    const { regref } = want.outputs;
    const packets = join(folder, 'packets.h5');
    const made = spawnSync(PYTHON, ['-c', GENERATE, fixture(), packets], { encoding: 'utf8' });
    assert.equal(made.stdout.trim(), want.packets_sha256_of_rows, made.stderr);
    for (const compat of ['upstream', 'none']) {
      const chain = await runChain(folder, packets, {
        'charge/raw_events': { compat },
        'charge/hits': {
          pedestal_file: fixture('ped.json'),
          configuration_file: fixture('cfg.json'),
          geometry_file: fixture('multi_tile_layout-2.2.16.yaml'),
        },
      });
      assert.deepEqual(chain.told['charge/events']!.counts, {
        events: regref['events'],
        hits: regref['hits'],
        triggers: regref['ext_trigs'],
      });
      assert.equal(chain.told['charge/raw_events']!.counts['packets'], regref['packets']);
      const file = await openH5(chain.files['charge/events']!);
      const events = file.table('/charge/events');
      const sum = (name: string): number =>
        Array.from(events.column(name), Number).reduce((a, b) => a + b, 0);
      // big1M.json quotes the sum with the full pedestal tables; this is that of the shipped ones.
      assert.ok(Math.abs(sum('q') - 44_922_670.2736) < 1e-3, String(sum('q')));
      assert.equal(sum('nhit'), regref['sum_nhit']);
      assert.equal(sum('n_ext_trigs'), regref['sum_n_ext_trigs']);
      const first = Number(events.column('ts_start')[0]);
      const last = Number(events.column('ts_end').at(-1));
      assert.ok(Math.abs(first - regref['ts_start_0']!) < 1e-3);
      assert.ok(Math.abs(last - regref['ts_end_last']!) < 1e-3);
      file.close();
    }
  }),
);
