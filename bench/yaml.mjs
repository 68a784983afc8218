// How the time of `tg plan` and `tg build` grows with the keys of one file: 10 000, 20 000, 40 000 keys (or those given) as a file under
// `configuration:` (YAML and JSON) and as parameters in a library. CPU seconds of the whole process, median of three.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TG = join(import.meta.dirname, '..', 'bin', 'tg.js');
const keys = (n) => Array.from({ length: n }, (_, i) => `k${i}`);

const kinds = {
  'configuration, YAML': (root, n) => {
    writeFileSync(
      join(root, 'c.yaml'),
      keys(n)
        .map((k, i) => `${k}: {pedestal_mv: ${i}.5}\n`)
        .join(''),
    );
    return `- {name: my/sum, type: ./sum.mjs, configuration: {c: c.yaml}, outputs: {my/sum: sum.json}}\n`;
  },
  'configuration, JSON': (root, n) => {
    const table = Object.fromEntries(keys(n).map((k, i) => [k, { pedestal_mv: i + 0.5 }]));
    writeFileSync(join(root, 'c.json'), JSON.stringify(table));
    return `- {name: my/sum, type: ./sum.mjs, configuration: {c: c.json}, outputs: {my/sum: sum.json}}\n`;
  },
  'library, parameters': (root, n) => {
    const table = keys(n)
      .map((k, i) => `      ${k}: ${i}\n`)
      .join('');
    return `- name: my/sum\n  type: ./sum.mjs\n  outputs: {my/sum: sum.json}\n  parameters:\n    c:\n${table}`;
  },
};

const MODULE = `import { writeFileSync } from 'node:fs';
export default { params: { c: {} }, run({ configuration, params, output }) {
  const table = Object.keys(params.c).length > 0 ? params.c : configuration('c');
  let sum = 0;
  for (const key of Object.keys(table)) sum += table[key].pedestal_mv ?? table[key];
  writeFileSync(output('my/sum'), String(sum));
} };
`;

function cpuOf(root, words) {
  const code = `const { spawnSync } = require('node:child_process');
const r = spawnSync(process.execPath, ${JSON.stringify([TG, ...words])}, { cwd: ${JSON.stringify(root)}, encoding: 'utf8' });
if (r.status !== 0) throw new Error(r.stderr);`;
  const times = [];
  for (let i = 0; i < 3; i++) {
    const r = spawnSync('/bin/bash', ['-c', `time -p "$0" -e "$1"`, process.execPath, code], {
      encoding: 'utf8',
    });
    if (r.status !== 0) throw new Error(r.stderr);
    const of = (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(r.stderr)[1]);
    times.push(of('user') + of('sys'));
  }
  return times.sort((a, b) => a - b)[1];
}

for (const [kind, write] of Object.entries(kinds))
  for (const n of (process.argv[2] ?? '10000 20000 40000').split(' ').map(Number)) {
    const root = mkdtempSync(join(tmpdir(), 'tg-yaml-'));
    writeFileSync(join(root, 'sum.mjs'), MODULE);
    writeFileSync(join(root, 'mine.yaml'), write(root, n));
    writeFileSync(join(root, 'tg.yaml'), 'libraries: [mine.yaml]\n');
    const plan = cpuOf(root, ['plan']);
    const build = cpuOf(root, ['build', '--force', '-q']);
    console.log(
      `${kind.padEnd(22)} ${n} keys: plan ${plan.toFixed(2)} s, build --force ${build.toFixed(2)} s`,
    );
    // One value edited: both versions are parsed, compared and told.
    for (const file of ['c.yaml', 'c.json', 'mine.yaml'].filter((name) =>
      existsSync(join(root, name)),
    )) {
      const text = readFileSync(join(root, file), 'utf8');
      writeFileSync(
        join(root, file),
        text.replace(/(k77"?: ?(?:\{"?pedestal_mv"?: ?)?)[\d.]+/, '$17.25'),
      );
    }
    console.log(`${''.padEnd(22)} one edited: plan ${cpuOf(root, ['plan']).toFixed(2)} s`);
    rmSync(root, { recursive: true });
  }
