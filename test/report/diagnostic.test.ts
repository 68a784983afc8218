import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortDiagnostics } from '../../src/core/sort-diagnostics.ts';
import type { Diagnostic, Where } from '../../src/core/types.ts';
import { relativePath, renderDiagnostics } from '../../src/report/diagnostic.ts';
import type { DiagnosticView } from '../../src/report/diagnostic.ts';

const MINE = `- name: my/a
  type: command
  inputs: [my/b]



- name: my/b
  type: command
  inputs: [my/c]



- name: my/c
  type: command
  inputs: [my/a, packets]



- name: my/d
  type: command
  outputs: [charge/hits]
`;

const view: DiagnosticView = {
  cwd: '/home/me/project',
  textOf: (file) =>
    ({
      '/home/me/project/procedures/mine.yaml': MINE,
      '/home/me/project/tabs.yaml': '\ta:\tb\u0007\r\n',
    })[file],
};
const at = (
  line: number,
  column: number,
  length: number,
  file = '/home/me/project/procedures/mine.yaml',
): Where => ({ file, line, column, length });
const error = (message: string, more: Partial<Diagnostic> = {}): Diagnostic => ({
  severity: 'error',
  code: 'bad-value',
  message,
  ...more,
});
const render = (list: Diagnostic[], more: Partial<DiagnosticView> = {}): string =>
  renderDiagnostics(list, { ...view, ...more });

test('a cycle shows each of its inputs with what it needs', () => {
  const cycle = error('cycle: my/a -> my/b -> my/c -> my/a', {
    where: at(3, 12, 4),
    remark: 'my/a needs my/b',
    related: [
      { where: at(9, 12, 4), remark: 'my/b needs my/c' },
      { where: at(15, 12, 4), remark: 'my/c needs my/a' },
    ],
    try: 'take out one of these inputs',
  });
  assert.equal(
    render([cycle], { closing: false }),
    `error: procedures/mine.yaml:3:12: cycle: my/a -> my/b -> my/c -> my/a
  3 |   inputs: [my/b]          my/a needs my/b
    |            ~~~~
  9 |   inputs: [my/c]          my/b needs my/c
    |            ~~~~
 15 |   inputs: [my/a, packets] my/c needs my/a
    |            ~~~~
  try: take out one of these inputs
`,
  );
});

test('two makers of one target', () => {
  const makers = error('charge/hits has two makers', {
    where: at(21, 13, 11),
    other: 'the other: tg:charge:38:9 (procedure charge/hits)',
    try: 'another name, or "replace: true" here to use this one',
  });
  assert.equal(
    render([makers], { closing: false }),
    `error: procedures/mine.yaml:21:13: charge/hits has two makers
 21 |   outputs: [charge/hits]
    |             ~~~~~~~~~~~
  the other: tg:charge:38:9 (procedure charge/hits)
  try: another name, or "replace: true" here to use this one
`,
  );
});

test('a mistake without a place has no line and nothing to close', () => {
  assert.equal(
    render([
      error('nothing makes "charge/evnts"', {
        try: 'charge/events, charge/raw_events, light/events',
      }),
    ]),
    'error: nothing makes "charge/evnts"\n  try: charge/events, charge/raw_events, light/events\n',
  );
  assert.equal(render([]), '');
});

test('the last line counts errors only, and is left out when there are none', () => {
  const warning: Diagnostic = {
    severity: 'warning',
    code: 'yaml-1.1',
    message: 'yes is text in YAML 1.2',
    where: at(1, 1, 1, '/gone.yaml'),
  };
  assert.equal(render([warning]), 'warning: /gone.yaml:1:1: yes is text in YAML 1.2\n');
  assert.match(
    render([warning, error('x', { where: at(1, 1, 6) })]),
    /\n1 error, nothing was run\n$/,
  );
});

test('paths are relative, but absolute when more than two ".." up', () => {
  const cwd = '/home/me/project';
  const shown = (file: string): string => relativePath(file, cwd);
  assert.deepEqual(
    [
      '/home/me/project/a/b.yaml',
      '/home/me/b.yaml',
      '/home/b.yaml',
      '/b.yaml',
      '/data/b.yaml',
      '-i packets',
    ].map(shown),
    ['a/b.yaml', '../b.yaml', '../../b.yaml', '/b.yaml', '/data/b.yaml', '-i packets'],
  );
});

test('tabs and control characters keep their columns; nothing else than printable text is written', () => {
  const text = render([error('x', { where: at(1, 5, 99, '/home/me/project/tabs.yaml') })], {
    closing: false,
  });
  assert.equal(text, 'error: tabs.yaml:1:5: x\n  1 |  a: b?\n    |     ~~\n');
});

test('numbers of four digits push the bar', () => {
  const textOf = (): string => `${'\n'.repeat(1233)}ab: c\n`;
  assert.equal(
    render([error('x', { where: at(1234, 5, 1) })], { textOf, closing: false }),
    'error: procedures/mine.yaml:1234:5: x\n1234 | ab: c\n     |     ~\n',
  );
});

test('colour is put on the label only', () => {
  const paint = (text: string, colour: string): string => `<${colour}>${text}</>`;
  const both: Diagnostic[] = [
    error('a'),
    { severity: 'warning', code: 'hardware', message: 'b' },
    { severity: 'note', code: 'hardware', message: 'c' },
  ];
  assert.equal(render(both, { paint }), '<red>error</>: a\n<yellow>warning</>: b\nnote: c\n');
});

test('related places in other files stand below, with their file', () => {
  const far = error('x', {
    where: at(1, 3, 4),
    related: [{ where: at(2, 1, 1, '/home/me/project/other.yaml'), remark: 'first' }],
  });
  assert.equal(
    render([far], { closing: false }),
    'error: procedures/mine.yaml:1:3: x\n  1 | - name: my/a\n    |   ~~~~\n  other.yaml:2:1: first\n',
  );
});

test('sorted by file as they were read, then by line and column, those without a place last', () => {
  const list = [
    error('none'),
    error('b2', { where: at(2, 1, 1, 'b') }),
    error('a9', { where: at(9, 1, 1, 'a') }),
    error('b1', { where: at(1, 9, 1, 'b') }),
    error('b1a', { where: at(1, 3, 1, 'b') }),
  ];
  const order = (files: string[]): string[] =>
    sortDiagnostics(list, files).map(({ message }) => message);
  assert.deepEqual(order(['a', 'b']), ['a9', 'b1a', 'b1', 'b2', 'none']);
  assert.deepEqual(order([]), ['b1a', 'b1', 'b2', 'a9', 'none']);
});
