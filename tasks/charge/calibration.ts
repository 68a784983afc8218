/** Pedestals and ADC references of pixels, read one by one from JSON as it was given. Knows no hits and reads no files. */
import { columnIn, TaskError, type Json } from 'tg';

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

/**
 * Value `name` of pixels by their keys, undefined where there is none. Throws TaskError when the pixel is no mapping or the
 * value no number.
 */
export function numbersIn(
  file: CalibrationFile,
  entries: Mapping,
  name: string,
): (key: number) => number | undefined {
  const column = columnIn(entries, name);
  return (key) => {
    const value = column.at(key);
    if (Number.isFinite(value)) return value as number;
    if (value === undefined && column.plain) return undefined;
    throwUnlessMissing(file, entries, key, name, value);
    return undefined;
  };
}

function throwUnlessMissing(
  file: CalibrationFile,
  entries: Mapping,
  key: number,
  name: string,
  value: Json | undefined,
): void {
  if (value === undefined) {
    const entry = entries[key];
    if (
      entry === undefined ||
      (entry !== null && typeof entry === 'object' && !Array.isArray(entry))
    )
      return;
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
