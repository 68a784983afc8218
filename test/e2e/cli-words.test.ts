/** The front door: help, version, and every word that is no verb, no flag and no value, as whole texts. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bugText } from '../../src/cli/tell.ts';
import { VERBS } from '../../src/cli/verbs.ts';
import { VERSION } from '../../src/version.ts';
import { folder, run } from '../helpers/cli.ts';

const YAML = `libraries: [./lib.yaml]\nsources: {raw: "in/{run}.txt"}\n`;
const LIBRARY = `- name: my/copy
  type: command
  inputs: [raw]
  outputs: {my/copy: "copy/{run}.txt"}
  command: [cp, "{input:raw}", "{output:my/copy}"]
`;

/** Typed -> first line behind `error: `, then the `try:`. */
const MISTAKES: readonly [typed: string, error: string, fix: string][] = [
  ['biuld', 'no verb "biuld"', 'tg build'],
  ['charge/events', '"charge/events" is a target, not a verb', 'tg build charge/events'],
  ['events@r41', '"events@r41" is a target, not a verb', 'tg build events@r41'],
  ['make X', 'no verb "make"', 'tg build X'],
  ['run X Y', 'no verb "run"', 'tg build X Y'],
  ['all', 'no verb "all"', 'tg build'],
  ['frobnicate', 'no verb "frobnicate"', 'tg help'],
  ['help frobnicate', 'no verb "frobnicate"', 'tg help'],
  ['build --worker 3', 'build has no flag --worker', '--workers N'],
  ['build --keepgoing', 'build has no flag --keepgoing', '--keep-going'],
  ['build --zzz', 'build has no flag --zzz', 'tg help build shows its flags'],
  ['build --workers 0', '--workers must be a whole number from 1, not "0"', '--workers 8'],
  ['build --workers=x', '--workers must be a whole number from 1, not "x"', '--workers 8'],
  ['build -j 0', '--workers must be a whole number from 1, not "0"', '--workers 8'],
  ['build --workers', '--workers needs a value', '--workers 8'],
  ['build --retries -1', '--retries must be a whole number from 0, not "-1"', '--retries 2'],
  ['build --timeout soon', '--timeout must be a time, not "soon"', '--timeout "10 min"'],
  ['build --color blue', '--color must be auto, always or never, not "blue"', '--color auto'],
  ['build -q -v', '-q and -v exclude each other', 'one of the two'],
  ['build -qv', '-q and -v exclude each other', 'one of the two'],
  ['build -C nowhere', '-C must be a folder, not "nowhere"', '-C .'],
  ['build -f FILE', 'build has no flag -f', '-C DIR or -c FILE'],
  [
    'build -s Snakefile',
    '--start_position must be a whole number from 0, not "Snakefile"',
    '--start_position 100000',
  ],
  [
    'build -s 0 -e 1000',
    '--start_position needs -i FILE -o FILE',
    '--set charge/raw_events.start_position=0',
  ],
  [
    'build -e 1000',
    '--end_position needs -i FILE -o FILE',
    '--set charge/raw_events.end_position=1000',
  ],
  ['build -d light/wvfm', '--drop needs -i FILE -o FILE', 'link: {drop: [light/wvfm]} in tg.yaml'],
  ['build --refs pairs', '--refs needs -i FILE -o FILE', 'link: {refs: pairs} in tg.yaml'],
  ['build --refs pears', '--refs must be region or pairs, not "pears"', '--refs region'],
  ['build --parts', '--parts needs -i FILE -o FILE', 'parts: true in tg.yaml'],
  ['build -t graph', 'build has no flag -t', 'tg graph'],
  ['build --cores 8', 'build has no flag --cores', '--workers 8'],
  ['build --jobs=8', 'build has no flag --jobs', '--workers 8'],
  ['build --threads 8', 'build has no flag --threads', '--workers 8'],
  ['build --dryrun', 'build has no flag --dryrun', '--dry-run'],
  ['build --just-print', 'build has no flag --just-print', '--dry-run'],
  [
    'build --rerun-incomplete',
    'build has no flag --rerun-incomplete',
    'not needed: interrupted tasks are built again',
  ],
  ['build --unlock', 'build has no flag --unlock', 'not needed: a dead lock is taken over'],
  ['build --touch', 'build has no flag --touch', 'not needed: content decides, not time'],
  ['why', 'why needs a TARGET', 'tg why TARGET [KEY]'],
  ['log a b', 'log: "b" is one word too many', 'tg log TARGET'],
  ['--frob', 'tg has no flag --frob without a verb', 'tg build --frob'],
];

describe('mistakes of words', () => {
  for (const [typed, error, fix] of MISTAKES) {
    test(`tg ${typed}`, async () => {
      const said = await run(typed.split(' '), { cwd: folder() });
      assert.equal(said.stderr, `error: ${error}\n  try: ${fix}\n`);
      assert.equal(said.stdout, '');
      assert.equal(said.code, 2);
    });
  }

  test('no tg.yaml', async () => {
    const said = await run(['build'], { cwd: folder() });
    assert.equal(
      said.stderr,
      'error: no tg.yaml here or above\n  try: tg init --example charge, or -i FILE -o FILE\n',
    );
    assert.equal(said.code, 2);
  });

  test('with --json a mistake is a line of JSON', async () => {
    const said = await run(['biuld', '--json'], { cwd: folder() });
    assert.equal(said.stderr, '');
    assert.deepEqual(JSON.parse(said.stdout), {
      v: 1,
      type: 'diagnostic',
      severity: 'error',
      code: 'unknown-verb',
      message: 'no verb "biuld"',
      try: 'tg build',
    });
  });

  test('mistakes of procedures: all at once, nothing is run, nothing is written', async () => {
    const cwd = folder({
      'tg.yaml': `${YAML}pool: {daq: 1}\n`,
      'lib.yaml': LIBRARY,
      'in/r1.txt': '1',
    });
    const said = await run(['build'], { cwd });
    assert.equal(said.code, 2);
    assert.equal(
      said.stderr,
      'error: tg.yaml:3:1: unknown key "pool"\n  3 | pool: {daq: 1}\n    | ~~~~\n  try: pools\n1 error, nothing was run\n',
    );
    assert.ok(!existsSync(join(cwd, 'build')));
  });
});

test('tg, tg --help and tg help are one text of 80 columns at most', async () => {
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  assert.equal(help.stderr, '');
  assert.equal(
    help.stdout,
    `tg makes detector data: what is stale is built, what is fresh is left alone.

usage: tg VERB [TARGET...] [options]        tg help VERB for its options

build     build [TARGET...]    make targets and what they need
          clean [TARGET...]    remove made files (never sources)
look      list [GLOB]          targets; --sources, --types, --params
          status [TARGET...]   how much is fresh, stale, failed
          plan [TARGET...]     what build would do, and why
          why TARGET [KEY]     why it is stale, or why KEY does not matter
          graph [TARGET...]    text, mermaid, dot or json
          log TARGET           output of the last try of a task
          path TARGET...       where it lies (what build prints into a pipe)
          history              past builds
detector  harmonize -c FILE    equal-sized AT-TPC files
          report NAME FILE     figures and numbers from a made file
more      init [--example NAME]   --version

examples  tg build charge/events --workers 8
          tg build charge/events -i packets.h5 -o out.h5      no tg.yaml needed
          tg why charge/hits@r42
`,
  );
  assert.ok(help.stdout.split('\n').every((line) => line.length <= 80 && !line.endsWith(' ')));
  for (const words of [[], ['help'], ['-h']]) assert.equal((await run(words)).stdout, help.stdout);
  const build = await run(['help', 'build']);
  assert.match(
    build.stdout,
    /^make targets and what they need\n\nusage: tg build \[TARGET\.\.\.\] \[options\]\n/,
  );
  assert.match(build.stdout, /^ {2}-w, --workers N {13}tasks at a time/m);
  assert.equal((await run(['build', '--help'])).stdout, build.stdout);
  for (const { name } of VERBS) {
    const of = await run(['help', name]);
    assert.match(of.stdout, new RegExp(`^[a-z].*\\n\\nusage: tg ${name} `), name);
    assert.deepEqual([of.stderr, of.code], ['', 0]);
  }
});

test('tg --version', async () => {
  for (const word of ['--version', '-V']) {
    const said = await run([word]);
    assert.deepEqual([said.stdout, said.stderr, said.code], [`tg ${VERSION}\n`, '', 0]);
  }
});

test('what make and ninja users type means the same: -j8 -k -n -B -C DIR', async () => {
  const cwd = folder({ 'p/tg.yaml': YAML, 'p/lib.yaml': LIBRARY, 'p/in/r1.txt': '1' });
  const plan = await run(['build', '-n', '-C', 'p'], { cwd });
  assert.equal(plan.code, 0);
  assert.match(plan.stdout, /^stale {2}my\/copy@r1/);
  assert.ok(!existsSync(join(cwd, 'p/.tg')), 'a plan writes nothing');
  const built = await run(['-C', 'p', 'build', '-j8', '-k', '-B'], { cwd });
  assert.equal(built.code, 0);
  assert.equal(
    built.stdout,
    'p/build/copy/r1.txt\n',
    'paths are relative to where the user stands',
  );
  assert.equal((await run(['build', '--question', '-C', 'p'], { cwd })).code, 0);
});

test('colours: --color over NO_COLOR over FORCE_COLOR', async () => {
  const cwd = folder({ 'tg.yaml': YAML, 'lib.yaml': LIBRARY, 'in/r1.txt': '1' });
  const red = '\x1b[31merror\x1b[39m: no verb "x"\n  try: tg help\n';
  const plain = 'error: no verb "x"\n  try: tg help\n';
  const told = async (
    words: readonly string[],
    env: { readonly [name: string]: string } = {},
  ): Promise<string> => (await run(['x', ...words], { cwd, env })).stderr;
  assert.equal(await told([]), plain, 'no terminal');
  assert.equal(await told(['--color', 'always'], { NO_COLOR: '1' }), red);
  assert.equal(await told([], { FORCE_COLOR: '1' }), red);
  assert.equal(await told([], { FORCE_COLOR: '1', NO_COLOR: '1' }), plain);
  assert.equal(await told(['--color=never'], { FORCE_COLOR: '1' }), plain);
});

test('a bug of tg: one sentence, the stack, a file to send', () => {
  const cwd = folder({ 'tg.yaml': YAML });
  const text = bugText(new Error('the floor is lava'), cwd, ['build', 'x'], '9.9');
  assert.match(text, /^BUG: the floor is lava\nError: the floor is lava\n {4}at /);
  assert.match(text, /\nplease report with \.tg\/crash\.txt\n$/);
  assert.match(
    readFileSync(join(cwd, '.tg/crash.txt'), 'utf8'),
    /^tg 9\.9, node v.*\ntg build x\n/,
  );
});
