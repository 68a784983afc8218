/** Figures of a charge report. Knows what is drawn, not how. */
import { binsFor, histogram } from 'tg/figures';
import type { Bins, HeatMap, Plot, Table } from 'tg/figures';
import type { EventSummary } from './event-summary.ts';
import type { HitPixel, HitSurvey } from './hit-survey.ts';

const BINS = 60;
/** A highest bin above this leaves nothing of the lowest on a linear axis. */
const LINEAR = 200;
/** Steps of a time axis, s. */
const SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200];
const MOST_SECONDS = 120;
/** Pixels across a map; a larger detector is shown in wider cells. */
const MOST_PIXELS = 1000;

export function eventFigures({ q, nhit, times, numbers }: EventSummary): {
  charge: Plot | undefined;
  hits: Plot | undefined;
  rate: Plot | undefined;
} {
  const { event_charge_mv: charge, hits_per_event: hits } = numbers;
  return {
    charge:
      charge &&
      spectrum('event-charge', 'Events by charge', ['charge', 'mV'], 'events', {
        ...counted(q, binsFor(Math.min(0, charge.least), charge.greatest, BINS)),
      }),
    hits:
      hits &&
      spectrum('event-hits', 'Events by hits', ['hits'], 'events', {
        ...counted(nhit, binsFor(0, hits.greatest, BINS, 1)),
      }),
    rate: times.length === 0 ? undefined : rate(times, numbers.first_unix_s!, numbers.last_unix_s!),
  };
}

export function hitFigures({ charge, pixels, numbers }: HitSurvey): {
  charge: Plot;
  map: HeatMap | undefined;
  pixels: Table;
} {
  return {
    charge: spectrum('hit-charge', 'Hits by charge', ['charge', 'mV'], 'hits', charge),
    map: hitMap(pixels),
    pixels: {
      kind: 'table',
      name: 'pixels',
      title: 'Noisiest pixels',
      head: ['io_group-io_channel-chip-channel', 'hits', 'of all'],
      rowsOf: numbers.noisiest.map(({ pixel, hits, share }) => [
        pixel,
        hits,
        `${(100 * share).toFixed(2)} %`,
      ]),
    },
  };
}

const counted = (values: ArrayLike<number>, bins: Bins): { bins: Bins; counts: number[] } => ({
  bins,
  counts: histogram(values, bins),
});

function spectrum(
  name: string,
  title: string,
  [label, unit]: readonly [string, string?],
  things: string,
  { bins, counts }: { bins: Bins; counts: readonly number[] },
): Plot {
  const log = counts.some((count) => count > LINEAR);
  return {
    kind: 'plot',
    name,
    title,
    x: unit === undefined ? { label } : { label, unit },
    y: { label: things, scale: log ? 'log' : 'linear' },
    layers: [{ kind: 'histogram', bins, counts }],
  };
}

/** Events a second; the first and the last step may be covered in part only. */
function rate(times: Float64Array, first: number, last: number): Plot {
  const step = SECONDS.find((s) => (last - first) / s < MOST_SECONDS - 1) ?? daysFor(last - first);
  const start = Math.floor(first / step) * step;
  const bins = { start, step, n: Math.floor((last - start) / step) + 1 };
  const counts = histogram(times, bins);
  return {
    kind: 'plot',
    name: 'event-rate',
    title: 'Events per second',
    x: { label: `time (UTC), ${new Date(first * 1000).toISOString().slice(0, 10)}`, scale: 'time' },
    y: { label: 'events', unit: '1/s' },
    layers: [
      {
        kind: 'histogram',
        bins,
        counts: counts.map((n) => n / step),
        errors: counts.map((n) => Math.sqrt(n) / step),
        density: true,
      },
    ],
  };
}

const daysFor = (seconds: number): number =>
  86400 * Math.ceil(seconds / 86400 / (MOST_SECONDS - 1));

/** A cell per pixel where they stand on a grid; nothing where no hit has a place (no geometry). */
function hitMap(pixels: readonly HitPixel[]): HeatMap | undefined {
  const placed = pixels.filter(({ px, py }) => Number.isFinite(px) && Number.isFinite(py));
  const [xBins, yBins] = [grid(placed.map(({ px }) => px)), grid(placed.map(({ py }) => py))];
  if (xBins === undefined || yBins === undefined) return undefined;
  const counts = new Array<number>(xBins.n * yBins.n).fill(0);
  for (const { px, py, hits } of placed) {
    const column = Math.floor((px - xBins.start) / xBins.step);
    const row = Math.floor((py - yBins.start) / yBins.step);
    counts[row * xBins.n + column]! += hits;
  }
  return {
    kind: 'map',
    name: 'hit-map',
    title: 'Hits by place',
    rows: 3,
    x: { label: 'px', unit: 'mm' },
    y: { label: 'py', unit: 'mm' },
    z: { label: 'hits', scale: 'log' },
    xBins,
    yBins,
    counts,
  };
}

/** Cells around the places of pixels: as wide as the least distance of two; undefined when all are at one place. */
function grid(places: readonly number[]): Bins | undefined {
  const sorted = Float64Array.from(new Set(places)).sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  let pitch = Infinity;
  for (let i = 1; i < sorted.length; i++) {
    const distance = sorted[i]! - sorted[i - 1]!;
    // Less is the rounding of places.
    if (distance > 0.01 && distance < pitch) pitch = distance;
  }
  if (first === undefined || last === undefined || pitch === Infinity) return undefined;
  // Differences of doubles: 4.434, not 4.433999999999983.
  const step = Number(pitch.toFixed(6));
  const n = Math.round((last - first) / step) + 1;
  if (n > MOST_PIXELS) return binsFor(first, last, MOST_PIXELS);
  const start = first - step / 2;
  return { start, step, n: Math.max(n, Math.floor((last - start) / step) + 1) };
}
