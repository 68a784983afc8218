/** Pedestals and ADC references of pixels, read one by one from JSON as it was given. Knows no hits and reads no files. */
import { TaskError, type Json } from 'tg';

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

/** The entry of the pixel with this key, undefined when it has none. Throws TaskError when it is no mapping. */
export function entryOf(file: CalibrationFile, entries: Mapping, key: number): Mapping | undefined {
  // A number finds a key like "4211697" without becoming text.
  const entry = entries[key];
  if (entry === undefined) return undefined;
  if (entry !== null && typeof entry === 'object' && !Array.isArray(entry)) return entry as Mapping;
  throw mistake(file, `${key} is not a mapping of values: ${JSON.stringify(entry)}`, [key]);
}

/** Value `name` of the entry, undefined when it has none. Throws TaskError when it is no number. */
export function numberIn(
  file: CalibrationFile,
  entry: Mapping,
  key: number,
  name: string,
): number | undefined {
  const value = entry[name];
  if (value === undefined || Number.isFinite(value)) return value as number | undefined;
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
