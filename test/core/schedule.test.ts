/** The schedule as a state machine: who may be decided, who may start, whom a failure cancels. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { schedule } from '../../src/core/schedule.ts';
import type { Schedule } from '../../src/core/schedule.ts';
import type { Plan, Task } from '../../src/core/types.ts';
import { planned, task } from './graphs.ts';

const unlimited = { depth: () => Infinity };
/** Queues everything that is ready. */
function decide(s: Schedule): void {
  for (let i = s.ready(); i !== undefined; i = s.ready()) s.queue(i);
}
/** Runs everything, `free` slots wide; the order of starting. */
function runAll(p: Plan, s: Schedule, free = 1): string[] {
  const order: string[] = [];
  const running: number[] = [];
  for (;;) {
    decide(s);
    let used = running.reduce((n, i) => n + p.tasks[i]!.procedure.slots, 0);
    for (
      let i = s.start(free - used);
      i !== undefined && used < free;
      i = used < free ? s.start(free - used) : undefined
    ) {
      order.push(p.tasks[i]!.id);
      running.push(i);
      used += p.tasks[i]!.procedure.slots;
    }
    const next = running.shift();
    if (next === undefined) return order;
    s.settle(next, 'done');
  }
}

test('a task is ready when its makers have settled, never before', () => {
  const p = planned([task('a'), task('b', ['a']), task('c', ['b'])]);
  const s = schedule(p, unlimited);
  assert.deepEqual([s.ready(), s.ready()], [0, undefined]);
  s.settle(0, 'fresh');
  assert.equal(s.ready(), 1);
  s.queue(1);
  assert.equal(s.start(1), 1);
  assert.equal(s.ready(), undefined);
  s.settle(1, 'done');
  assert.equal(s.ready(), 2);
});

test('a failure cancels what stands on it, exactly', () => {
  const p = planned([
    task('a'),
    task('b', ['a']),
    task('c', ['b']),
    task('d'),
    task('e', ['d', 'c']),
    task('f', ['d']),
  ]);
  const s = schedule(p, unlimited);
  decide(s);
  s.start(9);
  const cancelled = s.settle(0, 'failed');
  assert.deepEqual([...cancelled].sort(), [1, 2, 4]);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((i) => s.state(i)),
    ['failed', 'cancelled', 'cancelled', 'queued', 'cancelled', 'waiting'],
  );
  assert.equal(s.open(), 2);
});

test('what is left does not hold up what stands on it', () => {
  const s = schedule(planned([task('a'), task('b', ['a'])]), unlimited);
  s.ready();
  s.settle(0, 'left');
  assert.equal(s.ready(), 1);
});

test('higher priority first, makers inherit it; then the longest path; then declaration', () => {
  const tasks = [
    task('a'),
    task('b'),
    task('c', ['b']),
    task('d', ['c']),
    task('m'),
    task('p', ['m'], { priority: 1 }),
  ];
  const ms: Record<string, number> = { a: 5, b: 1, c: 1, d: 4, m: 0, p: 0 };
  const p = planned(tasks);
  const order = runAll(p, schedule(p, { ...unlimited, weight: (i) => ms[tasks[i]!.id]! }));
  assert.deepEqual(order, ['m', 'p', 'b', 'a', 'c', 'd']);
  assert.deepEqual(runAll(p, schedule(p, unlimited)).slice(0, 2), ['m', 'p']);
});

test('a named lane keeps the order of declaration', () => {
  const tasks = ['a', 'b', 'c'].map((n) => task(n, [], { pool: 'daq' }));
  const p = planned(tasks);
  assert.deepEqual(runAll(p, schedule(p, { depth: () => 1, weight: (i) => i })), ['a', 'b', 'c']);
});

test('many slots: a task that needs more than is free waits, one that needs more than there is runs alone', () => {
  const p = planned([task('a'), task('big', [], { slots: 5 }), task('c')]);
  const s = schedule(p, unlimited);
  decide(s);
  assert.equal(s.start(2), 0);
  assert.equal(s.start(1), undefined);
  s.settle(0, 'done');
  assert.equal(s.start(2), 1);
  s.settle(1, 'done');
  assert.equal(s.start(2), 2);
});

test('whatever the graph, lanes and failures: lanes and slots are kept, everything settles, nothing runs before its makers', () => {
  const graph = fc.array(
    fc.record({
      needs: fc.array(fc.nat(30), { maxLength: 4 }),
      pool: fc.constantFrom('cpu', 'x', 'y'),
      slots: fc.integer({ min: 1, max: 3 }),
      priority: fc.nat(2),
      fails: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(graph, fc.integer({ min: 1, max: 4 }), fc.nat(), (nodes, workers, seed) => {
      const tasks: Task[] = nodes.map((n, i) =>
        task(`t${i}`, [...new Set(n.needs.filter((k) => k < i).map((k) => `t${k}`))], {
          pool: n.pool,
          slots: n.slots,
          priority: n.priority,
        }),
      );
      const p = planned(tasks);
      const depth: Record<string, number> = { cpu: 9, x: 1, y: 2 };
      const s = schedule(p, { depth: (pool) => depth[pool]! });
      const running: number[] = [];
      const good = new Set<number>();
      for (let step = seed; ; step = (step * 7 + 3) % 1009) {
        for (let i = s.ready(); i !== undefined; i = s.ready()) {
          assert.ok(p.needs[i]!.every((j) => good.has(j)));
          s.queue(i);
        }
        for (;;) {
          const used = running.reduce((n, i) => n + nodes[i]!.slots, 0);
          const i = used < workers ? s.start(workers - used) : undefined;
          if (i === undefined) break;
          running.push(i);
          for (const [pool, most] of Object.entries(depth))
            assert.ok(running.filter((k) => nodes[k]!.pool === pool).length <= most);
          assert.ok(running.length === 1 || used + nodes[i]!.slots <= workers);
        }
        assert.equal(s.running(), running.length);
        if (running.length === 0) break;
        const [ended] = running.splice(step % running.length, 1);
        if (!nodes[ended!]!.fails) good.add(ended!);
        s.settle(ended!, nodes[ended!]!.fails ? 'failed' : 'done');
      }
      assert.equal(s.open(), 0);
    }),
  );
});

// 56
test('a merge of 10 000 points becomes ready once, when the last of them has settled', () => {
  const points = Array.from({ length: 10_000 }, (_, i) => task(`p${i}`));
  const p = planned([
    ...points,
    task(
      'merge',
      points.map(({ id }) => id),
    ),
  ]);
  const s = schedule(p, unlimited);
  const order = runAll(p, s, 8);
  assert.equal(order.length, 10_001);
  assert.equal(order.indexOf('merge'), 10_000);
});
