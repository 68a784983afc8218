/** The transcripts of UX.md section 2 and the table of section 4, as whole texts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layersOf, resolveParameters } from '../../src/procedures/parameters.ts';
import { noSource } from '../../src/procedures/sources.ts';
import { folder, lines } from './folder.ts';

const number = { description: 'ticks of 0.1 us' };

test('three mistakes in three files are told at once, sorted by place', async () => {
  const { z } = await import('zod');
  const at = folder({
    'tg.yaml': `libraries:
  - ./procedures/mine.yaml
  - ./procedures/scan.yaml
sources:
  packets: raw/packets_{run}.h5
pool: {daq: 1}
`,
    'procedures/mine.yaml': `# own procedures
- name: my/raw
  type: charge/raw_event_builder
  parameters:
    window: 1000 us
`,
    'procedures/scan.yaml': `# scans







- name: my/scan
  type: charge/hit_builder
  outputs: {my/scan: "scan/{threshold}.json"}
  # first axis
  # slowest
  scan:
    - key: threshold
      range:
        start: 2048
        stop: 0
        step: 32
`,
  });
  const { project, diagnostics, files } = at.load();
  const params = z.strictObject({ window: z.number().describe(number.description).default(1000) });
  const procedure = project!.procedures.find(({ name }) => name === 'my/raw')!;
  const resolved = resolveParameters('my/raw', params, layersOf(project!, procedure, undefined));
  const { sortDiagnostics } = await import('../../src/core/sort-diagnostics.ts');
  assert.equal(
    at.text(sortDiagnostics([...diagnostics, ...resolved.diagnostics], files)),
    lines(`
      error: tg.yaml:6:1: unknown key "pool"
        6 | pool: {daq: 1}
          | ~~~~
        try: pools
      error: procedures/mine.yaml:5:13: window must be a number (ticks of 0.1 us)
        5 |     window: 1000 us
          |             ~~~~~~~ this is text
        try: window: 10000
      error: procedures/scan.yaml:17:9: empty range: start 2048, stop 0, step 32
       17 |         start: 2048
          |         ~~~~~~~~~~~
        try: start below stop, or a negative step (stop itself is not included)
      3 errors, nothing was run
    `),
  );
});

test('a source that matches no file names the nearest', () => {
  const raw = Object.fromEntries(
    ['packet_r41.h5', 'notes.txt', 'rwf_1.data'].map((name) => [`raw/${name}`, '']),
  );
  const at = folder({
    ...raw,
    'tg.yaml': `libraries: []
# raw data
sources:
  packets: raw/packets_{run}.h5
`,
  });
  const source = at.load().project!.sources[0]!;
  assert.equal(
    at.text([noSource(source, ['charge/raw_events'], at.root)]),
    lines(`
      error: tg.yaml:4:12: source packets matches no file: raw/packets_{run}.h5
        4 |   packets: raw/packets_{run}.h5
          |            ~~~~~~~~~~~~~~~~~~~~
        needed by charge/raw_events; nearest of 3 files in raw/: raw/packet_r41.h5
        try: correct the pattern; tg list --sources shows what matches
      1 error, nothing was run
    `),
  );
});

/** One mistake in a tg.yaml (with further files): the whole text, less the closing line. */
function told(files: { readonly [path: string]: string }, expected: string): void {
  const text = folder(files)
    .text()
    .replace(/\d+ errors?, nothing was run\n$/, '');
  assert.equal(text, lines(expected));
}

const library = (text: string): { [path: string]: string } => ({
  'tg.yaml': 'libraries: [./mine.yaml]\n',
  'mine.yaml': text,
});

test('no tg.yaml [no-project]', () => {
  told(
    {},
    `
    error: no tg.yaml here or above
      try: tg init --example charge, or -i FILE -o FILE
  `,
  );
});

test('YAML syntax [yaml]: the first sentence of the parser, once per file', () => {
  told(
    { 'tg.yaml': 'build: [\nsources: {a: {\n' },
    `
    error: tg.yaml:2:1: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
      2 | sources: {a: {
        | ~
      try: the indentation, or close the bracket above
  `,
  );
  told(
    { 'tg.yaml': 'build: out\n\tworkers: 2\n' },
    `
    error: tg.yaml:2:1: not YAML: Tabs are not allowed as indentation
      2 |  workers: 2
        | ~
      try: spaces instead of the tab
  `,
  );
  told(
    { 'tg.yaml': 'build: a\n---\nbuild: b\n' },
    `
    error: tg.yaml:2:1: not YAML: several documents (---) in one file
      2 | ---
        | ~~~
      try: one file for each part
  `,
  );
  told(
    { 'tg.yaml': 'build: *there\n' },
    `
    error: tg.yaml:1:8: not YAML: no anchor &there above
      1 | build: *there
        |        ~~~~~~
      try: &there before the value that is meant
  `,
  );
});

test('a bare {run} [yaml]', () => {
  const outputs = (text: string): { [path: string]: string } =>
    library(`- name: my/nhits\n  type: command\n  command: [sh]\n  outputs: ${text}\n`);
  told(
    outputs('{my/nhits: nhits/{run}.json}'),
    `
    error: mine.yaml:4:23: {run} inside { } or at the start of a value needs quotes
      4 |   outputs: {my/nhits: nhits/{run}.json}
        |                       ~~~~~~~~~~~~~~~~
      try: "nhits/{run}.json"
  `,
  );
  told(
    outputs('{my/nhits: {run}/nhits.json}'),
    `
    error: mine.yaml:4:23: {run} inside { } or at the start of a value needs quotes
      4 |   outputs: {my/nhits: {run}/nhits.json}
        |                       ~~~~~~~~~~~~~~~~
      try: "{run}/nhits.json"
  `,
  );
  told(
    { 'tg.yaml': 'sources:\n  packets: {run}.h5\n' },
    `
    error: tg.yaml:2:12: {run} inside { } or at the start of a value needs quotes
      2 |   packets: {run}.h5
        |            ~~~~~~~~
      try: "{run}.h5"
  `,
  );
  told(
    { 'tg.yaml': 'sources:\n  packets: {run}\n' },
    `
    error: tg.yaml:2:12: {run} inside { } or at the start of a value needs quotes
      2 |   packets: {run}
        |            ~~~~~
      try: "{run}"
  `,
  );
});

test('a key twice [duplicate-key]', () => {
  told(
    { 'tg.yaml': 'build: a\nworkers: 2\nbuild: b\n' },
    `
    error: tg.yaml:3:1: key "build" twice, first at line 1
      3 | build: b
        | ~~~~~
      1 | build: a first
        | ~~~~~
      try: keep one
  `,
  );
});

test('a word of YAML 1.1 [yaml-1.1] is a warning', () => {
  const at = folder({ 'tg.yaml': 'build: yes\n' });
  assert.equal(
    at.text(),
    lines(`
    warning: tg.yaml:1:8: yes is text in YAML 1.2
      1 | build: yes
        |        ~~~
      try: true, or "yes" in quotes
  `),
  );
  told(
    library('- name: my/a\n  type: charge/hit_builder\n  always: yes\n'),
    `
    error: mine.yaml:3:11: always must be true or false
      3 |   always: yes
        |           ~~~ this is text
      try: always: true
  `,
  );
});

test('missing keys [missing-key]', () => {
  told(
    library('- name: my/fit\n  inputs: [a]\n'),
    `
    error: mine.yaml:1:9: procedure my/fit has no type
      1 | - name: my/fit
        |         ~~~~~~
      try: type: ./fit.mjs, command or a shipped type
  `,
  );
  told(
    library('- type: command\n  command: [a]\n'),
    `
    error: mine.yaml:1:3: this procedure has no name
      1 | - type: command
        |   ~~~~~~~~~~~~~
      try: - name: my/fit
  `,
  );
  told(
    library('- name: my/fit\n  type: command\n'),
    `
    error: mine.yaml:2:9: procedure my/fit has no command
      2 |   type: command
        |         ~~~~~~~
      try: command: [python3, qsum.py]
  `,
  );
});

test('wrong types [wrong-type]', () => {
  told(
    { 'tg.yaml': 'workers: eight\n' },
    `
    error: tg.yaml:1:10: workers must be a whole number from 1
      1 | workers: eight
        |          ~~~~~ this is text
      try: workers: 8
  `,
  );
  told(
    { 'tg.yaml': 'procedures:\n  name: my/fit\n  type: ./fit.mjs\n' },
    `
    error: tg.yaml:2:3: procedures must be a list: each entry begins with "- name:"
      2 |   name: my/fit
        |   ~~~~
      try: add "- "
  `,
  );
  told(
    library('name: my/fit\ntype: ./fit.mjs\n'),
    `
    error: mine.yaml:1:1: procedures must be a list: each entry begins with "- name:"
      1 | name: my/fit
        | ~~~~
      try: add "- "
  `,
  );
  told(
    library('- name: my/q\n  type: command\n  command: python3 qsum.py\n'),
    `
    error: mine.yaml:3:12: command must be a list of words (there is no shell)
      3 |   command: python3 qsum.py
        |            ~~~~~~~~~~~~~~~ this is text
      try: command: [python3, qsum.py]
  `,
  );
});

test('values that may not stand [bad-value]', () => {
  told(
    { 'tg.yaml': 'link: {refs: regions}\n' },
    `
    error: tg.yaml:1:14: link.refs must be region or pairs, not "regions"
      1 | link: {refs: regions}
        |              ~~~~~~~
      try: region
  `,
  );
  told(
    library('- name: flow\n  type: charge/hit_builder\n'),
    `
    error: mine.yaml:1:9: flow is no name for a procedure: tg makes flow@RUN itself
      1 | - name: flow
        |         ~~~~
      try: name: my/flow
  `,
  );
  told(
    library('- name: my/a\n  type: charge/hit_builder\n  timeout: 10 parsecs\n'),
    `
    error: mine.yaml:3:12: timeout must be a time such as 20 s, 10 min or 2 h, not "10 parsecs"
      3 |   timeout: 10 parsecs
        |            ~~~~~~~~~~
      try: timeout: 10 min
  `,
  );
  told(
    library(
      '- name: my/a\n  type: charge/hit_builder\n  scan: {key: t, values: [1, 2]}\n  outputs: {my/a: "a/{run}.json"}\n',
    ),
    `
    error: mine.yaml:4:19: the path of my/a must hold {t}: one file per point
      4 |   outputs: {my/a: "a/{run}.json"}
        |                   ~~~~~~~~~~~~~~
      try: "a/{run}_{t}.json"
  `,
  );
});

test('unknown types [unknown-type]', () => {
  told(
    library('- name: my/a\n  type: charge/hits_builder\n'),
    `
    error: mine.yaml:2:9: no task type "charge/hits_builder"
      2 |   type: charge/hits_builder
        |         ~~~~~~~~~~~~~~~~~~~
      try: charge/hit_builder; tg list --types
  `,
  );
});

test('files that are not there [no-file]', () => {
  told(
    { 'tg.yaml': 'libraries: [procedures/scna.yaml]\n', 'procedures/scan.yaml': '[]\n' },
    `
    error: tg.yaml:1:13: no file procedures/scna.yaml
      1 | libraries: [procedures/scna.yaml]
        |             ~~~~~~~~~~~~~~~~~~~~
      try: procedures/scan.yaml
  `,
  );
  told(
    {
      'tg.yaml': 'libraries: [tg:charg]\n',
      'shipped/charge.yaml': '[]\n',
      'shipped/light.yaml': '[]\n',
    },
    `
    error: tg.yaml:1:13: tg has no library tg:charg
      1 | libraries: [tg:charg]
        |             ~~~~~~~~
      try: tg:charge
  `,
  );
  told(
    { ...library('- name: my/a\n  type: ./fits.mjs\n'), 'fit.mjs': '' },
    `
    error: mine.yaml:2:9: no file fits.mjs
      2 |   type: ./fits.mjs
        |         ~~~~~~~~~~
      try: ./fit.mjs
  `,
  );
  told(
    { 'tg.yaml': 'runs: runs.txt\n', 'run.txt': 'run\n' },
    `
    error: tg.yaml:1:7: no file runs.txt
      1 | runs: runs.txt
        |       ~~~~~~~~
      try: run.txt
  `,
  );
});

test('libraries that include themselves [cycle]', () => {
  told(
    {
      'tg.yaml': 'libraries: [a.yaml]\n',
      'a.yaml': 'libraries: [b.yaml]\n',
      'b.yaml': 'libraries: [a.yaml]\n',
    },
    `
    error: b.yaml:1:13: libraries include themselves: a.yaml -> b.yaml -> a.yaml
      1 | libraries: [a.yaml]
        |             ~~~~~~
      try: take one out
  `,
  );
});

test('one name for two procedures [duplicate-name]', () => {
  const entry = '- name: timewalk\n  type: charge/hit_builder\n';
  const files = {
    'tg.yaml': 'libraries: [scan.yaml, mine.yaml]\n',
    'scan.yaml': `# scans\n\n${entry}`,
    'mine.yaml': entry,
  };
  told(
    files,
    `
    error: mine.yaml:1:9: procedure timewalk is also at scan.yaml:3:9
      1 | - name: timewalk
        |         ~~~~~~~~
      try: rename, or replace: true
  `,
  );
  const replaced = folder({
    ...files,
    'mine.yaml': `${entry}  retries: 2\n  replace: true\n`,
  }).load();
  assert.deepEqual(replaced.diagnostics, []);
  assert.deepEqual(
    replaced.project!.procedures.map(({ retries }) => retries),
    [2],
  );
});

test('names of procedures under parameters: [unknown-target]', () => {
  told(
    {
      'tg.yaml': 'libraries: [tg:charge]\nparameters:\n  charge/hit: {a: 1}\n',
      'shipped/charge.yaml': '- name: charge/hits\n  type: charge/hit_builder\n',
    },
    `
    error: tg.yaml:3:3: no procedure charge/hit
      3 |   charge/hit: {a: 1}
        |   ~~~~~~~~~~
      try: charge/hits
  `,
  );
});

test('what is mistaken in a shipped library is shown under its own name', () => {
  told(
    {
      'tg.yaml': 'libraries: [tg:charge]\n',
      'shipped/charge.yaml': '- name: charge/hits\n  type: charge/hit_builder\n  retry: 2\n',
    },
    `
    error: tg:charge:3:3: unknown key "retry"
      3 |   retry: 2
        |   ~~~~~
      try: retries, memory
  `,
  );
});
