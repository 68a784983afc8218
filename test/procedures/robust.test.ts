import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseYaml } from '../../src/procedures/yaml.ts';
import { folder } from './folder.ts';

/** The codes that loading may tell: the closed list of UX.md section 4, as far as files are concerned. */
const CODES = [
  'unknown-key',
  'wrong-type',
  'missing-key',
  'duplicate-key',
  'yaml',
  'yaml-1.1',
  'duplicate-name',
  'no-file',
  'cycle',
  'empty-range',
  'bad-value',
  'unknown-type',
  'unknown-target',
  'no-access',
  'no-project',
];

const GOOD = `libraries: [mine.yaml]
sources:
  packets: raw/packets_{run}.h5::/packets
  light: {path: "l_{run}_{adc}.data", archived: true}
parameters:
  my/a: {window: 5, deep: {x: [1, 2]}}
overrides:
  - {runs: r41..r45, parameters: {my/a: {window: 6}}}
workers: 8
pools: {daq: 1}
link: {refs: region, drop: [a]}
workflows:
  - {name: look, tasks: [my/a]}
procedures:
  - &base
    name: my/a
    type: charge/hit_builder
    inputs: {packets: packets}
    parameters: {window: 1000}
    timeout: 10 min
  - <<: *base
    name: my/b
    outputs: {my/b: "b/{run}_{t}.json"}
    scan: [{key: window, range: {start: 0, stop: 8, step: 2}, name: t}]
    checks: [{quantity: rows, bad: {below: 1}}]
`;

test('whatever is done to a good file, loading tells mistakes with place, code and what to do', () => {
  const at = folder({ 'tg.yaml': GOOD, 'mine.yaml': '[]\n' });
  assert.equal(at.text(), '');
  const junk = fc.constantFrom(
    '',
    '{',
    '}',
    '[',
    ']',
    ':',
    ' ',
    '\n',
    '\t',
    '"',
    "'",
    '-',
    '&x',
    '*x',
    '<<: ',
    '5',
    'yes',
    'null',
    '{run}',
    '\n  ',
    ': [',
    '? ',
    '#',
    '|',
    '@',
    'é',
    '\0',
  );
  const edit = fc.tuple(fc.nat(GOOD.length), fc.nat(12), junk);
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      let text = GOOD;
      for (const [from, length, insert] of edits)
        text = text.slice(0, from) + insert + text.slice(from + length);
      at.write({ 'tg.yaml': text });
      const { diagnostics } = at.load();
      for (const { code, where, message, try: hint } of diagnostics) {
        assert.ok(CODES.includes(code), code);
        assert.ok(hint !== undefined && hint !== '', message);
        assert.doesNotMatch(message, /undefined|\[object|\n/);
        const lines = readFileSync(where?.file ?? join(at.root, 'tg.yaml'), 'utf8').split(
          '\n',
        ).length;
        assert.ok(
          where !== undefined && where.line >= 1 && where.line <= lines && where.column >= 1,
          message,
        );
      }
      assert.equal(diagnostics.length === 0, at.text(diagnostics) === '');
    }),
    { numRuns: 400 },
  );
});

test('aliases of aliases of aliases are refused before they fill the memory', () => {
  const lines = [
    'a0: &a0 [1, 1]',
    ...Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
  ];
  const { diagnostics } = parseYaml(lines.join('\n'), 'bomb.yaml');
  assert.equal(diagnostics[0]?.message, 'not YAML for tg: aliases make more than 1 000 000 values');
});

test('axes under parameters: are led to scan:', () => {
  const at = folder({
    'tg.yaml':
      'procedures:\n  - name: my/a\n    type: charge/hit_builder\n    parameters: [{key: t, values: [1]}]\n',
  });
  assert.match(
    at.text(),
    /parameters must be a mapping\n.*\n.*this is a list\n {2}try: scan: for a list of axes\n/,
  );
});
