/** Texts that people write (YAML, JSON, run tables): read, or what is wrong with the file in one sentence. Knows nothing of what they say. */
import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../core/types.ts';
import { shownPath } from './files.ts';

export type ReadText = { text: string } | { problem: Diagnostic };

/** @param shipped folder of the shipped libraries, for their names */
export function readText(path: string, cwd: string, shipped?: string): ReadText {
  const shown = shownPath(path, cwd, shipped);
  const problem = (code: string, message: string, fix: string): ReadText => ({
    problem: { severity: 'error', code, message, try: fix },
  });
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR')
      return problem('no-file', `${shown} is a folder, not a file`, 'a file in it');
    return problem('no-access', `cannot read ${shown}`, `chmod u+r ${shown}`);
  }
  const odd = notText(bytes);
  if (odd === undefined) return { text: bytes.toString('utf8').replace(/^\uFEFF/, '') };
  const { at, message, fix } = odd;
  const before = bytes.subarray(0, at).toString('utf8');
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  const where = { file: path, line, column, length: 1 };
  return { problem: { severity: 'error', code: 'yaml', message, where, try: fix } };
}

/** The first place at which bytes are no UTF-8 text, and what they may be. */
function notText(bytes: Buffer): { at: number; message: string; fix: string } | undefined {
  const save = 'save it as UTF-8';
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    return { at: 0, message: 'not YAML: this is UTF-16, tg reads UTF-8', fix: save };
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    const begins = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0'));
    const message = `not YAML: this is no text (begins ${begins.join(' ')})`;
    return { at: 0, message, fix: 'the YAML file that is meant' };
  }
  const at = firstInvalid(bytes);
  if (at === undefined) return undefined;
  const byte = bytes[at]!.toString(16).padStart(2, '0');
  return { at, message: `not YAML: byte ${byte} is no UTF-8`, fix: save };
}

/** Where decoding and encoding again first differ. */
function firstInvalid(bytes: Buffer): number | undefined {
  const again = Buffer.from(bytes.toString('utf8'));
  if (again.equals(bytes)) return undefined;
  let at = 0;
  while (bytes[at] === again[at]) at++;
  // A byte that is no UTF-8 becomes EF BF BD: a true EF there would have been equal so far.
  while (at > 0 && (bytes[at]! & 0xc0) === 0x80 && (bytes[at - 1]! & 0xc0) === 0xc0) at--;
  return at;
}
