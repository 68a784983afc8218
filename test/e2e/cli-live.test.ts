/** The live view in a real terminal (python3's pty): drawn, erased, and the same closing lines as in a pipe. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { TG, folder, lines, untimed } from '../helpers/cli.ts';

const python = spawnSync('python3', ['-c', 'import pty']).status === 0;

/** Runs its words in a terminal of 70 columns and tells all that was written to it, and the exit code. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 70, 0, 0))
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** What a screen shows when everything was written: erasing and rewriting done. */
function screen(written: string): string {
  const shown: string[] = [''];
  let at = 0;
  // eslint-disable-next-line no-control-regex
  for (const part of written.split(/(\x1b\[\d*[AJm]|\r|\n)/)) {
    // eslint-disable-next-line no-control-regex
    const up = /^\x1b\[(\d*)A$/.exec(part);
    if (up !== null) at -= Number(up[1]);
    else if (part === '\x1b[J') shown.splice(at, Infinity, '');
    else if (part === '\n') {
      at++;
      shown[at] ??= '';
    } else if (part !== '\r' && !part.startsWith('\x1b')) shown[at] = `${shown[at] ?? ''}${part}`;
  }
  return shown.join('\n');
}

test(
  'the live view: a line per procedure, gone at the end',
  { skip: python ? false : 'no python3' },
  () => {
    const cwd = folder({
      'term.py': TERMINAL,
      'tg.yaml': 'libraries: [./lib.yaml]\nsources: {raw: "in/{run}.txt"}\n',
      'lib.yaml': lines(`
      - name: my/a_name_that_is_much_too_long_for_a_terminal_of_few_columns
        type: ./slow.mjs
        inputs: {raw: raw}
        outputs: {my/copy: "copy/{run}.txt"}
      - name: my/last
        type: command
        inputs: [my/copy]
        outputs: {my/last: "last/{run}.txt"}
        command: [sh, -c, 'read x < gate; cp "$1" "$2"', sh, "{input:my/copy}", "{output:my/last}"]
    `),
      'slow.mjs': lines(`
      import { copyFileSync } from 'node:fs';
      export default {
        params: {},
        run(context) {
          context.progress(1, 2, 'lines');
          copyFileSync(context.input('raw'), context.output('my/copy'));
        },
      };
    `),
      'in/r1.txt': '1\n',
    });
    execFileSync('mkfifo', [join(cwd, 'gate')]);
    // The gate opens when the view has shown that the last task runs.
    const script = lines(`
    python3 term.py "${process.execPath}" "${TG}" build my/last --workers 1 > out &
    tg=$!
    until grep -q 'my/last .* r1' out; do :; done
    echo > gate
    wait $tg
    echo "exit $?" >> out
    cat out
  `);
    const env = { ...process.env, TERM: 'xterm' };
    const written = execFileSync('env', ['-u', 'CI', '-u', 'NO_COLOR', 'bash', '-c', script], {
      cwd,
      env,
      encoding: 'utf8',
    });
    assert.ok(written.includes('\x1b[3A\r\x1b[J'), 'the view is erased');
    const drawn = written.split('\n').map((line) => line.replaceAll('\r', ''));
    const row = drawn.find(
      (line) => line.includes('[>') || line.includes('[=') || line.includes('[.'),
    )!;
    // eslint-disable-next-line no-control-regex
    assert.ok(row.replace(/\x1b\[\d*[AJ]/g, '').length < 70);
    assert.match(written, /my\/a_n\S*\.\.\S*/, 'a long name is cut in the middle');
    assert.match(written, /my\/last +\[\.{20}\] {2}0\/1 {2}r1/);
    assert.match(written, /1 of 2 tasks done, 1 running, \d/);
    assert.equal(
      untimed(screen(written)),
      lines(`
      my/last@r1: 1 file
        files: build/last/r1.txt
        try: tg why my/last@r1, tg list
      2 tasks: 2 done in T
      exit 0
    `),
    );
  },
);

const ERROR = 'error: no verb "biuld"\n  try: tg build\n';
const RED = ERROR.replace('error', '\x1b[31merror\x1b[39m');

/** Environment of a terminal -> is there a live view, are there colours. */
const TERMINALS: readonly [env: Record<string, string>, live: boolean, colour: boolean][] = [
  [{}, true, true],
  [{ TERM: 'dumb' }, false, false],
  [{ CI: '1' }, false, true],
  [{ NO_COLOR: '' }, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ NO_COLOR: '1', CI: '1' }, false, false],
];

for (const [env, live, colour] of TERMINALS)
  test(
    `in a terminal with ${JSON.stringify(env)}: ${live ? 'a live view' : 'a line per task'}, ${colour ? 'colours' : 'none'}`,
    { skip: python ? false : 'no python3' },
    () => {
      const cwd = folder({
        'term.py': TERMINAL,
        'tg.yaml': 'libraries: [./lib.yaml]\nsources: {raw: "in/{run}.txt"}\n',
        'lib.yaml':
          '- {name: my/a, type: command, inputs: [raw], outputs: {my/a: "a/{run}.txt"}, command: [cp, "{input:raw}", "{output:my/a}"]}\n',
        'in/r1.txt': '1\n',
      });
      const looks = ['CI', 'NO_COLOR', 'FORCE_COLOR', 'TERM', 'NODE_TEST_CONTEXT'];
      const plain = Object.entries(process.env).filter(([name]) => !looks.includes(name));
      const all = { ...Object.fromEntries(plain), TERM: 'xterm', ...env };
      const told = (words: readonly string[]): string =>
        spawnSync('python3', ['term.py', process.execPath, TG, ...words], {
          cwd,
          env: all,
          encoding: 'utf8',
        }).stdout.replaceAll('\r\n', '\n');
      assert.equal(told(['biuld']), colour ? RED : ERROR);
      const built = told(['build']);
      // A build of a moment may be over before the view is drawn first: then it leaves nothing to erase.
      if (!live) assert.ok(!built.includes('\x1b[J'), JSON.stringify(built));
      // eslint-disable-next-line no-control-regex
      assert.equal(/\x1b\[\d+m/.test(built), colour, JSON.stringify(built));
      const task = /^my\/a@r1: done in .* s \(never built\)$/m;
      // eslint-disable-next-line no-control-regex
      assert.equal(task.test(built.replace(/\x1b\[\d+m/g, '')), !live);
      assert.equal(untimed(screen(built)).split('\n').at(-2), '1 task: 1 done in T');
    },
  );
