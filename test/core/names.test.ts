import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareNatural,
  globMatcher,
  isName,
  isNameGlob,
  matchPoint,
  matchRuns,
  nameMatcher,
  parseSelect,
  parseTarget,
  valueText,
} from '../../src/core/names.ts';

test('names are words joined by "/"', () => {
  for (const good of ['a', 'charge/events', 'my/n-hits_2', 'charge/events/ref/light/events', '9'])
    assert.ok(isName(good), good);
  for (const bad of ['', '/a', 'a/', 'a//b', 'a b', 'a.b', 'a@b', 'é', 'a\n', 'a*'])
    assert.ok(!isName(bad), bad);
  assert.ok(isNameGlob('harmonic/*'));
  assert.ok(isNameGlob('**/events'));
});

test('a TARGET is a name, a folder or a path', () => {
  assert.deepEqual(parseTarget('charge/events'), {
    kind: 'name',
    written: 'charge/events',
    name: 'charge/events',
    glob: false,
    select: undefined,
  });
  assert.deepEqual(parseTarget('charge/events@r42'), {
    kind: 'name',
    written: 'charge/events@r42',
    name: 'charge/events',
    glob: false,
    select: { runs: ['r42'], point: [] },
  });
  assert.deepEqual(parseTarget('charge/'), {
    kind: 'folder',
    written: 'charge/',
    folder: 'charge/',
    select: undefined,
  });
  assert.deepEqual(parseTarget('build/r42.h5::/charge/hits'), {
    kind: 'path',
    written: 'build/r42.h5::/charge/hits',
    path: 'build/r42.h5',
    dataset: '/charge/hits',
  });
  assert.deepEqual(parseTarget('./fit'), {
    kind: 'path',
    written: './fit',
    path: './fit',
    dataset: '',
  });
  assert.equal(parseTarget('charge/*')?.kind, 'name');
  assert.equal(parseTarget('')?.kind, undefined);
  assert.equal(parseTarget('charge/hits@'), undefined);
});

test('SELECT holds runs, points or both', () => {
  assert.deepEqual(parseSelect('r41,r43'), { runs: ['r41', 'r43'], point: [] });
  assert.deepEqual(parseSelect('Calib=0..256,phase_strobe=3'), {
    runs: [],
    point: [
      { axis: 'Calib', pattern: '0..256' },
      { axis: 'phase_strobe', pattern: '3' },
    ],
  });
  assert.deepEqual(parseSelect('r42,threshold=4'), {
    runs: ['r42'],
    point: [{ axis: 'threshold', pattern: '4' }],
  });
  for (const bad of ['', 'r41,', '=4', 'a=']) assert.equal(parseSelect(bad), undefined, bad);
});

test('globs: * stops at "/", ** does not', () => {
  const matches = (pattern: string, name: string): boolean => globMatcher(pattern)(name);
  assert.ok(matches('charge/*', 'charge/hits'));
  assert.ok(!matches('charge/*', 'charge/events/ref/light/events'));
  assert.ok(matches('charge/**', 'charge/events/ref/light/events'));
  assert.ok(matches('**/events', 'events'));
  assert.ok(matches('**/events', 'a/b/events'));
  assert.ok(!matches('**/events', 'raw_events'));
  assert.ok(matches('*/raw_*', 'charge/raw_events'));
  assert.ok(!matches('charge/hits', 'charge/hits2'));
  const folder = nameMatcher(parseTarget('charge/')!);
  assert.ok(folder('charge/hits') && folder('charge/a/b') && !folder('charges/a'));
});

test('ranges of runs are in natural order with both ends', () => {
  const inside = matchRuns(['r8..r11']);
  assert.deepEqual(['r7', 'r8', 'r9', 'r10', 'r11', 'r12', 's9'].filter(inside), [
    'r8',
    'r9',
    'r10',
    'r11',
  ]);
  assert.deepEqual(['r41', 'r42', 'r43', 'x42'].filter(matchRuns(['r4*'])), ['r41', 'r42', 'r43']);
  assert.deepEqual(['r41', 'r42', 'r43'].filter(matchRuns(['r41', 'r43'])), ['r41', 'r43']);
  assert.ok(matchRuns([])('anything'));
});

test('points match by axis: values, ranges and globs', () => {
  const matches = (select: string, point: Record<string, number | string> | undefined): boolean =>
    matchPoint(parseSelect(select)!)(point);
  assert.ok(matches('Calib=32', { Calib: 32, phase: 1 }));
  assert.ok(matches('Calib=32.0', { Calib: 32 }));
  assert.ok(!matches('Calib=3', { Calib: 32 }));
  assert.ok(matches('Calib=0..256', { Calib: 256 }) && !matches('Calib=0..256', { Calib: 257 }));
  assert.ok(matches('Calib=-2..-1', { Calib: -1.5 }));
  assert.ok(matches('mode=f*', { mode: 'fast' }) && matches('b=*', { b: 4 }));
  assert.ok(!matches('other=1', { Calib: 1 }));
  assert.ok(!matches('Calib=1', undefined) && matches('r42', undefined));
});

test('the text of a value reads back as itself', () => {
  assert.equal(valueText(32), '32');
  assert.equal(valueText(1e21), '1e+21');
  assert.equal(valueText('fast'), 'fast');
  assert.equal(valueText('32'), '"32"');
  assert.equal(valueText('a,b'), '"a,b"');
  assert.equal(valueText('true'), '"true"');
  assert.equal(valueText([1, 'a']), '[1,"a"]');
});

const runName = fc.string({
  unit: fc.constantFrom('r', 's', '_', '0', '1', '2', '9'),
  maxLength: 8,
});

test('natural order is a total order', () => {
  fc.assert(
    fc.property(runName, runName, runName, (a, b, c) => {
      const sign = (x: string, y: string): number => Math.sign(compareNatural(x, y));
      assert.equal(sign(a, b), -sign(b, a) || 0);
      assert.equal(sign(a, b) === 0, a === b);
      if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0, `${a} ${b} ${c}`);
    }),
    { numRuns: 2000 },
  );
});

test('natural order counts numbers of any length', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 30n }),
      fc.bigInt({ min: 0n, max: 10n ** 30n }),
      (a, b) => {
        const wanted = a < b ? -1 : a > b ? 1 : 0;
        assert.equal(Math.sign(compareNatural(`r${a}x`, `r${b}x`)), wanted);
      },
    ),
  );
});

test('a range holds what natural order puts between its ends', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), fc.nat(200), (from, to, n) => {
      assert.equal(matchRuns([`r${from}..r${to}`])(`r${n}`), from <= n && n <= to);
    }),
  );
});

test('every name parses to itself, with any selection of runs', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', '_', '-'),
    minLength: 1,
    maxLength: 5,
  });
  const name = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('/'));
  fc.assert(
    fc.property(name, fc.array(word, { minLength: 1, maxLength: 3 }), (text, runs) => {
      assert.ok(isName(text));
      const target = parseTarget(`${text}@${runs.join(',')}`);
      assert.ok(target?.kind === 'name');
      assert.equal(target.name, text);
      assert.deepEqual(target.select, { runs, point: [] });
    }),
  );
});
