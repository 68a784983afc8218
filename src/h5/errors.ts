// What every failure of this room looks like: one line a person can act on. Knows nothing of HDF5.

/**
 * An HDF5 file could not be read or written.
 * `message` is one line, `path[::dataset]: cause`; `try` says what to do about it, where that is known.
 */
export class H5Error extends Error {
  override readonly name = 'H5Error';
  /** File the error is about, as the caller spelled it. */
  readonly path: string;
  /** Object inside the file, if one is to blame. */
  readonly dataset?: string;
  /** Short text: what is wrong. */
  override readonly cause: string;
  /** Short text: what to do. */
  readonly try?: string;

  constructor(path: string, cause: string, more: { dataset?: string; try?: string } = {}) {
    const place = more.dataset ?? '';
    // A name of a damaged file may be longer than the line; the cause must not fall off its end.
    const dataset = place.length > 120 ? `${place.slice(0, 117)}...` : place;
    super(oneLine(`${path}${dataset === '' ? '' : `::${dataset}`}: ${cause}`));
    this.path = path;
    this.cause = oneLine(cause);
    if (more.dataset !== undefined) this.dataset = more.dataset;
    if (more.try !== undefined) this.try = more.try;
  }
}

/**
 * The structural reader met something valid that it does not know. Never leaves this room: whoever
 * catches it asks h5wasm instead.
 */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

/** 61440 -> "61 440" */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** Foreign texts (names, stacks of HDF5) may hold anything and be megabytes long: one short line. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return flat.length > 400 ? `${flat.slice(0, 397)}...` : flat;
}

/** Names that look most like the wanted one, for "did you mean". */
export function nearest(wanted: string, names: Iterable<string>, most = 3): string[] {
  const scored: { name: string; distance: number }[] = [];
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) > 3) continue;
    const distance = editDistance(wanted, name);
    if (distance <= Math.max(2, wanted.length / 3)) scored.push({ name, distance });
  }
  scored.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return scored.slice(0, most).map((s) => s.name);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
