/** Histograms and lines as paths of SVG. Knows two scales, no frame. */
import { edge } from './model.ts';
import type { Histogram, Line } from './model.ts';
import type { Scale } from './scale.ts';
import { round } from './svg-text.ts';

type Layer = Histogram | Line;

/** The x that a layer reaches. */
export const layerColumns = (layer: Layer): number[] =>
  layer.kind === 'line'
    ? layer.x.filter(Number.isFinite)
    : [edge(layer.bins, 0), edge(layer.bins, layer.bins.n)];

/** The y of a layer. */
export const layerContents = (layer: Layer): readonly number[] =>
  layer.kind === 'line' ? layer.y : layer.counts;

/** The y that a layer reaches, errors included. */
export function layerValues(layer: Layer): number[] {
  const values = layerContents(layer);
  const { errors } = layer;
  return errors === undefined
    ? [...values]
    : values.flatMap((value, i) => [value, value + errors[i]!]);
}

export function drawLayer(
  layer: Layer,
  x: Scale,
  y: Scale,
  bottom: number,
  colour: string,
): string[] {
  return layer.kind === 'line'
    ? drawLine(layer, x, y, colour)
    : drawSteps(layer, x, y, bottom, colour);
}

function drawSteps(layer: Histogram, x: Scale, y: Scale, bottom: number, colour: string): string[] {
  const { bins, counts, errors } = layer;
  let steps = `M${round(x.place(edge(bins, 0)))} ${round(bottom)}`;
  let at: string | undefined;
  for (let i = 0; i < bins.n; i++) {
    const content = counts[i] ?? 0;
    const height = round(y.place(Number.isFinite(content) ? content : 0));
    // Equal neighbours are one step.
    if (height !== at) steps += `V${height}`;
    steps += `H${round(x.place(edge(bins, i + 1)))}`;
    at = height;
  }
  const joined = steps.replace(/(H[\d.-]+)(?:H[\d.-]+)*(H[\d.-]+)/g, '$2');
  const middles = counts.map((_, i) => edge(bins, i + 0.5));
  return [
    `<path d="${joined}V${round(bottom)}Z" fill="${colour}" fill-opacity="0.15" stroke="none"/>`,
    `<path d="${joined}V${round(bottom)}" stroke="${colour}" stroke-width="1.3" fill="none"/>`,
    ...errorBars(middles, counts, errors, x, y, colour),
  ];
}

function drawLine(layer: Line, x: Scale, y: Scale, colour: string): string[] {
  let path = '';
  let drawn = false;
  const points: string[] = [];
  layer.y.forEach((value, i) => {
    const column = layer.x[i]!;
    if (!Number.isFinite(value) || !Number.isFinite(column)) {
      drawn = false;
      return;
    }
    const [px, py] = [round(x.place(column)), round(y.place(value))];
    path += `${drawn ? 'L' : 'M'}${px} ${py}`;
    drawn = true;
    if (layer.marks === true)
      points.push(`<circle cx="${px}" cy="${py}" r="2.4" fill="${colour}"/>`);
  });
  return [
    `<path d="${path}" stroke="${colour}" stroke-width="1.3" fill="none"/>`,
    ...errorBars(layer.x, layer.y, layer.errors, x, y, colour),
    ...points,
  ];
}

function errorBars(
  xs: readonly number[],
  ys: readonly number[],
  errors: readonly number[] | undefined,
  x: Scale,
  y: Scale,
  colour: string,
): string[] {
  if (errors === undefined) return [];
  const bars = ys.flatMap((value, i) => {
    const error = errors[i]!;
    if (!(error > 0) || !Number.isFinite(value)) return [];
    return [
      `M${round(x.place(xs[i]!))} ${round(y.place(value - error))}V${round(y.place(value + error))}`,
    ];
  });
  return bars.length === 0 ? [] : [`<path d="${bars.join('')}" stroke="${colour}" fill="none"/>`];
}
