/** The ADC64 files of one run: one per ADC, called alike but for the serial number. Reads folders and first bytes; knows no tasks. */
import { basename, dirname, join } from 'node:path';
import { kindOfFile } from '../execute/kind-of-file.ts';
import { namesIn } from '../procedures/files.ts';

/** The name of a file around the serial number of its ADC (hexadecimal, as a rule with a leading zero); undefined where it has none. */
function around(name: string, adc: number): { before: string; after: string } | undefined {
  const found = new RegExp(`^(.*?)0{0,7}${adc.toString(16)}(.*)$`, 'is').exec(name);
  return found === null ? undefined : { before: found[1]!, after: found[2]! };
}

/** What the files of one run have in common: `rwf_20210404_004206` of `rwf_20210404_004206_0a7a314c.data`. */
export function runOfAdc(path: string, adc: number): string {
  const name = basename(path);
  const found = around(name, adc);
  const text = found === undefined ? name : `${found.before}${found.after}`;
  return text.replace(/\.[^.]+$/, '').replace(/[_.-]+$/, '') || name;
}

/** Files beside one, of the same run and of other ADCs, in the order of their names. */
export async function otherAdcs(path: string, adc: number): Promise<string[]> {
  const found = around(basename(path), adc);
  if (found === undefined) return [];
  const { before, after } = found;
  const others: string[] = [];
  for (const name of [...namesIn(dirname(path))].sort()) {
    const serial = name.slice(before.length, name.length - after.length);
    const isAlike = name.startsWith(before) && name.endsWith(after);
    if (!isAlike || name === basename(path) || !/^[0-9a-f]{6,8}$/i.test(serial)) continue;
    const kind = await kindOfFile(join(dirname(path), name));
    if (kind.kind === 'light_raw' && kind.format === 'adc64' && kind.adc !== adc)
      others.push(join(dirname(path), name));
  }
  return others;
}
