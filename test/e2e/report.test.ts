/** `tg report charge FILE`: text, pictures and numbers on the shipped example and on upstream's files, the numbers also as h5py and numpy have them. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compound, createH5 } from 'tg/h5';
import { darkIn, decodePng } from '../figures/decode-png.ts';
import { fixture, folder, lines, run, withoutFixtures, write } from '../helpers/cli.ts';
import type { Said } from '../helpers/cli.ts';
import { runPython, withoutH5py } from '../h5/peers.ts';
import { WHOLE_CASES } from './charge-project.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/charge', import.meta.url));
const root = folder();

before(async () => {
  cpSync(EXAMPLE, root, { recursive: true, filter: (path) => !/\/(?:\.tg|build)$/.test(path) });
  const built = await run(['build', 'charge/events'], { cwd: root });
  assert.equal(built.code, 0, built.stderr);
});

const report = (...words: string[]): Promise<Said> => run(['report', ...words], { cwd: root });

/** Lines of `--json` by their type. */
async function numbersOf(file: string): Promise<{
  report: Record<string, unknown>;
  figures: Record<string, Record<string, unknown>>;
}> {
  const said = await report('charge', file, '--json');
  assert.equal(said.stderr, '');
  assert.equal(said.code, 0);
  const all = said.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.ok(all.every(({ v }) => v === 1));
  assert.equal(all[0]!['type'], 'report');
  const figures = all.slice(1).map((line) => [line['name'] as string, line] as const);
  assert.ok(figures.every(([, { type }]) => type === 'figure'));
  return { report: all[0]!, figures: Object.fromEntries(figures) };
}

describe('on the shipped example', () => {
  test('the numbers, then the first figure', async () => {
    const said = await report('charge', 'build/r41.h5');
    assert.equal(said.stderr, '');
    assert.equal(said.code, 0);
    assert.equal(
      said.stdout,
      lines(`
      13 events, 1 998 hits, 2 021 packets, 20 triggers, 1 856 pixels hit
      5 s live, 2021-04-04 01:33:20 to 01:33:24 UTC: 2.60 events/s, 400 hits/s
      charge per event: mean 15 300, RMS 3 670, median 15 300 mV
      hits per event: mean 154, RMS 43.2, median 140, 103..238
      charge per hit: mean 99.7, RMS 90.7 mV
      lost: 2 124 packets: 1 702 in no event, 375 sync cut, 47 parity
      noisiest pixels: 1-31-20-35 4, 1-31-20-42 4, 1-30-16-25 3 hits
      Events by charge: events
              2 |                      #                    #|
                |                      #                    #|
                |                      #                    #|
                |                      #                    #|
                |                      #                    #|
                |                      #                    #|
              1 |                      #####   ### #   #    #|
                |                      #####   ### #   #    #|
                |                      #####   ### #   #    #|
                |                      #####   ### #   #    #|
                |                      #####   ### #   #    #|
                |                      #####   ### #   #    #|
                +--------------------------------------------+
                 0         5 000     10 000    15 000    20 000
                 charge [mV], columns of 500 mV
    `),
    );
  });

  test('any figure by its name, all of them, and no other', async () => {
    const one = await report('charge', 'build/r41.h5', '--figure', 'event-rate');
    assert.equal(
      one.stdout.split('\n').slice(7).join('\n'),
      lines(`
      Events per second: events [1/s]
              5 |                           #########         |
                |                           #########         |
              4 |#########                  #########         |
                |#########                  #########         |
              3 |##################         #########         |
                |##################         #########         |
              2 |##################         #########         |
                |##################         #########         |
              1 |##################         ##################|
                |##################         ##################|
                +---------------------------------------------+
                 01:33:20          01:33:22          01:33:24
                 time (UTC), 2021-04-04, columns of 1 s
    `),
    );
    const all = await report('charge', 'build/r41.h5', '--figure', 'all');
    for (const title of [
      'Events by charge: events',
      'Hits by charge: hits',
      'Events by hits: events',
      'Hits by place: py [mm]',
      'Events per second: events [1/s]',
      'Noisiest pixels',
    ])
      assert.ok(all.stdout.includes(`\n${title}\n`), title);
    const none = await report('charge', 'build/r41.h5', '--figure', 'hitmap');
    assert.deepEqual(none, {
      stdout: '',
      stderr:
        'error: no figure "hitmap": there are event-charge, hit-charge, event-hits, hit-map, event-rate, pixels\n  try: tg report charge build/r41.h5 --figure hit-map\n',
      code: 2,
      signal: null,
    });
  });

  test('SVG and PNG, the same for the same file, beside nothing', async () => {
    const out = folder();
    const call = [
      'charge',
      'build/r41.h5',
      '--svg',
      join(out, 'a.svg'),
      '--png',
      join(out, 'a.png'),
    ];
    const said = await report(...call);
    assert.equal(said.code, 0, said.stderr);
    assert.ok(said.stdout.endsWith(`\nfiles: ${join(out, 'a.svg')} ${join(out, 'a.png')}\n`));
    const [svg, png] = [readFileSync(join(out, 'a.svg'), 'utf8'), readFileSync(join(out, 'a.png'))];
    assert.deepEqual(
      [...svg.matchAll(/<g id="([^"]*)"/g)].map(([, name]) => name),
      ['event-charge', 'hit-charge', 'event-hits', 'hit-map', 'event-rate', 'pixels'],
    );
    const pixels = decodePng(png);
    assert.deepEqual([pixels.width, pixels.height], [1928, 2504]);
    assert.ok(darkIn(pixels, [20, 20, 500, 70]) > 200, 'the title');
    await report(...call);
    assert.equal(readFileSync(join(out, 'a.svg'), 'utf8'), svg);
    assert.deepEqual(readFileSync(join(out, 'a.png')), png);
    assert.deepEqual(readdirSync(out).sort(), ['a.png', 'a.svg']);
  });

  test('an artifact with hits alone says what hits say', async () => {
    const artifacts = readdirSync(join(root, '.tg/artifacts'), { recursive: true }).map(String);
    const hits = artifacts.find((name) => /hits.*r41|r41.*hits/.test(name));
    assert.ok(hits !== undefined, artifacts.join(' '));
    const said = await report('charge', join('.tg/artifacts', hits));
    assert.equal(said.code, 0, said.stderr);
    assert.match(said.stdout, /^1 998 hits, 1 856 pixels hit\ncharge per hit: /);
  });

  test('where resvg is not installed, PNG alone is refused', async () => {
    const hide = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`export async function resolve(name, context, next) {
  if (name.startsWith('@resvg/')) throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
}\`));`;
    const out = folder({ 'hide.mjs': hide });
    const env = { NODE_OPTIONS: `--import ${join(out, 'hide.mjs')}` };
    const words = ['report', 'charge', 'build/r41.h5', '-q', '--svg', join(out, 'a.svg')];
    const said = await run([...words, '--png', join(out, 'a.png')], { cwd: root, env });
    assert.equal(
      said.stderr,
      'error: no PNG here: @resvg/resvg-js is not installed\n  try: --svg FILE\n',
    );
    assert.equal(said.code, 1);
    assert.deepEqual(readdirSync(out).sort(), ['a.svg', 'hide.mjs']);
  });

  test('-q writes pictures and says nothing', async () => {
    const out = folder();
    const said = await report('charge', 'build/r43.h5', '-q', '--svg', join(out, 'a.svg'));
    assert.deepEqual([said.stdout, said.stderr, said.code], ['', '', 0]);
    assert.ok(existsSync(join(out, 'a.svg')));
  });
});

/** What numpy makes of the same file. */
const RECOMPUTE = `
f = h5py.File(sys.argv[1])
e, h = f['charge/events/data'][:], f['charge/hits/data'][:]
t = e['unix_ts'][e['unix_ts'] > 0].astype(float)
live = float(t.max() - t.min() + 1) if len(t) else None
stat = lambda a: dict(mean=a.mean(), rms=a.std(), median=float(np.median(a)), least=float(a.min()), greatest=float(a.max()))
key = ((h['iogroup'].astype(np.int64) * 256 + h['iochannel']) * 256 + h['chipid']) * 64 + h['channelid']
u, n = np.unique(key, return_counts=True)
best = sorted(zip(-n, u))[:10]
name = lambda k: '%d-%d-%d-%d' % (k >> 22, k >> 14 & 255, k >> 6 & 255, k & 63)
lost = {}
for table in f['charge']:
    if 'lost' in f['charge'][table].attrs: lost['charge/' + table] = json.loads(f['charge'][table].attrs['lost'])
out = dict(events=len(e), hits=len(h), packets=len(f['charge/packets/data']),
    event_charge_mv=stat(e['q'].astype(float)), hits_per_event=stat(e['nhit'].astype(float)),
    first_unix_s=t.min() if len(t) else None, last_unix_s=t.max() if len(t) else None, live_s=live,
    events_per_s=len(t) / live if live else None, events_without_time=int((e['unix_ts'] == 0).sum()),
    hit_charge_mv=dict(mean=h['q'].mean(), rms=h['q'].std()), pixels=len(u),
    noisiest=[dict(pixel=name(int(k)), hits=int(-m), share=int(-m) / len(h)) for m, k in best], lost=lost)
if 'charge/ext_trigs/data' in f: out['triggers'] = len(f['charge/ext_trigs/data'])
if live: out['hits_per_s'] = len(h) / live
figures = json.load(sys.stdin)
made = {}
edges = lambda b: b['start'] + b['step'] * np.arange(b['n'] + 1)
def counts(values, b):
    i = np.searchsorted(edges(b), values, side='right') - 1
    assert ((i >= 0) & (i < b['n'])).all(), (values.min(), values.max(), b)
    return np.bincount(i, minlength=b['n']).tolist()
for fig, values in (('event-charge', e['q']), ('event-hits', e['nhit']), ('hit-charge', h['q']), ('event-rate', t)):
    if fig in figures: made[fig] = counts(np.asarray(values, float), figures[fig]['layers'][0]['bins'])
if 'event-rate' in made:
    made['event-rate'] = (np.array(made['event-rate']) / figures['event-rate']['layers'][0]['bins']['step']).tolist()
if 'hit-map' in figures:
    m = figures['hit-map']
    made['hit-map'] = np.histogram2d(h['py'], h['px'], bins=(edges(m['yBins']), edges(m['xBins'])))[0].ravel().tolist()
print(json.dumps(dict(numbers=out, made=made)))
`;

/** Numbers as numpy and we add them up: in another order. */
function close(ours: unknown, theirs: unknown, where: string): void {
  if (typeof ours === 'number' && typeof theirs === 'number')
    assert.ok(
      Math.abs(ours - theirs) <= 1e-9 * Math.max(1, Math.abs(theirs)),
      `${where}: ${ours} ${theirs}`,
    );
  else if (
    typeof ours === 'object' &&
    ours !== null &&
    typeof theirs === 'object' &&
    theirs !== null
  ) {
    assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort(), where);
    for (const [key, value] of Object.entries(theirs))
      close((ours as Record<string, unknown>)[key], value, `${where}.${key}`);
  } else assert.equal(ours, theirs, where);
}

async function compare(file: string): Promise<void> {
  const { report: ours, figures } = await numbersOf(file);
  const { report: name, file: named, ...rest } = ours;
  assert.deepEqual([name, named], ['charge', file]);
  const numbers = Object.fromEntries(
    Object.entries(rest).filter(([key]) => key !== 'v' && key !== 'type'),
  );
  const { numbers: theirs, made } = JSON.parse(
    runPython(
      `import io\nsys.stdin = io.StringIO(sys.argv[2])${RECOMPUTE}`,
      join(file.startsWith('/') ? '' : root, file),
      JSON.stringify(figures),
    ),
  ) as { numbers: unknown; made: Record<string, number[]> };
  close(numbers, theirs, file);
  assert.ok(Object.keys(made).length >= 3);
  for (const [figure, counts] of Object.entries(made)) {
    const drawn = figures[figure]!;
    const layers = drawn['layers'] as { counts: number[] }[] | undefined;
    close(layers?.[0]?.counts ?? drawn['counts'], counts, `${file} ${figure}`);
  }
}

describe(
  'numbers and contents of figures are what numpy makes of the file',
  { skip: withoutH5py() },
  () => {
    for (const name of ['r41', 'r42', 'r43'])
      test(`example ${name}`, () => compare(`build/${name}.h5`));
    for (const name of WHOLE_CASES)
      for (const form of ['regref', 'pairs'])
        test(`${name}, ${form}`, { skip: withoutFixtures }, async (t) => {
          const file = fixture(name, `${form}.h5`);
          if (!existsSync(file)) return t.skip('no such form of this case');
          await compare(file);
        });
  },
);

describe('where nothing can be said', () => {
  const cases: readonly [what: string, words: readonly string[], code: number, says: string][] = [
    [
      'no such file',
      ['charge', 'none.h5'],
      1,
      'error: none.h5: no such file or folder\n  try: check the path\n',
    ],
    [
      'no HDF5',
      ['charge', 'tg.yaml'],
      1,
      'error: tg.yaml: not HDF5 (begins "# Three simulated runs of a smal")\n  try: check that this is the file you mean\n',
    ],
    [
      'packets',
      ['charge', 'raw/packets_r41.h5'],
      1,
      'error: raw/packets_r41.h5: no charge/events and no charge/hits: it has configs, messages, packets\n  try: tg build charge/events -i raw/packets_r41.h5 -o flow.h5\n',
    ],
    [
      'no such report',
      ['chrage', 'build/r41.h5'],
      2,
      'error: no report "chrage"\n  try: tg report charge build/r41.h5, tg report charge-light build/r41.h5\n',
    ],
    ['no file named', ['charge'], 2, 'error: report needs a FILE\n  try: tg report NAME FILE\n'],
    [
      'no folder for a picture',
      ['charge', 'build/r41.h5', '--png', 'plots/a.png'],
      2,
      'error: no folder for plots/a.png\n  try: mkdir -p plots\n',
    ],
    [
      'a folder as a picture',
      ['charge', 'build/r41.h5', '--svg', 'build'],
      2,
      'error: build is a folder\n  try: build/report.svg\n',
    ],
    [
      'the file itself as a picture',
      ['charge', 'build/r41.h5', '--svg', './build/r41.h5'],
      2,
      'error: input and output are the same file: ./build/r41.h5\n  try: another name\n',
    ],
  ];
  for (const [what, words, code, says] of cases)
    test(what, async () => {
      const said = await report(...words);
      assert.deepEqual([said.stdout, said.stderr, said.code], ['', says, code]);
    });

  /** A flow file with these tables. */
  function made(
    name: string,
    tables: Record<string, { types: [string, string][]; lost?: string; rows?: number[][] }>,
  ): string {
    const path = join(root, name);
    const file = createH5(path);
    for (const [table, { types, lost, rows = [] }] of Object.entries(tables)) {
      file.group(table, lost === undefined ? {} : { lost });
      const row = compound(types.map(([n, t]) => [n, t as 'f8']));
      const data = file.stream(`${table}/data`, row, [], {});
      for (const values of rows) data.append(new Uint8Array(Float64Array.from(values).buffer));
    }
    file.close();
    return name;
  }
  const EVENTS: [string, string][] = [
    ['q', 'f8'],
    ['nhit', 'f8'],
    ['unix_ts', 'f8'],
  ];

  test('no events: what was lost instead', async () => {
    const file = made('empty.h5', {
      'charge/events': { types: EVENTS },
      'charge/packets': { types: [['a', 'f8']], lost: '{"in no event":35,"parity":2}' },
    });
    const said = await report('charge', file);
    assert.equal(said.code, 1);
    assert.equal(
      said.stderr,
      'error: empty.h5: no events, nothing to report (lost: 35 in no event, 2 parity)\n  try: another run, or other parameters of charge/raw_events: tg list --params\n',
    );
    const json = await report('charge', file, '--json');
    assert.equal(json.code, 1);
    assert.equal(json.stderr, '');
    assert.match(
      json.stdout,
      /^\{"v":1,"type":"diagnostic".*"message":"empty\.h5: no events, nothing to report/,
    );
  });

  test('a table of other columns', async () => {
    const file = made('odd.h5', {
      'charge/events': {
        types: [
          ['q', 'f8'],
          ['n', 'f8'],
        ],
        rows: [[1, 2]],
      },
    });
    const said = await report('charge', file);
    assert.equal(said.code, 1);
    assert.match(
      said.stderr,
      /^error: odd\.h5: its charge tables are not tg's or h5flow's: no field "nhit"/,
    );
  });

  test('values that are no numbers are left out of statistics, and one event is enough', async () => {
    const one = made('one.h5', { 'charge/events': { types: EVENTS, rows: [[5, 1, 0]] } });
    const said = await report('charge', one, '--figure', 'all', '--svg', 'one.svg');
    assert.equal(said.code, 0, said.stderr);
    assert.match(
      said.stdout,
      /^1 event\nnote: 1 event without unix_ts\ncharge per event: mean 5\.00, RMS 0, median 5\.00 mV\n/,
    );
    const odd = made('nan.h5', {
      'charge/events': {
        types: EVENTS,
        rows: [
          [NaN, 1, 10],
          [3, 2, 11],
        ],
      },
    });
    const { report: numbers } = await numbersOf(odd);
    assert.deepEqual(numbers['event_charge_mv'], {
      mean: 3,
      rms: 0,
      median: 3,
      least: 3,
      greatest: 3,
    });
    assert.equal(numbers['live_s'], 2);
  });
});

test("a user's task module draws with tg/figures of the tg that runs it", async () => {
  const cwd = folder();
  write(cwd, {
    'tg.yaml': 'libraries: [./lib.yaml]\nsources: {raw: "in/{run}.txt"}\n',
    'lib.yaml':
      '- {name: my/plot, type: ./plot.mjs, inputs: [raw], outputs: {my/plot: "{run}.svg"}}\n',
    'plot.mjs': `import { writeFileSync } from 'node:fs';
import { binsFor, histogram, toSvg } from 'tg/figures';
export default {
  params: {},
  run({ output }) {
    const bins = binsFor(0, 3, 10);
    const layers = [{ kind: 'histogram', bins, counts: histogram([1, 2, 2, 3], bins) }];
    const panel = { kind: 'plot', name: 'a', title: 'A', x: { label: 'x' }, y: { label: 'n' }, layers };
    writeFileSync(output('my/plot'), toSvg({ title: 'mine', panels: [panel] }));
  },
};
`,
    'in/r1.txt': '',
  });
  const said = await run(['build', 'my/plot'], { cwd });
  assert.equal(said.code, 0, said.stderr);
  assert.match(readFileSync(join(cwd, 'build/r1.svg'), 'utf8'), /<title>mine<\/title>/);
});
