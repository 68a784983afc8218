/** Places of a value's parts by dotted path, as Project and Procedure carry them. Knows no meaning of the keys. */
import type { Json, KeyPath, Where } from '../core/types.ts';
import { isList, isMapping } from './schema.ts';
import type { YamlFile } from './yaml.ts';

/**
 * Adds the place of a value and of all parts of it: `parameters`, `parameters.window`, `inputs.0`. With `keys` also of
 * the keys, `parameters.window:key`, for what is wrong with a name.
 */
export function addPlaces(
  places: Map<string, Where>,
  file: YamlFile,
  at: { value: Json; path: KeyPath; prefix: string },
  keys = false,
): void {
  const visit = (value: Json, path: KeyPath, text: string): void => {
    if (text !== '') places.set(text, file.places.value(path));
    if (isList(value)) {
      value.forEach((item, i) =>
        visit(item, [...path, i], text === '' ? String(i) : `${text}.${i}`),
      );
    }
    if (!isMapping(value)) return;
    for (const [key, part] of Object.entries(value)) {
      const below = text === '' ? key : `${text}.${key}`;
      if (keys) places.set(`${below}:key`, file.places.key([...path, key]));
      visit(part, [...path, key], below);
    }
  };
  visit(at.value, at.path, at.prefix);
}
