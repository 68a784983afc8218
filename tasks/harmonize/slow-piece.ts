/** Datasets that do not lie in one piece (chunked, packed, big endian, other widths): read by their path and brought to 16 bits. */
import { TaskError } from 'tg';
import { extract, openObjects, type H5Object, type H5Objects } from 'tg/h5';
import { PIECES, type Format } from './merger-formats.ts';
import { legacyName } from './scan-legacy.ts';

/** Where a piece of event n is in a merged run: the group of all events, and the way from there. */
function placeOfPiece(format: Format, n: number, kind: number): { all: string; way: string[] } {
  const { name, group } = PIECES[kind]!;
  if (format === '0.1.0')
    return { all: group === '' ? 'get' : 'frib/evt', way: [legacyName(n, name)] };
  return { all: 'events', way: [`event_${n}`, ...(group === '' ? [] : [group]), name] };
}

export interface SlowReader {
  /** 16-bit little-endian values of a piece. @throws TaskError for one that is gone, or holds what 16 bits do not */
  read(event: number, kind: number): Uint8Array;
  close(): void;
}

/** Opens the file with the first piece, and looks through the members of a group of events once. */
export function slowReader(path: string, format: Format): SlowReader {
  let file: H5Objects | undefined;
  const groups = new Map<string, (name: string) => H5Object | undefined>();
  const membersOf = (from: H5Objects, all: string): ((name: string) => H5Object | undefined) => {
    let member = groups.get(all);
    if (member !== undefined) return member;
    let group: H5Object | undefined = from.root();
    for (const name of all.split('/')) group = group && from.member(group, name);
    const members = group && from.members(group);
    member = (name) => group && from.member(group, name, members);
    groups.set(all, member);
    return member;
  };
  return {
    read(event, kind) {
      file ??= openObjects(path);
      const { all, way } = placeOfPiece(format, event, kind);
      let object = membersOf(file, all)(way[0]!);
      for (const name of way.slice(1)) object = object && file.member(object, name);
      if (object === undefined) throw gone(path, `${all}/${way.join('/')}`);
      return narrowed(file, object, PIECES[kind]!.type);
    },
    close() {
      file?.close();
      file = undefined;
      groups.clear();
    },
  };
}

const gone = (path: string, at: string): TaskError =>
  new TaskError(`${path}::/${at} is not there any more`, {
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
