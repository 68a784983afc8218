import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { directProject, directSource, findProject } from '../../src/procedures/load.ts';
import { bytes, meantNumber, seconds } from '../../src/procedures/units.ts';
import { folder } from './folder.ts';

const TG_YAML = `# tg.yaml
libraries: [tg:charge, ./procedures/mine.yaml]
sources:
  packets: raw/packets_{run}.h5::/packets
  light_raw: {path: "/data/rwf_{run}_{adc}.data", archived: true, hash: fast}
build: out
default: [charge/hits, "my/*"]
parameters:
  charge/hits: {pedestal_file: cal/ped.json, deep: {a: [1, 2]}}
overrides:
  - runs: r41..r45
    parameters: {charge/hits: {pedestal_file: cal/ped_old.json}}
workers: 8
pools: {daq: 1, disk: 2}
executor: {kind: slurm, partition: short, time: 2 h, memory: 4 GB, cpus: 1, batch: 100}
link: {refs: pairs, when: build, file: "{run}.h5", drop: light/fwvfm}
cache: {path: shared/.tg}
network: network.yaml
workflows:
  - {name: first_look, tasks: [charge/hits, light/events]}
`;

const MINE = `- name: my/nhits
  type: ./count-hits.mjs
  inputs: [charge/hits]
  outputs: {my/nhits: "nhits/{run}_{threshold}.json"}
  parameters: {threshold: 8}
  each: run
  configuration: {cfg: cfg.json}
  optional: charge/hits
  environment: [HOME]
  scan: [{key: threshold, range: {start: 4, stop: 12, step: 2}}]
  pool: disk
  slots: 2
  memory: 1 GB
  cpus: 3
  after: [charge/hits]
  retries: 1
  timeout: 10 min
  priority: -1
  always: false
  replace: false
  checks: [{quantity: rows, bad: {below: 1}, warn: {above: 1e6}}]
- {name: my/qsum, type: command, inputs: {hits: charge/hits@r41}, outputs: {my/qsum: "qsum/{run}.json"}, command: [python3, qsum.py, 5, "{output:my/qsum}"], depends: [qsum.py]}
- {name: my/each, type: charge/event_builder, inputs: ["my/*", charge/, my/list@r1, my/list@r2], each: my/list, outputs: [my/each, {my/plot: "plots/{name}.svg", my/table: }]}
`;

const FILES = {
  'tg.yaml': TG_YAML,
  'procedures/mine.yaml': MINE,
  'procedures/count-hits.mjs': '',
  'procedures/qsum.py': '',
  'shipped/charge.yaml':
    '- {name: charge/hits, type: charge/hit_builder, inputs: [packets], parameters: {pedestal_file: null}}\n',
};

test('every key of tg.yaml', () => {
  const at = folder(FILES);
  const { project, diagnostics, files, broken } = at.load();
  assert.deepEqual(diagnostics, []);
  assert.ok(project);
  assert.deepEqual(
    files,
    ['tg.yaml', 'shipped/charge.yaml', 'procedures/mine.yaml'].map((file) => join(at.root, file)),
  );
  assert.deepEqual(broken, []);
  assert.equal(project.root, at.root);
  const [packets, light] = project.sources;
  assert.deepEqual(packets, {
    name: 'packets',
    pattern: join(at.root, 'raw/packets_{run}.h5'),
    written: 'raw/packets_{run}.h5::/packets',
    place: '/packets',
    archived: false,
    hash: 'full',
    where: { file: join(at.root, 'tg.yaml'), line: 4, column: 12, length: 30 },
  });
  assert.deepEqual(
    [light?.pattern, light?.archived, light?.hash],
    ['/data/rwf_{run}_{adc}.data', true, 'fast'],
  );
  const { build, default: first, workers, pools, executor, link, cache, network } = project;
  assert.deepEqual([build, first, workers], [join(at.root, 'out'), ['charge/hits', 'my/*'], 8]);
  assert.deepEqual(pools, { daq: 1, disk: 2 });
  assert.deepEqual(executor, {
    kind: 'slurm',
    partition: 'short',
    time: 7200,
    memory: 4e9,
    cpus: 1,
    batch: 100,
  });
  assert.deepEqual(link, { refs: 'pairs', when: 'build', file: '{run}.h5', drop: ['light/fwvfm'] });
  assert.deepEqual([cache, network], [join(at.root, 'shared/.tg'), join(at.root, 'network.yaml')]);
  assert.deepEqual(
    project.workflows.map(({ name, tasks }) => [name, tasks]),
    [['first_look', ['charge/hits', 'light/events']]],
  );
  assert.deepEqual(project.parameters, {
    'charge/hits': { pedestal_file: 'cal/ped.json', deep: { a: [1, 2] } },
  });
  const { line, column, file } = project.places.get('charge/hits.pedestal_file')!;
  assert.deepEqual([line, column, file], [9, 32, join(at.root, 'tg.yaml')]);
  assert.equal(project.places.get('charge/hits.deep.a.1')?.column, 60);
  assert.equal(project.places.get('overrides.0.charge/hits.pedestal_file')?.line, 12);
  assert.deepEqual(project.overrides[0]?.runs, ['r41..r45']);
});

test('every key of a procedure', () => {
  const at = folder(FILES);
  const { project } = at.load();
  const [hits, nhits, qsum, each] = project!.procedures;
  const below = (path: string): string => join(at.root, 'procedures', path);
  assert.deepEqual(
    hits?.outputs.map(({ target, pattern }) => [target, pattern]),
    [['charge/hits', undefined]],
  );
  assert.ok(nhits && qsum && each);
  const { where, places, inputs, outputs, scan, ...plain } = nhits;
  assert.deepEqual(plain, {
    name: 'my/nhits',
    type: './count-hits.mjs',
    folder: below(''),
    parameters: { threshold: 8 },
    configuration: { cfg: below('cfg.json') },
    each: 'run',
    optional: ['charge/hits'],
    environment: ['HOME'],
    pool: 'disk',
    slots: 2,
    memory: 1e9,
    cpus: 3,
    after: ['charge/hits'],
    retries: 1,
    timeout: 600,
    priority: -1,
    always: false,
    replace: false,
    checks: [{ quantity: 'rows', bad: { below: 1 }, warn: { above: 1e6 } }],
    command: undefined,
    depends: [],
  });
  assert.deepEqual([where.line, where.column], [1, 9]);
  assert.deepEqual(places.get('parameters.threshold')?.column, 27);
  assert.deepEqual(places.get('parameters.threshold:key')?.column, 16);
  assert.deepEqual(
    inputs.map(({ alias, target }) => [alias, target]),
    [['charge/hits', 'charge/hits']],
  );
  assert.deepEqual(
    outputs.map(({ target, pattern }) => [target, pattern]),
    [['my/nhits', 'nhits/{run}_{threshold}.json']],
  );
  assert.deepEqual(
    scan.map(({ name, values }) => [name, values]),
    [['threshold', [4, 6, 8, 10]]],
  );
  assert.deepEqual(qsum.command, ['python3', 'qsum.py', '5', '{output:my/qsum}']);
  assert.deepEqual(qsum.depends, [below('qsum.py')]);
  assert.deepEqual(
    qsum.inputs.map(({ alias, target }) => [alias, target]),
    [['hits', 'charge/hits@r41']],
  );
  assert.deepEqual(each.each, { target: 'my/list' });
  assert.deepEqual(
    each.inputs.map(({ alias }) => alias),
    ['my/*', 'charge/', 'my/list@r1', 'my/list@r2'],
  );
  assert.deepEqual(
    each.outputs.map(({ target, pattern }) => [target, pattern]),
    [
      ['my/each', undefined],
      ['my/plot', 'plots/{name}.svg'],
      ['my/table', undefined],
    ],
  );
});

test('what is not said has its default', () => {
  const at = folder({ 'tg.yaml': 'procedures:\n  - {name: a, type: charge/hit_builder}\n' });
  const { project, diagnostics } = at.load();
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(project!.link, { refs: 'region', when: 'build', file: '{run}.h5', drop: [] });
  assert.equal(project!.build, join(at.root, 'build'));
  const { inputs, outputs, ...rest } = project!.procedures[0]!;
  assert.deepEqual([inputs.length, outputs.map(({ target }) => target)], [0, ['a']]);
  assert.deepEqual(
    [rest.pool, rest.slots, rest.cpus, rest.memory, rest.timeout, rest.each],
    ['cpu', 1, 1, undefined, undefined, undefined],
  );
});

test('libraries may recurse and may be mappings; the outer file wins; each is read once', () => {
  const at = folder({
    'tg.yaml':
      'libraries: [lib/a.yaml, lib/b.yaml]\nparameters: {my/x: {p: 2}}\nsources: {s: outer.h5}\nbuild: here\n',
    'lib/a.yaml':
      'libraries: b.yaml\nsources: {s: inner.h5, t: "t_{run}.h5"}\nparameters: {my/x: {p: 1, q: 1}}\nbuild: there\nworkers: 3\n',
    'lib/b.yaml': '- {name: my/x, type: charge/hit_builder}\n',
  });
  const { project, diagnostics, files } = at.load();
  assert.deepEqual(diagnostics, []);
  assert.equal(files.length, 3);
  assert.deepEqual(project!.parameters, { 'my/x': { p: 2, q: 1 } });
  assert.equal(project!.places.get('my/x.q')?.file, join(at.root, 'lib/a.yaml'));
  assert.deepEqual(
    project!.sources.map(({ pattern }) => pattern),
    [join(at.root, 'outer.h5'), join(at.root, 'lib/t_{run}.h5')],
  );
  assert.deepEqual([project!.build, project!.workers], [join(at.root, 'here'), 3]);
  assert.equal(project!.procedures.length, 1);
});

test('with mistakes there is still a project, and the names of what is left out of it', () => {
  const at = folder({
    'tg.yaml':
      'procedures:\n  - {name: a, type: charge/hit_builder, retries: -1}\n  - {name: b, typo: x}\n',
  });
  const { project, broken } = at.load();
  assert.deepEqual(
    project!.procedures.map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(broken, ['b']);
  assert.equal(folder({ 'tg.yaml': 'a: [' }).load().project, undefined);
});

test('an empty tg.yaml is a project without anything', () => {
  const { project, diagnostics } = folder({ 'tg.yaml': '# nothing yet\n' }).load();
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(project?.procedures, []);
});

test('tg.yaml is found upward', () => {
  const at = folder({ 'tg.yaml': '', 'a/b/c.txt': '' });
  assert.equal(findProject(join(at.root, 'a/b')), join(at.root, 'tg.yaml'));
  assert.equal(findProject('/'), undefined);
});

test('direct mode: libraries and sources without tg.yaml', () => {
  const at = folder({
    'shipped/charge.yaml': FILES['shipped/charge.yaml'],
    'mine.yaml': '- {name: my/a, type: charge/hit_builder}\n',
  });
  const source = directSource('packets', 'in.h5', '/packets', at.root);
  const given = {
    root: join(at.root, 'out'),
    libraries: ['tg:charge', 'mine.yaml'],
    sources: [source],
  };
  const { project, diagnostics } = directProject(given, at.shipped, { cwd: at.root });
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    project!.procedures.map(({ name }) => name),
    ['charge/hits', 'my/a'],
  );
  assert.deepEqual(
    [project!.root, project!.sources[0]?.pattern],
    [join(at.root, 'out'), join(at.root, 'in.h5')],
  );
  const missing = directProject({ ...given, libraries: ['mien.yaml'] }, at.shipped, {
    cwd: at.root,
  });
  assert.deepEqual(
    missing.diagnostics.map(({ message, try: hint }) => `${message} -> ${hint ?? ''}`),
    ['no file mien.yaml -> -c mine.yaml'],
  );
});

test('20 at most are written out, the rest is counted', () => {
  const entries = Array.from(
    { length: 33 },
    (_, i) => `  - {name: a${i}, type: charge/hit_builder, nope: 1}\n`,
  ).join('');
  const text = folder({ 'tg.yaml': `procedures:\n${entries}` }).text();
  assert.equal(text.match(/^error: /gm)?.length, 20);
  assert.match(text, /\n33 errors, 13 more not shown, nothing was run\n$/);
});

test('units of time and size', () => {
  assert.deepEqual(
    ['20 s', '10 min', '2 h', '1.5 d', '250 ms', '30', 30, '5', '-1 s', 'x', '10 GB'].map(seconds),
    [20, 600, 7200, 129600, 0.25, 30, 30, 5, undefined, undefined, undefined],
  );
  assert.deepEqual(['10 GB', '500 MB', '1.5 kB', 100, '7 B', '1 GiB', '2 s'].map(bytes), [
    1e10,
    5e8,
    1500,
    100,
    7,
    undefined,
    undefined,
  ]);
  assert.equal(meantNumber('1000 us', 'ticks of 0.1 us'), 10000);
  assert.equal(meantNumber('0.5 V', 'mV'), 500);
  assert.equal(meantNumber('2 ms', 'ns'), 2e6);
  assert.equal(meantNumber('10 apples', 'mV'), 10);
  assert.equal(meantNumber('7 ticks', undefined), 7);
  assert.equal(meantNumber('many', 'mV'), undefined);
});
