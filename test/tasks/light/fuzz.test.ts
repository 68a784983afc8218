/** ADC64 and MPD files that are damaged: no crash, no hang, and every byte is in a record or counted. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Json } from 'tg';
import { TaskError } from 'tg';
import { openH5 } from 'tg/h5';
import { ADC64 } from '../../../tasks/light/adc64.ts';
import { openWindow } from '../../../tasks/light/byte-window.ts';
import lightEvents from '../../../tasks/light/event-builder.ts';
import { noDamage, records, type Framing } from '../../../tasks/light/framing.ts';
import { MPD } from '../../../tasks/light/mpd.ts';
import { folder } from '../../helpers/cli.ts';
import { runTask } from '../charge/chain.ts';
import { adc64 } from './device-writer.ts';

const root = join(process.env['TG_FIXTURES'] ?? '', 'light');
const without =
  process.env['TG_FIXTURES'] === undefined
    ? 'TG_FIXTURES is not set'
    : !existsSync(root) && `${root} is not there`;

const slow = process.env['TG_SLOW'] === '1';
const RUNS = slow ? 3000 : 150;

const FILES = {
  adc64: 'adc64-small/input/rwf_20210404_004206_0a7a314c.data',
  other: 'adc64-small/input/rwf_20210404_004206_0a7b54bd.data',
  mpd: 'mpd-small/input/mpd_run_hvramp_rctl_105_p350.data',
};

/** One harm: where (of a million), how long, and what. */
const harm = fc.record({
  at: fc.integer({ min: 0, max: 999_999 }),
  length: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 9000 })),
  what: fc.constantFrom('flip', 'cut', 'repeat', 'zero', 'ones', 'end'),
  bit: fc.integer({ min: 0, max: 7 }),
});
const harms = fc.array(harm, { minLength: 1, maxLength: 6 });
type Harm = typeof harm extends fc.Arbitrary<infer T> ? T : never;

function harmed(bytes: Buffer, list: readonly Harm[]): Buffer {
  let out = Buffer.from(bytes);
  for (const { at: part, length, what, bit } of list) {
    if (out.length === 0) break;
    const at = Math.floor((part / 1e6) * out.length);
    const to = Math.min(out.length, at + length);
    if (what === 'flip') out[at]! ^= 1 << bit;
    else if (what === 'cut') out = Buffer.concat([out.subarray(0, at), out.subarray(to)]);
    else if (what === 'repeat')
      out = Buffer.concat([out.subarray(0, to), out.subarray(at, to), out.subarray(to)]);
    else if (what === 'end') out = Buffer.from(out.subarray(0, at));
    else out.fill(what === 'zero' ? 0 : 255, at, to);
  }
  return out;
}

/** Lengths of the records in their order, and what else was counted, through a window of `window` bytes. */
function found<T extends { length: number }>(bytes: Buffer, framing: Framing<T>, window?: number) {
  const path = join(folder(), 'some.data');
  writeFileSync(path, bytes);
  const open = openWindow(path, window);
  const damage = noDamage();
  const lengths = Array.from(records(open, framing, damage), ({ length }) => length);
  open.close();
  return { lengths, damage };
}

const sum = (list: readonly number[]): number => list.reduce((total, n) => total + n, 0);

describe('damaged light files', { skip: without }, () => {
  const bytes = (name: keyof typeof FILES): Buffer => readFileSync(join(root, FILES[name]));

  test('ADC64: every byte is in a record, in a damaged stretch or in a last record cut short', () => {
    const whole = bytes('adc64');
    fc.assert(
      fc.property(harms, (list) => {
        const given = harmed(whole, list);
        const { lengths, damage } = found(given, ADC64);
        assert.equal(sum(lengths) + damage.bytes + damage.cutShort, given.length);
        assert.equal(damage.places > 0, damage.bytes > 0);
        assert.deepEqual(found(given, ADC64, 40), { lengths, damage });
      }),
      { numRuns: RUNS },
    );
  });

  test('MPD: every byte is in an event, in a damaged stretch, or in a block between events', () => {
    const whole = bytes('mpd');
    fc.assert(
      fc.property(harms, (list) => {
        const given = harmed(whole, list);
        const { lengths, damage } = found(given, MPD);
        const rest = given.length - sum(lengths) - damage.bytes - damage.cutShort;
        // Run blocks and JSON: 76 + 24 + 28 bytes, more only where they stand twice.
        assert.ok(rest >= 0, `${rest}`);
        if (!list.some(({ what }) => what === 'repeat')) assert.ok(rest <= 128, `${rest}`);
        assert.deepEqual(found(given, MPD, 40), { lengths, damage });
      }),
      { numRuns: RUNS },
    );
  });

  for (const [name, framing, n] of [
    ['adc64', ADC64, 24],
    ['mpd', MPD, 8],
  ] as const)
    test(`${name}: one flipped bit costs one record at most, and that is counted`, () => {
      const whole = bytes(name);
      assert.equal(found<{ length: number }>(whole, framing).lengths.length, n);
      fc.assert(
        fc.property(harm, (one) => {
          const given = harmed(whole, [{ ...one, what: 'flip' }]);
          const { lengths, damage } = found<{ length: number }>(given, framing);
          assert.ok(lengths.length >= n - 1, `${lengths.length}`);
          if (lengths.length < n) assert.ok(damage.bytes + damage.cutShort > 0);
        }),
        { numRuns: RUNS },
      );
    });

  test('records that claim 16 MB each neither hang nor fill the memory', () => {
    const liar = adc64(1, 1, { serial: 5, s: 1, ticks: 1, channels: [] });
    liar.writeUIntLE(2 ** 24 - 1, 32, 3);
    liar.fill(255, 48);
    const given = Buffer.concat(Array.from({ length: slow ? 800_000 : 400_000 }, () => liar));
    const before = process.memoryUsage().rss;
    const { lengths, damage } = found(given, ADC64);
    assert.deepEqual([lengths.length, damage.bytes + damage.cutShort], [0, given.length]);
    assert.ok(process.memoryUsage().rss - before < 300e6);
  });

  test('the task makes whole tables of what is left, or says what is wrong; waveforms are placed or counted', async () => {
    let built = 0;
    const cases: [Harm[], boolean][] = fc.sample(fc.tuple(harms, fc.boolean()), slow ? 400 : 40);
    for (const [list, isMpd] of cases) {
      const cwd = folder();
      const names = isMpd ? ['m.data'] : ['a.data', 'b.data'];
      writeFileSync(join(cwd, names[0]!), harmed(bytes(isMpd ? 'mpd' : 'adc64'), list));
      if (!isMpd) writeFileSync(join(cwd, 'b.data'), bytes('other'));
      const output = join(cwd, 'light.h5');
      const inputs = { raw: names.map((name) => ({ path: join(cwd, name), place: '' })) };
      const params: Record<string, Json> = isMpd ? {} : { sync_threshold: 10000 };
      try {
        const told = await runTask(lightEvents, { inputs, output, params });
        const file = await openH5(output);
        const valid = file.table('light/events').column('wvfm_valid') as Uint8Array;
        assert.equal(told.counts['waveforms'], sum([...valid]));
        const lost = sum(told.lost.map(({ n }) => n));
        for (const { of } of told.lost) assert.equal(of, lost + sum([...valid]));
        assert.equal(file.table('light/wvfm').rows, file.table('light/events').rows);
        file.close();
        built++;
      } catch (error) {
        assert.ok(error instanceof TaskError, String((error as Error).stack));
        assert.ok(!existsSync(output), 'nothing half-written');
      }
    }
    assert.ok(built > cases.length / 2, `${built} of ${cases.length}`);
  });
});
