/** The closing lines from made-up stories: what the fixtures do not reach. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildEvent, Reason } from '../../src/core/types.ts';
import { rootCauses } from '../../src/report/because.ts';
import { closingLines } from '../../src/report/closing.ts';
import { done, ink, manner, outcome, planned, task, told } from './tale.ts';
import type { DoneEvent } from '../../src/report/story.ts';

const runs = (name: string, n: number): ReturnType<typeof task>[] =>
  Array.from({ length: n }, (_, i) => task(`${name}@r${i + 1}`));

const changed = (key: string, n = 1): Reason => ({
  kind: 'values',
  name: 'pedestal_file',
  file: 'cal/ped.json',
  changed: n,
  read: 900,
  values: [{ key }],
});

const causes = (events: readonly BuildEvent[]): string[] => rootCauses(events as DoneEvent[]);

test('because: only what is not the work of another task of this build', () => {
  const [hits] = runs('hits', 1);
  const [events] = runs('events', 1);
  const input: Reason = { kind: 'input', target: 'hits@r1', rows: [3, 4] };
  assert.deepEqual(causes([done(hits!, [changed('7')]), done(events!, [input])]), [
    'hits@r1: pedestal_file changed (7)',
  ]);
  assert.deepEqual(causes([done(events!, [input])]), ['events@r1: input hits changed']);
  assert.deepEqual(causes([done(hits!)]), [], 'what was never built is no surprise');
  assert.deepEqual(causes([done(hits!, [{ kind: 'forced' }])]), [], 'nor what was asked for');
});

test('because: runs of one cause are joined in natural order, keys named up to three', () => {
  const hits = runs('hits', 11);
  assert.deepEqual(causes([hits[10]!, hits[1]!].map((each) => done(each, [changed('7')]))), [
    'hits@r2,r11: pedestal_file changed (7)',
  ]);
  assert.deepEqual(causes(hits.map((each) => done(each, [{ kind: 'always' }]))), [
    'hits@r1,r2,.. (11 runs): always runs (always: true)',
  ]);
  const four = ['1', '2', '3', '4'].map((key, i) => done(hits[i]!, [changed(key)]));
  assert.deepEqual(causes(four), ['hits@r1,r2,r3,r4: pedestal_file changed (4 values)']);
  assert.deepEqual(causes([done(hits[0]!, [changed('1', 1200)])]), [
    'hits@r1: pedestal_file changed (1 200 values)',
  ]);
});

test('a good build has at most eight lines, whatever happened', () => {
  const tasks = runs('hits', 60);
  const events: BuildEvent[] = [planned(tasks)];
  tasks.forEach((each, i) =>
    events.push(
      done(each, [{ kind: 'parameter', name: `p${i % 9}`, from: '1', to: '2' }], {
        counts: [['hits', 2]],
        lost: [[1, 10, 'late']],
        notes: [[`note ${i % 7}`, 1, 2, false]],
      }),
    ),
  );
  const story = told(events);
  const lines = closingLines(story, outcome(story, tasks), manner(), 2, 0, ink);
  assert.equal(lines.length, 8);
  assert.equal(lines[0], 'hits: 60 runs, 120 hits');
  assert.equal(lines[1], '  lost: 60 of 600 packets: 60 late');
  assert.ok(lines.some((line) => /^ {2}because: \d more, -v: each$/.test(line)));
  assert.equal(lines.at(-2), '  files: build/r1.h5 ... build/r60.h5 (60 files)');
  assert.equal(lines.at(-1), '60 tasks: 60 done in 2.0 s');
  assert.ok(
    closingLines(story, outcome(story, tasks), manner({ verbose: true }), 2, 0, ink).length > 8,
  );
});

test('a procedure without counts shows the rows of its tables, a note of last time is not repeated', () => {
  const [one] = runs('fit', 1);
  const note = ['pixels dead', 3, 9, false] as const;
  const event = done(one!, [changed('1')], { notes: [note] });
  const fresh = told([planned([one!]), event]);
  assert.deepEqual(closingLines(fresh, outcome(fresh, [one!]), manner(), 1, 0, ink), [
    'fit@r1: 5 rows',
    '  note: fit@r1: 3 of 9 pixels dead',
    '  because: fit@r1: pedestal_file changed (1)',
    '  files: build/r1.h5',
    '1 task: 1 done in 1.0 s',
  ]);
  const stale: BuildEvent = { type: 'stale', task: one!, reasons: [] };
  const again = told([stale, planned([one!]), event], [(event as DoneEvent).entry]);
  assert.ok(
    !closingLines(again, outcome(again, [one!]), manner(), 1, 0, ink).some((l) =>
      l.includes('note:'),
    ),
  );
});

test('everything asked for: what nothing else stands on, three lines at most', () => {
  const tasks = ['a', 'b', 'c', 'd', 'e'].flatMap((name) => runs(name, 2));
  const story = told([planned(tasks), ...tasks.map((each) => done(each))]);
  const lines = closingLines(story, outcome(story, tasks, ''), manner(), 1, 0, ink);
  assert.deepEqual(lines.slice(0, 3), [
    'a: 2 runs, 10 rows',
    'b: 2 runs, 10 rows',
    'and 3 more, see tg status',
  ]);
});

test('what was cancelled says why', () => {
  const tasks = runs('hits', 9);
  const failed: BuildEvent = {
    type: 'failed',
    task: tasks[0]!,
    failure: { code: 'command', message: 'exit 1' },
    seconds: 1,
    attempts: 1,
  };
  const cancelled = tasks.slice(1).map((each, i): BuildEvent => ({
    type: 'cancelled',
    task: each,
    because: i < 2 ? 'stopped' : 'hits@r1',
  }));
  const story = told([planned(tasks), failed, ...cancelled]);
  const end = (more: Parameters<typeof manner>[0]): string[] =>
    closingLines(story, outcome(story, tasks), manner(more), 1, 1, ink);
  assert.deepEqual(end({}), [
    '9 tasks: 1 failed, 8 cancelled in 1.0 s',
    '  6 need hits@r1; 2 not started (--keep-going builds them)',
  ]);
  assert.deepEqual(end({ keepGoing: true, maxFailures: 1 }).slice(1), [
    '  cancelled: hits@r2, hits@r3 (not started after 1 failure)',
    '  cancelled: hits@r4, hits@r5, hits@r6, hits@r7, 2 more (need hits@r1)',
  ]);
  assert.deepEqual(closingLines(story, outcome(story, tasks), manner(), 0.7, 130, ink), [
    'interrupted after 0.7 s: 9 tasks: 1 failed, 8 cancelled; the next build goes on',
  ]);
});

test('the flow file is named when it was asked for', () => {
  const tasks = runs('flow', 3).map((each) => ({ ...each, kind: 'flow' as const }));
  const story = told([planned(tasks), ...tasks.map((each) => done(each))]);
  const lines = closingLines(story, outcome(story, tasks, 'flow'), manner(), 1, 0, ink);
  assert.deepEqual(lines.slice(0, 2), [
    'flow: 3 runs, 15 rows',
    '  files: build/r1.h5 build/r2.h5 build/r3.h5',
  ]);
});
