/** A parsed layout as bytes and back, for a cache of what is dear to parse. Knows no YAML. */
import type { Layout } from './layout.ts';

/** Raised when the form below changes; other bytes are not decoded. */
const FORM = 'tg charge layout 1\n';
const TABLES = ['column', 'row', 'slots', 'tileOfChip'] as const;

/** The form, a line of JSON with the small values and the table lengths, then the tables (i4, little endian). */
export function encodeLayout(layout: Layout): Uint8Array {
  const { pitch, sizeX, sizeY, tiles } = layout;
  const lengths = TABLES.map((name) => layout[name].length);
  const head = FORM + JSON.stringify({ pitch, sizeX, sizeY, tiles, lengths }) + '\n';
  const parts: Uint8Array[] = [Buffer.from(head)];
  for (const name of TABLES) {
    const { buffer, byteOffset, byteLength } = layout[name];
    parts.push(Buffer.from(buffer, byteOffset, byteLength));
  }
  return Buffer.concat(parts);
}

/** The layout, undefined when the bytes are not of this form. */
export function decodeLayout(bytes: Uint8Array): Layout | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = text.indexOf('\n', FORM.length);
  if (end < 0 || text.toString('utf8', 0, FORM.length) !== FORM) return undefined;
  const head = JSON.parse(text.toString('utf8', FORM.length, end)) as Pick<
    Layout,
    'pitch' | 'sizeX' | 'sizeY' | 'tiles'
  > & { lengths: number[] };
  let at = end + 1;
  const table = (length: number): Int32Array => {
    const copy = new Uint8Array(bytes).slice(at, at + 4 * length);
    at += 4 * length;
    return new Int32Array(copy.buffer, 0, length);
  };
  const [column, row, slots, tileOfChip] = head.lengths.map(table);
  if (column === undefined || row === undefined) return undefined;
  if (slots === undefined || tileOfChip === undefined || at !== bytes.length) return undefined;
  const { pitch, sizeX, sizeY, tiles } = head;
  return { pitch, sizeX, sizeY, tiles, column, row, slots, tileOfChip };
}
