/** Datasets that do not lie in one piece (chunked, packed, big endian, other widths): read by their path and brought to 16 bits. */
import { TaskError } from 'tg';
import { extract, openObjects, type H5Object, type H5Objects } from 'tg/h5';
import { PIECES, type Format } from './merger-formats.ts';
import { legacyName } from './scan-legacy.ts';

/** Path of a piece of event n in a merged run. */
export function pathOfPiece(format: Format, n: number, kind: number): string[] {
  const { name, group } = PIECES[kind]!;
  if (format === '0.1.0')
    return [...(group === '' ? ['get'] : ['frib', 'evt']), legacyName(n, name)];
  return ['events', `event_${n}`, ...(group === '' ? [] : [group]), name];
}

/** @returns 16-bit little-endian values of a piece; each call opens the file: this is the way of few */
export const slowReader =
  (path: string, format: Format) =>
  (event: number, kind: number): Uint8Array => {
    const file = openObjects(path);
    try {
      let object: H5Object | undefined = file.root();
      for (const name of pathOfPiece(format, event, kind))
        object = object && file.member(object, name);
      if (object === undefined) throw gone(path, format, event, kind);
      return narrowed(file, object, PIECES[kind]!.type);
    } finally {
      file.close();
    }
  };

const gone = (path: string, format: Format, event: number, kind: number): TaskError =>
  new TaskError(`${path}::/${pathOfPiece(format, event, kind).join('/')} is not there any more`, {
    code: 'input-changed',
    try: 'build again',
  });

function narrowed(file: H5Objects, object: H5Object, type: 'i2' | 'u2'): Uint8Array {
  const { dtype, shape } = file.place(object);
  const bytes = file.read(object);
  if (dtype.kind !== 'int') throw new Error('a piece that holds no whole numbers');
  if (dtype.size === 2 && dtype.signed === (type === 'i2')) return bytes;
  const n = shape.reduce((product, d) => product * d, 1);
  const values = extract(bytes, n, dtype.size, 0, dtype);
  const out = type === 'i2' ? new Int16Array(n) : new Uint16Array(n);
  for (let i = 0; i < n; i++) {
    out[i] = Number(values[i]);
    if (out[i] !== Number(values[i]))
      throw new TaskError(
        `${file.path}::${object.path} holds ${Number(values[i])}, which 16 bits do not`,
        { try: 'merge the run again' },
      );
  }
  return new Uint8Array(out.buffer);
}
