/** Kernels of the 2x2: flashes, places of SiPMs and detectors, numbers by place, summaries of waveforms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { simulated } from '../../../tasks/light/alignment.ts';
import { byPlace, gainAttribute, strangersIn, valueOf } from '../../../tasks/light/by-place.ts';
import { channelMap } from '../../../tasks/light/detector-channels.ts';
import { scaleChannels, sumDetectors } from '../../../tasks/light/detector-sums.ts';
import { flashesOf, gapGroups, lightIn } from '../../../tasks/light/flashes.ts';
import { detectorBounds, sipmPlaces, sipmPositions } from '../../../tasks/light/light-places.ts';
import { summaryOf } from '../../../tasks/light/waveform-summary.ts';

test('groups are what hangs together by steps of at most eps, in the order of time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 25 }),
      fc.integer({ min: 0, max: 12 }),
      (values, eps) => {
        const groups = gapGroups(values, eps);
        assert.deepEqual(
          groups.flat().sort((a, b) => a - b),
          values.map((_, i) => i),
        );
        const label = new Map(groups.flatMap((group, g) => group.map((i) => [i, g] as const)));
        // Reachable by steps, told by spreading from each value.
        values.forEach((_, start) => {
          const reached = new Set([start]);
          for (const i of reached)
            values.forEach((value, j) => {
              if (Math.abs(value - values[i]!) <= eps) reached.add(j);
            });
          values.forEach((_, j) => {
            assert.equal(reached.has(j), label.get(j) === label.get(start));
          });
        });
        const first = groups.map((group) => Math.min(...group.map((i) => values[i]!)));
        assert.deepEqual(
          first,
          [...first].sort((a, b) => a - b),
        );
      },
    ),
  );
});

test('flashes of an event: TPC by TPC, with ranges and totals of their hits alone', () => {
  const hits = {
    tpc: [9, 1, 0, 1, 1, 9],
    sample_idx: [0, 50, 7, 41, 70, 0],
    busy_ns: [0, 500, 70, 410, 700, 0],
    rising_spline: [0, -200, 1, 5, -6, 0],
    sum: [99, 1, 2, 4, 8, 99],
    max: [99, 10, 20, 40, 80, 99],
    sum_spline: [99, 3, 5, 7, 11, 99],
    max_spline: [99, 30, 50, 70, 110, 99],
  };
  assert.deepEqual(flashesOf(hits, 1, 5, 10), [
    {
      tpc: 0,
      hits: [2],
      samples: [7, 7],
      times: [70, 70],
      rising: [71, 71],
      totals: [2, 20, 5, 50],
    },
    {
      tpc: 1,
      hits: [1, 3],
      samples: [41, 50],
      times: [410, 500],
      rising: [300, 415],
      totals: [5, 50, 10, 100],
    },
    {
      tpc: 1,
      hits: [4],
      samples: [70, 70],
      times: [700, 700],
      rising: [694, 694],
      totals: [8, 80, 11, 110],
    },
  ]);
  const samples = Float32Array.from([9, 9, 9, 1, -2, -3, 5, -7, -9, -8]);
  const seen = lightIn(samples, 1, 3, Int32Array.of(1, -1, 2), [0, 1]);
  assert.deepEqual([...seen.sums, ...seen.maxima], [-5, 0, -16, -2, 0, -7]);
});

test('a number by place: its own, that of all others of the first, that of all others', () => {
  const given = byPlace.parse({ default: { default: 7, 3: 8 }, 0: 5, 1: { 2: 6 } });
  assert.deepEqual(
    [
      [0, 2],
      [1, 2],
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 0],
    ].map(([a, b]) => valueOf(given, a!, b!, 1)),
    [5, 6, 8, 7, 8, 7],
  );
  assert.equal(valueOf({ 1: { 2: 6 } }, 1, 3, 1), 1);
  assert.equal(valueOf({ 1: { 2: 6, default: 0 } }, 1, 3, 1), 0);
  assert.deepEqual(strangersIn({ 0: 1, 5: 1 }, [2, 4], 'gain', ['ADC', 'channel']), [5]);
  assert.throws(
    () => strangersIn({ 1: { 4: 1 } }, [2, 4], 'gain', ['ADC', 'channel']),
    /gain names channel 4 of ADC 1, there are 2 ADCs of 4/,
  );
  assert.deepEqual(gainAttribute({ default: 0, 0: 5, 1: { default: 2, 3: 4 } }).values, [
    { adc: 1, chan: 3, gain: 4 },
  ]);
  assert.throws(() => byPlace.parse({ x: 1 }));
});

/** Two TPCs, a detector each with two SiPMs; channel 1 of ADC 0 is of both. */
const light = (more: object = {}) => ({
  file: 'light.yaml',
  root: {
    format_version: '0.2.0',
    geom: { 0: { min: [-1, -2, 0], max: [1, 2, 0] } },
    tpc_center_offset: { 0: [10, 0, 0], 1: [-10, 0, 0] },
    det_center: { 0: [0, 5, -3] },
    sipm_center: { 0: [4, 1, -3], 1: [4, 2, -3], 2: [4, 1, 3], 3: [4, 2, 3] },
    ch_to_vert_bin: { 0: [0, 1, 1, -1] },
    det_side: { 0: 0 },
    det_geom: { 0: 0 },
    det_adc: { 0: { 0: 0 }, 1: { 0: 0 } },
    det_chan: { 0: { 0: [0, 1] }, 1: { 0: [1, 2] } },
    ...more,
  },
});
const detector = {
  file: 'detector.yaml',
  root: { tpc_offsets: [[100, 0, 50]], module_to_tpcs: { 1: [0, 1] } },
};

test('a channel of two detectors is of the last, and is counted', () => {
  const { root, file } = light();
  const map = channelMap(root, file, [1, 4, 10]);
  assert.equal(map.twice, 1);
  assert.deepEqual(
    map.channels.map(({ channel, tpc }) => [channel, tpc]),
    [
      [0, 0],
      [1, 1],
      [2, 1],
    ],
  );
  assert.deepEqual([map.tpcs, map.dets], [2, 1]);
  assert.throws(() => channelMap(root, file, [1, 2, 10]), /TPC 1 has channel 2 of ADC 0, the wave/);
});

test('places: centre of the TPC and of the detector; x of a SiPM is mirrored in odd TPCs', () => {
  const map = channelMap(light().root, 'light.yaml', [1, 4, 10]);
  assert.deepEqual(
    [...detectorBounds(light(), detector, map)],
    [109, 3, 47, 111, 7, 47, 89, 3, 47, 91, 7, 47],
  );
  const { values, without } = sipmPositions(light(), detector, [1, 4, 10]);
  assert.deepEqual([...values], [114, 1, 47, 86, 2, 47, 86, 2, 47, -1, -1, -1]);
  assert.deepEqual([...without], [3]);
  const low = light({ ch_to_vert_bin: { 0: [0, 1, -1, -1] } });
  assert.throws(() => sipmPlaces(low, map), /ch_to_vert_bin\.0\.2 is -1/);
  const bare = { ...detector, root: { ...detector.root, tpc_offsets: [] } };
  assert.throws(() => detectorBounds(light(), bare, map), /tpc_offsets\.0 is no list of numbers/);
});

test('scaled channels add up to the same sums as sums with gains', () => {
  const shape = [2, 3, 4] as const;
  const samples = Float32Array.from({ length: 48 }, (_, i) => Math.sin(i) * 1000);
  const valid = Uint8Array.of(1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
  const gains = Float32Array.of(0.1, 2, 0.3, 0, 5, 0.6);
  const members = [...gains].map((gain, i) => ({
    adc: Math.floor(i / 3),
    channel: i % 3,
    place: i % 2,
    gain,
  }));
  const scaled = scaleChannels(samples, 4, valid, gains);
  // Invalid, and without gain.
  const nothing = [...scaled.subarray(4, 8), ...scaled.subarray(12, 16)];
  assert.ok(nothing.every((value) => Math.abs(value) === 0));
  const ones = members.map((member) => ({ ...member, gain: 1 }));
  assert.deepEqual(
    sumDetectors(scaled, shape, valid, ones, 2),
    sumDetectors(samples, shape, valid, members, 2),
  );
});

test('simulated events: the latency everywhere, and the median time of who is there, per ADC or per channel', () => {
  const valid = Uint8Array.of(1, 1, 0, 0, 1, 0);
  const perAdc = simulated([3, 2, 5], valid, Float64Array.of(10, 99, 20), 100);
  assert.deepEqual([...perAdc.ns, ...perAdc.sampleIdx], [15, 100, 100, 100]);
  const perChannel = simulated([3, 2, 5], valid, Float64Array.of(10, 12, 99, 99, 20, 99), 7);
  assert.deepEqual([...perChannel.ns, ...perChannel.sampleIdx], [12, 7, 7, 7]);
});

test('a summary: before and after, rising counted from the end of the window', () => {
  const summary = summaryOf([7, 2, 4, 3, 3, 10, 9, 20], 1, 7, [0, 2]);
  assert.deepEqual(summary, { preStd: 1, preMean: 3, postSum: 30, postMax: 17, postRising: 3 });
});
