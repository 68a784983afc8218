/** Pedestals and ADC references of pixels, read one by one from JSON as it was given. Knows no hits and reads no files. */
import { TaskError, valueIn, type Json } from 'tg';

/** A file parameter: its parsed content (null = none given) and its path, for messages. */
export interface CalibrationFile {
  content: Json;
  path: string | null;
}

type Mapping = Readonly<Record<string, Json>>;

/** The entries of a file, or of none. */
export function entriesOf(file: CalibrationFile): Mapping {
  const { content, path } = file;
  if (path === null) return {};
  if (content !== null && typeof content === 'object' && !Array.isArray(content))
    return content as Mapping;
  throw mistake(file, 'not a mapping of pixels', []);
}

/** Value `name` of the pixel with this key, undefined when there is none. Throws TaskError when the pixel is no mapping or the value no number. */
export function numberIn(
  file: CalibrationFile,
  entries: Mapping,
  key: number,
  name: string,
): number | undefined {
  const value = valueIn(entries, key, name);
  if (Number.isFinite(value)) return value as number;
  if (value === undefined) {
    const entry = entries[key];
    if (
      entry === undefined ||
      (entry !== null && typeof entry === 'object' && !Array.isArray(entry))
    )
      return undefined;
    throw mistake(file, `${key} is not a mapping of values: ${JSON.stringify(entry)}`, [key]);
  }
  const shown = typeof value === 'number' ? String(value) : JSON.stringify(value);
  const said = `${name} of ${key} is not a number: ${shown}`;
  throw mistake(file, said, [key, name]);
}

function mistake(
  file: CalibrationFile,
  message: string,
  keys: readonly (string | number)[],
): TaskError {
  return new TaskError(message, {
    code: 'bad-value',
    at: { file: file.path ?? '', keys: keys.map(String) },
    try: 'correct the value',
  });
}
