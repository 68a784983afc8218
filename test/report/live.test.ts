/** The live view on a screen made of text; times are given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar, cutName, liveLines, rate } from '../../src/report/live.ts';
import { isoTime } from '../../src/report/json.ts';
import { secondsLeft } from '../../src/report/story.ts';
import { textReporter } from '../../src/report/text.ts';
import type { TextOptions } from '../../src/report/text.ts';
import { done, entry, ink, manner, planned, task, told } from './tale.ts';

test('bars, rates and names', () => {
  assert.equal(bar(0), `[${'.'.repeat(20)}]`);
  assert.equal(bar(0.001), `[>${'.'.repeat(19)}]`);
  assert.equal(bar(0.7), '[=============>......]');
  assert.equal(bar(0.999), '[==================>.]');
  assert.equal(bar(1), `[${'='.repeat(20)}]`);
  assert.equal(rate(1_306_000, 'packets'), '1.31 M packets/s');
  assert.equal(rate(46_546, 'packets'), '46 500 packets/s');
  assert.equal(rate(940_000, 'packets'), '0.94 M packets/s');
  assert.equal(cutName('charge/packets_corr_ts', 20), 'charge/pack..corr_ts');
  assert.equal(cutName('short', 19), 'short');
});

test('lines fit the screen: 60 columns at least, 120 at most', () => {
  const row = (name: string): Parameters<typeof liveLines>[0][number] => ({
    name,
    settled: 2,
    tasks: 3,
    part: 0.1,
    selections: ['r41', 'r42', 'a_run_with_a_very_long_name'],
    rate: '1.31 M packets/s',
  });
  assert.deepEqual(
    liveLines([row('charge/raw_events'), { ...row('charge/hits'), selections: ['r42'] }], 'end', {
      columns: 80,
      write: () => undefined,
    }),
    [
      'charge/raw_events  [=============>......]  2/3  r41, r42  1.31 M packets/s',
      'charge/hits        [=============>......]  2/3  r42       1.31 M packets/s',
      'end',
    ],
  );
  for (const columns of [20, 60, 77, 100, 120, 400]) {
    const screen = { columns, write: () => undefined };
    const lines = liveLines([row('n'.repeat(150)), row('x')], 'e'.repeat(200), screen);
    const width = Math.min(120, Math.max(60, columns));
    assert.ok(
      lines.every(({ length }) => length < width),
      `${columns}: ${lines.join('\n')}`,
    );
  }
});

test('what is left, from what was learnt', () => {
  const tasks = ['a@r1', 'a@r2', 'b@r1', 'b@r2'].map((id) => task(id));
  const cold = told([planned(tasks), done(tasks[0]!)]);
  assert.equal(secondsLeft(cold, 1), undefined, 'nobody knows how long b takes');
  const learnt = tasks.map((each) => entry(each, { ms: 2000 }));
  const began = { type: 'began', build: 1, targets: [], workers: 2, time: 0 } as const;
  const started = { type: 'started', task: tasks[1]!, attempt: 1, worker: 1 } as const;
  const warm = told([began, planned(tasks), done(tasks[0]!), started], learnt);
  // 2 s each for b, and what is left of a@r2 that began at 0.3 s, by two workers.
  assert.equal(secondsLeft(warm, 1.3), (2 + 2 + 1) / 2);
});

test('above 200 tasks a line per five seconds', () => {
  const tasks = Array.from({ length: 201 }, (_, i) => task(`a@r${i}`));
  const story = told([planned(tasks)]);
  let written = '';
  const options: TextOptions = {
    story,
    manner: manner(),
    ink,
    level: 'tasks',
    write: (text) => (written += text),
    diagnostic: () => '',
    outcome: () => undefined,
    seconds: () => 0,
  };
  const report = textReporter(options);
  for (let i = 0; i < 120; i++) {
    const event = done(tasks[i]!);
    story.take(event, i / 10);
    report(event, i / 10);
  }
  assert.equal(
    written,
    '51 of 201 tasks done, 0 running, 5.0 s, about 15.0 s left\n' +
      '101 of 201 tasks done, 0 running, 10.0 s, about 10.0 s left\n',
  );
});

test('moments of --json have the local zone', () => {
  const at = Date.UTC(2026, 10, 20, 13, 2, 11, 31);
  const text = isoTime(at);
  assert.match(text, /^2026-11-\d\dT\d\d:\d\d:11\.031[+-]\d\d:\d\d$/);
  assert.equal(Date.parse(text), at);
});
