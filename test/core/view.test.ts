/** The recording view: whatever way a value is looked at, it is recorded; nothing else is. The pitfalls of specs/hdf5-proofs.md section 5. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { traceOf } from '../../src/core/trace.ts';
import { valueIn } from '../../src/core/table-values.ts';
import { record } from '../../src/core/view.ts';
import { walkCanonical } from '../../src/core/walk.ts';
import type { Json } from '../../src/core/types.ts';

type Node = Record<string, Json>;

/** Paths that a look at the view records: leaves and mappings reached, `!keys` for enumerated, `!` before absent names. */
function readings(document: Json, look: (view: never) => unknown): string[] {
  const { view, readings: read } = record(document);
  look(view as never);
  return traceOf(document, read, String).values!.map(([path, value]) =>
    value === '!absent' ? `!${path}` : value.startsWith('!keys') ? `keys ${path}` : path,
  );
}

test('a leaf that is read is recorded with its way, its neighbours are not', () => {
  assert.deepEqual(
    readings({ a: { b: 1, c: 2 }, d: 3 }, (v: Node) => (v['a'] as Node)['b']),
    ['a', 'a.b'],
  );
  assert.deepEqual(
    readings({ a: { b: 1 } }, (v: Node) => v['a']),
    ['a'],
  );
});

test('an absent key that is probed is recorded', () => {
  assert.deepEqual(
    readings({ a: 1 }, (v: Node) => v['b']),
    ['!b'],
  );
  assert.deepEqual(
    readings({ a: 1 }, (v: Node) => 'b' in v),
    ['!b'],
  );
  assert.deepEqual(
    readings({ a: 1 }, (v: Node) => Object.hasOwn(v, 'b')),
    ['!b'],
  );
  assert.deepEqual(
    readings({ a: 1 }, ({ b = 5 }: Node) => b),
    ['!b'],
  );
});

test('looking for a key reads it', () => {
  assert.deepEqual(
    readings({ a: 1, b: 2 }, (v: Node) => 'a' in v),
    ['a'],
  );
  assert.deepEqual(
    readings({ a: 1, b: 2 }, (v: Node) => Object.hasOwn(v, 'a')),
    ['a'],
  );
});

test('enumerating reads the set of keys; spreading and entries also the leaves', () => {
  const d = { b: 1, a: { x: 2 } };
  assert.deepEqual(
    readings(d, (v: Node) => Object.keys(v)).filter((p) => p.startsWith('keys')),
    ['keys '],
  );
  for (const look of [
    (v: Node) => ({ ...v }),
    (v: Node) => Object.entries(v),
    (v: Node) => Object.values(v),
  ])
    assert.deepEqual(readings(d, look), ['keys ', 'a', 'b']);
  assert.deepEqual(
    readings(d, ({ b, ...rest }: Node) => [b, rest]),
    ['keys ', 'a', 'b'],
  );
  const names: string[] = [];
  readings(d, (v: Node) => {
    for (const k in v) names.push(k);
  });
  // Sorted: the order in a file can never show in a result.
  assert.deepEqual(names, ['a', 'b']);
});

test('children of a copy go on recording', () => {
  const { view, readings: read } = record({ a: { x: 1, y: 2 } });
  const copy = { ...(view as Node) };
  void (copy['a'] as Node)['y'];
  assert.ok(traceOf({ a: { x: 1, y: 2 } }, read, String).values!.some(([p]) => p === 'a.y'));
});

test('lists: indices, length, for-of, map, includes', () => {
  const d = { l: [1, 2, 3] };
  type L = { l: number[] };
  assert.deepEqual(
    readings(d, (v: L) => v.l[1]),
    ['l', 'l.1'],
  );
  assert.deepEqual(
    readings(d, (v: L) => v.l.length),
    ['l', 'keys l'],
  );
  assert.deepEqual(
    readings(d, (v: L) => v.l[9]),
    ['l', '!l.9'],
  );
  const all = ['l', 'keys l', 'l.0', 'l.1', 'l.2'];
  for (const look of [
    (v: L) => v.l.map((x) => x),
    (v: L) => [...v.l],
    (v: L) => v.l.slice(),
    (v: L) => v.l.concat([4]),
    (v: L) => {
      v.l.forEach(() => undefined);
    },
    (v: L) => v.l.reduce((a, b) => a + b),
    (v: L) => Math.max(...v.l),
    (v: L) => v.l.toSorted(),
  ])
    assert.deepEqual(readings(d, look), all, String(look));
  assert.deepEqual(
    readings(d, (v: L) => v.l.includes(1)),
    ['l', 'keys l', 'l.0'],
  );
  const { view } = record(d);
  assert.equal(Array.isArray((view as unknown as L).l), true);
});

test('JSON.stringify, util.inspect, console.log and format read everything', () => {
  const d = { a: { b: [1, { c: 2 }] }, e: null };
  const everything = [
    'keys ',
    'a',
    'keys a',
    'a.b',
    'keys a.b',
    'a.b.0',
    'a.b.1',
    'keys a.b.1',
    'a.b.1.c',
    'e',
  ];
  for (const look of [
    (v: Node) => JSON.stringify(v),
    (v: Node) => inspect(v),
    (v: Node) => format('%o', v),
    (v: Node) => format('%s %j', 'x', v),
  ])
    assert.deepEqual(readings(d, look), everything, String(look));
  assert.equal(inspect(record(d).view, { depth: 9 }), inspect(d, { depth: 9 }));
});

test('await, template literals and symbols are harmless', async () => {
  const { view, readings: read } = record({ a: { b: 1 } });
  await Promise.resolve((view as Node)['a']);
  assert.equal(String(view as unknown), '[object Object]');
  assert.deepEqual(traceOf({ a: { b: 1 } }, read, String).values, [['a', '!mapping']]);
});

test('the same object is the same object', () => {
  const view = record({ a: { b: 1 } }).view as Node;
  assert.equal(view['a'], view['a']);
});

test('nothing can be changed through it, and it says so', () => {
  const document = { a: { b: 1 }, l: [2, 1] };
  const view = record(document).view as unknown as { a: { b: number; c?: number }; l: number[] };
  for (const change of [
    () => (view.a.b = 2),
    () => (view.a.c = 2),
    () => delete (view.a as { b?: number }).b,
    () => Object.defineProperty(view, 'x', { value: 1 }),
    () => Object.setPrototypeOf(view, null) as unknown,
    () => Object.freeze(view),
    () => view.l.push(2),
    () => view.l.sort(),
  ])
    assert.throws(change, /cannot be changed by a task/);
  assert.deepEqual(document, { a: { b: 1 }, l: [2, 1] });
});

test('it cannot be sent or cloned by accident', () => {
  assert.throws(() => structuredClone(record({ a: 1 }).view), { name: 'DataCloneError' });
});

test('reading after the end of the task is refused', () => {
  const { view, close } = record({ a: 1 });
  close();
  assert.throws(() => (view as Node)['a'], /after the task had ended/);
});

test('keys with dots, empty keys and keys of prototypes are ordinary keys', () => {
  const d = JSON.parse('{"a.b": {"": 1}, "__proto__": 2, "constructor": 3}') as Json;
  assert.deepEqual(
    readings(d, (v: Node) => (v['a.b'] as Node)['']),
    ['a\\.b', 'a\\.b.'],
  );
  assert.deepEqual(
    readings(d, (v: Node) => v['__proto__']),
    ['__proto__'],
  );
  assert.deepEqual(
    readings(d, (v: Node) => v['constructor']),
    ['constructor'],
  );
});

test('a value two levels down is recorded as two reads are, whatever is there', () => {
  const d = { 7: { x: 1, l: [1], t: 'a' }, 8: 5, l: [{ x: 2 }] } as unknown as Json;
  for (const [key, name] of [
    [7, 'x'],
    [7, 't'],
    [7, 'nothing'],
    [7, '__proto__'],
    [9, 'x'],
    [8, 'x'],
    ['l', '0'],
    ['l', 'length'],
    ['constructor', 'name'],
    ['__proto__', 'x'],
  ] as const) {
    const two = (v: Node): unknown => {
      const inner = v[key];
      return inner !== null && typeof inner === 'object'
        ? (inner as unknown as Node)[name]
        : undefined;
    };
    const label = `${key}.${name}`;
    assert.deepEqual(
      readings(d, (v: Json) => valueIn(v, key, name)),
      readings(d, two),
      label,
    );
    const plain = valueIn(d, key, name);
    assert.deepEqual(
      JSON.stringify(valueIn(record(d).view, key, name)),
      JSON.stringify(plain),
      label,
    );
  }
  const closed = record(d);
  closed.close();
  assert.throws(() => valueIn(closed.view, 7, 'x'), /after the task had ended/);
  assert.throws(() => valueIn(closed.view, 9, 'x'), /after the task had ended/);
});

test('many values two levels down are all recorded, in any order', () => {
  const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
  const entry = Object.fromEntries(names.map((name, i) => [name, i]));
  const d = { a: entry, b: { ...entry }, c: { ...entry } };
  const { view, readings: read } = record(d);
  for (const name of names) valueIn(view, 'a', name);
  for (const name of names.toReversed().slice(0, 20)) valueIn(view, 'b', name);
  valueIn(view, 'b', 'n29');
  valueIn(view, 'c', 'n1');
  void ((view as unknown as typeof d).c as Record<string, number>)['n2'];
  assert.equal(read.leaves, 52);
  const seen = traceOf(d, read, String).values!.map(([path]) => path);
  assert.equal(seen.filter((path) => path.startsWith('a.')).length, 30);
  assert.equal(seen.filter((path) => path.startsWith('b.')).length, 20);
  assert.deepEqual(
    seen.filter((path) => path.startsWith('c')),
    ['c', 'c.n1', 'c.n2'],
  );
});

test('a view that was read two levels down is the same view afterwards', () => {
  const d = { a: { b: 1, c: 2 } };
  const { view, readings: read } = record(d);
  assert.equal(valueIn(view, 'a', 'b'), 1);
  assert.equal(inspect((view as Node)['a']), inspect({ b: 1, c: 2 }));
  assert.deepEqual(
    traceOf(d, read, String).values!.map(([p]) => p),
    ['a', 'a', 'a.b', 'a.c'],
  );
});

test('a chain of 100 000 mappings is walked without a stack', () => {
  let d: Json = 1;
  for (let i = 0; i < 100_000; i++) d = { d };
  assert.equal(
    walkCanonical(d, () => undefined),
    100_001,
  );
});
