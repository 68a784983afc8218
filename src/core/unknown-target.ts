/** Mistakes of words that name no target, run or point: what there is instead. Knows names only. */
import type { Expansion, Family, MatchedSource } from './expansion.ts';
import { globMatcher, matchRuns, valueText } from './names.ts';
import { nearest } from './nearest.ts';
import type { Axis, Diagnostic, Json } from './types.ts';

/** @param elsewhere shipped library that makes a name and is not used */
export function unknownName(
  word: string,
  names: Iterable<string>,
  elsewhere?: (name: string) => string | undefined,
): Diagnostic {
  const name = word.replace(/@.*/s, '');
  const near = nearest(name, [...new Set(names)]);
  const library = elsewhere?.(name);
  return {
    severity: 'error',
    code: 'unknown-target',
    ...(library === undefined
      ? {
          message: `nothing makes "${word}"`,
          try: near.length > 0 ? near.join(', ') : 'tg list shows what is made',
        }
      : {
          message: `nothing makes "${word}": tg.yaml does not use ${library}`,
          try: `libraries: [.., ${library}]`,
        }),
  };
}

export function noSelection(
  word: string,
  target: {
    written: string;
    name?: string;
    select:
      { runs: readonly string[]; point: readonly { axis: string; pattern: string }[] } | undefined;
  },
  sources: Iterable<MatchedSource>,
  expansion: Expansion,
): Diagnostic {
  const name = word.slice(0, word.indexOf('@'));
  const matches = globMatcher(name);
  const family = [...expansion.families.values()].find(
    (f) => matches(f.procedure.name) || f.procedure.outputs.some((o) => matches(o.target)),
  );
  if (target.select!.point.length > 0)
    return noPoint(
      name,
      target.select!.point,
      family === undefined ? [] : axesOf(family, target.select!.runs),
    );
  const runs = family?.runs ?? [];
  const run = target.select!.runs.join(',');
  const source = [...sources].find((s) => s.runs !== undefined);
  const range =
    runs.length === 0
      ? ''
      : ` (${runs.length === 1 ? runs[0]! : `${runs[0]!}..${runs.at(-1)!}`}, ${runs.length} run${runs.length === 1 ? '' : 's'})`;
  const near = nearest(run, runs);
  return {
    severity: 'error',
    code: 'unknown-run',
    message: `no run "${run}" in ${source?.entry.name ?? name}${range}`,
    try: near[0] ?? runs.at(-1) ?? `tg list ${name}`,
  };
}

type Values = Pick<Axis, 'name' | 'values'>;

/** The axes of its scan, or the parts of the runs that are meant. */
function axesOf({ procedure, parts }: Family, runs: readonly string[]): readonly Values[] {
  const isMeant = matchRuns(runs);
  const numbers = [...parts].map(([run, { tasks }]) => (isMeant(run) ? tasks.length : 0));
  const most = Math.max(0, ...numbers);
  if (most === 0) return procedure.scan;
  return [{ name: 'part', values: Array.from({ length: most }, (_, k) => k) }];
}

/** `timewalk_scan has no point Calib=33 (0..2016 step 32)`: what there is on the axes named, and the nearest. */
function noPoint(
  name: string,
  asked: readonly { axis: string; pattern: string }[],
  axes: readonly Values[],
): Diagnostic {
  const strange = asked.find(({ axis }) => !axes.some((known) => known.name === axis));
  const known = axes.map((axis) => axis.name);
  const named =
    strange === undefined
      ? axes.filter((axis) => asked.some((p) => p.axis === axis.name))
      : axes.filter((axis) => nearest(strange.axis, known, 1).includes(axis.name));
  const nearestTo = (axis: Values): string => {
    const pattern = (asked.find((p) => p.axis === axis.name) ?? strange ?? asked[0]!).pattern;
    return `${axis.name}=${nearestValue(pattern, axis.values)}`;
  };
  const text = asked.map((p) => `${p.axis}=${p.pattern}`).join(',');
  const there =
    strange === undefined
      ? named.map((axis) => valuesText(axis.values)).join(', ')
      : known.length === 0
        ? 'it is no scan'
        : `axes: ${known.join(', ')}`;
  return {
    severity: 'error',
    code: 'unknown-point',
    message: `${name} has no point ${text}${there === '' ? '' : ` (${there})`}`,
    try: named.map(nearestTo).join(',') || `tg list ${name}`,
  };
}

/** `0..2016 step 32` for even steps, `0..2016` for others, `fast, exact` for a few that are no numbers. */
function valuesText(values: readonly Json[]): string {
  const texts = values.map(valueText);
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length || values.length === 1)
    return texts.length <= 4 ? texts.join(', ') : `${texts[0]!}, ${texts[1]!} .. ${texts.at(-1)!}`;
  const step = numbers[1]! - numbers[0]!;
  const even = numbers.every(
    (n, i) => Math.abs(n - numbers[0]! - i * step) < 1e-9 * Math.abs(step),
  );
  return `${texts[0]!}..${texts.at(-1)!}${even ? ` step ${valueText(Number(step.toPrecision(12)))}` : ''}`;
}

function nearestValue(pattern: string, values: readonly Json[]): string {
  const asked = Number(pattern);
  if (Number.isNaN(asked) || !values.every((value) => typeof value === 'number'))
    return nearest(pattern, values.map(valueText), 1)[0] ?? valueText(values[0]!);
  const far = (value: Json): number => Math.abs(Number(value) - asked);
  return valueText(values.reduce((best, value) => (far(value) < far(best) ? value : best)));
}
