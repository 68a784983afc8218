/** Types that stand for several procedures; entries of a list that name their runs; what was made of entries that left their list. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { join_, project, world } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

/** `parcels` of the letters in `in/`: a count per file, a list of parcels from `parcels.txt`, a file per parcel of the runs it names. */
const STANDING = `import { readdirSync } from 'node:fs';
import { join } from 'node:path';
export default {
  params: { folder: '', to: '', broken: '', suffix: 'txt' },
  files: ['folder', 'to'],
  run() { throw new Error('never'); },
  standsFor({ name, params, file }) {
    if (params.broken !== '') throw Object.assign(new Error(params.broken), { name: 'StandInError', hindrance: { code: 'bad-value', message: params.broken, try: 'mend it', parameter: 'broken' } });
    const folder = file('folder');
    const files = readdirSync(folder).filter((f) => f.endsWith('.txt')).map((f) => ({ path: join(folder, f), run: f[0] }));
    const hindered = params.to === 'nowhere' ? { hindered: { code: 'no-file', message: 'no place for parcels', try: 'to: out', parameter: 'to' } } : {};
    return {
      sources: { letters: { pattern: join(folder, '{run}.txt'), written: 'letters', files, parameter: 'folder' } },
      procedures: [
        { name: name + '/size', type: './size.mjs', inputs: { letter: 'letters' }, outputs: { [name + '/size']: { path: 'size/{run}.json', inner: true } }, parameters: {}, each: 'run' },
        { name: name + '/plan', type: './plan.mjs', inputs: { sizes: name + '/size' }, outputs: { [name + '/plan']: { path: 'plan.json', inner: true } }, parameters: { sent: file('folder') + '.sent' }, each: 'all', ...hindered },
        { name: name + '/one', type: './one.mjs', inputs: { letters: 'letters@*' }, outputs: { [name + '/one']: { path: join(file('to'), 'p_{name}.' + params.suffix), alone: true } }, parameters: {}, each: { target: name + '/plan' }, ...hindered },
      ],
      meant: [name + '/one'],
    };
  },
};`;
const SIZE = `import { readFileSync, writeFileSync } from 'node:fs';
export default { run({ input, output, task }) {
  writeFileSync(output(task.replace(/@.*/, '')), String(readFileSync(input('letter')).length)); } };`;
const PLAN = `import { readFileSync, writeFileSync } from 'node:fs';
export default { params: { sent: '' }, files: ['sent'], run({ file, output, inputs }) {
  inputs('sizes');
  writeFileSync(output('parcels/plan'), readFileSync(file('sent'), 'utf8')); } };`;
const ONE = `import { readFileSync, writeFileSync } from 'node:fs';
export default { params: { member: {} }, run({ inputs, output, params }) {
  const texts = inputs('letters').map(({ path, run }) => run + readFileSync(path, 'utf8'));
  writeFileSync(output('parcels/one'), params.member.name + ':' + texts.join(',')); } };`;

const plan = (parcels: Readonly<Record<string, string[]>>): string =>
  JSON.stringify(Object.entries(parcels).map(([name, runs]) => ({ name, runs })));

function parcels(parameters: object = {}, more: readonly object[] = []): World {
  const entry = {
    name: 'parcels',
    type: './standing.mjs',
    parameters: { folder: 'in', to: 'out', ...parameters },
  };
  return world({
    ...project([entry, ...more]),
    'standing.mjs': STANDING,
    'size.mjs': SIZE,
    'plan.mjs': PLAN,
    'one.mjs': ONE,
    'in/a.txt': 'A',
    'in/b.txt': 'BB',
    'in/c.txt': 'CCC',
    'in.sent': plan({ x: ['a', 'b'], y: ['b', 'c'], z: [] }),
  });
}

test('the name of an entry means what it stands for; its members read the runs they name', async () => {
  const w = parcels();
  const { exit, ran, mistakes, failure } = await w.build('parcels');
  assert.equal(exit, 0, JSON.stringify([mistakes, failure]));
  assert.deepEqual(ran, [
    'parcels/one@x',
    'parcels/one@y',
    'parcels/one@z',
    'parcels/plan',
    'parcels/size@a',
    'parcels/size@b',
    'parcels/size@c',
  ]);
  assert.deepEqual(
    ['x', 'y', 'z'].map((name) => w.read(`out/p_${name}.txt`)),
    ['x:aA,bBB', 'y:bBB,cCCC', 'z:'],
  );
  // Known by the path from the root, though it lies outside of the build folder.
  assert.deepEqual((await w.entry('parcels/one@x'))?.outputs[0]?.[1], 'out/p_x.txt');
});

test('a changed run runs the members that name it; one that came or went runs none of the others', async () => {
  const w = parcels();
  await w.build('parcels');
  w.write({ 'in/a.txt': 'aa' });
  assert.deepEqual((await w.build('parcels')).ran, [
    'parcels/one@x',
    'parcels/plan',
    'parcels/size@a',
  ]);
  w.write({ 'in/d.txt': 'D' });
  assert.deepEqual((await w.build('parcels')).ran, ['parcels/plan', 'parcels/size@d']);
  // A run that is gone is no mistake: nobody asked for it by name.
  w.remove('in/d.txt');
  const { exit, ran, mistakes } = await w.build('parcels');
  assert.deepEqual([exit, ran, mistakes], [0, ['parcels/plan'], []]);
});

test('what was made of entries that a list has no longer is removed, and so is its record', async () => {
  const w = parcels();
  await w.build('parcels');
  w.write({ 'in.sent': plan({ x: ['a', 'b'] }) });
  const { ran, warnings } = await w.build('parcels');
  assert.deepEqual(ran, ['parcels/plan']);
  assert.deepEqual(
    [w.has('out/p_x.txt'), w.has('out/p_y.txt'), w.has('out/p_z.txt')],
    [true, false, false],
  );
  assert.deepEqual(warnings, [
    'removed out/p_y.txt out/p_z.txt: parcels/plan has no such entries any more',
  ]);
  assert.equal(await w.entry('parcels/one@y'), undefined);
  assert.deepEqual((await w.build('parcels')).warnings, []);
});

test("what was changed since, or is not tg's, is named and kept", async () => {
  const w = parcels();
  await w.build('parcels');
  w.write({
    'in.sent': plan({ x: ['a', 'b'] }),
    'out/p_y.txt': 'mine',
    'out/p_q.txt': 'q',
    'out/note.txt': '',
  });
  const { exit, warnings } = await w.build('parcels');
  assert.equal(exit, 0);
  assert.equal(w.read('out/p_y.txt'), 'mine');
  assert.deepEqual(warnings, [
    'out/p_y.txt is of an entry that parcels/plan has no longer, and was changed since tg made it',
    'removed out/p_z.txt: parcels/plan has no such entry any more',
    'out/p_q.txt: not made by tg, but named as parcels/one are, so who reads the folder takes them for current',
  ]);
});

test('a failed build removes nothing', async () => {
  const w = parcels({}, [join_('bad', [], { command: ['false'] })]);
  await w.build('parcels');
  w.write({ 'in.sent': plan({ x: ['a', 'b'] }) });
  const { exit } = await w.build(['parcels', 'bad'], { keepGoing: true });
  assert.deepEqual([exit, w.has('out/p_y.txt')], [1, true]);
});

test('a mistake of the entry is told at its place; a hindrance only to who needs it', async () => {
  const broken = parcels({ broken: 'all wrong' });
  const { exit, mistakes } = await broken.build();
  assert.deepEqual(
    [exit, mistakes.map(({ code, message }) => [code, message])],
    [2, [['bad-value', 'all wrong']]],
  );
  assert.match(mistakes[0]?.where?.file ?? '', /lib\.yaml$/);
  const hindered = parcels({ to: 'nowhere' }, [join_('other', [])]);
  assert.equal((await hindered.build('other')).exit, 0);
  assert.deepEqual(
    (await hindered.build('parcels')).mistakes.map(({ message }) => message),
    ['no place for parcels'],
  );
  assert.equal(hindered.has('nowhere'), false);
});

test("parameters of tg.yaml and --set are the entry's; overrides by run are refused", async () => {
  const w = parcels();
  const set = ['parcels.suffix=dat'];
  assert.equal((await w.build('parcels', { set })).exit, 0);
  assert.equal(w.has('out/p_x.dat'), true);
  const settings = JSON.parse(w.read('tg.yaml')) as object;
  const overrides = [{ runs: ['a'], parameters: { parcels: { suffix: 'dat' } } }];
  writeFileSync(w.at('tg.yaml'), JSON.stringify({ ...settings, overrides }));
  assert.deepEqual(
    (await w.build('parcels')).mistakes.map(({ message }) => message),
    ['overrides: parcels is made of all runs at once'],
  );
});

test('tables for other tasks alone stand in no flow file', async () => {
  const w = parcels();
  const { ran } = await w.build();
  assert.ok(!ran.some((id) => id.startsWith('flow')));
});

test('of lists per run: an entry that left its list is removed, what was made of a run that is not there today is not', async () => {
  const w = world({
    ...project(
      [
        {
          name: 'list',
          type: 'command',
          inputs: ['names'],
          outputs: { list: 'list/{run}.json' },
          command: ['sh', '-c', 'cp "$1" "$0"', '{output:list}', '{input:names}'],
        },
        {
          name: 'part',
          type: 'command',
          each: 'list',
          outputs: { part: 'part/{run}_{name}.txt' },
          command: ['sh', '-c', 'echo > "$0"', '{output:part}'],
        },
      ],
      { sources: { names: '{run}.json' } },
    ),
    'r1.json': '["x", "y"]',
    'r2.json': '["y", "z"]',
  });
  await w.build();
  w.remove('r2.json');
  w.write({ 'r1.json': '["x"]' });
  const { exit, warnings } = await w.build('part@r1');
  assert.equal(exit, 0);
  assert.deepEqual(warnings, ['removed build/part/r1_y.txt: list has no such entry any more']);
  assert.deepEqual(
    ['r1_x', 'r1_y', 'r2_y', 'r2_z'].map((name) => w.has(`build/part/${name}.txt`)),
    [true, false, true, true],
  );
});
