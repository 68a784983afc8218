import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distance, nearest } from '../../src/core/nearest.ts';

test('edits are counted with swaps of neighbours as one', () => {
  assert.equal(distance('scna', 'scan'), 1);
  assert.equal(distance('biuld', 'build'), 1);
  assert.equal(distance('kitten', 'sitting'), 3);
  assert.equal(distance('', 'abc'), 3);
  assert.equal(distance('abcdefgh', 'x', 3), 4);
});

test('the examples of the surface', () => {
  const tables = [
    'charge/raw_events',
    'charge/events',
    'charge/hits',
    'charge/ext_trigs',
    'charge/packets',
    'light/events',
    'light/hits',
  ];
  assert.deepEqual(nearest('charge/evnts', tables), [
    'charge/events',
    'charge/raw_events',
    'light/events',
  ]);
  const parameters = [
    'pedestal_file',
    'configuration_file',
    'geometry_file',
    'pedestal_default',
    'vref_default',
  ];
  assert.deepEqual(nearest('pedestal', parameters), ['pedestal_file']);
  assert.deepEqual(nearest('pool', ['libraries', 'sources', 'runs', 'build', 'pools', 'link']), [
    'pools',
  ]);
  assert.deepEqual(nearest('r52', ['r41', 'r42', 'r43']), ['r42']);
  assert.deepEqual(
    nearest('charge/hits_builder', ['charge/hit_builder', 'charge/event_builder'], 1),
    ['charge/hit_builder'],
  );
  assert.deepEqual(nearest('zzz', tables), []);
});

test('a limit never changes an answer within it', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, fc.nat(8), (a, b, limit) => {
      const full = distance(a, b);
      assert.equal(distance(a, b, limit), Math.min(full, limit + 1));
      assert.equal(distance(b, a), full);
      assert.equal(full === 0, a === b);
    }),
  );
});

test('a candidate that is the word itself comes first, and no more than n are told', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', '_'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      word,
      fc.array(word, { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      (w, others, n) => {
        const found = nearest(w, [...others, w], n);
        assert.equal(found[0]?.toLowerCase(), w.toLowerCase());
        assert.ok(found.length <= n);
        assert.equal(new Set(found).size, found.length);
      },
    ),
  );
});

test('abbreviations', () => {
  const keys = ['parameters', 'configuration', 'environment', 'outputs', 'priority'];
  assert.deepEqual(nearest('params', keys), ['parameters']);
  assert.deepEqual(nearest('config', keys), ['configuration']);
  assert.deepEqual(nearest('parms', keys), ['parameters']);
});
