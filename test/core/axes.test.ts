import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { points, pointText, rangeValues, readAxes, withPoint } from '../../src/core/axes.ts';
import type { Axis, Json, Places } from '../../src/core/types.ts';

const nowhere = { file: 'scan.yaml', line: 1, column: 1 };
const places: Places = { value: () => nowhere, key: () => nowhere, pair: () => nowhere };
const read = (value: Json): { axes: Axis[]; messages: string[] } => {
  const { axes, diagnostics } = readAxes(value, [], places);
  return { axes, messages: diagnostics.map(({ code, message }) => `[${code}] ${message}`) };
};
const axis = (name: string, values: Json[], key: Axis['key'] = [name]): Axis => ({
  name,
  key,
  values,
  where: nowhere,
});

test('ranges exclude their stop and count without error', () => {
  assert.deepEqual(rangeValues(0, 8, 3), [0, 3, 6]);
  assert.deepEqual(rangeValues(3, 0, -1), [3, 2, 1]);
  assert.deepEqual(rangeValues(0, 0.3, 0.1), [0, 0.1, 0.2]);
  assert.deepEqual(rangeValues(0.2, 0.8, 0.2), [0.2, 0.4, 0.6]);
  assert.deepEqual(rangeValues(0, 1, 0.1)[3], 0.3);
  assert.deepEqual(rangeValues(0, 0, 1), []);
  assert.equal(rangeValues(0, 2048, 32).length, 64);
});

test('decimal ranges hold n values, the last below stop', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 30 }),
      (start, n, step) => {
        const values = rangeValues(start / 10, (start + n * step) / 10, step / 10);
        assert.equal(values.length, n);
        values.forEach((value, i) =>
          assert.equal(value, Number(((start + i * step) / 10).toFixed(1))),
        );
      },
    ),
  );
});

test('axes are read from key and range or values', () => {
  const { axes, messages } = read([
    {
      key: [['roc_s0', 'roc_s1', 'roc_s2'], 'ReferenceVoltage', [0, 1], 'Calib'],
      range: { start: 0, stop: 2048, step: 32 },
      name: 'Calib',
    },
    { key: 'a.b', values: [1, 'x'] },
    { key: 'mode', values: 'fast' },
  ]);
  assert.deepEqual(messages, []);
  assert.deepEqual(
    axes.map(({ name, values }) => [name, values.length]),
    [
      ['Calib', 64],
      ['b', 2],
      ['mode', 1],
    ],
  );
  assert.deepEqual(axes[1]!.key, ['a', 'b']);
});

test('mistakes in axes', () => {
  const message = (value: Json): string => read(value).messages.join('; ');
  assert.equal(
    message([{ key: 'a', range: { start: 2048, stop: 0, step: 32 } }]),
    '[empty-range] empty range: start 2048, stop 0, step 32',
  );
  assert.equal(message([{ key: 'a', values: [] }]), '[empty-range] empty list of values');
  assert.equal(
    message([{ key: 'a', range: { stop: 4, step: 0 } }]),
    '[bad-value] step must not be 0',
  );
  assert.equal(message([{ key: 'a', range: { start: 1 } }]), '[missing-key] range has no stop');
  assert.equal(
    message([{ key: 'a', range: { stop: '4' } }]),
    '[wrong-type] range.stop must be a number',
  );
  assert.equal(message([{ key: 'a' }]), '[missing-key] axis has no range or values');
  assert.equal(message([{ values: [1] }]), '[missing-key] axis has no key');
  assert.equal(
    message([{ key: [['x', 'y']], values: [1] }]),
    '[bad-value] name of an axis must be one word of letters, digits, "_" and "-"',
  );
  assert.equal(message([{ key: 'a', values: [1, 1] }]), '[bad-value] value 1 twice');
  assert.equal(message([{ key: 'a', values: [1], step: 2 }]), '[unknown-key] unknown key "step"');
  assert.equal(
    message([
      { key: 'a', values: [1] },
      { key: 'b.a', values: [1] },
    ]),
    '[duplicate-name] axis a twice',
  );
  assert.equal(message(['a']), '[wrong-type] an axis must be a mapping of key and range or values');
  assert.equal(
    message([{ key: 'a', range: { stop: 1e9 } }]),
    '[bad-value] 0 to 1000000000 in steps of 1 are more than 1 000 000 values',
  );
});

test('points are in product order, the first axis slowest', () => {
  const all = points([axis('a', [1, 2]), axis('b', ['x', 'y', 'z'])]);
  assert.deepEqual(
    all.map((point) => pointText(point)),
    ['a=1,b=x', 'a=1,b=y', 'a=1,b=z', 'a=2,b=x', 'a=2,b=y', 'a=2,b=z'],
  );
  assert.deepEqual(points([]), [{}]);
  assert.equal(pointText({ b: 1, a: 2 }), 'a=2,b=1');
  assert.equal(pointText({ a: 1 }, ['a', 'b']), 'a=1,b=*');
});

test('a list in a key stands for all of its members, and nothing given is changed', () => {
  const params = { roc: { s0: { x: 1 }, s1: { x: 1 } }, list: [1, 2, 3], other: 5 };
  const before = JSON.stringify(params);
  const axes = [axis('x', [9], ['roc', ['s0', 's1', 's2'], 'x']), axis('l', [7], ['list', [0, 2]])];
  assert.deepEqual(withPoint(params, axes, { x: 9, l: 7 }), {
    roc: { s0: { x: 9 }, s1: { x: 9 }, s2: { x: 9 } },
    list: [7, 2, 7],
    other: 5,
  });
  assert.equal(JSON.stringify(params), before);
  assert.equal(withPoint(params, axes, {}), params);
});

test('points of a product are distinct, as many as the product of the axes', () => {
  const values = fc.uniqueArray(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(values, { maxLength: 4 }), (lists) => {
      const all = points(lists.map((list, i) => axis(`a${i}`, list)));
      assert.equal(
        all.length,
        lists.reduce((n, list) => n * list.length, 1),
      );
      assert.equal(new Set(all.map((point) => pointText(point))).size, all.length);
    }),
  );
});
