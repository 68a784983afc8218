/** Workflows of the 2x2: classes of the same names as Module 0's, told by their package or by what else stands in the workflow. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readWorkflow } from '../../src/procedures/h5flow.ts';
import { folder } from './folder.ts';

interface Stage {
  class: string;
  path?: string;
  params?: string;
}

function read(stages: readonly Stage[], resources = '') {
  const text = [
    `flow: {source: light/events, stages: [${stages.map((_, i) => `s${i}`).join(', ')}]}`,
    ...stages.map(
      ({ class: name, path, params = '' }, i) =>
        `s${i}: {classname: ${name}, ${path === undefined ? '' : `path: ${path}, `}params: {${params}}}`,
    ),
    resources,
  ].join('\n');
  const { root } = folder({ 'w.yaml': text });
  return { ...readWorkflow(join(root, 'w.yaml'), root), root };
}

const MODULE0 = 'module0_flow.reco.light.x';
const TWO = 'proto_nd_flow.reco.light.x';

test('the package of a class says which detector it is of', () => {
  const classes = ['LightTimestampCorrector', 'WaveformNoiseFilter', 'WaveformSum'];
  for (const [path, library] of [
    [MODULE0, 'tg:light'],
    [TWO, 'tg:light-2x2'],
  ] as const) {
    const found = read(classes.map((name) => ({ class: name, path })));
    assert.deepEqual(found.libraries, [library]);
    assert.deepEqual(found.targets, ['light/t_ns', 'light/fwvfm', 'light/swvfm']);
  }
});

test('without packages a class that only the 2x2 has decides for the whole workflow', () => {
  const stages = [{ class: 'WaveformNoiseFilter' }, { class: 'WaveformSum' }];
  assert.deepEqual(read(stages).libraries, ['tg:light']);
  const more = read([...stages, { class: 'WaveformCalib' }]);
  assert.deepEqual(more.libraries, ['tg:light-2x2']);
  assert.deepEqual(more.targets, ['light/fwvfm', 'light/swvfm', 'light/cwvfm']);
  // A class without a package does not turn a workflow of Module 0.
  const mixed = [{ class: 'WaveformSum', path: MODULE0 }, { class: 'WaveformSummary' }];
  assert.deepEqual(read(mixed).libraries, ['tg:light']);
});

test('hit finders are told by hit_level; another one is refused at its place', () => {
  const finder = (level: string) => ({
    class: 'WaveformHitFinder',
    path: TWO,
    params: `hit_level: ${level}, near_samples: 4`,
  });
  const found = read([finder('sum'), finder('sipm')]);
  assert.deepEqual(found.targets, ['light/sum_hits', 'light/sipm_hits']);
  assert.deepEqual(found.parameters['light/sum_hits'], { near_samples: 4 });
  const [refused] = read([finder('sum_tpc')]).diagnostics;
  assert.match(refused!.message, /stage s0 has hit_level "sum_tpc": tg knows sum and sipm/);
  assert.equal(refused!.where?.line, 2);
});

test('sums are of the scaled waveforms, and names of tables are as they are', () => {
  const sum = (path: string, table: string) =>
    read([{ class: 'WaveformSum', path, params: `wvfm_dset_name: ${table}` }]).diagnostics;
  assert.deepEqual(sum(TWO, 'light/cwvfm'), []);
  assert.match(sum(TWO, 'light/deconv')[0]!.message, /wvfm_dset_name must be light\/cwvfm/);
  assert.deepEqual(sum(MODULE0, 'light/deconv'), []);
  const flash = {
    class: 'FlashFinder',
    params: 'eps: 10, min_samples: 2, sipm_hits_dset_name: light/sipm_hits',
  };
  const { diagnostics, parameters } = read([flash]);
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    ['min_samples must be 1, not 2: tg has no other way'],
  );
  assert.deepEqual(parameters['light/flash'], { eps: 10 });
});

test("places that a mapping leaves out have upstream's value, not that of the procedure", () => {
  const hits = (threshold: string) =>
    read([
      { class: 'WaveformHitFinder', path: TWO, params: `hit_level: sum, threshold: ${threshold}` },
    ]).parameters['light/sum_hits']!['threshold'];
  assert.deepEqual(hits('{0: {1: 5}}'), { default: 2000, 0: { 1: 5 } });
  assert.equal(hits('300'), 300);
  const { parameters } = read([
    { class: 'WaveformCalib', params: 'gain: {default: 0.5, 1: {2: 3}}' },
  ]);
  assert.deepEqual(parameters['light/cwvfm'], { gain: { default: 0.5, 1: { 2: 3 } } });
});

test('simulated events, kept noise and templates have libraries of the 2x2', () => {
  const stage = (name: string, params: string) => ({ class: name, path: TWO, params });
  const libraries = (...stages: Parameters<typeof read>[0]): string[] => read(stages).libraries;
  assert.deepEqual(
    libraries(
      stage('LightEventGeneratorMC', 'n_modules: 4'),
      stage('WaveformNoiseFilter', 'keep_noise: true'),
      stage('WaveformDeconvolution', 'do_filtering: false, gen_noise_spectrum: true'),
    ),
    ['tg:light-2x2-mc', 'tg:light-2x2-noise', 'tg:light-templates'],
  );
  assert.deepEqual(libraries(stage('WaveformNoiseFilter', 'keep_noise: false')), ['tg:light-2x2']);
});

test('a parameter may be a file; keys are numbers also where PyYAML takes 08 for text', () => {
  const stage = `flow: {source: s}
s: {classname: WaveformHitFinder, path: ${TWO}, params: {hit_level: sipm, threshold: !include FILE}}
`;
  const { root } = folder({
    'w.yaml': stage.replace('FILE', 'thresholds.yaml'),
    'x.yaml': stage.replace('FILE', 'none.yaml'),
    'thresholds.yaml': '0:\n  04: 100\n  08: 300\n1: {10: 80}\n',
  });
  const { parameters, diagnostics } = readWorkflow(join(root, 'w.yaml'), root);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(parameters['light/sipm_hits'], {
    threshold: { default: 2000, 0: { 4: 100, 8: 300 }, 1: { 10: 80 } },
  });
  const missing = readWorkflow(join(root, 'x.yaml'), root).diagnostics;
  assert.deepEqual(
    missing.map(({ code, where }) => [code, where?.line]),
    [['no-file', 2]],
  );
});

test('resources give geometry, length of a sample, and whether it is simulated', () => {
  const resources = `resources:
  - {classname: RunData, params: {defaults: {lrs_ticks: 0.016, is_mc: true}}}
  - {classname: Geometry, params: {lrs_geometry_file: l.yaml, det_geometry_file: d.yaml, crs_geometry_files: [a, b]}}
  - {classname: LArData, params: {}}`;
  const stages = [
    { class: 'WaveformAlign', path: TWO },
    { class: 'WaveformCalib' },
    { class: 'WaveformSum' },
    { class: 'WaveformHitFinder', params: 'hit_level: sum' },
    { class: 'FlashFinder' },
  ];
  const { parameters, unused, root } = read(stages, resources);
  const [light, detector] = [join(root, 'l.yaml'), join(root, 'd.yaml')];
  assert.deepEqual(parameters, {
    'light/deconv/alignment': { is_mc: true },
    'light/cwvfm': { is_mc: true },
    'light/swvfm': { lrs_geometry_file: light },
    'light/sum_hits': { lrs_ticks: 0.016, lrs_geometry_file: light, det_geometry_file: detector },
    'light/flash': { lrs_geometry_file: light },
  });
  assert.deepEqual(unused, ['LArData']);
});
