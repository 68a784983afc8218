/** Pixels that a thread remembers from task to task: what is made, noted and told as read is as if nothing had been remembered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceOf } from '../../../src/core/trace.ts';
import type { Json } from '../../../src/core/types.ts';
import { record } from '../../../src/core/view.ts';
import type { Layout } from '../../../tasks/charge/layout.ts';
import { ABSENT } from '../../../tasks/charge/layout.ts';
import { numberOf, pixelKey, type Address } from '../../../tasks/charge/pixel-key.ts';
import { createPixelSurvey, type Lacking } from '../../../tasks/charge/pixel-survey.ts';

const defaults = { pedestal: 580, vref: 1300, vcm: 288 };

const address = (chipId: number, channelId: number, ioGroup = 1): Address => ({
  ioGroup,
  ioChannel: 1,
  chipId,
  channelId,
});
const addresses = (chips: readonly number[], ioGroup = 1): Address[] =>
  chips.flatMap((chip) => Array.from({ length: 80 }, (_, pad) => address(chip, pad, ioGroup)));

/** Chips 11 to 40; of every 50th pixel there is no entry, or one of no use. */
function documents(): { pedestals: Json; configurations: Json } {
  const pedestals: Record<string, Json> = {};
  const configurations: Record<string, Json> = {};
  for (let chip = 11; chip <= 40; chip++)
    for (let pad = 0; pad < 64; pad++) {
      const key = pixelKey(address(chip, pad));
      if (key % 50 > 0) pedestals[key] = { pedestal_mv: key % 50 === 1 ? 'n/a' : 500 + pad };
      if (key % 50 !== 7) configurations[key] = { vref_mv: 1300 + chip, vcm_mv: 288 };
    }
  return { pedestals, configurations };
}

const layout: Layout = {
  pitch: 4,
  sizeX: 280,
  sizeY: 280,
  tiles: [{ name: '1', orientation: [1, 1, 1], position: [0, 0, 0], center: [0, 0, 0] }],
  column: Int32Array.from({ length: 256 * 64 }, (_, i) => (i % 64 === 5 ? ABSENT : i % 70)),
  row: Int32Array.from({ length: 256 * 64 }, (_, i) => Math.floor(i / 70)),
  slots: new Int32Array(65536).fill(-1),
  tileOfChip: new Int32Array(256),
};
layout.slots[256 + 1] = 0;

interface Outcome {
  constants: number[][];
  lacking: Omit<Lacking, 'mistake'> & { mistake: string | undefined };
  traces: unknown[];
}

/** What a task has of these pixels, `hits` of each. */
function outcome(
  { pedestals, configurations }: ReturnType<typeof documents>,
  asked: readonly Address[],
  upstream: boolean,
): Outcome {
  const recordings = [record(pedestals), record(configurations)] as const;
  const survey = createPixelSurvey({
    pedestals: { content: recordings[0].view, path: 'ped.json' },
    configurations: { content: recordings[1].view, path: 'cfg.json' },
    layout,
    upstream,
    defaults,
  });
  const { pixels } = survey;
  const constants = asked.map((of) => {
    const pixel = numberOf(pixels.index, of.ioGroup, of.ioChannel, of.chipId, of.channelId);
    if (pixel >= pixels.described) {
      const { x, y, vref, vcm, pedestal } = pixels.describe(of);
      pixels.described++;
      pixels.constants.set([x, y, vref - vcm, vcm, pedestal], 5 * pixel);
    }
    pixels.hits[pixel]!++;
    return Array.from(pixels.constants.subarray(5 * pixel, 5 * pixel + 5));
  });
  const { mistake, unplaced, ...lacking } = survey.lacking();
  for (const { close } of recordings) close();
  const place = ({ address: of }: Lacking['unplaced'][number]): number =>
    2 * pixelKey(of) + (of.channelId >= 64 ? 1 : 0);
  const byKey = unplaced.toSorted((a, b) => place(a) - place(b));
  return {
    constants,
    lacking: { ...lacking, unplaced: byKey, mistake: mistake?.message },
    traces: [pedestals, configurations].map((document, i) =>
      traceOf(document, recordings[i]!.readings, String),
    ),
  };
}

for (const upstream of [false, true])
  test(`pixels met by an earlier task are as new ones (upstream: ${upstream})`, () => {
    const kept = documents();
    const tasks = [
      addresses([11, 12, 13]),
      addresses([12, 13, 14, 15, 12]).filter((_, i) => i % 3 > 0),
      [],
      addresses([50, 11]),
      addresses([14], 3),
      addresses([11, 15, 50, 40]).reverse(),
    ];
    for (const asked of tasks) {
      const { constants, lacking, traces } = outcome(kept, asked, upstream);
      const fresh = outcome(documents(), asked, upstream);
      // In between, other documents were asked: that changes nothing.
      assert.deepEqual(lacking, fresh.lacking);
      assert.deepEqual(constants, fresh.constants);
      assert.deepEqual(traces, fresh.traces);
      // The one remembered is asked again.
      outcome(kept, asked.slice(0, 70), upstream);
      assert.deepEqual(outcome(kept, asked, upstream), { constants, lacking, traces });
    }
  });

test('of several entries that are of no use the one with the smallest key is told', () => {
  const { lacking } = outcome(documents(), addresses([30, 11, 20]), false);
  const keys = addresses([11, 20, 30]).map(pixelKey);
  const first = keys.filter((key, i) => key % 50 === 1 && i % 80 < 64)[0];
  assert.equal(lacking.mistake, `pedestal_mv of ${first} is not a number: "n/a"`);
});
