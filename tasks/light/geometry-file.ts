/** A description of a detector as parsed, read key by key; what is missing or of another kind is told with its place. Knows no keys. */
import { TaskError, type Json } from 'tg';

export interface GeometryFile {
  /** Keys of a mapping, in their order. */
  keysOf(...keys: string[]): string[];
  number(...keys: string[]): number;
  /** A list of numbers; of `length` when that is given. */
  numbers(keys: readonly string[], length?: number): readonly number[];
  /** Elements of a list. */
  lengthOf(...keys: string[]): number;
  text(...keys: string[]): string;
  /** @throws TaskError at these keys of the file */
  fail(keys: readonly string[], what: string): never;
}

const isMapping = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param fix what to do about a mistake */
export function geometryFile(root: Json, file: string, fix: string): GeometryFile {
  const at = (keys: readonly string[]): Json | undefined => {
    let value: Json | undefined = root;
    for (const key of keys)
      value = Array.isArray(value)
        ? (value as readonly Json[])[Number(key)]
        : isMapping(value)
          ? value[key]
          : undefined;
    return value;
  };
  const fail = (keys: readonly string[], what: string): never => {
    throw new TaskError(`${keys.join('.')} ${what}`, {
      code: 'bad-input',
      at: { file, keys },
      try: fix,
    });
  };
  const isNumber = (value: Json | undefined): value is number => typeof value === 'number';
  return {
    keysOf(...keys) {
      const value = at(keys);
      return isMapping(value) ? Object.keys(value) : fail(keys, 'is no mapping');
    },
    number(...keys) {
      const value = at(keys);
      return isNumber(value) ? value : fail(keys, 'is no number');
    },
    numbers(keys, length) {
      const value = at(keys);
      if (!Array.isArray(value) || !value.every(isNumber))
        return fail(keys, 'is no list of numbers');
      if (length !== undefined && value.length !== length)
        return fail(keys, `has ${value.length} numbers, not ${length}`);
      return value;
    },
    lengthOf(...keys) {
      const value = at(keys);
      return Array.isArray(value) ? value.length : fail(keys, 'is no list');
    },
    text: (...keys) => JSON.stringify(at(keys) ?? null).replaceAll('"', ''),
    fail,
  };
}
