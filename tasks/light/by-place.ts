/** Numbers by ADC and channel, or by TPC and detector, as parameters give them. Knows no task. */
import { TaskError, z } from 'tg';
import { compound, type Typed } from 'tg/h5';

const key = z.string().regex(/^(default|\d+)$/);

/**
 * `{default: 0, 0: 0.5, 1: {default: 0.1, 4: 0.2}}`: 0.5 for all of 0, 0.2 for 4 of 1, 0.1 for all others of 1, 0 for all others. `default` may itself be
 * by the second number: `{default: {default: 250, 0: 500}}`.
 */
export const byPlace = z.record(key, z.union([z.number(), z.record(key, z.number())]));
export type ByPlace = z.infer<typeof byPlace>;

/** What is given for `b` of `a`; `otherwise` where nothing is. */
export function valueOf(given: ByPlace, a: number, b: number, otherwise: number): number {
  const of = (own: ByPlace[string] | undefined): number | undefined =>
    typeof own === 'object' ? (own[b] ?? own['default']) : own;
  return of(given[a]) ?? of(given['default']) ?? otherwise;
}

/** What the two numbers of a place are of. */
export type PlaceWords = readonly [one: string, ofIt: string];

/** Shown as `detector 3 of TPC 0`, `channel 3 of ADC 0`. */
export const shownPlace = ([one, ofIt]: PlaceWords, a: number, b: number): string =>
  `${ofIt} ${b} of ${one} ${a}`;

/** Keys of the first level that are beyond the last. @throws TaskError for one of the second level that is */
export function strangersIn(
  given: ByPlace,
  [as, bs]: readonly [number, number, ...number[]],
  name: string,
  words: PlaceWords,
): number[] {
  const keys = Object.keys(given);
  for (const a of keys) {
    const own = given[a];
    if (typeof own !== 'object' || Number(a) >= as) continue;
    const far = Object.keys(own).find((b) => b !== 'default' && Number(b) >= bs);
    if (far === undefined) continue;
    const what = a === 'default' ? `${words[1]} ${far}` : shownPlace(words, Number(a), Number(far));
    throw new TaskError(`${name} names ${what}, there are ${as} ${words[0]}s of ${bs}`, {
      code: 'bad-value',
      try: `${words[1]}s from 0 to ${bs - 1}`,
    });
  }
  return keys
    .filter((a) => a !== 'default')
    .map(Number)
    .filter((a) => a >= as);
}

const GAIN = compound([
  ['adc', 'i4'],
  ['chan', 'i4'],
  ['gain', 'f8'],
]);

/** Gains that were given channel by channel, as upstream's attribute has them. */
export function gainAttribute(gain: ByPlace): Typed {
  const values = Object.entries(gain).flatMap(([adc, own]) =>
    typeof own === 'number' || adc === 'default'
      ? []
      : Object.entries(own)
          .filter(([chan]) => chan !== 'default')
          .map(([chan, value]) => ({ adc: Number(adc), chan: Number(chan), gain: value })),
  );
  return { dtype: GAIN, shape: [values.length], values };
}
