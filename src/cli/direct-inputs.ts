/** What stands behind the flags -i of direct mode: files, what they are, and which of them belong together. Makes no project of them. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { kindOfFile } from '../execute/kind-of-file.ts';
import type { FileKind } from '../execute/kind-of-file.ts';
import { nearestFile, shownPath, shownPaths } from '../procedures/files.ts';
import { grouped, plural } from '../report/format.ts';
import { otherAdcs, runOfAdc } from './adc-files.ts';
import { refuse } from './verb.ts';

export interface Input {
  /** As typed, for messages. */
  shown: string;
  path: string;
  place: string;
  source: string | undefined;
  kind: FileKind;
  /** Further files of the same run: ADC64 has one per ADC. */
  others: readonly string[];
  /** The run that they are called after. */
  run?: string;
}

/** @throws Refusal */
export async function readInput(word: string, cwd: string): Promise<Input> {
  const named = existsSync(resolve(cwd, word)) ? null : /^([A-Za-z0-9_/-]+)=(.+)$/s.exec(word);
  const [shown = '', place = ''] = (named?.[2] ?? word).split('::');
  const path = resolve(cwd, shown);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    const near = nearestFile(path);
    const fix = near === undefined ? 'correct the path' : `-i ${shownPath(near, cwd)}`;
    throw refuse('no-file', `no file ${shown}`, fix);
  }
  const kind: FileKind = stat.isFile() ? await kindOfFile(path) : { kind: 'unknown' };
  if (kind.kind === 'unknown' && kind.why !== undefined)
    throw refuse('bad-input', shownPaths(kind.why.message, cwd), kind.why.try ?? 'another file', 1);
  if (kind.kind === 'unknown' && named === null)
    throw refuse(
      'unknown-input',
      `${shown}: not packets, flow file, light data, merged run or frames`,
      `-i packets=${shown}`,
    );
  return { shown, path, place, source: named?.[1], kind, others: [] };
}

/**
 * Files of several ADCs as one input: all of them where one run is made, else those that are called alike. One that stands alone brings
 * along those beside it, as upstream does.
 */
export async function joinAdcs(inputs: readonly Input[], isFolder: boolean): Promise<Input[]> {
  const joined = new Map<string, Input>();
  const all: Input[] = [];
  for (const input of inputs) {
    const { kind, path, source = 'light_raw' } = input;
    if (kind.kind !== 'light_raw' || kind.format !== 'adc64' || source !== 'light_raw') {
      all.push(input);
      continue;
    }
    const run = runOfAdc(path, kind.adc);
    const key = isFolder ? join(dirname(path), run) : '';
    const first = joined.get(key);
    const one = first === undefined ? { ...input, run } : first;
    if (first === undefined) all.push(one);
    joined.set(key, one);
    if (first !== undefined) one.others = [...one.others, path];
  }
  for (const one of joined.values())
    if (one.others.length === 0 && one.kind.kind === 'light_raw' && one.kind.format === 'adc64')
      one.others = await otherAdcs(one.path, one.kind.adc);
  return all;
}

export const stemOf = (path: string): string => basename(path).replace(/\.[^.]+$/, '');

/** `ADC64 of 2 ADCs, with rwf_20210404_0a7b54bd.data`. */
function describeLight(kind: FileKind & { kind: 'light_raw' }, others: readonly string[]): string {
  if (kind.format === 'rwf') return `${grouped(kind.rows)} waveforms`;
  if (kind.format === 'mpd') return 'MPD';
  const names = others.map((path) => basename(path));
  return `ADC64 of ${plural(1 + others.length, 'ADC')}${names.length === 0 ? '' : `, with ${names.join(' ')}`}`;
}

/** What a file is, in a line of the story. */
export function describe({ kind, source, others }: Input): string {
  switch (kind.kind) {
    case 'packets': {
      const version = kind.version === undefined ? '' : ` (LArPix+HDF5 ${kind.version})`;
      return `${grouped(kind.rows)} packets${version}`;
    }
    case 'light_raw':
      return describeLight(kind, others);
    case 'flow':
      return `flow file with ${plural(kind.tables.length, 'table')}`;
    case 'unknown':
      return source ?? 'unknown';
  }
}
