/** From an axis and its data to a range, ticks and places on paper, over d3-scale. Does not know what is drawn between them. */
import { scaleLinear, scaleLog, scaleUtc } from 'd3-scale';
import type { Axis } from './model.ts';
import { clock, decadeLabel, tickLabels } from './numbers.ts';

export interface Tick {
  at: number;
  /** Empty for the small ticks between decades. */
  text: string;
}

export interface Scale {
  /** Value -> place, from `from` to `to` of `scaleOf`; values that a log axis cannot show stand at its lower end. */
  place(value: number): number;
  ticks: readonly Tick[];
  range: readonly [number, number];
}

/** Least and greatest of some numbers; NaN do not count. */
export function extent(values: Iterable<number>): [number, number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

/** Range of a value axis (y, or colours) over these values: from 0, or whole decades below the least that is above 0. */
export function valueRange(axis: Axis, values: Iterable<number>): [number, number] {
  if (axis.range !== undefined) return [...axis.range];
  const all = [...values].filter(Number.isFinite);
  if (axis.scale !== 'log') {
    const [least, greatest] = extent(all);
    if (!(least <= greatest)) return [0, 1];
    const [low, high] = [Math.min(0, least), Math.max(0, greatest)];
    return high - low < 1e-290 ? [0, 1] : [low, high + (high - low) * 0.06];
  }
  const [least, greatest] = extent(all.filter((value) => value > 0));
  if (!(least <= greatest)) return [0.5, 10];
  const low = least >= 1 ? 0.5 : 10 ** Math.floor(Math.log10(least));
  return logRange(low, Math.max(greatest * 1.5, low * 10));
}

/** What a log axis can show: above 0, and not more than 15 decades. */
export function logRange(low: number, high: number): [number, number] {
  const top = Math.max(high, 1e-290);
  return [Math.min(Math.max(low, top * 1e-15), top / 2), top];
}

/** @param most about how many ticks find room */
export function scaleOf(
  axis: Axis,
  range: readonly [number, number],
  from: number,
  to: number,
  most: number,
): Scale {
  if (axis.scale === 'log') return logScale(logRange(...range), from, to, most);
  const step = (ticks: readonly number[]): number => (ticks.length > 1 ? ticks[1]! - ticks[0]! : 1);
  if (axis.scale === 'time') {
    const scale = scaleUtc([new Date(range[0] * 1000), new Date(range[1] * 1000)], [from, to]);
    const at = scale.ticks(most).map((date) => date.getTime() / 1000);
    const ticks = at.map((value) => ({ at: value, text: clock(value, step(at)) }));
    return { place: (value) => scale(new Date(value * 1000)), ticks, range };
  }
  const scale = scaleLinear(range, [from, to]);
  const at = scale.ticks(most);
  const texts = tickLabels(at, step(at));
  return { place: (v) => scale(v), ticks: at.map((v, i) => ({ at: v, text: texts[i]! })), range };
}

function logScale(range: readonly [number, number], from: number, to: number, most: number): Scale {
  const scale = scaleLog(range, [from, to]);
  const place = (value: number): number => scale(value > range[0] ? value : range[0]);
  const decades = Math.log10(range[1] / range[0]);
  // Less than a 1, a 2 and a 5 in sight: as on a linear axis.
  if (decades < 0.7) {
    const { ticks } = scaleOf({ label: '' }, range, from, to, most);
    return { place, ticks, range };
  }
  const every = Math.ceil(decades / most);
  const firsts = decades > 8 ? [1] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const ticks: Tick[] = [];
  for (let power = Math.floor(Math.log10(range[0])); 10 ** power <= range[1]; power++)
    for (const first of firsts) {
      const at = power < 0 ? first / 10 ** -power : first * 10 ** power;
      if (at < range[0] || at > range[1]) continue;
      const named =
        first === 1 ? power % every === 0 : decades < 1.5 && (first === 2 || first === 5);
      ticks.push({ at, text: named ? decadeLabel(at) : '' });
    }
  return { place, ticks, range };
}
