/** A failed task: error, the command's last lines, what to do next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskFailure } from '../../src/core/types.ts';
import { failureLines } from '../../src/report/failure.ts';
import { ink, manner, task } from './tale.ts';

const told = (
  failure: Partial<TaskFailure>,
  more: Parameters<typeof manner>[0] = {},
  attempts = 1,
): string[] =>
  failureLines(
    {
      type: 'failed',
      task: task('fit@r1'),
      failure: { code: 'command', message: 'broken', ...failure },
      seconds: 68,
      attempts,
    },
    manner(more),
    ink,
  ).slice(1);

test('the first line says how long, and how often it was tried', () => {
  const failure = { code: 'command', message: 'broken', try: 'x' };
  const event = {
    type: 'failed',
    task: task('a@Calib=896'),
    failure,
    seconds: 68,
    attempts: 3,
  } as const;
  assert.equal(
    failureLines(event, manner(), ink)[0],
    'a@Calib=896: failed after 3 tries, 1 min 08 s',
  );
});

test('places, and how to go on from there', () => {
  const where = { file: '/p/cal/ped.json', line: 3, column: 31 };
  assert.deepEqual(told({ code: 'bad-value', where, try: 'correct the value' }), [
    '  error: cal/ped.json:3:31: broken',
    '  try: correct the value, then tg build x',
  ]);
  const input: Partial<TaskFailure> = {
    code: 'bad-input',
    at: { file: '/p/raw/r1.h5' },
    try: 'copy it again',
  };
  assert.deepEqual(told(input), [
    '  error: raw/r1.h5: broken',
    '  try: copy it again; the other runs: tg build x --keep-going',
  ]);
  assert.deepEqual(told(input, { keepGoing: true })[1], '  try: copy it again');
});

test("a command's last lines stand below the error, then where the rest is", () => {
  const lines = ['one', 'two'];
  assert.deepEqual(
    told({ message: 'sh: exit 3 (last 2 lines above)', lines, try: 'tg log fit@r1' }),
    ['  error: sh: exit 3', '    one', '    two', '  log: tg log fit@r1'],
  );
  assert.deepEqual(told({ lines: [], try: 'tg log fit@r1' }), [
    '  error: broken',
    '  try: tg log fit@r1',
  ]);
});

test('the stack of a module only with -v; every error ends in a try', () => {
  const stack = 'TypeError: broken\n    at run (fit.mjs:2:3)';
  assert.deepEqual(told({ stack }), [
    '  error: broken',
    '  try: tg build fit@r1 --only -v (adds the stack)',
  ]);
  assert.deepEqual(told({ stack }, { verbose: true }), [
    '  error: broken',
    '    at run (fit.mjs:2:3)',
    '  try: tg log fit@r1',
  ]);
});
