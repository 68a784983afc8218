/** What README.md shows is what is printed: its transcripts are typed in the order in which they stand, its tasks are run. Times do not count. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder, run, untimed, write } from '../helpers/cli.ts';
import type { Said } from '../helpers/cli.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The repository's demo in a folder of its own. */
function demo(): string {
  const root = folder();
  cpSync(join(ROOT, 'tg.yaml'), join(root, 'tg.yaml'));
  cpSync(join(ROOT, 'examples'), join(root, 'examples'), {
    recursive: true,
    filter: (path) => !/\/(?:\.tg|build)$/.test(path),
  });
  return root;
}

/** Which task ends when, and so the last one, is not given; lines of tasks may be left out (`...`). */
const comparable = (text: string): string[] =>
  untimed(text)
    .split('\n')
    .filter((line) => line !== '' && line !== '...' && !/^(plan: |\S+: done in )/.test(line))
    .map((line) => line.replace(/(try: tg why \S+@)r\d+/, '$1RUN'));

/** As a terminal shows it: there a build prints no paths. */
const shown = (words: readonly string[], { stdout, stderr }: Said): string =>
  words[0] === 'build' ? stderr : stdout + stderr;

/** Indented blocks: `$ ` lines with what stands below each. */
const transcripts = [...README.matchAll(/(?:^ {4}.*\n)+/gm)]
  .map(([block]) => block.replace(/^ {4}/gm, ''))
  .filter((block) => block.startsWith('$ ') || block.startsWith('plan: '))
  .flatMap((block) => (block.startsWith('$ ') ? block.split(/^\$ /m).slice(1) : [`cold\n${block}`]))
  .map((part): [typed: string, printed: string] => {
    const end = part.indexOf('\n');
    return [part.slice(0, end), part.slice(end + 1)];
  });

test('its transcripts', async () => {
  const cwd = demo();
  assert.deepEqual(
    transcripts.map(([typed]) => typed.replace(/^npx tg /, '').split(' ')[0]),
    ['cold', 'build', 'sed', 'plan', 'why', 'build', 'why'],
  );
  for (const [typed, printed] of transcripts) {
    if (typed.startsWith('sed ')) {
      execFileSync('sh', ['-c', typed], { cwd });
      continue;
    }
    const line =
      typed === 'cold' ? 'build charge/events --workers 8' : typed.replace('npx tg ', '');
    const words = line.split(' ');
    const said = await run(words, { cwd });
    assert.equal(said.code, 0, said.stderr);
    assert.deepEqual(comparable(shown(words, said)), comparable(printed), typed);
  }
});

test('its table of verbs has every verb', async () => {
  const help = (await run(['help'])).stdout;
  const verbs = [...help.matchAll(/^(?:.{10})([a-z]+)(?: [[A-Z-]| {2})/gm)].map(
    ([, verb]) => verb!,
  );
  const rows = [...README.matchAll(/^\| `([a-z]+)[` ]/gm)].map(([, verb]) => verb!);
  assert.ok(verbs.length >= 10, help);
  assert.deepEqual([...rows].sort(), [...new Set([...verbs, 'init'])].sort());
});

/** Blocks of a language. */
const blocks = (language: string): string[] =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text]) => text!,
  );

const python = spawnSync('python3', ['-c', 'import h5py']).status === 0;

test('its tasks, in JavaScript and by command, and its Python', { skip: !python }, async () => {
  const cwd = demo();
  const [command, module] = blocks('yaml');
  const [js] = blocks('js');
  const [py] = blocks('python');
  write(cwd, {
    'readme.yaml': `${command!}${module!}`,
    'count-hits.mjs': js!,
    'qsum.py': [
      'import h5py, json, os',
      "task = json.load(open(os.environ['TG_TASK']))",
      "q = h5py.File(task['inputs']['charge/hits'])['charge/hits/data']['q']",
      "json.dump(float(q.sum()), open(task['outputs']['my/qsum'], 'w'))",
    ].join('\n'),
    'session.py': py!.replace(/^(f\[.*?)(?: *#.*)?$/m, 'print($1)'),
  });
  const yaml = readFileSync(join(cwd, 'tg.yaml'), 'utf8');
  writeFileSync(join(cwd, 'tg.yaml'), yaml.replace('[tg:charge, ', '[tg:charge, readme.yaml, '));
  const said = await run(['build', 'my/nhits', 'my/qsum', 'charge/events'], { cwd });
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stderr, /^my\/nhits: 3 runs, [\d ]+ hits above threshold$/m);
  assert.ok(
    (JSON.parse(readFileSync(join(cwd, 'build/nhits/r41.json'), 'utf8')) as { n: number }).n > 0,
  );
  assert.ok(Number(readFileSync(join(cwd, 'build/qsum/r41.json'), 'utf8')) > 0);
  const session = execFileSync('python3', ['session.py'], { cwd, encoding: 'utf8' });
  assert.match(session, /\/charge\/hits\/data.* \d+\.\d+/);
});
