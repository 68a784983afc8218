/** Used keys decide: parameters and configuration files read through the view. Cases 6, 7, 8 and 71. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { project, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

/** A task that reads what `body` reads of `conf` and writes it. */
const reader = (body: string, params: object = {}): string => `
import { writeFileSync } from 'node:fs';
export default {
  version: '1',
  params: ${JSON.stringify({ conf: null, ...params })},
  configuration: ['conf'],
  run({ output, params, configuration, run, environment }) {
    const found = (() => { ${body} })();
    writeFileSync(output('r'), JSON.stringify(found) ?? '');
  },
};
`;
const entry = (parameters: object = {}): string =>
  JSON.stringify([
    {
      name: 'r',
      type: './r.mjs',
      outputs: { r: 'r.txt' },
      parameters: { conf: 'conf.json', ...parameters },
    },
  ]);
const one = (body: string, conf: unknown, params: object = {}): World =>
  world({
    ...project([]),
    'r.mjs': reader(body, params),
    'lib.yaml': entry(),
    'conf.json': JSON.stringify(conf),
  });
const conf = (w: World, value: unknown): void =>
  w.write({ 'conf.json': JSON.stringify(value, undefined, 2) });

// 6
test('a value that nobody read may change, come, go, or be re-written', async () => {
  const w = one(`return configuration('conf').a.b`, { a: { b: 1, c: 2 }, d: 3 });
  assert.deepEqual((await w.build()).ran, ['r']);
  for (const value of [
    { d: 4, a: { c: 2, b: 1.0 } },
    { a: { b: 1 } },
    { a: { b: 1, n: 1 }, e: 1 },
  ]) {
    conf(w, value);
    assert.deepEqual((await w.build()).ran, [], JSON.stringify(value));
  }
  conf(w, { a: { b: 2 } });
  const { ran, why } = await w.build();
  assert.deepEqual(ran, ['r']);
  assert.match(why['r']!, /conf changed \(1 of 1 value read\)|conf changed/);
});

// 7
test('a key read by one of ten tasks runs that one', async () => {
  const w = world({
    ...project(
      [
        {
          name: 'r',
          type: './r.mjs',
          inputs: ['src'],
          outputs: { r: '{run}.txt' },
          parameters: { conf: 'conf.json' },
        },
      ],
      { sources: { src: '{run}.in' } },
    ),
    'r.mjs': reader(`return configuration('conf')[run]`),
    'conf.json': JSON.stringify(
      Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`r${i}`, i])),
    ),
    ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`r${i}.in`, ''])),
  });
  assert.equal((await w.build()).ran.length, 10);
  conf(w, Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`r${i}`, i === 7 ? 'x' : i])));
  assert.deepEqual((await w.build()).ran, ['r@r7']);
});

// 8
test('a key that was looked for in vain and comes runs who looked', async () => {
  const w = one(`return configuration('conf').extra ?? 0`, { a: 1 });
  await w.build();
  conf(w, { a: 1, other: 2 });
  assert.deepEqual((await w.build()).ran, []);
  conf(w, { a: 1, extra: 2 });
  assert.deepEqual((await w.build()).ran, ['r']);
});

test('who counted keys runs when one comes', async () => {
  const w = one(`return Object.keys(configuration('conf').l).length`, { l: { a: 1 }, m: 1 });
  await w.build();
  conf(w, { l: { a: 1 }, m: 2 });
  assert.deepEqual((await w.build()).ran, []);
  conf(w, { l: { a: 1, b: 1 }, m: 2 });
  assert.deepEqual((await w.build()).ran, ['r']);
});

test('a branch that becomes a value, or goes, is seen', async () => {
  const w = one(`return typeof configuration('conf').a`, { a: { b: 1 } });
  await w.build();
  conf(w, { a: { b: 2 } });
  assert.deepEqual((await w.build()).ran, []);
  conf(w, { a: 5 });
  assert.deepEqual((await w.build()).ran, ['r']);
  conf(w, {});
  assert.deepEqual((await w.build()).ran, ['r']);
});

const many = (n: number, change: Record<string, unknown> = {}): object => ({
  ...Object.fromEntries(
    Array.from({ length: n }, (_, i) => [`k${String(i).padStart(4, '0')}`, { used: i, unused: i }]),
  ),
  ...change,
});

test('of many values read (a bitmap) one that changes is named; one that was not read runs nothing', async () => {
  const w = one(
    `let s = 0; for (const v of Object.values(configuration('conf'))) s += v.used; return s`,
    many(400),
  );
  await w.build();
  assert.ok((await w.entry('r'))!.trace.some((t) => t.bits !== undefined));
  conf(w, many(400, { k0007: { used: 7, unused: 'x', more: 1 } }));
  assert.deepEqual((await w.build()).ran, []);
  conf(w, many(400, { k0007: { used: 'x', unused: 7 } }));
  const { ran, why, events } = await w.build();
  assert.deepEqual(ran, ['r']);
  assert.match(why['r']!, /^conf changed \(/);
  assert.match(
    JSON.stringify(events.filter((e) => e.type === 'stale').map((e) => e.reasons)),
    /"k0007\.used"/,
  );
});

test('without the copy of what was read the hash of the values decides', async () => {
  const w = one(
    `let s = 0; for (const v of Object.values(configuration('conf'))) s += v.used; return s`,
    many(400),
  );
  await w.build();
  rmSync(w.at('.tg/inputs'), { recursive: true });
  conf(w, many(400, { k0007: { used: 7, unused: 'x' } }));
  assert.deepEqual((await w.build()).ran, []);
  rmSync(w.at('.tg/inputs'), { recursive: true });
  conf(w, many(400, { k0007: { used: 'x', unused: 7 } }));
  assert.deepEqual((await w.build()).ran, ['r']);
});

test('the same for parameters: more than 256 read, the one that changed is named', async () => {
  const w = one(
    `let s = 0; for (const v of Object.values(params.table)) s += v.used; return s`,
    {},
    { table: {} },
  );
  w.write({ 'lib.yaml': entry({ table: many(300) }) });
  await w.build();
  w.write({ 'lib.yaml': entry({ table: many(300, { k0007: { used: 7, unused: 'x' } }) }) });
  assert.deepEqual((await w.build()).ran, []);
  w.write({ 'lib.yaml': entry({ table: many(300, { k0007: { used: 'x', unused: 'x' } }) }) });
  const changed = await w.build();
  assert.deepEqual([changed.ran, changed.why['r']], [['r'], 'table.k0007.used changed: 7 -> x']);
  rmSync(w.at('.tg/inputs'), { recursive: true });
  w.write({ 'lib.yaml': entry({ table: many(300, { k0008: { used: 'x', unused: 8 } }) }) });
  assert.deepEqual((await w.build()).ran, ['r']);
});

test('a parameter that is not read may change; writing a default out changes nothing', async () => {
  const w = one(`return params.used`, {}, { used: 1, unused: 1 });
  await w.build();
  w.write({ 'lib.yaml': entry({ unused: 5 }) });
  assert.deepEqual((await w.build()).ran, []);
  w.write({ 'lib.yaml': entry({ used: 1 }) });
  assert.deepEqual((await w.build()).ran, []);
  w.write({ 'lib.yaml': entry({ used: 2 }) });
  assert.equal((await w.build()).why['r'], 'used changed: 1 -> 2');
  w.write({ 'lib.yaml': entry({}) });
  assert.equal((await w.build()).why['r'], 'used changed: 2 -> 1');
});

test('another configuration file with the same values runs nothing; none where there was one does', async () => {
  const w = one(`return configuration('conf')?.a ?? 'none'`, { a: 1 });
  await w.build();
  w.write({ 'other.yaml': 'b: 2\na: 1\n', 'lib.yaml': entry({ conf: 'other.yaml' }) });
  assert.deepEqual((await w.build()).ran, []);
  w.write({ 'lib.yaml': entry({ conf: null }) });
  assert.deepEqual((await w.build()).ran, ['r']);
  assert.equal(w.read('build/r.txt'), '"none"');
  w.write({ 'lib.yaml': entry() });
  assert.deepEqual((await w.build()).ran, ['r']);
});

test('a large configuration file decides, too', async () => {
  const padding = 'x'.repeat(5_000_000);
  const w = one(`return configuration('conf').a`, { a: 1, padding });
  await w.build();
  conf(w, { a: 1, padding: `${padding}y` });
  assert.deepEqual((await w.build()).ran, []);
  conf(w, { a: 2, padding });
  assert.deepEqual((await w.build()).ran, ['r']);
});

test('a file listed under files counts whole: by value when it is YAML or JSON', async () => {
  const w = world({
    ...project([
      { name: 'r', type: './r.mjs', outputs: { r: 'r.txt' }, parameters: { geo: 'geo.json' } },
    ]),
    'r.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
export default { version: '1', params: { geo: null }, files: ['geo'], run({ output, file }) { writeFileSync(output('r'), String(JSON.parse(readFileSync(file('geo'), 'utf8')).a)); } };`,
    'geo.json': '{"a": 1, "b": 2}',
  });
  await w.build();
  w.write({ 'geo.json': '{ "b": 2.0,\n "a": 1}' });
  assert.deepEqual((await w.build()).ran, []);
  w.write({ 'geo.json': '{"a": 1, "b": 3}' });
  assert.deepEqual((await w.build()).ran, ['r']);
});

test('a configuration file that a task reads past the view counts whole', async () => {
  for (const body of [
    `readFileSync(file('conf'), 'utf8')`,
    `readFileSync(\`\${process.env.TG_TEST_ROOT}/\${params.conf}\`, 'utf8')`,
  ]) {
    const w = one('', { a: 1, b: 1 });
    process.env['TG_TEST_ROOT'] = w.root;
    w.write({
      'r.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
export default { version: '1', params: { conf: null }, configuration: ['conf'], run({ output, file, params }) { writeFileSync(output('r'), ${body}); } };`,
    });
    await w.build();
    conf(w, { b: 1, a: 1 });
    assert.deepEqual((await w.build()).ran, []);
    conf(w, { a: 1, b: 2 });
    assert.deepEqual((await w.build()).ran, ['r'], body);
    assert.match(w.read('build/r.txt'), /"b": 2/);
  }
  delete process.env['TG_TEST_ROOT'];
});

test('the path of a configuration file that is read through the view is for messages only', async () => {
  const w = one('', { a: 1, b: 1 });
  w.write({
    'r.mjs': reader(`return configuration('conf').a`)
      .replace('run({ output,', 'run({ file, output,')
      .replace('const found', `void file('conf'); const found`),
  });
  await w.build();
  conf(w, { a: 1, b: 2 });
  assert.deepEqual((await w.build()).ran, []);
});

test('an alias of a configuration file may be any word', async () => {
  const names = ['param', 'env', 'name', 'input'];
  const w = world({
    ...project([
      {
        name: 'r',
        type: './r.mjs',
        outputs: { r: 'r.txt' },
        configuration: Object.fromEntries(names.map((n) => [n, 'conf.json'])),
      },
    ]),
    'r.mjs': `import { writeFileSync } from 'node:fs';
export default { version: '1', params: {}, run({ output, configuration }) { writeFileSync(output('r'), ${JSON.stringify(names)}.map((n) => configuration(n).a).join('')); } };`,
  });
  conf(w, { a: 1, b: 1 });
  await w.build();
  conf(w, { a: 1, b: 2 });
  assert.deepEqual((await w.build()).ran, []);
  conf(w, { a: 2, b: 2 });
  assert.deepEqual((await w.build()).ran, ['r']);
  assert.equal(w.read('build/r.txt'), '2222');
});

test('what a task prints or inspects of its parameters it has read', async () => {
  const w = one(`console.log(params); return 1`, {}, { shown: 1 });
  await w.build();
  w.write({ 'lib.yaml': entry({ shown: 2 }) });
  assert.deepEqual((await w.build()).ran, ['r']);
});

// 9
test('a declared environment value counts for modules, too', async () => {
  const w = one(`return process.env.TG_TEST_M`, {});
  const lib = JSON.stringify([
    { name: 'r', type: './r.mjs', outputs: { r: 'r.txt' }, environment: ['TG_TEST_M'] },
  ]);
  w.write({ 'lib.yaml': lib });
  process.env['TG_TEST_M'] = 'a';
  await w.build();
  assert.equal(w.read('build/r.txt'), '"a"');
  process.env['TG_TEST_M'] = 'b';
  assert.deepEqual((await w.build()).ran, ['r']);
  assert.equal(w.read('build/r.txt'), '"b"');
  delete process.env['TG_TEST_M'];
});
