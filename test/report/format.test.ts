import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytes,
  counted,
  duration,
  grouped,
  measured,
  moment,
  plural,
  total,
} from '../../src/report/format.ts';

test('how long something took', () => {
  const told = [
    0, 0.049, 0.21, 0.994, 0.996, 1.44, 59.94, 59.96, 125, 3599.4, 3599.6, 11_520, 172_800,
  ];
  assert.deepEqual(told.map(duration), [
    '0.00 s',
    '0.05 s',
    '0.21 s',
    '0.99 s',
    '1.0 s',
    '1.4 s',
    '59.9 s',
    '1 min 00 s',
    '2 min 05 s',
    '59 min 59 s',
    '1 h 00 min',
    '3 h 12 min',
    '2 days',
  ]);
  assert.deepEqual([0.09, 0.41, 0.96, 3.1, 125].map(total), [
    '0.09 s',
    '0.4 s',
    '1.0 s',
    '3.1 s',
    '2 min 05 s',
  ]);
});

test('numbers: thousands apart, three digits where measured', () => {
  assert.deepEqual([7, 999, 1000, 14_904, 1_234_567].map(grouped), [
    '7',
    '999',
    '1 000',
    '14 904',
    '1 234 567',
  ]);
  assert.deepEqual([0, 0.0123, 1.306, 46.54, 999, 46_546].map(measured), [
    '0',
    '0.0123',
    '1.31',
    '46.5',
    '999',
    '46 500',
  ]);
  assert.deepEqual([999, 1000, 524_480, 3.42e9].map(bytes), [
    '999 B',
    '1.00 kB',
    '524 kB',
    '3.42 GB',
  ]);
  assert.deepEqual([plural(1, 'run'), plural(1200, 'run')], ['1 run', '1 200 runs']);
  assert.deepEqual([counted(1, 'events'), counted(84, 'events')], ['1 event', '84 events']);
});

test('moments: today, yesterday, before', () => {
  const now = new Date(2026, 10, 20, 15, 0).getTime();
  const at = (...date: [number, number, number, number, number]): string =>
    moment(new Date(...date).getTime() / 1000, now);
  assert.equal(at(2026, 10, 20, 14, 2), '14:02');
  assert.equal(at(2026, 10, 19, 14, 2), 'yesterday 14:02');
  assert.equal(at(2026, 10, 18, 9, 5), '2026-11-18 09:05');
});
