import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { Json } from '../../src/core/types.ts';
import {
  assignmentsOfPoint,
  assignmentsOfSettings,
  layersOf,
  overridesOf,
  resolveParameters,
} from '../../src/procedures/parameters.ts';
import type { Parameters } from '../../src/procedures/parameters.ts';
import { parseSet, parseSets } from '../../src/procedures/set.ts';
import { pathsOf } from '../../src/procedures/shape.ts';
import { shapeOfParams } from '../../src/procedures/zod-shape.ts';
import { folder, lines } from './folder.ts';

const PARAMS = z.strictObject({
  nhit_cut: z.int().min(1).default(100).describe('packets'),
  sync_noise_cut: z.tuple([z.number(), z.number()]).default([1e6, 1.1e7]).describe('ticks'),
  event_builder_class: z
    .enum(['SymmetricWindow', 'TimeDelta', 'ExtTrig'])
    .default('SymmetricWindow'),
  event_builder_config: z
    .strictObject({
      window: z.number().positive().default(1000).describe('ticks of 0.1 us'),
      threshold: z.int().default(10).describe('packets per bin'),
    })
    .prefault({}),
  flush_at_end: z.boolean().default(true),
  pedestal_file: z.string().nullable().default(null),
  channels: z.array(z.int()).default([]),
  gain: z.record(z.string(), z.number()).default({}),
  end: z.union([z.int(), z.literal('all')]).default('all'),
});

const TYPED = 'type: charge/hit_builder';
const project = (parameters: string, more = ''): ReturnType<typeof folder> =>
  folder({
    'tg.yaml': `libraries: [lib/mine.yaml]\n${more}`,
    'lib/mine.yaml': `- name: my/a\n  ${TYPED}\n  parameters:\n${parameters}`,
  });

/** What a procedure my/a with these parameters comes to, and what is told about it. */
function resolve(
  parameters: string,
  options: { more?: string; params?: unknown; run?: string; sets?: string[] } = {},
): Parameters & { text: string } {
  const at = project(parameters, options.more);
  const loaded = at.load();
  assert.deepEqual(loaded.diagnostics, []);
  const { settings, diagnostics } = parseSets(options.sets ?? [], new Map([['my/a', undefined]]));
  assert.deepEqual(diagnostics, []);
  const assignments = assignmentsOfSettings(settings, 'my/a', at.root);
  const procedure = loaded.project!.procedures[0]!;
  const params = 'params' in options ? options.params : PARAMS;
  const resolved = resolveParameters(
    'my/a',
    params,
    layersOf(loaded.project!, procedure, options.run),
    assignments,
    procedure.where,
  );
  const folders = Object.fromEntries(
    Object.entries(resolved.folders).map(([name, path]) => [name, path.slice(at.root.length)]),
  );
  return { ...resolved, folders, text: at.text(resolved.diagnostics) };
}

test('layers: type default < procedure < tg.yaml < overrides in order < --set', () => {
  const more = `parameters:
  my/a: {event_builder_config: {threshold: 7}, pedestal_file: cal/ped.json}
overrides:
  - runs: r41..r45
    parameters: {my/a: {nhit_cut: 50, pedestal_file: cal/old.json}}
  - {runs: [r42, r50], parameters: {my/a: {nhit_cut: 60}}}
`;
  const own = '    event_builder_config: {window: 500}\n    nhit_cut: 90\n';
  const { params, folders } = resolve(own, { more });
  assert.deepEqual(params, {
    nhit_cut: 90,
    sync_noise_cut: [1e6, 1.1e7],
    event_builder_class: 'SymmetricWindow',
    event_builder_config: { window: 500, threshold: 7 },
    flush_at_end: true,
    pedestal_file: 'cal/ped.json',
    channels: [],
    gain: {},
    end: 'all',
  });
  assert.deepEqual(folders, { event_builder_config: '', nhit_cut: '/lib', pedestal_file: '' });
  const cut = (run: string, sets: string[] = []): Json[] => {
    const resolved = resolve(own, { more, run, sets }).params;
    return [resolved['nhit_cut']!, resolved['pedestal_file']!];
  };
  assert.deepEqual(cut('r41'), [50, 'cal/old.json']);
  assert.deepEqual(cut('r42'), [60, 'cal/old.json']);
  assert.deepEqual(cut('r50'), [60, 'cal/ped.json']);
  assert.deepEqual(cut('r42', ['my/a.nhit_cut=1']), [1, 'cal/old.json']);
});

test('equal overrides are told apart from others by their indices', () => {
  const at = project(
    '    nhit_cut: 1\n',
    'overrides:\n  - {runs: r4*, parameters: {my/a: {nhit_cut: 2}}}\n',
  );
  const loaded = at.load().project!;
  assert.deepEqual(overridesOf(loaded, 'my/a', 'r41'), [0]);
  assert.deepEqual(overridesOf(loaded, 'my/a', 'r51'), []);
  assert.deepEqual(overridesOf(loaded, 'my/b', 'r41'), []);
});

test('writing a default out changes nothing; one item stands for a list of one', () => {
  const bare = resolve('    {}\n').params;
  assert.deepEqual(
    resolve('    event_builder_config: {window: 1000.0}\n    flush_at_end: true\n').params,
    bare,
  );
  assert.deepEqual(resolve('    channels: 5\n').params['channels'], [5]);
});

test('mistakes at their places, with units, in the words of the surface', () => {
  const told = (parameters: string): string =>
    resolve(parameters).text.replace(/1 error, nothing was run\n$/, '');
  assert.equal(
    told('    event_builder_config: {window: 1000 us}\n'),
    lines(`
    error: lib/mine.yaml:4:36: event_builder_config.window must be a number (ticks of 0.1 us)
      4 |     event_builder_config: {window: 1000 us}
        |                                    ~~~~~~~ this is text
      try: window: 10000
  `),
  );
  assert.equal(
    told('    nhit_cut: many\n'),
    lines(`
    error: lib/mine.yaml:4:15: nhit_cut must be a whole number (packets)
      4 |     nhit_cut: many
        |               ~~~~ this is text
      try: nhit_cut: 100
  `),
  );
  assert.equal(
    told('    nhit_cut: 0\n'),
    lines(`
    error: lib/mine.yaml:4:15: nhit_cut must be at least 1 (packets), not 0
      4 |     nhit_cut: 0
        |               ~
      try: nhit_cut: 1
  `),
  );
  assert.equal(
    told('    nhit_cut: 1.5\n'),
    lines(`
    error: lib/mine.yaml:4:15: nhit_cut must be a whole number (packets), not 1.5
      4 |     nhit_cut: 1.5
        |               ~~~
      try: nhit_cut: 2
  `),
  );
  assert.equal(
    told('    event_builder_class: Symetric\n'),
    lines(`
    error: lib/mine.yaml:4:26: event_builder_class must be SymmetricWindow, TimeDelta or ExtTrig, not "Symetric"
      4 |     event_builder_class: Symetric
        |                          ~~~~~~~~
      try: SymmetricWindow
  `),
  );
  assert.equal(
    told('    nhit_cuts: 5\n'),
    lines(`
    error: lib/mine.yaml:4:5: my/a has no parameter "nhit_cuts"
      4 |     nhit_cuts: 5
        |     ~~~~~~~~~
      try: nhit_cut
  `),
  );
  assert.equal(
    told('    event_builder_config: {windw: 5}\n'),
    lines(`
    error: lib/mine.yaml:4:28: my/a has no parameter "event_builder_config.windw"
      4 |     event_builder_config: {windw: 5}
        |                            ~~~~~
      try: window
  `),
  );
  assert.equal(
    told('    pedestal_file: 5\n'),
    lines(`
    error: lib/mine.yaml:4:20: pedestal_file must be text or null
      4 |     pedestal_file: 5
        |                    ~ this is a number
      try: pedestal_file: "5"
  `),
  );
  assert.equal(
    told('    end: some\n'),
    lines(`
    error: lib/mine.yaml:4:10: end must be a whole number or all, not "some"
      4 |     end: some
        |          ~~~~
      try: end: "all"
  `),
  );
  assert.equal(
    told('    sync_noise_cut: [5]\n'),
    lines(`
    error: lib/mine.yaml:4:21: sync_noise_cut must have at least 2 entries (ticks), not 1
      4 |     sync_noise_cut: [5]
        |                     ~~~
      try: sync_noise_cut: [1000000,11000000]
  `),
  );
  assert.equal(
    told('    gain: {a: high}\n'),
    lines(`
    error: lib/mine.yaml:4:15: gain.a must be a number
      4 |     gain: {a: high}
        |               ~~~~ this is text
      try: a: 1
  `),
  );
});

test('the place of a mistake is in the strongest layer that says it', () => {
  const more =
    'parameters: {my/a: {nhit_cut: x}}\noverrides: {runs: r1, parameters: {my/a: {flush_at_end: no}}}\n';
  const at = project('    nhit_cut: 5\n', more);
  const loaded = at.load();
  const procedure = loaded.project!.procedures[0]!;
  const { diagnostics } = resolveParameters(
    'my/a',
    PARAMS,
    layersOf(loaded.project!, procedure, 'r1'),
  );
  assert.equal(
    at.text(diagnostics),
    lines(`
    error: tg.yaml:2:31: nhit_cut must be a whole number (packets)
      2 | parameters: {my/a: {nhit_cut: x}}
        |                               ~ this is text
      try: nhit_cut: 100
    error: tg.yaml:3:57: flush_at_end must be true or false
      3 | overrides: {runs: r1, parameters: {my/a: {flush_at_end: no}}}
        |                                                         ~~ this is text
      try: flush_at_end: false
    2 errors, nothing was run
  `),
  );
});

test('a mapping of defaults is a schema: types, nested names, open where it is empty', () => {
  const params = {
    threshold: 5,
    name: 'a',
    deep: { a: 1, b: [1, 2] },
    open: {},
    any: null,
    flag: false,
  };
  const told = (parameters: string): string[] =>
    resolve(parameters, { params }).diagnostics.map(
      ({ message, try: hint }) => `${message} -> ${hint ?? ''}`,
    );
  assert.deepEqual(
    resolve('    deep: {b: 3}\n    open: {x: {y: 1}}\n    any: [1]\n', { params }).params,
    {
      threshold: 5,
      name: 'a',
      deep: { a: 1, b: [3] },
      open: { x: { y: 1 } },
      any: [1],
      flag: false,
    },
  );
  assert.deepEqual(told('    threshold: 8 mV\n    name: 42\n    flag: yes please\n'), [
    'threshold must be a number -> threshold: 8',
    'name must be text -> name: "42"',
    'flag must be true or false -> flag: false',
  ]);
  assert.deepEqual(told('    deep: {c: 1}\n    thresold: 4\n'), [
    'my/a has no parameter "deep.c" -> take it out (parameters: a b)',
    'my/a has no parameter "thresold" -> threshold',
  ]);
  assert.deepEqual(told('    deep: {b: [x, 2]}\n'), ['deep.b.0 must be a number -> 1']);
  assert.deepEqual(resolve('    whatever: 1\n', { params: undefined }).params, { whatever: 1 });
});

test('a point sets its values last, and is told at its axis', () => {
  const at = folder({
    'tg.yaml': 'libraries: [a.yaml]\n',
    'a.yaml': `- name: my/a
  ${TYPED}
  parameters: {nhit_cut: 5}
  scan:
    - {key: event_builder_config.window, values: [1, two]}
    - {key: nhit_cut, range: {start: 4, stop: 6}}
`,
  });
  const loaded = at.load();
  const procedure = loaded.project!.procedures[0]!;
  const layers = layersOf(loaded.project!, procedure, undefined);
  const resolved = (point: { [axis: string]: Json }): Parameters =>
    resolveParameters('my/a', PARAMS, layers, assignmentsOfPoint(procedure.scan, point));
  assert.deepEqual(resolved({ window: 1, nhit_cut: 4 }).params['event_builder_config'], {
    window: 1,
    threshold: 10,
  });
  assert.equal(resolved({ window: 1, nhit_cut: 4 }).params['nhit_cut'], 4);
  const [mistake] = resolved({ window: 'two' }).diagnostics;
  assert.equal(
    `${mistake?.where?.line}: ${mistake?.message}`,
    '5: event_builder_config.window must be a number (ticks of 0.1 us)',
  );
});

const KNOWN = new Map<string, string[]>([
  ['charge/raw_events', pathsOf(shapeOfParams(PARAMS))],
  ['charge/hits', ['pedestal_file', 'pedestal_default']],
]);

test('--set: the first "." ends the name, VALUE is YAML', () => {
  assert.deepEqual(parseSet('charge/raw_events.event_builder_config.window=1200', KNOWN), {
    procedure: 'charge/raw_events',
    path: ['event_builder_config', 'window'],
    value: 1200,
    said: '--set charge/raw_events.event_builder_config.window=1200',
  });
  const value = (text: string): Json | undefined => {
    const read = parseSet(`charge/hits.pedestal_file=${text}`, KNOWN);
    return 'severity' in read ? undefined : read.value;
  };
  assert.deepEqual(
    [value('a=b.json'), value('[1, x]'), value('{a: 1}'), value(''), value('"5"')],
    ['a=b.json', [1, 'x'], { a: 1 }, null, '5'],
  );
});

test('mistakes in --set [bad-set], [unknown-target], [unknown-parameter]', () => {
  const told = (text: string): string => {
    const read = parseSet(text, KNOWN);
    return 'severity' in read ? `[${read.code}] ${read.message} -> ${read.try ?? ''}` : 'good';
  };
  assert.equal(
    told('window=5'),
    '[bad-set] --set window=5: which procedure? -> --set charge/raw_events.event_builder_config.window=5',
  );
  assert.equal(
    told('charge/hits=5'),
    '[bad-set] --set charge/hits=5: which parameter? -> --set charge/hits.PARAMETER=5',
  );
  assert.equal(
    told('charge/hits.a'),
    '[bad-set] --set charge/hits.a: no value -> --set charge/hits.a=VALUE',
  );
  assert.equal(
    told('charge/hit.a=1'),
    '[unknown-target] --set charge/hit.a=1: no procedure charge/hit -> charge/hits',
  );
  assert.match(
    told('charge/hits.a=[1'),
    /^\[bad-set\] --set charge\/hits\.a=\[1: not YAML: .* -> --set 'charge\/hits\.a="\[1"'$/,
  );
  const unknown = resolve('    {}\n', {
    params: { pedestal_file: null, pedestal_default: 580 },
    sets: ['my/a.pedestal=5'],
  });
  assert.equal(
    unknown.text,
    lines(`
    error: my/a has no parameter "pedestal"
      try: pedestal_file
  `),
  );
  const wrong = resolve('    {}\n', { sets: ['my/a.nhit_cut=many'] });
  assert.equal(
    wrong.text,
    lines(`
    error: my/a: nhit_cut must be a whole number (packets), this is text
      try: nhit_cut: 100
  `),
  );
});

test('--set reaches into a list that only the defaults have', () => {
  assert.deepEqual(
    resolve('    {}\n', { sets: ['my/a.sync_noise_cut.0=5'] }).params['sync_noise_cut'],
    [5, 1.1e7],
  );
});

test('zod that is not asked for is not told: a parameter without default is needed', () => {
  const params = z.strictObject({ threshold: z.number().describe('mV') });
  const { diagnostics } = resolve('    {}\n', { params });
  assert.deepEqual(
    diagnostics.map(({ code, message, where }) => [code, message, where?.line]),
    [['missing-key', 'my/a needs the parameter threshold (mV)', 1]],
  );
});
