/** run_info, lar_info, geometry_info and disabled_channels on the real command line, against the groups of upstream's pairs files. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { describe as describeType, openH5, type H5File } from 'tg/h5';
import type { Json } from 'tg';
import { driftVelocity } from '../../tasks/charge/drift.ts';
import { createRandom } from '../../tasks/charge/random.ts';
import { fixture, folder, run, withoutFixtures } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { built, buildTold, place, simulatedProject } from './charge-project.ts';

const TABLES = ['pixel_xy', 'tile_id', 'anode_z', 'drift_dir', 'tpc_id', 'det_id', 'det_bounds'];

/** A project of one case with upstream's run list and geometry. */
function caseProject(name: string, refs: 'region' | 'pairs'): string {
  const geometry = {
    geometry_file: 'cal/multi_tile_layout-2.2.16.yaml',
    light_geometry_file: 'cal/light_module_desc-0.0.0.yaml',
    tables: TABLES,
  };
  const root = folder({
    'tg.yaml': JSON.stringify({
      libraries: ['tg:charge-resources'],
      sources: { packets: 'raw/{run}.h5' },
      runs: 'cal/runlist.txt',
      link: { refs },
      parameters: { geometry_info: geometry },
    }),
  });
  place(fixture(name, 'packets.h5'), join(root, 'raw', `${name}.h5`));
  for (const file of [geometry.geometry_file, geometry.light_geometry_file, 'cal/runlist.txt'])
    place(fixture(file.slice('cal/'.length)), join(root, file));
  return root;
}

/** Attributes with types; of files the base names alone. */
function attributesOf(file: H5File, at: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(file.typedAttributes(at)).map(([name, { dtype, shape, bytes, values }]) => {
      const text = values?.[0];
      const told =
        /_file$/.test(name) && typeof text === 'string' ? [text.replace(/^.*\//, '')] : values;
      return [
        name,
        [
          describeType(dtype),
          shape,
          bytes === undefined ? told : Buffer.from(bytes).toString('hex'),
        ],
      ];
    }),
  );
}

const flowOf = async (root: string): Promise<H5File> => {
  const said = await run(['path', 'run_info'], { cwd: root });
  return openH5(join(root, said.stdout.trim()));
};

describe('resources', { skip: withoutFixtures }, () => {
  const cases = [
    ['cosmic10k', 'region'],
    ['cosmic10k_b2048', 'pairs'],
    ['rollover_notrig', 'pairs'],
    ['quiet_gap_b300', 'region'],
    ['larndsim12k', 'pairs'],
    ['edge_empty', 'region'],
  ] as const;
  for (const [name, refs] of cases)
    test(`of ${name} are upstream's, attribute by attribute and row by row`, async () => {
      const root = caseProject(name, refs);
      await built(root, ['run_info', 'lar_info', 'geometry_info', '-q']);
      const ours = await flowOf(root);
      const theirs = await openH5(fixture(name, 'pairs.h5'));
      const groups = ['run_info', 'lar_info', 'geometry_info'].filter((at) => theirs.has(at));
      for (const at of groups)
        assert.deepEqual(attributesOf(ours, at), attributesOf(theirs, at), at);
      assert.equal(groups.length, name === 'edge_empty' ? 2 : 3);
      for (const table of groups.length === 3 ? TABLES : []) {
        const at = `geometry_info/${table}`;
        assert.deepEqual(attributesOf(ours, at), attributesOf(theirs, at), at);
        const [mine, other] = [ours.dataset(`${at}/data`), theirs.dataset(`${at}/data`)];
        assert.equal(describeType(mine.dtype), describeType(other.dtype), at);
        assert.deepEqual(mine.shape, other.shape, at);
        assert.ok(Buffer.from(mine.readRaw()).equals(Buffer.from(other.readRaw())), at);
      }
      assert.equal(ours.has('geometry_info/pixel_xy'), true);
      theirs.close();
      ours.close();
      assert.deepEqual((await buildTold(root, ['lar_info', 'geometry_info'])).ran, []);
    });
});

/** A simulated project with resources. */
function project(parameters: Record<string, Record<string, Json>>): string {
  const root = simulatedProject({ r1: { seed: 4 }, r2: { seed: 5 } }, parameters);
  const path = join(root, 'tg.yaml');
  const settings = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Json>;
  writeFileSync(path, JSON.stringify({ ...settings, libraries: ['tg:charge-resources'] }));
  return root;
}

const flow = (root: string, name = 'r1'): string => join(root, 'build', `${name}.h5`);

describe('lar_info', () => {
  test('follows the field of the run, and only of that run', async () => {
    const root = project({});
    const path = join(root, 'tg.yaml');
    const settings = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Json>;
    writeFileSync(path, JSON.stringify({ ...settings, runs: 'runs.txt' }));
    const rows = (field: number): void =>
      writeFileSync(join(root, 'runs.txt'), `run e_field\nr1 500\nr2 ${field}\n`);
    rows(500);
    await built(root, ['lar_info', '-q']);
    rows(1000);
    const { ran } = await buildTold(root, ['lar_info']);
    assert.deepEqual(ran, ['flow@r2', 'lar_info@r2', 'run_info@r2']);
    for (const [name, field] of [
      ['r1', 0.5],
      ['r2', 1],
    ] as const) {
      const file = await openH5(flow(root, name));
      const velocity = file.attributes('lar_info')['v_drift'] as number;
      assert.ok(Math.abs(velocity / driftVelocity(field, 87.17) - 1) < 1e-14);
      assert.equal(file.attributes('run_info')['e_field'], field / 10);
      file.close();
    }
  });

  test('a ROOT file of lifetimes is refused with a sentence', async () => {
    const root = project({ lar_info: { electron_lifetime_file: 'lt.root' } });
    const said = await run(['build', 'lar_info'], { cwd: root });
    assert.equal(said.code, 1);
    assert.match(
      said.stderr,
      /lt\.root is a ROOT file .* which tg does not read\n {2}try: electron_lifetime: 2600/,
    );
  });
});

describe('geometry_info', () => {
  test('has the tables that are asked for', async () => {
    const root = project({
      geometry_info: { geometry_file: 'cal/layout.yaml', tables: ['tile_id'] },
    });
    await built(root, ['geometry_info@r1', '-q']);
    const file = await openH5(flow(root));
    assert.deepEqual(file.members('geometry_info'), ['tile_id']);
    file.close();
  });

  test('without a layout has no pitch, and says so', async () => {
    const root = project({});
    const { done } = await buildTold(root, ['geometry_info@r1']);
    assert.deepEqual(done['geometry_info@r1']!.notes, [
      { what: 'pixel pitch is unknown, no geometry_file' },
    ]);
  });

  const refusals: [string, Record<string, Json>, RegExp][] = [
    ['tables without a layout', { tables: ['tile_id'] }, /tile_id: no geometry_file/],
    [
      'light tables without their file',
      { geometry_file: 'cal/layout.yaml', tables: ['det_id', 'tpc_id'] },
      /det_id, tpc_id: no light_geometry_file/,
    ],
    [
      'a light geometry of another version',
      {
        geometry_file: 'cal/layout.yaml',
        tables: ['det_id'],
        light_geometry_file: 'cal/light.yaml',
      },
      /cal\/light\.yaml:1:17: format_version is 1\.0\.0, not 0\.0/,
    ],
  ];
  for (const [what, geometry_info, message] of refusals)
    test(`${what}: named`, async () => {
      const root = project({ geometry_info });
      writeFileSync(join(root, 'cal/light.yaml'), 'format_version: 1.0.0\n');
      const said = await run(['build', 'geometry_info@r1'], { cwd: root });
      assert.equal(said.code, 1, said.stderr);
      assert.match(said.stderr, message);
    });
});

describe('disabled_channels', () => {
  /** Lists over the simulated anode: channels of chips that are there and of one that is not, and places. */
  function lists(root: string): void {
    const random = createRandom(9);
    const ped = JSON.parse(readFileSync(join(root, 'cal/ped.json'), 'utf8')) as Record<
      string,
      Json
    >;
    const channels: Record<string, number[]> = { All: [6, 9], '9-9-200': [1, 2, 3] };
    for (const key of Object.keys(ped)) {
      const n = Number(key);
      if (random.uniform() > 0.05) continue;
      const channel = n % 64;
      const chip = Math.floor(n / 64);
      const name = `${Math.floor(chip / 65536)}-${Math.floor(chip / 256) % 256}-${chip % 256}`;
      channels[name] = [...(channels[name] ?? []), channel];
    }
    assert.ok(Object.keys(channels).length > 5);
    writeFileSync(join(root, 'cal/off.json'), JSON.stringify(channels));
    const places = Array.from({ length: 20 }, () => [random.normal(0, 90), random.normal(0, 90)]);
    writeFileSync(join(root, 'cal/gone.json'), JSON.stringify({ 1: places, 2: [[-0.5, 0.5]] }));
  }

  test('every cell of the table is that of a model by hand', { skip: withoutH5py() }, async () => {
    const root = project({
      disabled_channels: {
        disabled_channels_list: 'cal/off.json',
        missing_asic_list: 'cal/gone.json',
        geometry_file: 'cal/layout.yaml',
      },
      geometry_info: { geometry_file: 'cal/layout.yaml', tables: TABLES.slice(0, 4) },
    });
    lists(root);
    const { done } = await buildTold(root, ['disabled_channels@r1', 'geometry_info@r1']);
    assert.deepEqual(done['disabled_channels@r1']!.notes, [
      { what: 'disabled channels are not in the layout', n: 3, of: numberOf(root) },
    ]);
    const said = runPython(
      MODEL,
      flow(root),
      join(root, 'cal/off.json'),
      join(root, 'cal/gone.json'),
    );
    assert.match(said, /^[1-9]\d* of [1-9]\d{3,} cells off\n$/);
  });

  /** Channels and places of both lists. */
  function numberOf(root: string): number {
    const count = (name: string): number =>
      Object.entries(JSON.parse(readFileSync(join(root, name), 'utf8')) as Record<string, Json[]>)
        .filter(([key]) => key !== 'All')
        .reduce((n, [, list]) => n + list.length, 0);
    return count('cal/off.json') + count('cal/gone.json');
  }

  test('without lists nothing is off', async () => {
    const root = project({});
    await built(root, ['disabled_channels@r1', '-q']);
    const file = await openH5(flow(root));
    assert.equal(file.table('disabled_channels/xy').rows, 0);
    const filled = file.table('disabled_channels/lut').column('data') as Uint8Array;
    assert.deepEqual([...filled], [0]);
    file.close();
  });

  const mistakes: [Json, RegExp][] = [
    [{ '1-2': [3] }, /cal\/off\.json:1:\d+: 1-2 is no io_group-io_channel-chip_id, nor All/],
    [{ '1-2-11': [300] }, /cal\/off\.json:1:\d+: channel of 1-2-11: 300/],
    [{ '1-2-11': 3 }, /1-2-11 is no list/],
    [[1], /no mapping \{io_group-io_channel-chip_id: \[channels\]\}/],
  ];
  for (const [content, message] of mistakes)
    test(`${JSON.stringify(content)}: told with its place`, async () => {
      const root = project({
        disabled_channels: {
          disabled_channels_list: 'cal/off.json',
          geometry_file: 'cal/layout.yaml',
        },
      });
      mkdirSync(join(root, 'cal'), { recursive: true });
      writeFileSync(join(root, 'cal/off.json'), JSON.stringify(content));
      const said = await run(['build', 'disabled_channels@r1'], { cwd: root });
      assert.equal(said.code, 1, said.stderr);
      assert.match(said.stderr, message);
    });

  test('places that no table can hold are told, not allocated', async () => {
    const root = project({ disabled_channels: { missing_asic_list: 'cal/gone.json' } });
    writeFileSync(
      join(root, 'cal/gone.json'),
      JSON.stringify({
        1: [
          [0, 0],
          [1e7, 1e7],
        ],
      }),
    );
    const said = await run(['build', 'disabled_channels@r1'], { cwd: root });
    assert.equal(said.code, 1, said.stderr);
    assert.match(said.stderr, /places of 2 pixels too far apart/);
  });
});

describe('versions of what others wrote', { skip: withoutH5py() }, () => {
  /** A flow file with another class version of one table, as the input of what reads it. */
  async function reading(
    table: string,
    version: string,
    target: string,
  ): Promise<{ code: number | null; stderr: string }> {
    const root = project({});
    await built(root, ['charge/events', 'run_info', '-q']);
    const changed = join(root, 'other.h5');
    place(flow(root), changed);
    const change = `h5py.File(sys.argv[1], 'a')[sys.argv[2]].attrs['class_version'] = sys.argv[3]`;
    runPython(change, changed, table, version);
    // A resource has no rows: it is named.
    const input = table === 'run_info' ? 'run_info=other.h5::/run_info' : 'other.h5';
    const words = ['build', target, '-i', input, '-o', 'out.h5', '-c', 'tg:charge-resources'];
    return run(words, { cwd: root });
  }

  const refused: [string, string, string, RegExp][] = [
    [
      'charge/hits',
      '2.0.0',
      'combined/hit_drift',
      /charge\/hits was written by HitBuilder 2\.0\.0, tg reads 0\.0 to 0\.x and 1\.0 to 1\.x/,
    ],
    [
      'charge/packets_corr_ts',
      '3.1.0',
      'charge/hits',
      /charge\/packets_corr_ts was written by TimestampCorrector 3\.1\.0/,
    ],
    [
      'run_info',
      '0.0.9',
      'lar_info',
      /run_info was written by RunData 0\.0\.9, tg reads 0\.1 to 0\.x/,
    ],
  ];
  for (const [table, version, target, message] of refused)
    test(`${table} ${version}: named`, async () => {
      const said = await reading(table, version, target);
      assert.equal(said.code, 1, said.stderr);
      assert.match(said.stderr, message);
    });

  test('a later minor version is read', async () => {
    const said = await reading('charge/hits', '1.1.0', 'combined/hit_drift');
    assert.equal(said.code, 0, said.stderr);
  });
});

/** The places by the geometry's own table, and every cell of the look-up by distance. */
const MODEL = `
f = h5py.File(sys.argv[1], 'r')
off, gone = (json.load(open(path)) for path in sys.argv[2:])
def look(name, *key):
    """A look-up as 4.2 has it, each key checked."""
    group = f[name]
    ranges = group.attrs['meta'][0]['min_max_keys']
    if any(not lo <= k <= hi for k, (lo, hi) in zip(key, ranges)): return group['data'][0]
    at, stride = 1, 1
    for k, (lo, hi) in zip(key, ranges):
        at += (k - lo) * stride
        stride *= hi - lo + 1
    return group['data'][int(at)]
places = []
for name, channels in off.items():
    if name == 'All': continue
    group, channel, chip = map(int, name.split('-'))
    for c in channels:
        row = look('geometry_info/pixel_xy', group, channel, chip, c)
        if row['filled']: places.append((group, *map(float, row['data'])))
for group, list in gone.items():
    for x, y in list: places.append((int(group), x, y))
xy = f['disabled_channels/xy/data'][:]
assert sorted((x, y) for _, x, y in places) == sorted((r['x'], r['y']) for r in xy)
table = f['disabled_channels/lut/data'][:]
assert table.dtype == np.dtype([('data', '?'), ('filled', '?')])
(g0, g1), (x0, x1), (y0, y1) = f['disabled_channels/lut'].attrs['meta'][0]['min_max_keys']
assert len(table) == (g1 - g0 + 1) * (x1 - x0 + 1) * (y1 - y0 + 1) + 1 and not table[0]['data']
n, cells = 0, [(g, int(x), int(y)) for g, x, y in places]
near = set((g, x + dx, y + dy) for g, x, y in cells for dx in (-1, 0, 1) for dy in (-1, 0, 1))
at = 1
for y in range(y0, y1 + 1):
    for x in range(x0, x1 + 1):
        for g in range(g0, g1 + 1):
            want = (g, x, y) in near
            assert table[at]['data'] == want == table[at]['filled'], (g, x, y)
            n += want
            at += 1
assert n == len(near)
print(n, 'of', at, 'cells off')
`;
