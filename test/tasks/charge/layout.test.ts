import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeLayout, encodeLayout } from '../../../tasks/charge/layout-bytes.ts';
import { parseLayout, pixelsOf, placeOf } from '../../../tasks/charge/layout.ts';
import { parseAnyYaml, parsePlainYaml, PlainYamlError } from '../../../tasks/charge/plain-yaml.ts';
import { layoutText } from '../../../tasks/charge/simulated-anode.ts';
import { fixture, withoutFixtures } from './fixtures.ts';

const text = layoutText({ tiles: 2, chips: 2 });

test('the plain reader gives what the full YAML parser gives', () => {
  assert.deepEqual(parsePlainYaml(text), parseAnyYaml(text));
  const nested = 'a:\n  b:\n  - 1\n  - -2.5e3\nc:\n- x\nd: [1, 2]\n# remark\ne: 2.0.1\n';
  assert.deepEqual(parsePlainYaml(nested), parseAnyYaml(nested));
});

test('what is not plain goes to the full parser', () => {
  for (const rich of ['a: "b"\n', 'a: {b: 1}\n', 'a: &x 1\nb: *x\n', 'a: true\n', 'a: 010\n']) {
    assert.deepEqual(parsePlainYaml(rich), parseAnyYaml(rich));
  }
});

test('a key that stands twice is a mistake with its line', () => {
  assert.throws(
    () => parsePlainYaml('a: 1\nb: 2\na: 3\n'),
    (error) => error instanceof PlainYamlError && error.line === 3,
  );
});

test('all pixels of the simulated anode have a place of their own', () => {
  const layout = parseLayout(text);
  const places = Array.from(pixelsOf(layout), (pixel) => {
    const place = placeOf(layout, pixel);
    assert.ok(typeof place !== 'string');
    return `${pixel.ioGroup} ${place.x.toFixed(3)} ${place.y.toFixed(3)}`;
  });
  assert.equal(places.length, 4 * 4 * 49);
  assert.equal(new Set(places).size, places.length);
});

test('an unknown tile and an unknown pixel are told apart', () => {
  const layout = parseLayout(text);
  const known = { ioGroup: 1, ioChannel: 1, chipId: 11, channelId: 0 };
  assert.ok(typeof placeOf(layout, known) !== 'string');
  assert.equal(placeOf(layout, { ...known, ioGroup: 0, ioChannel: 0 }), 'no tile');
  assert.equal(placeOf(layout, { ...known, chipId: 200 }), 'no pixel');
  assert.equal(placeOf(layout, { ...known, channelId: 63 }), 'no pixel');
  assert.equal(placeOf(layout, { ...known, channelId: 200 }), 'no pixel');
});

test('a layout survives being kept as bytes', () => {
  const layout = parseLayout(text);
  assert.deepEqual(decodeLayout(encodeLayout(layout)), layout);
  assert.equal(decodeLayout(Buffer.from('something else\n{}\n')), undefined);
});

test('mistakes in a layout are said with their place', () => {
  const cases: [string, string, RegExp][] = [
    ['pixel_pitch: 4.434\n', '', /pixel_pitch is missing/],
    ['layout_version: 2.0.0', 'layout_version: 3.0.0', /is 3.0.0, not 2.x/],
    [
      'orientations:\n  1: [1, 1, 1]',
      'orientations:\n  1: [1, 1]',
      /tile_orientations.1 is no list of 3 numbers/,
    ],
  ];
  for (const [from, to, message] of cases) {
    assert.throws(() => parseLayout(text.replace(from, to), 'my.yaml'), { message });
  }
});

test('the layout of Module-0 gives its 77 616 pixels', { skip: withoutFixtures }, () => {
  const real = readFileSync(fixture('multi_tile_layout-2.2.16.yaml'), 'utf8');
  assert.deepEqual(parsePlainYaml(real), parseAnyYaml(real));
  const layout = parseLayout(real);
  assert.equal([...pixelsOf(layout)].length, 77_616);
  const place = placeOf(layout, { ioGroup: 2, ioChannel: 17, chipId: 11, channelId: 12 });
  assert.ok(typeof place !== 'string');
  assert.ok(Math.abs(place.x - 303.739) < 1e-9 && Math.abs(place.y + 299.305) < 1e-9);
});
