/** The catalogue of mistakes, as far as procedures of commands and the charge library reach: each as the whole text that the real command line prints, its exit code and its `code` in --json. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { folder, lines, run } from '../helpers/cli.ts';
import type { Files } from '../helpers/cli.ts';

const YAML = 'libraries: [./lib.yaml]\nsources: {raw: "in/{run}.txt"}\n';
const LIBRARY = lines(`
  - name: my/copy
    type: command
    inputs: [raw]
    outputs: {my/copy: "copy/{run}.txt"}
    command: [cp, "{input:raw}", "{output:my/copy}"]
`);

/** Where the shipped library makes charge/hits. */
const CHARGE_LIBRARY = readFileSync(
  new URL('../../../procedures/charge.yaml', import.meta.url),
  'utf8',
);
const LINE_OF_HITS = CHARGE_LIBRARY.split('\n').indexOf('- name: charge/hits') + 1;

const COMMANDS: Files = {
  'tg.yaml': YAML,
  'lib.yaml': LIBRARY,
  'in/r1.txt': '1\n',
  'in/r2.txt': '2\n',
  'in/r3.txt': '3\n',
};
const CHARGE_YAML = 'libraries: [tg:charge]\nsources: {packets: "raw/{run}.h5"}\n';
/** No task is run here: a file of any content is a run. */
const CHARGE: Files = { 'tg.yaml': CHARGE_YAML, 'raw/r41.h5': 'x' };
const SCAN = lines(`
  - name: my/scan
    type: command
    outputs: {my/scan: "scan/{Calib}_{mode}.txt"}
    command: [touch, "{output:my/scan}"]
    parameters: {Calib: 0, mode: fast}
    scan:
      - {key: Calib, range: {start: 0, stop: 2048, step: 32}}
      - {key: mode, values: [fast, exact]}
`);

interface Mistake {
  files: Files;
  /** Words behind `tg`; default `build`. */
  words?: string;
  code: string;
  told: string;
}

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'a table of a library that is not used': {
    files: { 'tg.yaml': 'sources: {packets: "raw/{run}.h5"}\n', 'raw/r1.h5': '' },
    words: 'build charge/events',
    code: 'unknown-target',
    told: `
      error: nothing makes "charge/events": tg.yaml does not use tg:charge
        try: libraries: [.., tg:charge]
    `,
  },
  'the same as an input': {
    files: {
      'tg.yaml': 'libraries: lib.yaml\n',
      'lib.yaml':
        '- {name: a, type: command, command: [x], outputs: {a: a.txt}, inputs: [charge/hits]}\n',
    },
    code: 'unknown-target',
    told: `
      error: lib.yaml:1:72: nothing makes "charge/hits": tg.yaml does not use tg:charge
        1 | - {name: a, type: command, command: [x], outputs: {a: a.txt}, inputs: [charge/hits]}
          |                                                                        ~~~~~~~~~~~
        try: libraries: [.., tg:charge]
      1 error, nothing was run
    `,
  },
  'unknown target': {
    files: CHARGE,
    words: 'build charge/evnts',
    code: 'unknown-target',
    told: `
      error: nothing makes "charge/evnts"
        try: charge/events, charge/raw_events
    `,
  },
  'unknown run': {
    files: COMMANDS,
    words: 'plan my/copy@r52',
    code: 'unknown-run',
    told: `
      error: no run "r52" in raw (r1..r3, 3 runs)
        try: r2
    `,
  },
  'unknown point: the nearest value of a number': {
    files: { ...COMMANDS, 'lib.yaml': SCAN },
    words: 'why my/scan@Calib=33',
    code: 'unknown-point',
    told: `
      error: my/scan has no point Calib=33 (0..2016 step 32)
        try: Calib=32
    `,
  },
  'unknown point: the nearest word': {
    files: { ...COMMANDS, 'lib.yaml': SCAN },
    words: 'build my/scan@mode=exakt',
    code: 'unknown-point',
    told: `
      error: my/scan has no point mode=exakt (fast, exact)
        try: mode=exact
    `,
  },
  'unknown axis': {
    files: { ...COMMANDS, 'lib.yaml': SCAN },
    words: 'build my/scan@Claib=40',
    code: 'unknown-point',
    told: `
      error: my/scan has no point Claib=40 (axes: Calib, mode)
        try: Calib=32
    `,
  },
  '--set without a dot': {
    files: CHARGE,
    words: 'build --set window=5',
    code: 'bad-set',
    told: `
      error: --set window=5: which procedure?
        try: --set charge/raw_events.event_builder_config.window=5
    `,
  },
  '--set of an unknown parameter, with no raw file there': {
    files: { 'tg.yaml': CHARGE_YAML },
    words: 'build --set charge/hits.pedestal=5',
    code: 'unknown-parameter',
    told: `
      error: charge/hits has no parameter "pedestal"
        try: pedestal_file
    `,
  },
  'YAML syntax': {
    files: { ...COMMANDS, 'lib.yaml': '- name: [a\n  type: x\n' },
    code: 'yaml',
    told: `
      error: lib.yaml:2:3: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
        2 |   type: x
          |   ~
        try: the indentation, or close the bracket above
      1 error, nothing was run
    `,
  },
  'a bare {run}': {
    files: { ...COMMANDS, 'lib.yaml': LIBRARY.replace('"copy/{run}.txt"', 'copy/{run}.txt') },
    code: 'yaml',
    told: `
      error: lib.yaml:4:22: {run} inside { } or at the start of a value needs quotes
        4 |   outputs: {my/copy: copy/{run}.txt}
          |                      ~~~~~~~~~~~~~~
        try: "copy/{run}.txt"
      1 error, nothing was run
    `,
  },
  'a key twice': {
    files: { ...COMMANDS, 'tg.yaml': `${YAML}parameters:\n  my/copy: {a: 1}\n  my/copy: {a: 2}\n` },
    code: 'duplicate-key',
    told: `
      error: tg.yaml:5:3: key "my/copy" twice, first at line 4
        5 |   my/copy: {a: 2}
          |   ~~~~~~~
        4 |   my/copy: {a: 1} first
          |   ~~~~~~~
        try: keep one
      1 error, nothing was run
    `,
  },
  'missing key': {
    files: { ...COMMANDS, 'lib.yaml': '- name: my/fit\n  inputs: [raw]\n' },
    code: 'missing-key',
    told: `
      error: lib.yaml:1:9: procedure my/fit has no type
        1 | - name: my/fit
          |         ~~~~~~
        try: type: ./fit.mjs, command or a shipped type
      1 error, nothing was run
    `,
  },
  'value not among those there are': {
    files: { ...COMMANDS, 'tg.yaml': `${YAML}link: {refs: regions}\n` },
    code: 'bad-value',
    told: `
      error: tg.yaml:3:14: link.refs must be region or pairs, not "regions"
        3 | link: {refs: regions}
          |              ~~~~~~~
        try: region
      1 error, nothing was run
    `,
  },
  'list and mapping swapped': {
    files: { ...COMMANDS, 'tg.yaml': `${YAML}procedures: {name: a}\n` },
    code: 'wrong-type',
    told: `
      error: tg.yaml:3:14: procedures must be a list: each entry begins with "- name:"
        3 | procedures: {name: a}
          |              ~~~~
        try: add "- "
      1 error, nothing was run
    `,
  },
  'unknown type': {
    files: { ...COMMANDS, 'lib.yaml': '- {name: a, type: charge/hits_builder}\n' },
    code: 'unknown-type',
    told: `
      error: lib.yaml:1:19: no task type "charge/hits_builder"
        1 | - {name: a, type: charge/hits_builder}
          |                   ~~~~~~~~~~~~~~~~~~~
        try: charge/hit_builder; tg list --types
      1 error, nothing was run
    `,
  },
  'library missing': {
    files: { 'tg.yaml': 'libraries: [procedures/scna.yaml]\n', 'procedures/scan.yaml': '' },
    code: 'no-file',
    told: `
      error: tg.yaml:1:13: no file procedures/scna.yaml
        1 | libraries: [procedures/scna.yaml]
          |             ~~~~~~~~~~~~~~~~~~~~
        try: procedures/scan.yaml
      1 error, nothing was run
    `,
  },
  'libraries that include themselves': {
    files: {
      'tg.yaml': 'libraries: [a.yaml]\n',
      'a.yaml': 'libraries: [b.yaml]\n',
      'b.yaml': 'libraries: [a.yaml]\n',
    },
    code: 'cycle',
    told: `
      error: b.yaml:1:13: libraries include themselves: a.yaml -> b.yaml -> a.yaml
        1 | libraries: [a.yaml]
          |             ~~~~~~
        try: take one out
      1 error, nothing was run
    `,
  },
  'one name for two procedures': {
    files: {
      'tg.yaml': 'libraries: [a.yaml, b.yaml]\n',
      'a.yaml': '- {name: x, type: command, outputs: {x: x}, command: [a]}\n',
      'b.yaml': '- {name: x, type: command, outputs: {x: x}, command: [a]}\n',
    },
    code: 'duplicate-name',
    told: `
      error: b.yaml:1:10: procedure x is also at a.yaml:1:10
        1 | - {name: x, type: command, outputs: {x: x}, command: [a]}
          |          ~
        try: rename, or replace: true
      1 error, nothing was run
    `,
  },
  'one run of two files': {
    files: {
      'tg.yaml': 'libraries: [lib.yaml]\nsources: {raw: "in/*_{run}.txt"}\n',
      'lib.yaml': LIBRARY,
      'in/a_r1.txt': '',
      'in/b_r1.txt': '',
    },
    code: 'duplicate-run',
    told: `
      error: tg.yaml:2:16: in/a_r1.txt and in/b_r1.txt are both run r1
        2 | sources: {raw: "in/*_{run}.txt"}
          |                ~~~~~~~~~~~~~~~~
        try: put more of the path in {run}
      1 error, nothing was run
    `,
  },
  'a cycle: a line per edge': {
    files: {
      'tg.yaml': YAML,
      'in/r1.txt': '',
      'lib.yaml': lines(`
        - name: my/a
          type: command
          inputs: [my/b]
          outputs: {my/a: a.txt}
          command: [x]

        - name: my/b
          type: command
          inputs: [my/c]
          outputs: {my/b: b.txt}
          command: [x]

        - name: my/c
          type: command
          inputs: [my/a, raw]
          outputs: {my/c: c.txt}
          command: [x]
      `),
    },
    code: 'cycle',
    told: `
      error: lib.yaml:3:12: cycle: my/a -> my/b -> my/c -> my/a
        3 |   inputs: [my/b]      my/a needs my/b
          |            ~~~~
        9 |   inputs: [my/c]      my/b needs my/c
          |            ~~~~
       15 |   inputs: [my/a, raw] my/c needs my/a
          |            ~~~~
        try: take out one of these inputs
      1 error, nothing was run
    `,
  },
  'two makers, one per run and one for all': {
    files: {
      ...CHARGE,
      'tg.yaml': CHARGE_YAML.replace('[tg:charge]', '[tg:charge, mine.yaml]'),
      'mine.yaml': '- name: my/x\n  type: command\n  outputs: [charge/hits]\n  command: [x]\n',
    },
    code: 'two-makers',
    told: `
      error: mine.yaml:3:13: charge/hits has two makers
        3 |   outputs: [charge/hits]
          |             ~~~~~~~~~~~
        the other: tg:charge:${LINE_OF_HITS}:9 (procedure charge/hits)
        try: another name, or "replace: true" here to use this one
      1 error, nothing was run
    `,
  },
  'mapping instead of a list in a library': {
    files: { ...COMMANDS, 'lib.yaml': 'my/copy:\n  type: command\n' },
    code: 'wrong-type',
    told: `
      error: lib.yaml:1:1: procedures must be a list: each entry begins with "- name:"
        1 | my/copy:
          | ~~~~~~~
        try: add "- "
      1 error, nothing was run
    `,
  },
  'a word of default: that nothing makes': {
    files: { ...COMMANDS, 'tg.yaml': `${YAML}default: [my/cpoy]\n` },
    code: 'unknown-target',
    told: `
      error: tg.yaml:3:11: nothing makes "my/cpoy"
        3 | default: [my/cpoy]
          |           ~~~~~~~
        try: my/copy
      1 error, nothing was run
    `,
  },
  'a command that names an input it has not': {
    files: { ...COMMANDS, 'lib.yaml': LIBRARY.replace('{input:raw}', '{input:rwa}') },
    code: 'bad-value',
    told: `
      error: lib.yaml:5:17: {input:rwa} names no input of the procedure
        5 |   command: [cp, "{input:rwa}", "{output:my/copy}"]
          |                 ~~~~~~~~~~~~~
        try: {input:raw}
      1 error, nothing was run
    `,
  },
  'a module with a syntax error': {
    files: {
      'tg.yaml': 'libraries: lib.yaml\n',
      'lib.yaml': '- {name: a, type: ./fit.mjs, outputs: {a: a.txt}}\n',
      'fit.mjs': 'export default {\n  params: {},\n  run( {\n};\n',
    },
    code: 'bad-module',
    told: `
      error: lib.yaml:1:19: ./fit.mjs does not load: Unexpected token ';' at fit.mjs:4:2
        1 | - {name: a, type: ./fit.mjs, outputs: {a: a.txt}}
          |                   ~~~~~~~~~
        try: correct it
      1 error, nothing was run
    `,
  },
  'a module that throws': {
    files: {
      'tg.yaml': 'libraries: lib.yaml\n',
      'lib.yaml': '- {name: a, type: ./fit.mjs, outputs: {a: a.txt}}\n',
      'fit.mjs': "\n  throw new Error('boom');\n",
    },
    code: 'bad-module',
    told: `
      error: lib.yaml:1:19: ./fit.mjs does not load: boom at fit.mjs:2:9
        1 | - {name: a, type: ./fit.mjs, outputs: {a: a.txt}}
          |                   ~~~~~~~~~
        try: correct it
      1 error, nothing was run
    `,
  },
  'a module that is not there: one mistake, not two': {
    files: {
      'tg.yaml': 'libraries: lib.yaml\n',
      'lib.yaml': '- {name: a, type: ./fti.mjs, outputs: {a: a.txt}}\n',
      'fit.mjs': '',
    },
    code: 'no-file',
    told: `
      error: lib.yaml:1:19: no file fti.mjs
        1 | - {name: a, type: ./fti.mjs, outputs: {a: a.txt}}
          |                   ~~~~~~~~~
        try: ./fit.mjs
      1 error, nothing was run
    `,
  },
  'a folder as library': {
    files: { ...COMMANDS, 'tg.yaml': 'libraries: [in]\n' },
    code: 'no-file',
    told: `
      error: tg.yaml:1:13: in is a folder, not a file
        1 | libraries: [in]
          |             ~~
        try: a file in it
      1 error, nothing was run
    `,
  },
  'a folder as run table': {
    files: { ...COMMANDS, 'tg.yaml': `${YAML}runs: in\n` },
    code: 'no-file',
    told: `
      error: tg.yaml:3:7: in is a folder, not a file
        3 | runs: in
          |       ~~
        try: a file in it
      1 error, nothing was run
    `,
  },
  'a folder as code of a command': {
    files: { ...COMMANDS, 'lib.yaml': `${LIBRARY}  depends: [in]\n` },
    code: 'no-file',
    told: `
      error: lib.yaml:6:13: in is a folder, not a file
        6 |   depends: [in]
          |             ~~
        try: the files in it that are code
      1 error, nothing was run
    `,
  },
  'a folder as tg.yaml': {
    files: { 'tg.yaml/x': '' },
    code: 'no-file',
    told: `
      error: tg.yaml is a folder, not a file
        try: a file in it
    `,
  },
  'a file as build folder': {
    files: { ...COMMANDS, 'tg.yaml': `${YAML}build: lib.yaml\n` },
    code: 'bad-value',
    told: `
      error: tg.yaml:3:8: lib.yaml is a file, and products are to lie in it
        3 | build: lib.yaml
          |        ~~~~~~~~
        try: build: another folder
      1 error, nothing was run
    `,
  },
  'a file as store': {
    files: { ...COMMANDS, '.tg': '' },
    code: 'no-access',
    told: `
      error: .tg is a file, and tg keeps its store in a folder of that name
        try: mv .tg .tg.old
    `,
  },
  'a project that is text': {
    files: { 'tg.yaml': 'hello\n' },
    code: 'wrong-type',
    told: `
      error: tg.yaml:1:1: tg.yaml must be a mapping
        1 | hello
          | ~~~~~ this is text
        try: libraries: [./procedures.yaml]
      1 error, nothing was run
    `,
  },
  'a library that is no text': {
    files: { ...COMMANDS, 'lib.yaml': '\x7fELF\0\0' },
    code: 'yaml',
    told: `
      error: lib.yaml:1:1: not YAML: this is no text (begins 7f 45 4c 46)
        1 | ?ELF??
          | ~
        try: the YAML file that is meant
      1 error, nothing was run
    `,
  },
  tabs: {
    files: { ...COMMANDS, 'tg.yaml': 'libraries:\n\t- lib.yaml\n' },
    code: 'yaml',
    told: `
      error: tg.yaml:2:1: not YAML: Tabs are not allowed as indentation
        2 |  - lib.yaml
          | ~
        try: spaces instead of the tab
      1 error, nothing was run
    `,
  },
  'a name with a control character': {
    files: { ...COMMANDS, 'in/a\nb.txt': '' },
    code: 'bad-value',
    told: `
      error: tg.yaml:2:16: the name of in/a?b.txt has control characters in it
        2 | sources: {raw: "in/{run}.txt"}
          |                ~~~~~~~~~~~~~~
        try: rename the file
      1 error, nothing was run
    `,
  },
  'what this version cannot do': {
    files: { ...COMMANDS, 'tg.yaml': `${YAML}executor: {kind: slurm}\n` },
    code: 'bad-value',
    told: `
      error: tg.yaml:3:11: executor slurm is not there in this version
        3 | executor: {kind: slurm}
          |           ~~~~~~~~~~~~~
        try: kind: threads
      1 error, nothing was run
    `,
  },
};

describe('mistakes that end in 2 before anything runs', () => {
  for (const [name, { files, words = 'build', code, told }] of Object.entries(MISTAKES)) {
    test(name, async () => {
      const cwd = folder(files);
      const said = await run(words.split(' '), { cwd });
      assert.equal(said.stderr, lines(told));
      assert.deepEqual([said.stdout, said.code], ['', 2]);
      assert.ok(!existsSync(join(cwd, 'build')));
      const json = await run([...words.split(' '), '--json'], { cwd });
      assert.deepEqual([json.stderr, json.code], ['', 2]);
      const line = JSON.parse(json.stdout) as { code: string; severity: string; try: string };
      assert.deepEqual([line.code, line.severity], [code, 'error']);
      const [, fix] = /^ +try: (.*)$/m.exec(lines(told))!;
      assert.equal(line.try, fix);
    });
  }

  test('texts in other encodings: the first byte that is no UTF-8, or which encoding it is', async () => {
    const cwd = folder(COMMANDS);
    const told = async (path: string, bytes: Buffer): Promise<string> => {
      writeFileSync(join(cwd, path), bytes);
      const said = await run(['plan'], { cwd });
      assert.equal(said.code, 2);
      return said.stderr.split('\n')[0]!;
    };
    const latin1 = Buffer.from(`${LIBRARY}# caf\xe9\n`, 'latin1');
    assert.equal(
      await told('lib.yaml', latin1),
      'error: lib.yaml:6:6: not YAML: byte e9 is no UTF-8',
    );
    const cut = Buffer.concat([Buffer.from('# e\n# \u00e9\u00e9\n').subarray(0, -2)]);
    assert.equal(await told('lib.yaml', cut), 'error: lib.yaml:2:4: not YAML: byte c3 is no UTF-8');
    const utf16 = Buffer.from(`\ufeff${YAML}`, 'utf16le');
    assert.equal(
      await told('tg.yaml', utf16),
      'error: tg.yaml:1:1: not YAML: this is UTF-16, tg reads UTF-8',
    );
  });

  test('a byte order mark, CRLF and an empty file are none', async () => {
    const crlf = (text: string): string => `\ufeff${text.replaceAll('\n', '\r\n')}`;
    const cwd = folder({ ...COMMANDS, 'tg.yaml': crlf(YAML), 'lib.yaml': crlf(LIBRARY) });
    const said = await run(['build', 'my/copy@r1'], { cwd });
    assert.deepEqual([said.stdout, said.code], ['build/copy/r1.txt\n', 0]);
    writeFileSync(join(cwd, 'tg.yaml'), '');
    for (const words of ['build', 'plan', 'list', 'status', 'graph', 'clean'])
      assert.equal((await run([words], { cwd })).code, 0, words);
  });

  test('a file whose name is no UTF-8', { skip: process.platform !== 'linux' }, async () => {
    const cwd = folder(COMMANDS);
    writeFileSync(
      Buffer.concat([Buffer.from(`${cwd}/in/r`), Buffer.of(0xff), Buffer.from('.txt')]),
      '',
    );
    const said = await run(['build'], { cwd });
    assert.equal(said.code, 2);
    assert.equal(
      said.stderr.split('\n')[0],
      'error: tg.yaml:2:16: the name of in/r?.txt is no UTF-8',
    );
  });

  test('mistakes of three files at once, in the order in which the files are read, by every verb', async () => {
    const cwd = folder({
      'raw/r41.h5': 'x',
      'tg.yaml':
        CHARGE_YAML.replace('[tg:charge]', '[tg:charge, mine.yaml, scan.yaml]') +
        'pool: {daq: 1}\n',
      'mine.yaml': lines(`
        - name: charge/raw_events
          replace: true
          type: charge/raw_event_builder
          inputs: {packets: packets}
          outputs: [charge/raw_events, charge/packets]
          parameters:
            event_builder_config: {window: 1000 us}
      `),
      'scan.yaml': SCAN.replace('start: 0, stop: 2048', 'start: 2048, stop: 0'),
    });
    const told = lines(`
      error: tg.yaml:3:1: unknown key "pool"
        3 | pool: {daq: 1}
          | ~~~~
        try: pools
      error: mine.yaml:7:36: event_builder_config.window must be a number (ticks of 0.1 us)
        7 |     event_builder_config: {window: 1000 us}
          |                                    ~~~~~~~ this is text
        try: window: 10000
      error: scan.yaml:7:28: empty range: start 2048, stop 0, step 32
        7 |     - {key: Calib, range: {start: 2048, stop: 0, step: 32}}
          |                            ~~~~~~~~~~~
        try: start below stop, or a negative step (stop itself is not included)
      3 errors, nothing was run
    `);
    for (const words of ['build', 'plan', 'why charge/hits', 'list', 'status', 'graph', 'clean']) {
      const said = await run(words.split(' '), { cwd });
      assert.deepEqual([said.stdout, said.stderr, said.code], ['', told, 2], words);
    }
  });
});

test('a damaged end of the log is told once, and what it recorded is built again', async () => {
  const cwd = folder(COMMANDS);
  await run(['build', '-q'], { cwd });
  const log = join(cwd, '.tg/log');
  const whole = readFileSync(log, 'utf8').split('\n');
  const at = whole.findIndex((line) => line.includes('"k":"done"'));
  const good = `${whole.slice(0, at).join('\n')}\n`;
  writeFileSync(log, `${good}0${whole.slice(at).join('\n')}`);
  const size = whole.join('\n').length + 1 - good.length;
  const told = `warning: .tg/log: ${size} bytes after the last good record dropped; 3 tasks will be built again`;
  const said = await run(['build', '-w', '1'], { cwd });
  assert.equal(said.code, 0);
  assert.equal(said.stderr.split('\n')[0], told);
  assert.match(said.stderr, /^3 tasks: 3 done in /m);
  assert.match((await run(['build'], { cwd })).stderr, /^3 tasks: 3 fresh, nothing to do/);
});

test('a store of a newer tg', async () => {
  const cwd = folder(COMMANDS);
  await run(['build', '-q'], { cwd });
  const log = join(cwd, '.tg/log');
  const record = '{"k":"store","format":3,"tg":"0.4.0"}';
  const crc = (crc32Of(record) >>> 0).toString(16).padStart(8, '0');
  writeFileSync(log, `${crc} ${record}\n`);
  const said = await run(['build'], { cwd });
  assert.equal(said.code, 2);
  assert.match(
    said.stderr,
    /^error: \.tg was written by tg 0\.4\.0 \(format 3\), this is \S+ \(format 1\)\n {2}try: update tg, or another -C\n$/,
  );
});

/** CRC-32 as zlib has it. */
function crc32Of(text: string): number {
  let crc = -1;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc;
}

/** Who may everything cannot be refused. */
const isRoot = process.getuid?.() === 0;

test(
  'files that may not be read or written',
  { skip: isRoot ? 'runs as root' : false },
  async () => {
    const cwd = folder(COMMANDS);
    chmodSync(join(cwd, 'in/r1.txt'), 0);
    const source = await run(['build', 'my/copy@r1'], { cwd });
    assert.match(
      source.stderr,
      /^ {2}error: in\/r1\.txt: permission denied \(owner \S+, mode 0\)\n {2}try: chmod u\+r, then the same build$/m,
    );
    await run(['build', 'my/copy@r2', '-q'], { cwd });
    chmodSync(join(cwd, 'build/copy'), 0o555);
    const product = await run(['build', 'my/copy@r2', '-B'], { cwd });
    chmodSync(join(cwd, 'build/copy'), 0o755);
    assert.match(
      product.stderr,
      /^ {2}error: build\/copy\/r2\.txt: permission denied \(owner \S+, mode 644\)\n {2}try: chmod u\+w, or build: elsewhere$/m,
    );
    chmodSync(join(cwd, 'lib.yaml'), 0);
    const library = await run(['build'], { cwd });
    assert.equal(
      library.stderr.replace(/^ {2}\d.*\n.*\n/m, ''),
      'error: tg.yaml:1:13: cannot read lib.yaml\n  try: chmod u+r lib.yaml\n1 error, nothing was run\n',
    );
  },
);
