// The engine's own cost: start-up, no-op, one edited leaf, full build of trivial tasks; beside node, the floor, make and ninja.
// Usage: node bench/engine.mjs [start noop edit full]
//   FLOOR="node floor.cjs"   the smallest honest no-op check; called with the number of tasks (left out when unset)
//   SCRATCH=DIR              where the graphs are made (default: a folder in the temporary folder, kept)
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, print, run } from './measure.mjs';

const TG = fileURLToPath(new URL('../bin/tg.js', import.meta.url));
const scratch = process.env.SCRATCH ?? join(tmpdir(), 'tg-bench');
const wanted = process.argv.slice(2);
const asked = (name) => wanted.length === 0 || wanted.includes(name);
const tg = (...words) => [process.execPath, TG, ...words];

/** N sources, N in-process copies of them; the same as a Makefile and a build.ninja. */
function graph(n) {
  const dir = join(scratch, String(n));
  if (existsSync(join(dir, 'tg.yaml'))) return dir;
  mkdirSync(join(dir, 'i'), { recursive: true });
  for (let i = 0; i < n; i++) writeFileSync(join(dir, 'i', `${i}.txt`), `leaf ${i}\n`);
  writeFileSync(join(dir, 'tg.yaml'), 'libraries: [copy.yaml]\nsources: {in: "i/{run}.txt"}\n');
  writeFileSync(
    join(dir, 'copy.yaml'),
    '- {name: leaf, type: ./copy.mjs, inputs: [in], outputs: {leaf: "leaf/{run}.txt"}}\n',
  );
  writeFileSync(
    join(dir, 'copy.mjs'),
    "import { copyFileSync } from 'node:fs';\nexport default { version: '1', run: ({ input, output }) => copyFileSync(input('in'), output('leaf')) };\n",
  );
  const all = Array.from({ length: n }, (_, i) => i);
  const make = ['MAKEFLAGS += -r', `all: ${all.map((i) => `m/${i}.txt`).join(' ')}`];
  for (const i of all) make.push(`m/${i}.txt: i/${i}.txt\n\tcp i/${i}.txt m/${i}.txt`);
  writeFileSync(join(dir, 'Makefile'), `${make.join('\n')}\n`);
  const ninja = ['rule cp', '  command = cp $in $out'];
  for (const i of all) ninja.push(`build n/${i}.txt: cp i/${i}.txt`);
  writeFileSync(join(dir, 'build.ninja'), `${ninja.join('\n')}\n`);
  return dir;
}

// Moved aside, not removed: ext4 looks past every inode freed in the last seconds, which would be charged to whoever comes next.
let moved = 0;
const clean = (dir) => () => {
  const aside = join(scratch, 'aside', String(++moved));
  mkdirSync(aside, { recursive: true });
  for (const name of ['.tg', 'build', 'm', 'n', '.ninja_log', '.ninja_deps'])
    if (existsSync(join(dir, name))) renameSync(join(dir, name), join(aside, name));
  mkdirSync(join(dir, 'm'));
};

if (asked('start')) {
  const rows = alternate(
    [
      { name: 'node -e 0', words: [process.execPath, '-e', '0'] },
      { name: 'tg --version', words: tg('--version') },
    ],
    11,
  );
  print('start-up', rows);
}
if (asked('full')) {
  const dir = graph(10_000);
  const rows = alternate(
    [
      { name: 'tg build -w 2', words: tg('build', '-q', '-w', '2'), cwd: dir, before: clean(dir) },
      { name: 'make -j2', words: ['make', '-s', '-j2'], cwd: dir, before: clean(dir) },
      { name: 'ninja -j2', words: ['ninja', '--quiet', '-j2'], cwd: dir, before: clean(dir) },
    ],
    3,
  );
  print('full build, 10 000 copies', rows);
  rmSync(join(scratch, 'aside'), { recursive: true, force: true });
}
for (const n of [10_000, 100_000]) {
  if (!asked('noop') && !(asked('edit') && n === 10_000)) continue;
  const dir = graph(n);
  run(tg('build', '-q', '-w', '2'), { cwd: dir });
  run(tg('build', '-q', '-w', '2'), { cwd: dir });
  const noop = { name: 'tg build, no-op', words: tg('build', '-q'), cwd: dir };
  if (asked('noop')) {
    const floor = process.env.FLOOR?.split(' ');
    const candidates =
      floor === undefined ? [noop] : [{ name: 'floor', words: [...floor, String(n)] }, noop];
    print(`no-op, ${n} tasks`, alternate(candidates, 7));
  }
  if (asked('edit') && n === 10_000) {
    let k = 0;
    const edit = () => writeFileSync(join(dir, 'i', '77.txt'), `edited ${process.pid} ${++k}\n`);
    const settled = () => run(tg('build', '-q'), { cwd: dir });
    print(
      `one edited leaf of ${n}`,
      alternate(
        [
          { ...noop, before: settled },
          { ...noop, name: 'tg build, one leaf edited', before: edit },
        ],
        7,
      ),
    );
  }
}
