/** What a raw light file is, by its first bytes. Knows the marks of the formats, not the formats. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { TaskError } from 'tg';
import { ADC64, isAdc64 } from './adc64.ts';
import type { Format } from './builder-params.ts';
import { isMpd, MPD } from './mpd.ts';

/** Bytes that are looked at: the first records may be damaged. */
const HEAD = 2 ** 20;
const HDF5 = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);

const NAMES: Readonly<Record<Format, string>> = { rwf: 'HDF5', adc64: 'ADC64', mpd: 'MPD' };

/** Format of a file; undefined when it is empty. @throws TaskError when it is none of them */
export function formatOf(path: string): Format | undefined {
  const head = headOf(path);
  if (head.length === 0) return undefined;
  for (let at = 0; at < head.length; at = at === 0 ? 512 : 2 * at)
    if (head.subarray(at, at + HDF5.length).equals(HDF5)) return 'rwf';
  const name = basename(path);
  if (head.toString('latin1', 0, 4) === 'root')
    throw new TaskError(`${name} is a ROOT file`, {
      try: `python3 examples/light/rwf_to_hdf5.py ${name} ${name}.h5`,
    });
  if (isMpd(head)) return 'mpd';
  if (isAdc64(head)) return 'adc64';
  // Damaged at its beginning: what comes first behind.
  const place = (magic: number): number => head.indexOf(Buffer.from(Uint32Array.of(magic).buffer));
  const found = (['adc64', 'mpd'] as const)
    .map((format) => ({ format, at: place(format === 'adc64' ? ADC64.magic : MPD.magic) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  if (found.length > 0) return found[0]!.format;
  throw new TaskError(
    `${name} is no HDF5, ADC64 or MPD file: no record in its first ${head.length} bytes`,
    {
      try: 'format: adc64 or mpd, if it is one all the same',
    },
  );
}

function headOf(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(Math.min(HEAD, fstatSync(fd).size));
    return head.subarray(0, readSync(fd, head, 0, head.length, 0));
  } finally {
    closeSync(fd);
  }
}

/** The one format of the files of a run. @throws TaskError when they differ, or all are empty */
export function formatOfAll(paths: readonly string[]): Format {
  let first: { path: string; format: Format } | undefined;
  for (const path of paths) {
    const format = formatOf(path);
    if (format === undefined) continue;
    first ??= { path, format };
    if (format === first.format) continue;
    const both = `${basename(first.path)} is ${NAMES[first.format]}, ${basename(path)} ${NAMES[format]}`;
    throw new TaskError(`${both}: the files of one run have one format`, { try: 'one of them' });
  }
  if (first !== undefined) return first.format;
  const are = paths.length === 1 ? 'is' : 'are';
  throw new TaskError(`${paths.map((path) => basename(path)).join(' and ')} ${are} empty`, {
    try: 'another file',
  });
}
