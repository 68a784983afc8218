/** Every case of the charge fixtures through the real command line: `compat: upstream` gives upstream's tables, edge cases end cleanly. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { openH5 } from 'tg/h5';
import { fixture, run, untimed, withoutFixtures } from '../helpers/cli.ts';
import type { Said } from '../helpers/cli.ts';
import { caseOf, compareAll } from '../tasks/charge/cases.ts';
import { casesProject, EDGE_CASES, WHOLE_CASES } from './charge-project.ts';

const TABLES = ['raw_events', 'packets', 'packets_corr_ts', 'ext_trigs', 'hits', 'events'] as const;

/** Rows in the flow file of a run, by table. */
async function rowsOf(root: string, name: string): Promise<Record<string, number>> {
  const flow = await openH5(join(root, 'build', `${name}.h5`));
  const rows = TABLES.map((table) => [table, flow.table(`/charge/${table}`).rows] as const);
  flow.close();
  return Object.fromEntries(rows);
}

describe('the charge cases with compat: upstream', { skip: withoutFixtures }, () => {
  const root = casesProject([...WHOLE_CASES, ...EDGE_CASES]);
  let said: Said;
  before(async () => {
    said = await run(['build', 'charge/events', '--keep-going'], { cwd: root });
  });

  test('all but the one without timestamp packets are built, and the sums are those of upstream', () => {
    assert.equal(said.code, 1);
    const all = [...WHOLE_CASES].map((name) => caseOf(name).outputs.regref!);
    const sum = (what: string): string =>
      String(all.reduce((n, rows) => n + rows[what]!, 0)).replace(/\B(?=(\d{3})+$)/g, ' ');
    const counts = `${sum('events')} events, ${sum('hits')} hits, ${sum('ext_trigs')} triggers`;
    const lines = untimed(said.stderr).split('\n');
    assert.ok(lines.includes(`charge/events: 8 of 9 runs, ${counts}`), said.stderr);
    assert.ok(lines.includes('54 tasks: 48 done, 1 failed, 5 cancelled in T'), said.stderr);
    const built = [...WHOLE_CASES, 'edge_empty', 'edge_nodata'].sort();
    assert.equal(said.stdout, built.map((name) => `build/${name}.h5\n`).join(''));
  });

  for (const name of WHOLE_CASES) {
    test(`${name}: the flow file holds upstream's tables, attributes and relations`, async () => {
      const ours = await openH5(join(root, 'build', `${name}.h5`));
      const upstream = await openH5(fixture(name, 'regref.h5'));
      compareAll({ holder: () => ours }, upstream, true);
      upstream.close();
      ours.close();
      const want = caseOf(name).outputs.regref!;
      const rows = await rowsOf(root, name);
      for (const table of TABLES) assert.equal(rows[table], want[table], table);
    });
  }

  for (const name of ['edge_empty', 'edge_nodata']) {
    test(`${name}: all tables are there and empty`, async () => {
      assert.deepEqual(
        await rowsOf(root, name),
        Object.fromEntries(TABLES.map((table) => [table, 0])),
      );
      const flow = await openH5(join(root, 'build', `${name}.h5`));
      for (const part of ['ref', 'ref_valid'])
        assert.deepEqual(flow.dataset(`/charge/events/ref/charge/hits/${part}`).shape, [0]);
      flow.close();
    });
  }

  test('edge_no_timestamps: one message, nothing made', () => {
    const text = untimed(said.stderr);
    const at = text.indexOf('charge/raw_events@edge_no_timestamps: failed');
    assert.deepEqual(text.slice(at).split('\n').slice(0, 3), [
      'charge/raw_events@edge_no_timestamps: failed after T',
      '  error: raw/edge_no_timestamps.h5: no timestamp packet (type 4) in 2 380 packets: no unix time',
      '  try: another file',
    ]);
    assert.ok(!existsSync(join(root, 'build/edge_no_timestamps.h5')));
    assert.ok(!existsSync(join(root, '.tg/artifacts/charge/raw_events/edge_no_timestamps.h5')));
  });

  test('the losses of each case stand in its file and add up to its packets', async () => {
    for (const name of [...WHOLE_CASES, 'edge_empty', 'edge_nodata']) {
      const flow = await openH5(join(root, 'build', `${name}.h5`));
      const lost = flow.attributes('/charge/packets')['lost'] as string;
      const sum = Object.values(JSON.parse(lost) as Record<string, number>).reduce((a, b) => a + b);
      const input = await openH5(fixture(name, 'packets.h5'));
      const packets = input.table('/packets');
      const types = packets.rows === 0 ? [] : [...packets.column('packet_type')].map(Number);
      const counted = types.filter((type) => [0, 6, 7].includes(type));
      assert.equal(flow.table('/charge/packets').rows + sum, counted.length, name);
      input.close();
      flow.close();
    }
  });
});
