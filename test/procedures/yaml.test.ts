import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Json, KeyPath } from '../../src/core/types.ts';
import { whereInText } from '../../src/procedures/where-in-file.ts';
import { parseYaml } from '../../src/procedures/yaml.ts';

const read = (text: string) => parseYaml(text, 'a.yaml');
const at = (text: string, path: KeyPath, what: 'value' | 'key' | 'pair' = 'value'): string => {
  const { line, column, length } = read(text).places[what](path);
  return `${line}:${column}+${length ?? 0}`;
};

test('numbers are values, however they are written; big ones keep their digits', () => {
  assert.deepEqual(read('[1, 1.0, 1e0, 0x10, 0o10, 010, -0.0, "1"]').value, [
    1,
    1,
    1,
    16,
    8,
    10,
    0,
    '1',
  ]);
  assert.deepEqual(read('a: 12345678901234567890\nb: 9007199254740991').value, {
    a: '12345678901234567890',
    b: 9007199254740991,
  });
  assert.deepEqual(read('[no, 2021-04-04, ~, .5]').value, ['no', '2021-04-04', null, 0.5]);
});

test('places of values, keys and both', () => {
  const text =
    '# tg\nlink: {refs: region, drop: [a, b]}\nlist:\n  - name: x\n    deep:\n      k: 12\nempty:\n';
  assert.equal(at(text, ['link', 'refs']), '2:14+6');
  assert.equal(at(text, ['link', 'refs'], 'key'), '2:8+4');
  assert.equal(at(text, ['link', 'refs'], 'pair'), '2:8+12');
  assert.equal(at(text, ['link', 'drop', 1]), '2:32+1');
  assert.equal(at(text, ['list', 0, 'name']), '4:11+1');
  assert.equal(at(text, ['list', 0, 'deep', 'k'], 'pair'), '6:7+5');
  assert.equal(at(text, ['empty']), '7:1+5');
  assert.equal(at(text, ['link', 'nothing', 'below']), '2:7+28');
});

test('merge keys: own keys first, then the first mapping that has one; places lead to where it is written', () => {
  const text = 'base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\nall:\n  <<: [*b, *m]\n  x: 3\n';
  const file = read(text);
  assert.deepEqual(file.diagnostics, []);
  assert.deepEqual((file.value as { all: Json }).all, { x: 3, y: 1, z: 2 });
  assert.equal(at(text, ['all', 'z']), '2:20+1');
  assert.equal(at(text, ['all', 'x']), '5:6+1');
});

test('aliases stand for their values, and may not hold themselves', () => {
  assert.deepEqual(read('a: &x [1, 2]\nb: *x').value, { a: [1, 2], b: [1, 2] });
  assert.equal(read('a: &x [1, *x]').diagnostics[0]?.message, 'not YAML: *x holds itself');
  assert.equal(read('a: *x').diagnostics[0]?.message, 'not YAML: no anchor &x above');
});

test('keys that are no text, keys of objects, empty files', () => {
  assert.deepEqual(read('{1: a, 1.50: b, true: c, null: d}').value, {
    1: 'a',
    1.5: 'b',
    true: 'c',
    null: 'd',
  });
  assert.equal(read('? [a]\n: 1').diagnostics[0]?.message, 'not YAML for tg: a key must be text');
  assert.deepEqual(Object.keys(read('__proto__: {a: 1}').value as object), ['__proto__']);
  assert.equal(read('# nothing\n').value, null);
  assert.equal(read('').value, null);
});

test('a key twice is told with both places, also inside lists and when the keys are numbers', () => {
  const messages = (text: string): string[] =>
    read(text).diagnostics.map(
      ({ where, message }) => `${where?.line}:${where?.column} ${message}`,
    );
  assert.deepEqual(messages('- {a: 1, a: 2}\n- {b: 1}'), ['1:10 key "a" twice, first at line 1']);
  assert.deepEqual(messages('1: a\n1.0: b'), ['2:1 key "1" twice, first at line 1']);
  assert.equal(read('a: 1\na: 2').diagnostics[0]?.related?.[0]?.where.line, 1);
});

test('words of YAML 1.1 are warned about where they stand bare as values', () => {
  const words = (text: string): string[] =>
    read(text).diagnostics.map(({ message, try: hint }) => `${message} -> ${hint ?? ''}`);
  assert.deepEqual(words('a: yes\nb: "no"\non: x\nc: [Off]'), [
    'yes is text in YAML 1.2 -> true, or "yes" in quotes',
    'Off is text in YAML 1.2 -> false, or "Off" in quotes',
  ]);
});

test('brackets a thousand deep are a message, not a crash', () => {
  const file = read('['.repeat(20_000));
  assert.equal(file.value, undefined);
  assert.match(file.diagnostics[0]?.message ?? '', /^not YAML: /);
});

test('40 000 keys, one of them twice', () => {
  // With a quadratic check this one test takes as long as all others together.
  const keys = Array.from({ length: 40_000 }, (_, i) => `k${i}: {a: ${i}, b: x}`);
  const file = read([...keys, 'k17: 1'].join('\n'));
  assert.equal(Object.keys(file.value as object).length, 40_000);
  assert.deepEqual(
    file.diagnostics.map(({ message }) => message),
    ['key "k17" twice, first at line 18'],
  );
  assert.equal(file.places.value(['k39999', 'b']).line, 40_000);
});

const json = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>(null, true, 'a', 'x: y', '{run}', ' "q\\', 'é'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc
      .dictionary(
        fc.string({
          unit: fc.constantFrom('a', 'b', '.', '"', ' ', '1'),
          minLength: 1,
          maxLength: 4,
        }),
        tie('any'),
        { maxKeys: 4 },
      )
      .map((o) => ({ ...o })),
  ),
})).any;

/** Every path in a value. */
function paths(value: Json, path: KeyPath = []): KeyPath[] {
  if (typeof value !== 'object' || value === null) return [path];
  const steps: (string | number)[] = Array.isArray(value)
    ? value.map((_, i) => i)
    : Object.keys(value);
  return [
    path,
    ...steps.flatMap((step) =>
      paths((value as { readonly [key: string]: Json })[step]!, [...path, step]),
    ),
  ];
}

const valueAt = (value: Json, path: KeyPath): Json =>
  path.reduce<Json>((v, step) => (v as { readonly [key: string]: Json })[step]!, value);

test('what is written as YAML or JSON is read back', () => {
  fc.assert(
    fc.property(json, (value) => {
      assert.deepEqual(read(JSON.stringify(value)).value, value);
      assert.deepEqual(read(JSON.stringify(value, null, 2)).value, value);
      assert.deepEqual(read(stringify(value, { lineWidth: 0 })).value, value);
    }),
  );
});

test('the place of every value of a JSON file is where its text begins, by both readers', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const lines = text.split('\n');
      for (const path of paths(value)) {
        const scanned = whereInText(text, 'a.json', path);
        const parsed = whereInText(text, 'a.yaml', path);
        assert.deepEqual({ ...scanned, file: '' }, { ...parsed, file: '' });
        const rest = [
          lines[scanned.line - 1]!.slice(scanned.column - 1),
          ...lines.slice(scanned.line),
        ].join('\n');
        const found = JSON.stringify(valueAt(value, path), null, indent).replace(/\n */g, '\n');
        assert.ok(rest.replace(/\n */g, '\n').startsWith(found), `${path.join('.')} in ${text}`);
      }
    }),
  );
});

test('the place of a pedestal in a JSON file', () => {
  const text =
    '{\n  "4211696": {"pedestal_mv": 570.1},\n  "4211697": {"pedestal_mv": "n/a", "x": 1}\n}\n';
  assert.deepEqual(whereInText(text, 'cal/ped.json', ['4211697', 'pedestal_mv']), {
    file: 'cal/ped.json',
    line: 3,
    column: 30,
    length: 5,
  });
  assert.deepEqual(whereInText(text, 'cal/ped.json', ['4211697', 'none']).column, 14);
  assert.deepEqual(whereInText('[1, {"a": ', 'x.json', [1, 'a', 'b']).line, 1);
});
