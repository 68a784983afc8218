/** Scans: a point is its values, not its place. Conformance cases E. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { project, tables, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const axis = (name: string, values: readonly unknown[]): object => ({ key: name, name, values });
const entry = (axes: readonly object[], more: object = {}): object => ({
  name: 's',
  type: './point.mjs',
  scan: axes,
  parameters: { base: 1, unused: 1 },
  ...more,
});

/** Tables whose one row tells the point. */
const POINT = tables(['s'], 'void params.base;', 'params.a * 10 + params.b + params.base', {
  a: 0,
  b: 0,
  base: 1,
  unused: 1,
});
const READ = `
import { openH5 } from 'tg/h5';
import { writeFileSync } from 'node:fs';
export default { version: '1', async run({ input, output, place, task }) {
  const file = await openH5(input('s'));
  const rows = file.table(place('s'));
  const found = [];
  for (const block of rows.blocks()) {
    const view = new DataView(block.bytes.buffer, block.bytes.byteOffset, block.bytes.byteLength);
    for (let i = 0; i < block.rows; i++)
      found.push(rows.dtype.fields.map((f) => f.name + '=' + (f.type.size === 8 ? view.getBigInt64(i * rows.dtype.size + f.offset, true) : view.getInt32(i * rows.dtype.size + f.offset, true))).join(' '));
  }
  writeFileSync(output('t'), found.join('\\n'));
  file.close();
} };`;

const read = { name: 't', type: './read.mjs', inputs: ['s'], outputs: { t: 't.txt' } };

function grid(a: readonly unknown[] = [1, 2, 3], b: readonly unknown[] = [1, 2, 3]): World {
  return world({
    ...project([entry([axis('a', a), axis('b', b)]), read]),
    'point.mjs': POINT,
    'read.mjs': READ,
  });
}
const relib = (w: World, axes: readonly object[], more: object = {}): void =>
  w.write({ 'lib.yaml': JSON.stringify([entry(axes, more), read]) });
const points = (ran: readonly string[]): string[] =>
  ran.filter((t) => /^s@/.test(t) && !t.includes('*'));
const merges = (ran: readonly string[]): string[] =>
  ran.filter((t) => t === 's' || t.includes('*'));

// 51
test('a value added to an axis runs its points and the merges above them', async () => {
  const w = grid();
  const first = await w.build([], { workers: 2 });
  assert.equal(points(first.ran).length, 9, JSON.stringify([first.mistakes, first.failure]));
  assert.deepEqual(merges(first.ran), ['s', 's@a=1,b=*', 's@a=2,b=*', 's@a=3,b=*']);
  assert.deepEqual(w.read('build/t.txt').split('\n').slice(0, 4), [
    'a=1 b=1 v=12',
    'a=1 b=2 v=13',
    'a=1 b=3 v=14',
    'a=2 b=1 v=22',
  ]);
  relib(w, [axis('a', [1, 2, 3, 4]), axis('b', [1, 2, 3])]);
  const { ran } = await w.build();
  assert.deepEqual(points(ran), ['s@a=4,b=1', 's@a=4,b=2', 's@a=4,b=3']);
  assert.deepEqual(merges(ran), ['s', 's@a=4,b=*']);
  assert.equal(w.read('build/t.txt').split('\n').length, 12);
});

// 52
test('another order of values measures no point; merges run where their rows change order', async () => {
  const w = grid();
  await w.build();
  relib(w, [axis('a', [3, 1, 2]), axis('b', [1, 2, 3])]);
  const values = await w.build();
  assert.deepEqual([points(values.ran), merges(values.ran)], [[], ['s']]);
  relib(w, [axis('b', [1, 2, 3]), axis('a', [1, 2, 3])]);
  const axes = await w.build();
  assert.deepEqual(points(axes.ran), []);
  assert.deepEqual(merges(axes.ran), ['s', 's@a=*,b=1', 's@a=*,b=2', 's@a=*,b=3']);
  assert.deepEqual(w.read('build/t.txt').split('\n').slice(0, 2), ['b=1 a=1 v=12', 'b=1 a=2 v=22']);
});

// 53
test('a value removed runs no point; the merges above run once; orphans stay', async () => {
  const w = grid();
  await w.build();
  relib(w, [axis('a', [1, 2, 3]), axis('b', [1, 2])]);
  const { ran } = await w.build();
  assert.deepEqual([points(ran), merges(ran)], [[], ['s', 's@a=1,b=*', 's@a=2,b=*', 's@a=3,b=*']]);
  assert.ok(w.has('.tg/artifacts/s/a=1,b=3.h5'));
});

// 54
test('a parameter that every point reads runs all, one that none reads runs none', async () => {
  const w = grid([1, 2], [1]);
  await w.build();
  relib(w, [axis('a', [1, 2]), axis('b', [1])], { parameters: { base: 1, unused: 2 } });
  assert.deepEqual((await w.build()).ran, []);
  relib(w, [axis('a', [1, 2]), axis('b', [1])], { parameters: { base: 2, unused: 2 } });
  assert.deepEqual(points((await w.build()).ran), ['s@a=1,b=1', 's@a=2,b=1']);
});

// 55
test('one failing point: the merge is not made, the others are kept, the next build runs one point', async () => {
  const failing = POINT.replace(
    'void params.base;',
    "if (params.a === 2 && params.base === 1) throw new Error('no reply');",
  );
  const w = world({
    ...project([entry([axis('a', [1, 2, 3])]), read]),
    'point.mjs': failing,
    'read.mjs': READ,
  });
  const first = await w.build([], { keepGoing: true });
  assert.deepEqual(
    [first.failed, points(first.ran), merges(first.ran)],
    [['s@a=2'], ['s@a=1', 's@a=3'], []],
  );
  assert.equal(first.because['s'], 's@a=2');
  w.write({ 'point.mjs': POINT });
  const second = await w.build();
  assert.deepEqual(
    second.ran.filter((t) => t !== 'flow'),
    ['s', 's@a=2', 't'],
  );
});

// 56
const N = process.env['TG_SLOW'] === '1' ? 10_000 : 1_000;
test(`a merge of ${N} points runs once, also when several of them change`, async () => {
  const w = world({
    ...project([
      {
        name: 'p',
        type: './p.mjs',
        scan: [{ key: 'a', range: { stop: N } }],
        outputs: { p: 'p/{a}.txt' },
        configuration: { shifts: 'shifts.json' },
      },
    ]),
    'p.mjs': `import { writeFileSync } from 'node:fs';
export default { version: '1', params: { a: 0 }, run({ output, params, configuration }) { writeFileSync(output('p'), String(params.a + (configuration('shifts')[params.a] ?? 0))); } };`,
    'shifts.json': '{}',
  });
  const merged = async (): Promise<[number, number]> => {
    const { ran, events } = await w.build();
    return [ran.length, events.filter((e) => e.type === 'done' && e.task.kind === 'merge').length];
  };
  assert.deepEqual(await merged(), [N + 1, 1]);
  w.write({ 'shifts.json': JSON.stringify({ 7: 1, 70: 1, 700: 1 }) });
  assert.deepEqual(await merged(), [4, 1]);
  assert.equal((JSON.parse(w.read('.tg/artifacts/p.json')) as unknown[]).length, N);
  assert.deepEqual(await merged(), [0, 0]);
});

test('axes by range and by a key of several members, for commands, too', async () => {
  const w = world(
    project([
      {
        name: 'p',
        type: 'command',
        scan: [
          { key: [['low', 'high'], 'gain'], range: { start: 4, stop: 0, step: -2 } },
          { key: 'cuts.t', range: { start: 0.1, stop: 0.4, step: 0.1 }, name: 'cut' },
        ],
        parameters: { low: { gain: 0, other: 1 }, high: { gain: 0 }, cuts: { t: 0 } },
        outputs: { p: 'p/{gain}_{cut}.json' },
        command: [
          'sh',
          '-c',
          'sed \'s/.*"params"://; s/,"seed".*//\' "$TG_TASK" > "$0"',
          '{output:p}',
        ],
      },
    ]),
  );
  const { ran } = await w.build();
  assert.deepEqual(
    ran.filter((t) => !t.includes('*')),
    ['p', ...[0.1, 0.2, 0.3].flatMap((c) => [`p@cut=${c},gain=2`, `p@cut=${c},gain=4`])],
  );
  assert.deepEqual(JSON.parse(w.read('build/p/2_0.3.json')), {
    low: { gain: 2, other: 1 },
    high: { gain: 2 },
    cuts: { t: 0.3 },
  });
});

test('products of a scan merge to one list of point, path and id, with provenance beside it', async () => {
  const w = world(
    project([
      {
        name: 'p',
        type: 'command',
        scan: [axis('a', [1, 2]), axis('b', ['x', 'y'])],
        parameters: { a: 0, b: '' },
        outputs: { p: 'p/{a}_{b}.txt' },
        command: ['sh', '-c', 'echo {a}{b} > "$0"', '{output:p}'],
      },
    ]),
  );
  const { exit, failure } = await w.build();
  assert.equal(exit, 0, JSON.stringify(failure));
  const list = JSON.parse(w.read('.tg/artifacts/p.json')) as {
    point: object;
    path: string;
    id: string;
  }[];
  assert.deepEqual(
    list.map((l) => l.path),
    ['build/p/1_x.txt', 'build/p/1_y.txt', 'build/p/2_x.txt', 'build/p/2_y.txt'],
  );
  assert.deepEqual(list[1]!.point, { a: 1, b: 'y' });
  assert.match(list[0]!.id, /^[0-9a-f]{32}\.3$/);
  assert.ok(w.has('.tg/artifacts/p.json.tg.json'));
});

test('a list of products whose paths change is made again, though no content changed', async () => {
  const entry_ = (path: string): string =>
    JSON.stringify([
      {
        name: 'p',
        type: 'command',
        scan: [axis('a', [1, 2]), axis('b', [1])],
        parameters: { a: 0, b: 0 },
        outputs: { p: path },
        command: ['sh', '-c', 'echo {a} > "$0"', '{output:p}'],
      },
    ]);
  const w = world(project([]));
  w.write({ 'lib.yaml': entry_('p/{a}_{b}.txt') });
  await w.build();
  w.write({ 'lib.yaml': entry_('q/{a}_{b}.txt') });
  const { ran, why } = await w.build();
  assert.deepEqual(merges(ran.map((t) => t.replace(/^p/, 's'))), ['s', 's@a=1,b=*', 's@a=2,b=*']);
  assert.match(why['p']!, /^its outputs changed;/);
  assert.equal(why['p@a=1,b=*'], 'its outputs changed');
  assert.match(w.read('.tg/artifacts/p.json'), /build\/q\/1_1\.txt/);
  assert.doesNotMatch(w.read('.tg/artifacts/p.json'), /build\/p/);
  assert.deepEqual((await w.build()).ran, []);
});

test('a scan of tables and products at once merges both', async () => {
  const both = POINT.replace(
    'writer.close();\n  },',
    "writer.close();\n    (await import('node:fs')).writeFileSync(output('x'), String(params.a));\n  },",
  );
  const w = world({
    ...project([entry([axis('a', [1, 2])], { outputs: { s: null, x: 'x/{a}.txt' } })]),
    'point.mjs': both,
  });
  w.write({
    'lib.yaml': JSON.stringify([
      entry([axis('a', [1, 2])], { outputs: ['s', { x: 'x/{a}.txt' }] }),
    ]),
  });
  const { exit, mistakes, failure } = await w.build();
  assert.equal(exit, 0, JSON.stringify([mistakes, failure]));
  assert.ok(w.has('.tg/artifacts/s.h5') && w.has('.tg/artifacts/x.json'));
  assert.deepEqual((await w.build()).ran, []);
});

test('a product without its axis in the path is refused: two points, one path', async () => {
  const w = world(
    project([
      {
        name: 'p',
        type: 'command',
        scan: [axis('a', [1, 2])],
        parameters: { a: 0 },
        outputs: { p: 'p.txt' },
        command: ['true'],
      },
    ]),
  );
  const { exit, mistakes } = await w.build();
  assert.equal(exit, 2);
  assert.match(`${mistakes[0]!.message} ${mistakes[0]!.try}`, /\{a\}|\{axis\}/);
});

test('each: point runs one task a point, also behind another each: point', async () => {
  const per = (name: string, of: string): object => ({
    name,
    type: 'command',
    inputs: [of],
    each: 'point',
    outputs: { [name]: `${name}/{a}.txt` },
    command: ['sh', '-c', 'cat "$1" "$1" > "$0"', `{output:${name}}`, `{input:${of}}`],
  });
  const w = world(
    project([
      {
        name: 'p',
        type: 'command',
        scan: [axis('a', [1, 2])],
        parameters: { a: 0 },
        outputs: { p: 'p/{a}.txt' },
        command: ['sh', '-c', 'echo {a} > "$0"', '{output:p}'],
      },
      per('q', 'p'),
      per('r', 'q'),
    ]),
  );
  const { exit, ran, mistakes, failure } = await w.build('r');
  assert.equal(exit, 0, JSON.stringify([mistakes, failure]));
  assert.deepEqual(ran, ['p@a=1', 'p@a=2', 'q@a=1', 'q@a=2', 'r@a=1', 'r@a=2']);
  assert.equal(w.read('build/r/2.txt'), '2\n2\n2\n2\n');
});

test('each: point without a scan behind it is refused', async () => {
  const w = world({
    ...project(
      [
        {
          name: 'q',
          type: 'command',
          inputs: ['src'],
          each: 'point',
          outputs: { q: 'q.txt' },
          command: ['true'],
        },
      ],
      { sources: { src: 's' } },
    ),
    s: '',
  });
  const { exit, mistakes } = await w.build();
  assert.equal(exit, 2);
  assert.match(mistakes[0]!.message, /point by point/);
});

test('points of a scan over runs are per run', async () => {
  const w = world({
    ...project(
      [
        {
          name: 'p',
          type: 'command',
          inputs: ['src'],
          scan: [axis('a', [1, 2])],
          parameters: { a: 0 },
          outputs: { p: 'p/{run}_{a}.txt' },
          command: ['sh', '-c', 'cat "$1" > "$0"', '{output:p}', '{input:src}'],
        },
      ],
      { sources: { src: '{run}.in' } },
    ),
    'r1.in': '1',
    'r2.in': '2',
  });
  const { ran } = await w.build();
  assert.deepEqual(ran, ['p@r1', 'p@r1,a=1', 'p@r1,a=2', 'p@r2', 'p@r2,a=1', 'p@r2,a=2']);
  w.write({ 'r2.in': '3' });
  assert.deepEqual((await w.build()).ran, ['p@r2', 'p@r2,a=1', 'p@r2,a=2']);
});
